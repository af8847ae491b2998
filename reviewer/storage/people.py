"""Whose turn it is at an account: what one person decided is neither shown to the next nor sent by them."""

from __future__ import annotations

from reviewer.domain.server import Service
from reviewer.storage import accounts
from reviewer.storage.database import Database
from reviewer.storage.records import decode

#: The condition that a row of `decision d` is of the person whose turn it is; all rows before anyone was known.
MINE = (
    "(d.reviewer = '' OR d.reviewer ="
    " coalesce((SELECT value FROM kept WHERE name = 'reviewer:' || d.account), d.reviewer))"
)


def take_turn(database: Database, account: str, reviewer: str) -> bool:
    """From here on this person works at the account; whether it was somebody else before.  One transaction.

    The cases that the other one held leave the desk, drafts are kept for their return, unsent decisions wait
    for them.
    """
    before = person(database, account)
    if before == reviewer == accounts.kept(database, f"reviewer:{account}"):
        return False
    with database.transaction():
        accounts.keep(database, f"reviewer:{account}", reviewer)
        if before in ("", reviewer):
            return False
        database.execute("UPDATE desk_case SET state = 'given_back' WHERE account = ? AND state = 'held'", (account,))
        for old, new in ((account, _drafts_of(account, before)), (_drafts_of(account, reviewer), account)):
            database.execute("UPDATE OR REPLACE draft SET account = ? WHERE account = ?", (new, old))
        accounts.keep(database, "in_hand", "")
    return True


def person(database: Database, account: str) -> str:
    """Whose turn it is, or who was last seen there; empty where nobody was."""
    known = accounts.kept(database, f"reviewer:{account}")
    if known:
        return known
    row = database.one("SELECT service FROM account WHERE id = ?", (account,))
    return decode(bytes(row["service"]), Service).reviewer_id if row and row["service"] else ""


def others_waiting(database: Database, account: str) -> int:
    """How many unsent decisions of an account wait for somebody else."""
    row = database.one(
        "SELECT count(*) FROM outbox o JOIN decision d ON d.sequence = o.sequence"
        f" WHERE o.account = ? AND o.state IN ('waiting', 'sending') AND NOT {MINE}",
        (account,),
    )
    return row[0] if row else 0


def _drafts_of(account: str, reviewer: str) -> str:
    return f"{account}\n{reviewer}"
