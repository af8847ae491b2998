"""The real hub in a process of its own, armed at its failpoints."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reviewer.hub.server import serve
from reviewer.hub.store import open_store
from tests.crash.arming import Arming, arm
from tests.crash.processes import Child, fork


@dataclass(slots=True)
class Hub:
    """A hub on a copy of the template's folder; it comes back at the same address."""

    folder: Path
    port: int = 0
    child: Child | None = None

    @classmethod
    def copied(cls, template: Path, folder: Path) -> Hub:
        """A hub that has not started yet."""
        shutil.copytree(template, folder)
        return cls(folder)

    @property
    def url(self) -> str:
        """Where it answers, once started."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, arming: Arming | None = None) -> Child:
        """Start it, or start it again; answers when it listens."""
        folder, port = self.folder, self.port

        def main(_hears: int, says: int) -> None:
            os.dup2(says, 1)
            sys.stdout = os.fdopen(1, "w", buffering=1)
            logging.disable(logging.NOTSET)
            arm(arming)
            serve(open_store(folder), port=port)

        self.child = fork(main, self.folder.with_suffix(".log"))
        line = self.child.line()
        if not line:
            raise RuntimeError(f"the hub did not start: {self.child.words()}")
        self.port = int(urlsplit(json.loads(line)["hub"]).port or 0)
        return self.child

    def wait(self) -> int:
        """Wait for its end; its exit code, or the signal that ended it, negative."""
        assert self.child is not None
        code = self.child.wait()
        self.child = None
        return code

    def words(self) -> str:
        """What it wrote to its standard error."""
        return self.folder.with_suffix(".log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.child is not None:
            self.child.kill()
            self.child = None
