"""Accounts at marketplaces: which connector, where, as whom.  Tested before they are saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reviewer.connectors.api import Connector, ConnectorError, Service
from reviewer.connectors.loader import Found, open_connector
from reviewer.connectors.manifest import Manifest, Setting
from reviewer.connectors.session import Limits
from reviewer.domain.values import format_time, new_id
from reviewer.errors import OperatorError
from reviewer.services import clock
from reviewer.services.demo_hub import RunningHub
from reviewer.services.secrets import Secrets
from reviewer.storage import accounts as table
from reviewer.storage import people
from reviewer.storage.accounts import AccountRow
from reviewer.storage.threads import StoreThread

SettingField = Setting

#: The account at the demo hub of this machine.
DEMO = "demo"


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """A connector that accounts can be made for; `problem` says why it can't, where that is so."""

    id: str
    name: str
    version: str
    settings: tuple[Setting, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is set up, without its secrets."""

    id: str
    connector: str
    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AccountForm:
    """What the person filled in; `id` names the account that is changed, empty for a new one."""

    connector: str
    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    id: str = ""


class AccountsService:
    """Blocking: waits for servers and for the keyring.  Call it in the background only."""

    def __init__(
        self,
        store: StoreThread,
        found: tuple[Found, ...],
        secrets: Secrets,
        begin: Callable[[AccountRow], None],
        end: Callable[[str], None],
        demo: Callable[[], RunningHub],
        limits: Limits | None = None,
    ) -> None:
        self._store = store
        self._found = found
        self._secrets = secrets
        self._begin = begin
        self._end = end
        self._demo = demo
        self._limits = limits
        self.kept_for_session_only = False

    def kinds(self) -> tuple[ConnectorKind, ...]:
        """The connectors that were found, those with a fault too."""
        return tuple(
            ConnectorKind(row.manifest.id, row.manifest.name, row.manifest.version, row.manifest.settings)
            if row.manifest
            else ConnectorKind(row.id, row.id, "", (), row.problem)
            for row in self._found
        )

    def accounts(self) -> tuple[Account, ...]:
        """The accounts in use."""
        return tuple(
            Account(row.id, row.connector, row.name, row.settings) for row in self._store.run(table.all_accounts)
        )

    def test(self, form: AccountForm) -> Service:
        """Ask the server who it is.  Raises `OperatorError` with words for the form."""
        self._check(form)
        connector = self._open(form.connector, form.settings, self._secrets_of(form))
        try:
            service: Service = connector.service()
        except ConnectorError as error:
            raise OperatorError(str(error)) from error
        except Exception as error:
            name = self._manifest(form.connector).name
            raise OperatorError(
                f"The connector {name} failed: {type(error).__name__}: {error}. Its author must mend it."
            ) from error
        finally:
            connector.close()
        return service

    def save(self, form: AccountForm) -> str:
        """Save an account and begin to work with it; answers its id."""
        self._check(form)
        account = form.id or f"a{new_id()[-12:]}"
        name = form.name.strip() or self._manifest(form.connector).name
        if not self._secrets.save(account, self._secrets_of(form)):
            self.kept_for_session_only = True
        row = AccountRow(account, form.connector, name, dict(form.settings), None)
        self._store.run(lambda database: table.save_account(database, row))
        self._end(account)
        self._begin(self._row(account))
        return account

    def sign_in(self, account_id: str, secrets: Mapping[str, str]) -> Service:
        """New secrets for an account, tested first.  Raises `OperatorError`."""
        row = self._row(account_id)
        service = self.test(AccountForm(row.connector, row.name, row.settings, secrets, account_id))
        if not self._secrets.save(account_id, secrets):
            self.kept_for_session_only = True
        self._end(account_id)
        self._store.run(lambda database: people.take_turn(database, account_id, service.reviewer_id))
        self._begin(row)
        return service

    def remove(self, account_id: str) -> None:
        """Stop using an account.  What was decided stays; refused while decisions of it are unsent."""
        unsent = self._store.run(
            lambda database: database.one(
                "SELECT count(*) FROM outbox WHERE account = ? AND state IN ('waiting', 'sending')", (account_id,)
            )
        )
        if unsent and unsent[0]:
            raise OperatorError(
                f"{unsent[0]} decisions of this account are unsent. Let them go out first, or export them."
            )
        self._end(account_id)
        self._store.run(lambda database: table.remove_account(database, account_id, format_time(clock.now())))
        self._secrets.forget(account_id)

    def start_demo(self) -> str:
        """Start the demo hub on this machine and an account at it; answers the account's id."""
        hub = self._demo()
        return self.use_for_this_run(DEMO, "Demo", hub.url, hub.tokens["reviewer"])

    def use_for_this_run(self, account: str, name: str, address: str, token: str) -> str:
        """Work at a Queue API server with a token that is kept nowhere; answers the account's id."""
        row = AccountRow(account, "queue_api", name, {"address": address}, None)
        self._secrets.hold(account, {"token": token})
        self._store.run(lambda database: table.save_account(database, row))
        self._end(account)
        self._begin(self._row(account))  # with what its server said the last time
        return account

    def connector_for(self, row: AccountRow) -> Connector:
        """A connector for an account, with its secrets.  Raises `OperatorError`."""
        return self._open(row.connector, row.settings, self._secrets.load(row.id))

    def _row(self, account_id: str) -> AccountRow:
        for row in self._store.run(table.all_accounts):
            if row.id == account_id:
                return row
        raise OperatorError("This account was removed.")

    def _secrets_of(self, form: AccountForm) -> dict[str, str]:
        """What was typed; fields left empty keep what an account had."""
        typed = {key: value for key, value in form.secrets.items() if value}
        return (self._secrets.load(form.id) if form.id else {}) | typed

    def _manifest(self, connector: str) -> Manifest:
        for row in self._found:
            if row.manifest is not None and row.manifest.id == connector:
                return row.manifest
        raise OperatorError(f"There is no connector {connector}. Install it, or choose another.")

    def _open(self, connector: str, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Connector:
        return open_connector(self._manifest(connector), settings, secrets, self._limits)

    def _check(self, form: AccountForm) -> None:
        given = {**form.settings, **self._secrets_of(form)}
        manifest = self._manifest(form.connector)
        missing = [row.label for row in manifest.settings if row.required and not str(given.get(row.key, "")).strip()]
        if missing:
            raise OperatorError(f"Fill in: {', '.join(missing)}.")
