"""A real shop for `reviewer plugin check`: django-oscar and django-oscar-api, migrated, filled, run as a server."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NEEDED = ("django", "oscar", "oscarapi", "rest_framework")
_START_S = 110.0


class Stand:
    """The shop is `stand_shop.py`, a program of its own; it is told by lines of JSON what its sellers do."""

    def __init__(self, folder: Path) -> None:
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise NotImplementedError(f"django-oscar and django-oscar-api are not installed ({', '.join(missing)})")
        program = Path(__file__).with_name("stand_shop.py")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST"))}
        self._log = (folder / "shop.log").open("wb")
        self._shop = subprocess.Popen(
            [sys.executable, "-B", "-P", str(program), str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, encoding="utf-8", env=kept,
        )  # fmt: skip
        timer = threading.Timer(_START_S, self._shop.kill)
        timer.start()
        try:
            told = self._line()
        except ValueError:
            self.close()
            words = (folder / "shop.log").read_text(encoding="utf-8", errors="replace")[-600:]
            raise RuntimeError(f"the shop did not start: {words}") from None
        finally:
            timer.cancel()
        self.address = "address"
        self.settings = {"address": told["address"], "username": told["username"]}
        self.secrets = {"password": told["password"]}
        self.bad_secrets = {"password": "wrong"}

    def add(self, listing: Mapping[str, Any]) -> str:
        pictures = [base64.b64encode(data).decode() for data in listing.get("pictures", ())]
        return str(
            self._ask("add", title=listing["title"], description=listing.get("description", ""), pictures=pictures)
        )

    def edit(self, name: str) -> None:
        self._ask("edit", name=name)

    def remove(self, name: str) -> None:
        self._ask("remove", name=name)

    def state(self, name: str) -> str:
        return str(self._ask("state", name=name))

    def close(self) -> None:
        if self._shop.stdin is not None and not self._shop.stdin.closed:
            self._shop.stdin.close()
        try:
            self._shop.wait(10)
        except subprocess.TimeoutExpired:
            self._shop.kill()
            self._shop.wait()
        if self._shop.stdout is not None:
            self._shop.stdout.close()
        self._log.close()

    def _ask(self, what: str, **values: Any) -> Any:
        if self._shop.stdin is None:
            raise RuntimeError("the shop has ended")
        self._shop.stdin.write(json.dumps({"what": what, **values}) + "\n")
        self._shop.stdin.flush()
        return self._line()["answer"]

    def _line(self) -> dict[str, Any]:
        line = self._shop.stdout.readline() if self._shop.stdout is not None else ""
        told: dict[str, Any] = json.loads(line)
        return told


def stand(folder: Path) -> Stand:
    """Started for one run of the suite."""
    return Stand(folder)
