"""The embedded demo hub: a process of its own that ends with the workstation."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reviewer.errors import OperatorError

_START_S = 60.0


@dataclass(frozen=True, slots=True)
class RunningHub:
    """Where the hub answers, and the demo's tokens by role."""

    url: str
    tokens: Mapping[str, str]


class DemoHub:
    """Starts `reviewer hub serve --demo` on a free port of this machine.  Safe on any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._answer: RunningHub | None = None

    def start(self) -> RunningHub:
        """Blocks until the hub answers; raises `OperatorError`."""
        with self._lock:
            if self._process is not None and self._process.poll() is None and self._answer:
                return self._answer
            command = [
                sys.executable, "-m", "reviewer", "hub", "serve", "--demo", "--data", str(self._folder),
                "--port", "0", "--until-stdin-closes",
            ]  # fmt: skip
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                with (self._folder / "hub.log").open("w", encoding="utf-8") as log:
                    self._process = subprocess.Popen(
                        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
                    )
            except OSError as error:
                raise OperatorError(
                    f"The demo hub can't be started in {self._folder}: {error.strerror}. Make room there for it."
                ) from error
            self._answer = self._announced(self._process)
            return self._answer

    def stop(self) -> None:
        """End the hub's process, if it runs."""
        with self._lock:
            process, self._process, self._answer = self._process, None, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _announced(self, process: subprocess.Popen[str]) -> RunningHub:
        timer = threading.Timer(_START_S, process.kill)
        timer.start()
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
        finally:
            timer.cancel()
        try:
            said = json.loads(line)
            return RunningHub(str(said["hub"]), {str(role): str(token) for role, token in said["tokens"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            process.kill()
            process.wait()
            raise OperatorError(
                f"The demo hub did not start. Its log is {self._folder / 'hub.log'}; copy it to whoever helps you.",
                detail=line[:500],
            ) from error
