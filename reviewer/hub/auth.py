"""Who calls, and what the role may do.  Tokens are kept as SHA-256 only."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection, func, insert, select, update

from reviewer.domain.values import format_time, sha256_hex
from reviewer.errors import OperatorError
from reviewer.hub.database import Database
from reviewer.hub.problems import Problem
from reviewer.hub.rates import Rates
from reviewer.hub.schema import accounts, cases

STAFF = ("reviewer", "lead", "admin", "service")
ROLES = (*STAFF, "claimant")
DECIDERS = ("reviewer", "lead")
FEEDERS = ("service", "admin")
#: Who hands notices over: claimants their own, a marketplace's portal those of anybody.
COMPLAINERS = ("claimant", "service", "admin")

#: The tokens of a demo hub: obvious, fixed, and never valid in any other hub.
DEMO_ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "demo-reviewer": ("Ines Carvalho", "reviewer"),
    "demo-reviewer-2": ("Minjun Park", "reviewer"),
    "demo-lead": ("Wanjiru Otieno", "lead"),
    "demo-admin": ("Site admin", "admin"),
    "demo-service": ("Detection service", "service"),
    "demo-claimant": ("Norrvik brand protection", "claimant"),
}

_TRUSTED_S = 5.0
_QUERY = "/query/"
_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="A token of `reviewer hub token`.")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody or something that may call."""

    id: str
    name: str
    role: str


class Accounts:
    """Looks tokens up, and remembers each for five seconds: a disabled account ends within that time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Account]] = {}

    async def of_token(self, token: str) -> Account | None:
        """The account of a token, or None."""
        digest = sha256_hex(token.encode("utf-8", "replace"))
        known = self._known.get(digest)
        if known is not None and time.monotonic() - known[0] < _TRUSTED_S:
            return known[1]
        self._known.pop(digest, None)
        account = await self._database.reading(lambda connection: _find(connection, digest))
        if account is not None:
            self._known[digest] = (time.monotonic(), account)
        return account


def _find(connection: Connection, digest: str) -> Account | None:
    row = connection.execute(
        select(accounts.c.id, accounts.c.name, accounts.c.role).where(
            accounts.c.token_sha256 == digest, accounts.c.disabled_at.is_(None)
        )
    ).first()
    return Account(row.id, row.name, row.role) if row else None


def add_account(connection: Connection, name: str, role: str, token: str, now: datetime) -> Account:
    """Writes an account with the digest of its token; raises `OperatorError` where the role is unknown."""
    if role not in ROLES:
        raise OperatorError(f"There is no role {role!r}; the roles are {', '.join(ROLES)}.")
    account = Account(secrets.token_hex(8), name, role)
    if token in DEMO_ACCOUNTS:
        account = Account(token.removeprefix("demo-"), name, role)
    connection.execute(
        insert(accounts),
        {
            "id": account.id,
            "name": name,
            "role": role,
            "token_sha256": sha256_hex(token.encode()),
            "created_at": format_time(now),
            "disabled_at": None,
        },
    )
    return account


def all_accounts(connection: Connection) -> list[Any]:
    """Every account with how many cases it holds (`held`), by role and name; tokens are not known here."""
    held = select(func.count()).where(cases.c.lease_owner == accounts.c.id, cases.c.state == "leased").scalar_subquery()
    query = select(
        accounts.c.id, accounts.c.name, accounts.c.role, accounts.c.created_at, accounts.c.disabled_at,
        held.label("held"),
    )  # fmt: skip
    return list(connection.execute(query.order_by(accounts.c.role, accounts.c.name, accounts.c.id)))


def set_disabled(connection: Connection, account_id: str, at: datetime | None) -> None:
    """Refuse an account's token from a time on, or let it call again.  Raises `OperatorError` for no such account."""
    _change(connection, account_id, disabled_at=format_time(at) if at else None)


def replace_token(connection: Connection, account_id: str, token: str) -> None:
    """From now on this token and not the one before.  Raises `OperatorError` for no such account."""
    _change(connection, account_id, token_sha256=sha256_hex(token.encode()))


def _change(connection: Connection, account_id: str, **values: str | None) -> None:
    if not connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values)).rowcount:
        raise OperatorError(f"There is no account {account_id[:40]!r}; see reviewer hub accounts list.")


def new_token() -> str:
    """A token of 256 random bits."""
    return secrets.token_urlsafe(32)


def caller(*roles: str) -> Callable[..., Awaitable[Account]]:
    """A dependency that gives the caller's account, or refuses: 401 without one, 403 in another role."""

    async def check(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Account:
        known: Accounts = request.app.state.accounts
        account = await known.of_token(credentials.credentials) if credentials else None
        if account is None:
            raise Problem(
                "unauthorized", "Send a valid token as Authorization: Bearer.", headers={"WWW-Authenticate": "Bearer"}
            )
        rates: Rates | None = request.app.state.rates
        wait = rates.wait(account.id) if rates else 0
        if wait:
            raise Problem("rate-limited", "You call too often.", headers={"Retry-After": str(wait)})
        if roles and account.role not in roles:
            raise Problem("forbidden", f"This is for {' and '.join(roles)}; you are {account.role}.")
        _refuse_unknown(request)
        return account

    return check


def _refuse_unknown(request: Request) -> None:
    """A parameter that is not known is refused like a field that is not known: a filter is never passed over."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        errors = [{"pointer": _QUERY + _escaped(name), "detail": "There is no such parameter."} for name in unknown]
        raise Problem("invalid-request", "The request has parameters that are not known.", errors=errors[:100])


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")[:200]


Everybody = Annotated[Account, Depends(caller())]
Anyone = Annotated[Account, Depends(caller(*STAFF))]
Decider = Annotated[Account, Depends(caller(*DECIDERS))]
Feeder = Annotated[Account, Depends(caller(*FEEDERS))]
NoticeReader = Annotated[Account, Depends(caller(*STAFF, "claimant"))]
Registrar = Annotated[Account, Depends(caller("admin"))]
Complainer = Annotated[Account, Depends(caller(*COMPLAINERS))]
