"""Accounts at marketplaces: which connector, where, as whom.  Tested before they are saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from reviewer.connectors.api import Connector, ConnectorError, Preview, Previewing, Service
from reviewer.connectors.loader import Found
from reviewer.connectors.manifest import Manifest, Setting
from reviewer.connectors.opener import HostReport
from reviewer.connectors.settings_schema import setting_problems, with_defaults
from reviewer.domain.decision import DecisionKind, MeasureKind
from reviewer.domain.values import format_time, new_id
from reviewer.errors import OperatorError
from reviewer.services import clock
from reviewer.services.demo_hub import RunningHub
from reviewer.services.plugins import Plugins
from reviewer.services.secrets import Secrets
from reviewer.storage import accounts as table
from reviewer.storage import people
from reviewer.storage.accounts import AccountRow
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

SettingField = Setting

#: The connector that is offered first.
_FIRST = "queue_api"
#: The account at the demo hub of this machine.
DEMO = "demo"


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """A connector that accounts can be made for; `problem` says why it can't, where that is so.

    `state` is `ready`, `unapproved`, `changed` or `broken`; `reports` tell of its processes.
    """

    id: str
    name: str
    version: str
    settings: tuple[Setting, ...]
    problem: str = ""
    state: str = "ready"
    tier: str = ""
    author: str = ""
    origin: str = ""
    folder: str = ""
    capabilities: tuple[str, ...] = ()
    effect: str = "change"
    decisions: tuple[str, ...] = tuple(DecisionKind)
    measures: tuple[str, ...] = tuple(MeasureKind)
    hosts: tuple[str, ...] = ()
    reports: tuple[HostReport, ...] = ()


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
        plugins: Plugins,
        secrets: Secrets,
        begin: Callable[[AccountRow], None],
        end: Callable[[str], None],
        demo: Callable[[], RunningHub],
        gone: Callable[[str], None],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._secrets = secrets
        self._begin = begin
        self._end = end
        self._demo = demo
        self._gone = gone
        self.kept_for_session_only = False

    def kinds(self) -> tuple[ConnectorKind, ...]:
        """The connectors that were found, those that can't be used too."""
        reports = self._plugins.opener.reports()
        found = sorted(self._plugins.found(), key=lambda row: row.id != _FIRST)
        return tuple(_kind(row, reports) for row in found)

    def approve(self, connector: str) -> None:
        """Let a connector run as its files are now, and begin with its accounts.  Raises `OperatorError`."""
        self._plugins.approve(connector)
        rows: list[AccountRow] = self._store.run(table.all_accounts)
        for row in rows:
            if row.connector == connector:
                self._begin(row)

    def accounts(self) -> tuple[Account, ...]:
        """The accounts in use."""
        return tuple(
            Account(row.id, row.connector, row.name, row.settings) for row in self._store.run(table.all_accounts)
        )

    def test(self, form: AccountForm) -> Service:
        """Ask the server who it is.  Raises `OperatorError` with words for the form."""
        self._check(form)
        try:
            connector = self._open(form.connector, form.settings, self._secrets_of(form))
        except ConnectorError as error:
            raise OperatorError(str(error)) from error
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

    def preview(self, form: AccountForm) -> Preview | None:
        """What the settings would read; None where the connector shows none.  Raises `OperatorError`."""
        self._check(form)
        if "preview" not in self._manifest(form.connector).capabilities:
            return None
        connector = self._open(form.connector, form.settings, self._secrets_of(form))
        try:
            shown: Preview = cast("Previewing", connector).preview()
        except ConnectorError as error:
            raise OperatorError(str(error)) from error
        finally:
            connector.close()
        return shown

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
        row = self._row(account_id)
        self._refuse_unsent(self._store.run(lambda database: table.unsent(database, account_id)))
        self._end(account_id)

        def take_out(database: Database) -> int:
            late = table.unsent(database, account_id)
            if not late:
                table.remove_account(database, account_id, format_time(clock.now()))
            return late

        late = self._store.run(take_out)
        if late:  # decided while the question was asked
            self._begin(row)
        self._refuse_unsent(late)
        self._gone(account_id)
        self._secrets.forget(account_id)

    @staticmethod
    def _refuse_unsent(unsent: int) -> None:
        if unsent:
            raise OperatorError(
                f"{unsent} decisions of this account are unsent. Let them go out first, or export them."
            )

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
        """A connector for an account, with its secrets.  Raises `OperatorError`, or what the connector API raises."""
        secrets = self._secrets.load(row.id)
        problems = self._problems(row.connector, row.settings, {})
        for setting in self._manifest(row.connector).settings:
            if setting.kind != "secret" and setting.key in problems:
                raise OperatorError(
                    f"The setting “{setting.label}” of {row.name} {problems[setting.key]}. Edit the account."
                )
        return self._open(row.connector, row.settings, secrets, row.id)

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
        return self._plugins.manifest(connector)

    def _open(
        self, connector: str, settings: Mapping[str, Any], secrets: Mapping[str, str], account: str = ""
    ) -> Connector:
        return self._plugins.open(connector, settings, secrets, account)

    def _problems(self, connector: str, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, str]:
        fields = self._manifest(connector).settings
        return setting_problems(fields, with_defaults(fields, settings), secrets)

    def _check(self, form: AccountForm) -> None:
        manifest = self._manifest(form.connector)
        problems = self._problems(form.connector, form.settings, self._secrets_of(form))
        missing = [row.label for row in manifest.settings if problems.get(row.key) == "is needed"]
        if missing:
            raise OperatorError(f"Fill in: {', '.join(missing)}.")
        for row in manifest.settings:
            if row.key in problems:
                raise OperatorError(f"“{row.label}” {problems[row.key]}.")


def _kind(row: Found, reports: tuple[HostReport, ...]) -> ConnectorKind:
    manifest = row.manifest
    if manifest is None:
        return ConnectorKind(row.id, row.id, "", (), row.problem, row.state, origin=row.origin, folder=str(row.folder))
    return ConnectorKind(
        id=manifest.id,
        name=manifest.name,
        version=manifest.version,
        settings=manifest.settings,
        problem=row.problem,
        state=row.state,
        tier=row.tier,
        author=manifest.author,
        origin=row.origin,
        folder=str(row.folder),
        capabilities=manifest.capabilities,
        effect=manifest.effect,
        decisions=manifest.decisions,
        measures=manifest.measures,
        hosts=manifest.hosts,
        reports=tuple(report for report in reports if report.connector == manifest.id),
    )
