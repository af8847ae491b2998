"""The connectors of a workstation: which there are, which may run, and how they are opened."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reviewer.connectors.api import Connector
from reviewer.connectors.approvals import Approval, Approvals
from reviewer.connectors.loader import Found, discover
from reviewer.connectors.manifest import Manifest
from reviewer.connectors.opener import Opener, Opening
from reviewer.connectors.session import Limits
from reviewer.connectors.settings_schema import with_defaults
from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.services import clock

PLUGINS = "plugins"
_KEPT = "connector-data"


class Plugins:
    """Safe on any thread.  Reads folders: not for the window's thread."""

    def __init__(self, folder: Path, shipped: Path, opener: Opener, limits: Limits | None = None) -> None:
        self._folder = folder
        self._shipped = shipped
        self.opener = opener
        self._limits = limits or Limits()
        self.approvals = Approvals(folder, shipped)
        self._lock = threading.Lock()
        self._found: tuple[Found, ...] | None = None

    @property
    def own_folder(self) -> Path:
        """Where a person puts connectors of their own; it may not be there yet."""
        return self._folder / PLUGINS

    def found(self, *, again: bool = True) -> tuple[Found, ...]:
        """Every connector there is, looked for again unless told otherwise."""
        with self._lock:
            if again or self._found is None:
                self._found = discover(self._shipped, self._folder / PLUGINS, self.approvals)
            return self._found

    def manifest(self, connector: str) -> Manifest:
        """The manifest of a connector that may run.  Raises `OperatorError` with what to do."""
        manifest = self._row(connector).manifest
        if manifest is None:
            raise OperatorError(f"There is no connector {connector}. Install it, or choose another.")
        return manifest

    def open(
        self, connector: str, settings: Mapping[str, Any], secrets: Mapping[str, str], account: str = ""
    ) -> Connector:
        """Open a connector.  Raises `OperatorError`, or what the connector API raises."""
        row = self._row(connector)
        manifest = self.manifest(connector)
        keep = str(self._folder / _KEPT / (account or f"trying-{connector}"))
        values = with_defaults(manifest.settings, settings)
        return self.opener.open(Opening(account, manifest, values, secrets, self._limits, row.digest, keep))

    def approve(self, connector: str) -> Approval:
        """Let a connector run as its files are now.  Raises `OperatorError`."""
        row = next((row for row in self.found() if row.id == connector), None)
        if row is None or row.manifest is None:
            problem = f" {row.problem}" if row is not None else ""
            raise OperatorError(f"There is no connector {connector} that could be approved.{problem}")
        if row.origin == "shipped":
            raise OperatorError(f"The connector {connector} is part of the program and needs no approval.")
        approval = Approval(row.digest, row.manifest.version, format_time(clock.now()))
        self.approvals.approve(connector, approval)
        self.found()
        return approval

    def _row(self, connector: str) -> Found:
        row = next((row for row in self.found(again=False) if row.id == connector), None)
        if row is None:
            row = next((row for row in self.found() if row.id == connector), None)
        if row is None:
            raise OperatorError(f"There is no connector {connector}. Install it, or choose another.")
        if row.state != "ready":
            raise OperatorError(f"The connector {connector} can't be used: {row.problem}")
        return row
