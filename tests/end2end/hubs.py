"""Real hubs as processes of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

_START_S = 60.0


class HubProcess:
    """A hub on a data folder; `start` after `stop` or `kill` takes the same port again."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.folder = folder
        self._command = command or ("reviewer", "hub", "serve", "--demo")
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.address = ""

    def start(self) -> HubProcess:
        command = [sys.executable, "-m", *self._command, "--data", str(self.folder), "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        timer = threading.Timer(_START_S, self._process.kill)
        timer.start()
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline())
        timer.cancel()
        self.address = said["hub"]
        self.port = int(self.address.rpartition(":")[2])
        return self

    def stop(self) -> None:
        """In order, as at a shutdown of the machine."""
        self._end(kill=False)

    def kill(self) -> None:
        """As at a power cut."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(30)
        process.stdout.close()

    def call(self, method: str, path: str, value: Any = None, *, who: str = "demo-lead") -> Any:
        response = requests.request(
            method, f"{self.address}{path}", json=value, headers={"Authorization": f"Bearer {who}"}, timeout=30
        )
        assert response.status_code < 300, response.text
        return response.json()

    def bytes_of(self, name: str) -> bytes:
        """A picture's."""
        headers = {"Authorization": "Bearer demo-lead"}
        response = requests.get(f"{self.address}/v1/media/{name}", headers=headers, timeout=30)
        assert response.status_code == 200, response.text
        return response.content

    def put_bytes(self, data: bytes, *, who: str) -> int:
        """Store a picture; answers the status."""
        name = sha256(data).hexdigest()
        headers = {"Authorization": f"Bearer {who}"}
        return requests.put(f"{self.address}/v1/media/{name}", data=data, headers=headers, timeout=30).status_code

    def decisions(self, **query: str) -> list[dict[str, Any]]:
        """Everything that the hub holds of decisions, in the order of arrival, with its receipts."""
        return self.every("/v1/decisions", **query)

    def every(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.call("GET", f"{path}?{urlencode(query | cursor | {'limit': '200'})}")
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}


def copy_of(template: Path, folder: Path) -> Path:
    """A hub's folder of its own, filled as the template is."""
    shutil.copytree(template, folder)
    return folder
