"""Picture evidence in the store: codes, matches, the banks, reference products, pictures that were decided on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reviewer.domain.case import Case
from reviewer.domain.decision import Decision, DecisionKind
from reviewer.domain.evidence import BankEntry, Fingerprint, Found
from reviewer.domain.reference import ReferenceProduct
from reviewer.storage.database import Database
from reviewer.storage.records import decode, encode

#: The algorithm whose codes the index beside the store holds.
INDEXED = "pdq"
CODE_BYTES = 32
#: The source of a pair that the server was not told of yet.
UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class Code:
    """Codes of a picture and their name in the index."""

    id: int
    picture: str
    codes: tuple[bytes, ...]


def save_code(database: Database, one: Fingerprint) -> Code | None:
    """Keep the codes of a picture; None where they are known.  Call inside a transaction."""
    codes = b"".join(bytes.fromhex(code) for code in one.codes)
    row = database.one(
        "INSERT INTO picture_code (picture, algorithm, version, quality, codes) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING id",
        (one.picture, one.algorithm, one.version, one.quality, codes),
    )
    return Code(row["id"], one.picture, _cut(codes)) if row is not None else None


def fingerprints(database: Database, pictures: Iterable[str]) -> dict[str, list[Fingerprint]]:
    """What is known of these pictures."""
    found: dict[str, list[Fingerprint]] = {}
    for name in pictures:
        for row in database.execute("SELECT * FROM picture_code WHERE picture = ?", (name,)).fetchall():
            size = CODE_BYTES if row["algorithm"] == INDEXED else len(row["codes"]) or 1
            codes = tuple(code.hex() for code in _cut(bytes(row["codes"]), size))
            found.setdefault(name, []).append(
                Fingerprint(row["algorithm"], row["version"], row["quality"], codes, row["picture"])
            )
    return found


def has_code(database: Database, picture: str, version: int) -> bool:
    """Whether a picture was looked at by that version; one that is near-blank has an empty code."""
    row = database.one(
        "SELECT 1 FROM picture_code WHERE picture = ? AND algorithm = ? AND version = ?", (picture, INDEXED, version)
    )
    return row is not None


def indexed(database: Database, version: int) -> Iterator[tuple[int, bytes]]:
    """Everything that belongs into the index."""
    for row in database.execute(
        "SELECT id, codes FROM picture_code WHERE algorithm = ? AND version = ? ORDER BY id", (INDEXED, version)
    ).fetchall():
        for code in _cut(bytes(row["codes"])):
            yield row["id"], code


def count_indexed(database: Database, version: int) -> int:
    """How many codes belong into the index."""
    row = database.one(
        "SELECT coalesce(sum(length(codes)), 0) FROM picture_code WHERE algorithm = ? AND version = ?",
        (INDEXED, version),
    )
    return int(row[0]) // CODE_BYTES if row else 0


def pictures_of(database: Database, ids: Sequence[int]) -> dict[int, str]:
    """The pictures behind names of the index."""
    found = {}
    for number in ids:
        row = database.one("SELECT picture FROM picture_code WHERE id = ?", (number,))
        if row is not None:
            found[number] = row["picture"]
    return found


def other_codes(database: Database, algorithm: str) -> list[tuple[str, bytes]]:
    """All codes of an algorithm that is not indexed, such as those of hash lists."""
    rows = database.execute("SELECT picture, codes FROM picture_code WHERE algorithm = ?", (algorithm,)).fetchall()
    return [(row["picture"], bytes(row["codes"])) for row in rows]


def save_matches(database: Database, picture: str, version: str, found: dict[str, Found], candidates: str) -> None:
    """Replace what is known of a picture by what was found among a set of candidates.  One transaction."""
    with database.transaction():
        database.execute("DELETE FROM picture_match WHERE picture = ?", (picture,))
        database.executemany(
            "INSERT INTO picture_match VALUES (?, ?, ?, ?)",
            [(picture, other, version, encode(one)) for other, one in found.items()],
        )
        database.execute("INSERT OR REPLACE INTO picture_compared VALUES (?, ?)", (picture, candidates))


def compared_with(database: Database, picture: str) -> str:
    """The set of candidates that a picture was last compared with, or empty."""
    row = database.one("SELECT candidates FROM picture_compared WHERE picture = ?", (picture,))
    return row["candidates"] if row else ""


def matches(database: Database, picture: str, version: str) -> dict[str, Found]:
    """What was found for a picture, by the other picture; without pairs that a person called no match."""
    rows = database.execute(
        "SELECT other, body FROM picture_match WHERE picture = ? AND version = ?", (picture, version)
    ).fetchall()
    return {row["other"]: decode(bytes(row["body"]), Found) for row in rows}


def all_matches(database: Database, picture: str) -> list[tuple[str, Found]]:
    """What was found for a picture, whatever the thresholds, by the other picture."""
    rows = database.execute(
        "SELECT other, body FROM picture_match WHERE picture = ? ORDER BY other, version", (picture,)
    ).fetchall()
    return [(row["other"], decode(bytes(row["body"]), Found)) for row in rows]


def save_bank(database: Database, account: str, bank: str, entries: Iterable[BankEntry]) -> None:
    """Write entries of a bank as they are now.  Call inside a transaction."""
    database.executemany(
        "INSERT OR REPLACE INTO bank_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (account, one.id, bank, one.picture or one.id, one.other, one.seller_id, one.listing_id, one.decision_id,
             int(one.removed), encode(one))
            for one in entries
        ],
    )  # fmt: skip


def bank_entries(database: Database, picture: str) -> list[tuple[str, BankEntry]]:
    """The entries of the infringing bank for a picture (or the id of a hash list's line), with their accounts."""
    rows = database.execute(
        "SELECT account, body FROM bank_entry WHERE picture = ? AND bank = 'infringing' AND NOT removed", (picture,)
    ).fetchall()
    return [(row["account"], decode(bytes(row["body"]), BankEntry)) for row in rows]


def bank_of_seller(database: Database, seller_id: str, limit: int) -> list[str]:
    """Pictures of this seller's listings that were taken down."""
    rows = database.execute(
        "SELECT DISTINCT picture FROM bank_entry WHERE seller_id = ? AND bank = 'infringing' AND NOT removed LIMIT ?",
        (seller_id, limit),
    ).fetchall()
    return [row["picture"] for row in rows]


def whole_bank(database: Database, bank: str) -> Iterator[BankEntry]:
    """All entries that count."""
    for row in database.execute("SELECT body FROM bank_entry WHERE bank = ? AND NOT removed", (bank,)).fetchall():
        yield decode(bytes(row["body"]), BankEntry)


def unsent_pairs(database: Database, account: str) -> list[BankEntry]:
    """Pairs that were called no match at this desk and that the server does not know yet."""
    rows = database.execute(
        "SELECT body FROM bank_entry WHERE account = ? AND bank = 'negative'", (account,)
    ).fetchall()
    found = [decode(bytes(row["body"]), BankEntry) for row in rows]
    return [entry for entry in found if entry.source == UNSENT]


def no_match(database: Database, one: str, other: str) -> bool:
    """Whether a person said of two pictures that they are no match."""
    first, second = sorted((one, other))
    row = database.one(
        "SELECT 1 FROM bank_entry WHERE picture = ? AND bank = 'negative' AND other = ? AND NOT removed",
        (first, second),
    )
    return row is not None


def save_references(database: Database, account: str, products: Iterable[ReferenceProduct]) -> None:
    """Keep reference products and whose pictures are theirs.  Call inside a transaction."""
    for product in products:
        database.execute(
            "INSERT OR REPLACE INTO reference_product VALUES (?, ?, ?, ?, ?)",
            (account, product.id, product.brand, product.category, encode(product)),
        )
        database.execute("DELETE FROM reference_picture WHERE account = ? AND reference_id = ?", (account, product.id))
        database.executemany(
            "INSERT OR IGNORE INTO reference_picture VALUES (?, ?, ?)",
            [(account, picture.sha256, product.id) for picture in product.pictures],
        )


def references_without_code(database: Database, version: int, limit: int) -> list[tuple[str, str]]:
    """Account and picture of references that were not looked at yet."""
    rows = database.execute(
        "SELECT p.account, p.picture FROM reference_picture p WHERE NOT EXISTS (SELECT 1 FROM picture_code c"
        " WHERE c.picture = p.picture AND c.algorithm = ? AND c.version = ?)"
        " AND NOT EXISTS (SELECT 1 FROM picture k WHERE k.sha256 = p.picture AND k.refused <> '') LIMIT ?",
        (INDEXED, version, limit),
    ).fetchall()
    return [(row["account"], row["picture"]) for row in rows]


def similar_references(database: Database, account: str, brand: str, category: str, limit: int) -> list[str]:
    """Pictures of the brand's reference products, those of the category first."""
    rows = database.execute(
        "SELECT k.picture FROM reference_product p JOIN reference_picture k"
        " ON k.account = p.account AND k.reference_id = p.id WHERE p.account = ? AND p.brand = ?"
        " ORDER BY p.category <> ?, p.id LIMIT ?",
        (account, brand, category, limit),
    ).fetchall()
    return [row["picture"] for row in rows]


def reference_of(database: Database, picture: str) -> ReferenceProduct | None:
    """A reference product that shows this picture, or None."""
    row = database.one(
        "SELECT p.body FROM reference_picture k JOIN reference_product p"
        " ON p.account = k.account AND p.id = k.reference_id WHERE k.picture = ? LIMIT 1",
        (picture,),
    )
    return decode(bytes(row["body"]), ReferenceProduct) if row is not None else None


def reference_labels(database: Database) -> list[tuple[str, str]]:
    """Every picture of a reference product with brand and name."""
    rows = database.execute(
        "SELECT DISTINCT k.picture, p.body FROM reference_picture k JOIN reference_product p"
        " ON p.account = k.account AND p.id = k.reference_id ORDER BY k.picture"
    ).fetchall()
    products = [(row["picture"], decode(bytes(row["body"]), ReferenceProduct)) for row in rows]
    return [(picture, f"{product.brand} {product.model}") for picture, product in products]


def phash_of(database: Database, picture: str, algorithm: str) -> bytes | None:
    """The exchange hash that decoding gave a picture, or None."""
    row = database.one(
        "SELECT fingerprint FROM picture WHERE sha256 = ? AND algorithm = ? AND fingerprint IS NOT NULL",
        (picture, algorithm),
    )
    return bytes(row["fingerprint"]) if row is not None else None


def note_decided(database: Database, account: str, decision: Decision, case: Case, reviewer: str) -> None:
    """Remember whose pictures were decided on; a takedown's go into the bank.  Call in the decision's transaction."""
    names = list(dict.fromkeys(picture.sha256 for picture in case.listing.pictures))
    database.executemany("INSERT OR IGNORE INTO decided_picture VALUES (?, ?)", [(name, decision.id) for name in names])
    if decision.kind is not DecisionKind.TAKEDOWN:
        return
    bare = BankEntry(
        id="", label=decision.ground, listing_id=case.listing.id, listing_title=case.listing.title,
        marketplace=case.marketplace, seller_id=case.seller.id, seller_name=case.seller.display_name,
        decision_id=decision.id, reviewer=reviewer, note=decision.note, at=decision.decided_at,
    )  # fmt: skip
    entries = [replace(bare, id=f"{decision.id}:{name[:32]}", picture=name) for name in names]
    save_bank(database, account, "infringing", entries)


def take_back(database: Database, decision_id: str) -> None:
    """A decision does not stand any more: what it put into the bank goes.  Call inside a transaction."""
    database.execute("UPDATE bank_entry SET removed = 1 WHERE decision_id = ?", (decision_id,))


def decided_before(database: Database, picture: str, but: str = "") -> list[tuple[str, str]]:
    """Account and id of the decisions that stand on listings with this picture, but for those on one listing."""
    rows = database.execute(
        "SELECT d.account, d.id FROM decided_picture p JOIN decision d ON d.id = p.decision_id"
        " JOIN outbox o ON o.sequence = d.sequence WHERE p.picture = ? AND d.listing_id <> ?"
        " AND o.state IN ('waiting', 'sending', 'settled') AND d.kind <> 'withdraw'"
        " AND NOT EXISTS (SELECT 1 FROM decision later WHERE later.supersedes = d.id)"
        " ORDER BY d.sequence DESC LIMIT 20",
        (picture, but),
    ).fetchall()
    return [(row["account"], row["id"]) for row in rows]


def _cut(codes: bytes, size: int = CODE_BYTES) -> tuple[bytes, ...]:
    return tuple(codes[at : at + size] for at in range(0, len(codes), size))
