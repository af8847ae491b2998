"""A demo hub as a process of its own, with all the tokens that it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from reviewer.errors import OperatorError


class HubProcess:
    """Started on construction, ended on exit.  `url` and `tokens` are what it said of itself."""

    def __init__(self, folder: Path) -> None:
        """Raises `OperatorError` where it does not start."""
        command = [
            sys.executable, "-m", "reviewer", "hub", "serve", "--demo", "--data", str(folder), "--port", "0",
            "--until-stdin-closes",
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        try:
            said = json.loads(line)
            self.url = str(said["hub"])
            self.tokens: dict[str, str] = {str(role): str(token) for role, token in said["tokens"].items()}
        except (ValueError, KeyError, AttributeError) as error:
            self.stop()
            raise OperatorError("The demo hub did not start; what it said stands above.") from error

    def stop(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def __enter__(self) -> HubProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
