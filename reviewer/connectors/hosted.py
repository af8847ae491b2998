"""The process of a connector: reads calls, answers them, a thread for each instance.

Started by `reviewer.connectors.host`.  Its standard input and output are taken away before the connector's code
runs: what that prints goes to the log.  It ends with its input.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from reviewer.connectors import wire
from reviewer.connectors.api import (
    API_VERSION,
    Connector,
    ConnectorError,
    CursorLost,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from reviewer.connectors.cage import die_with_parent, lock_in
from reviewer.connectors.loader import load_connector
from reviewer.connectors.manifest import Manifest, read_manifest
from reviewer.connectors.opener import Opening, make_context
from reviewer.connectors.polling import polled
from reviewer.connectors.session import BoundedSession, Limits
from reviewer.errors import OperatorError

_TRACE = 8000
_NAMES: tuple[tuple[type[BaseException], str], ...] = (
    (CursorLost, "cursor_lost"),
    (Refused, "refused"),
    (RateLimited, "rate_limited"),
    (Unauthorized, "unauthorized"),
    (Unavailable, "unavailable"),
    (ConnectorError, "unavailable"),
    (OperatorError, "operator"),
)
_KEYWORDS = ("marketplaces", "grounds", "case_ids", "offline_s")


class Output:
    """Where answers go, one at a time."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._lock = threading.Lock()

    def write(self, message: wire.Answer | wire.Problem | wire.Ready) -> None:
        """Raises OSError where the program is gone."""
        body = wire.frame(message)
        with self._lock:
            self._sink.write(body)
            self._sink.flush()


class Lane(threading.Thread):
    """One instance of the connector with a thread of its own: its calls come one at a time."""

    def __init__(self, number: int, manifest: Manifest, opening: Opening, output: Output) -> None:
        super().__init__(name=f"lane-{number}", daemon=True)
        self._manifest = manifest
        self._opening = opening
        self._output = output
        self._session: BoundedSession | None = None
        self._connector: Connector | None = None
        self.asked: queue.SimpleQueue[wire.Ask] = queue.SimpleQueue()

    def cut(self) -> None:
        """End the connections of this instance: a call that waits for its server fails now."""
        if self._session is not None:
            self._session.cut()

    def run(self) -> None:
        while True:
            ask = self.asked.get()
            try:
                self._output.write(self._answer(ask))
            except OSError:
                os._exit(0)  # the program is gone
            if ask.call == "close":
                return

    def _answer(self, ask: wire.Ask) -> wire.Answer | wire.Problem:
        try:
            value = self._do(ask)
            raw, bad = wire.pack_answer(ask.call, value)
        except BaseException as error:  # noqa: BLE001 - whatever a connector raises becomes an answer
            return _problem(ask.number, error)
        return wire.Answer(ask.number, raw, bad)

    def _do(self, ask: wire.Ask) -> Any:
        if ask.call == "open":
            context = make_context(self._opening)
            self._session = context.session if isinstance(context.session, BoundedSession) else None
            connector = load_connector(self._manifest, context)
            self._connector = polled(connector, self._manifest) if "poll" in self._manifest.capabilities else connector
            return None
        if self._connector is None:
            return None
        if ask.call == "close":
            return self._connector.close()
        arguments = wire.arguments_from(ask.call, ask.arguments)
        call = getattr(self._connector, ask.call)
        if ask.call == "claim":
            return call(arguments[0], **dict(zip(_KEYWORDS, arguments[1:], strict=True)))
        return call(*arguments)


def _problem(number: int, error: BaseException) -> wire.Problem:
    for kind, name in _NAMES:
        if isinstance(error, kind):
            after = error.after_s if isinstance(error, RateLimited) else 0.0
            case_id = error.case_id if isinstance(error, Refused) else ""
            cause = error.__cause__
            trace = _trace(cause) if cause is not None and name == "operator" else ""
            return wire.Problem(number, name, _plain(error), _number(after), str(case_id)[:128], trace)
    return wire.Problem(number, "fault", f"{type(error).__name__}: {_plain(error)}", trace=_trace(error))


def _plain(error: BaseException) -> str:
    try:
        return str(error)[:2000].encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - a connector's own error may fail in its __str__
        return ""


def _trace(error: BaseException) -> str:
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-12)
    return "".join(lines)[-_TRACE:].encode("utf-8", "replace").decode()


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 5.0


def take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """The program's pipes; what the connector reads from or prints to is another thing from now on."""
    asked, answered = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return os.fdopen(asked, "rb", buffering=1 << 16), os.fdopen(answered, "wb", buffering=0)


def main() -> int:
    """Serve until the input ends; returns the exit code."""
    die_with_parent()
    source, sink = take_standard_streams()
    first = wire.read_frame(source.read)
    start = wire.ask_from(first) if first is not None else None
    if not isinstance(start, wire.Start):
        return 2
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    protection = lock_in(start.memory_bytes)
    # Compiled files beside the connector's are not part of its digest: they are neither read nor written.
    sys.dont_write_bytecode = True
    sys.pycache_prefix = str(Path(start.keep, "no-cache"))
    manifest = read_manifest(Path(start.folder), API_VERSION)
    opening = Opening(
        "", manifest, start.settings, start.secrets, Limits(*start.limits), keep=start.keep, skew_s=start.skew_s
    )
    output = Output(sink)
    output.write(wire.Ready(protection))
    lanes: dict[int, Lane] = {}
    while (body := wire.read_frame(source.read)) is not None:
        ask = wire.ask_from(body)
        if not isinstance(ask, wire.Ask):
            return 2
        lane = lanes.get(ask.lane)
        if ask.call == "cut":
            if lane is not None:
                lane.cut()
            output.write(wire.Answer(ask.number, wire.pack(None)))
            continue
        if lane is None:
            lane = lanes[ask.lane] = Lane(ask.lane, manifest, opening, output)
            lane.start()
        lane.asked.put(ask)
        if ask.call == "close":
            del lanes[ask.lane]
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # a connector's own threads don't keep the process
