"""An instance of a connector in its process: the calls of the connector API, passed on and looked after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reviewer.connectors import api
from reviewer.connectors.api import ConnectorError, Refused, Service, Unavailable
from reviewer.connectors.host_process import ConnectorFault, HostLost, HostProcess
from reviewer.connectors.manifest import CAPABILITY_CALLS, Manifest
from reviewer.errors import OperatorError

if TYPE_CHECKING:
    from reviewer.connectors.host import Host

_CLOSE_S = 2.0


class HostedConnector:
    """An instance of a connector in its process, with the calls of the connector API.  One call at a time.

    After its process was lost the next call starts another and opens the connector there.
    """

    def __init__(self, host: Host, ended: Callable[[Host], None]) -> None:
        self._host = host
        self._ended = ended
        self._lane = host.enter()
        self._opened_in: HostProcess | None = None
        self._closed = False

    def open(self) -> None:
        """Import and open the connector.  Raises `OperatorError` or the API's errors."""
        self._process()

    def service(self) -> Service:
        found: Service = self._ask("service")
        return as_declared(self._host.opening.manifest, found)

    def claim(
        self,
        count: int,
        *,
        marketplaces: Sequence[str] = (),
        grounds: Sequence[str] = (),
        case_ids: Sequence[str] = (),
        offline_s: float = 0.0,
    ) -> api.Claim:
        claim: api.Claim = self._ask("claim", count, tuple(marketplaces), tuple(grounds), tuple(case_ids), offline_s)
        return claim

    def submit(self, decisions: Sequence[api.OutgoingDecision]) -> tuple[api.Receipt, ...]:
        """Kinds that the manifest does not name are answered here: the marketplace does not carry them out."""
        manifest = self._host.opening.manifest
        able = [item for item in decisions if item.decision.kind.value in manifest.decisions]
        receipts: tuple[api.Receipt, ...] = self._ask("submit", tuple(able)) if able else ()
        if [receipt.decision_id for receipt in receipts] != [item.decision.id for item in able]:
            raise self._note(ConnectorFault(
                f"The connector {self._host.name} did not answer for every decision in order. They will be sent again."
            ))  # fmt: skip
        by_id = {receipt.decision_id: receipt for receipt in receipts}
        words = f"{manifest.name} does not carry out this kind of decision. Choose another."
        return tuple(
            by_id.get(item.decision.id) or api.Receipt(item.decision.id, api.ReceiptStatus.REJECTED, words)
            for item in decisions
        )

    def renew(self, leases: Sequence[api.LeaseKey]) -> tuple[api.Renewal, ...]:
        renewals: tuple[api.Renewal, ...] = self._ask("renew", tuple(leases))
        if [renewal.id for renewal in renewals] != [lease.id for lease in leases]:
            raise self._note(
                ConnectorFault(f"The connector {self._host.name} did not answer for every lease in order.")
            )
        return renewals

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The other calls of the API: as they are asked, so they are passed on."""
        if name not in _CALLS:
            raise AttributeError(name)
        return lambda *arguments, **named: self._ask(name, *_filled(name, arguments, named))

    def cut(self) -> None:
        """End what this instance waits for; safe on any thread."""
        process = self._opened_in
        if process is not None and not process.ended:
            with suppress(HostLost, ConnectorError, OperatorError):
                process.ask(self._lane, "cut", (), _CLOSE_S)

    def close(self) -> None:
        """Close the instance; with the last one the process ends."""
        if self._closed:
            return
        self._closed = True
        process = self._opened_in
        if process is not None and not process.ended:
            with suppress(HostLost, ConnectorError, OperatorError):
                process.ask(self._lane, "close", (), _CLOSE_S)
        if self._host.leave():
            self._ended(self._host)

    def _process(self) -> HostProcess:
        process = self._host.running()
        if self._opened_in is not process:
            self._guarded(process, "open", ())
            self._opened_in = process
        return process

    def _ask(self, call: str, *arguments: Any) -> Any:
        if self._closed:
            raise Unavailable(f"The connector {self._host.name} is closed.")
        needed = next((name for name, calls in CAPABILITY_CALLS.items() if call in calls), "")
        declared = self._host.opening.manifest.capabilities
        stood_in = "poll" in declared and needed in ("leases", "cases", "changes")
        if needed and needed not in declared and not stood_in:
            raise Refused(f"{self._host.name} can't do this: its connector does not declare {needed}.")
        return self._guarded(self._process(), call, arguments)

    def _guarded(self, process: HostProcess, call: str, arguments: tuple[Any, ...]) -> Any:
        try:
            return process.ask(self._lane, call, arguments)
        except HostLost as error:
            self._host.lost(process)
            raise ConnectorFault(f"The connector {self._host.name} {error}. It will be started again.") from None
        except ConnectorFault as fault:
            raise self._note(fault) from None
        except OperatorError as error:
            if error.detail:
                self._host.failed(ConnectorFault(str(error), error.detail))
            raise

    def _note(self, fault: ConnectorFault) -> ConnectorFault:
        self._host.failed(fault)
        return fault


_CALLS = frozenset({"release", "media", "cases", "changes", "seller", "references", "policies", "history", "notices",
                    "preview", "bank", "add_non_matches", "dossier", "prices", "refer", "enrol_key", "countersign",
                    "returned", "settle", "send_findings",
                    "unseen_pictures", "link_pictures"})  # fmt: skip
_DEFAULT_LIMITS = {"cases": 500, "changes": 500, "history": 500, "references": 200, "notices": 200, "returned": 200}


def _filled(call: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
    if call == "release":
        return (tuple(arguments[0]),)
    if call in ("add_non_matches", "settle"):
        return (tuple(arguments[0]),)
    if call == "link_pictures":
        values = dict(zip(("prints", "searched"), arguments, strict=False)) | dict(named)
        return (tuple(values["prints"]), tuple(tuple(codes) for codes in values["searched"]))
    if call == "unseen_pictures":
        values = dict(zip(("start", "limit"), arguments, strict=False)) | dict(named)
        return (values["start"], values.get("limit", 20))
    if call == "bank":
        values = dict(zip(("name", "cursor", "limit"), arguments, strict=False)) | dict(named)
        return (values["name"], values.get("cursor"), values.get("limit", _DEFAULT_LIMITS["references"]))
    if call in _DEFAULT_LIMITS:
        values = dict(zip(("cursor", "limit"), arguments, strict=False)) | dict(named)
        return (values.get("cursor"), values.get("limit", _DEFAULT_LIMITS[call]))
    return arguments


def as_declared(manifest: Manifest, service: Service) -> Service:
    """What a server said of itself, within what the connector's manifest declares: it may say less, and not more."""
    complains = "complaint" in (manifest.effect, service.effect)
    measures = service.measures
    if measures is None and complains and manifest.effect != "complaint":
        measures = frozenset()
    return replace(
        service,
        capabilities=_capabilities(manifest, service),
        effect="complaint" if complains else "change",
        decisions=_within(manifest.decisions, service.decisions),
        measures=_within(manifest.measures, measures),
    )


def _within(declared: Sequence[str], told: frozenset[str] | None) -> frozenset[str]:
    return frozenset(declared) if told is None else frozenset(declared) & told


def _capabilities(manifest: Manifest, service: Service) -> frozenset[str]:
    """What the server can do and the connector declares; a server that names nothing can do what is declared."""
    declared = set(manifest.capabilities)
    if "poll" in declared:
        declared |= {"leases", "cases", "changes"}
    told = service.capabilities & CAPABILITY_CALLS.keys()
    return frozenset(declared & told if told else declared)
