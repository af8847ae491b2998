"""How connectors are opened: the seam between the services and the processes that connectors run in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from reviewer.connectors.api import Connector, Context, utc_now
from reviewer.connectors.loader import allowed_hosts, load_connector
from reviewer.connectors.manifest import Manifest
from reviewer.connectors.polling import polled
from reviewer.connectors.session import BoundedSession, Limits


@dataclass(frozen=True, slots=True)
class Opening:
    """What a connector is opened with: for which account, with which settings, and the digest that was approved.

    An empty digest is not compared: for connectors that are being written.
    """

    account: str
    manifest: Manifest
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    limits: Limits = Limits()
    digest: str = ""
    keep: str = ""
    #: How far the connector's clock is off: for the conformance suite.
    skew_s: float = 0.0


@dataclass(frozen=True, slots=True)
class HostReport:
    """How it stands with the process of a connector: `state` is `running`, `waiting` (for its next start) or `stopped`.

    `memory` is in bytes, 0 where it is not known.  `log` are the last lines that the connector wrote.
    """

    account: str
    connector: str
    state: str
    pid: int = 0
    memory: int = 0
    restarts: int = 0
    error: str = ""
    trace: str = ""
    log: tuple[str, ...] = ()


class Opener(Protocol):
    """Opens connectors.  Safe on any thread."""

    def open(self, opening: Opening) -> Connector:
        """A connector for an account, ready to be asked.  Raises `OperatorError`, or the connector API's errors."""

    def reports(self) -> tuple[HostReport, ...]:
        """How it stands with every process."""

    def close(self) -> None:
        """End every process."""


def make_context(opening: Opening) -> Context:
    """What a connector gets in the process that it runs in."""
    return Context(
        settings=dict(opening.settings),
        secrets=dict(opening.secrets),
        session=BoundedSession(allowed_hosts(opening.manifest, opening.settings), opening.limits),
        logger=logging.getLogger(f"connector.{opening.manifest.id}"),
        now=lambda: utc_now() + timedelta(seconds=opening.skew_s),
        folder=opening.keep,
    )


def open_here(opening: Opening) -> Connector:
    """Open a connector in this very process.  Raises `OperatorError`."""
    if opening.keep:
        Path(opening.keep).mkdir(parents=True, exist_ok=True)
    context = make_context(opening)
    try:
        connector = load_connector(opening.manifest, context)
    except BaseException:
        context.session.close()
        raise
    return polled(connector, opening.manifest) if "poll" in opening.manifest.capabilities else connector


class InThisProcess:
    """Opens connectors in the caller's process, without any protection: for tests with servers in memory."""

    def open(self, opening: Opening) -> Connector:
        return open_here(opening)

    def reports(self) -> tuple[HostReport, ...]:
        return ()

    def close(self) -> None:
        """There is nothing to end."""
