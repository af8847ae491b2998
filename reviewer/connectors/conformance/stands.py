"""What stands behind a connector while it is checked: the hub, or the author's own `stand.py`."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

import requests

import reviewer
from reviewer.connectors.manifest import Manifest
from reviewer.errors import OperatorError

_START_S = 60.0
_CALL_S = 30.0
_NO_PROXY = {"http": "", "https": ""}


class Stand(Protocol):
    """A server, or what is in its place, with the values that reach it.

    `address` names the setting that leads there, through which the suite puts its relay; empty where no server is
    asked.  `add` puts a flagged listing there (title, description, pictures as bytes, ...) and answers its name for
    `edit` and `remove`.  A stand may also have `state(name)`: `live` or `removed`, as the marketplace shows it.
    A stand that can't do one of these raises `NotImplementedError` with the reason.
    """

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    bad_secrets: Mapping[str, str] | None
    address: str

    def add(self, listing: Mapping[str, Any]) -> str:
        """Put a flagged listing there."""

    def edit(self, name: str) -> None:
        """Change what a buyer sees of it."""

    def remove(self, name: str) -> None:
        """Take it out of the queue, as its seller or the marketplace would."""

    def close(self) -> None:
        """End it."""


class HubStand:
    """The reference hub with its demo, as a process of its own."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        """Raises `OperatorError` where the hub does not start."""
        self.address = next((row.key for row in manifest.settings if row.kind == "address"), "")
        secrets = [row.key for row in manifest.settings if row.kind == "secret"]
        if not self.address or not secrets:
            raise OperatorError("The stand “hub” needs a setting of the kind address and one of the kind secret.")
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "reviewer", "hub", "serve", "--demo", "--data", str(folder / "hub")]
        environment = os.environ | {"PYTHONPATH": str(Path(reviewer.__file__).resolve().parent.parent)}
        with (folder / "hub.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--port", "0", "--until-stdin-closes"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment,
            )  # fmt: skip
        said = self._announced()
        self.url = str(said["hub"])
        tokens = said["tokens"]
        self._feeder = {"Authorization": f"Bearer {tokens['service']}"}
        self.settings: Mapping[str, Any] = {self.address: self.url}
        self.secrets: Mapping[str, str] = dict.fromkeys(secrets, tokens["reviewer"])
        self.bad_secrets: Mapping[str, str] | None = dict.fromkeys(secrets, "not-a-token")
        self._session = requests.Session()
        self._session.trust_env = False
        self._added: dict[str, dict[str, Any]] = {}
        service = self._call("GET", "/v1")
        self._marketplace = service["marketplaces"][0]["id"]

    def add(self, listing: Mapping[str, Any]) -> str:
        """Put a flagged listing there, the most urgent of all."""
        name = f"conformance-{len(self._added) + 1}"
        pictures = []
        for data in listing.get("pictures", ()):
            digest = hashlib.sha256(data).hexdigest()
            self._call("PUT", f"/v1/media/{digest}", data=data, headers={"Content-Type": "image/png"})
            pictures.append({"sha256": digest, "media_type": "image/png"})
        offer = {
            "id": name, "marketplace": self._marketplace, "title": listing["title"],
            "description": listing.get("description", ""), "brand": listing.get("brand", ""), "pictures": pictures,
            "price": {"amount": "12.50", "currency": "EUR"},
        }  # fmt: skip
        flag = {"id": f"{name}-flag", "source": "rights_holder", "reason": "counterfeit", "at": "2026-01-02T03:04:05Z"}
        seller = {"id": "conformance-seller", "display_name": listing.get("seller", "Conformance shop")}
        self._added[name] = {"listing": offer, "seller": seller, "flags": [flag], "priority": 1_000_000}
        self._call("POST", "/v1/listings", json={"items": [self._added[name]]})
        return name

    def edit(self, name: str) -> None:
        """Change what a buyer sees of it."""
        item = self._added[name]
        item["listing"]["description"] += " (changed)"
        self._call("POST", "/v1/listings", json={"items": [{**item, "flags": []}]})

    def remove(self, name: str) -> None:
        """The seller deletes it."""
        item = self._added[name]
        item["listing"]["state"] = "deleted"
        self._call("POST", "/v1/listings", json={"items": [{**item, "flags": []}]})

    def close(self) -> None:
        """End the hub's process."""
        self._session.close()
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _announced(self) -> dict[str, Any]:
        timer = threading.Timer(_START_S, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout is not None else b""
        finally:
            timer.cancel()
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError as error:
            self._process.kill()
            self._process.wait()
            raise OperatorError(f"The hub did not start; its log is {self._folder / 'hub.log'}.") from error
        return said

    def _call(self, method: str, path: str, **more: Any) -> Any:
        headers = self._feeder | more.pop("headers", {})
        url = f"{self.url}{path}"
        response = self._session.request(method, url, headers=headers, timeout=_CALL_S, proxies=_NO_PROXY, **more)
        if response.status_code >= 300:
            raise OperatorError(f"The hub refused {method} {path}: {response.status_code} {response.text[:300]}")
        return response.json() if response.content else None


def stand_of(manifest: Manifest, folder: Path) -> Stand:
    """The stand that a manifest names, started.  `folder` is for what it writes.  Raises `OperatorError`."""
    if not manifest.stand:
        raise OperatorError(
            'The manifest says no stand: add a table [check] with stand = "hub" or the file of a stand of your own.'
        )
    if manifest.stand == "hub":
        return HubStand(manifest, folder)
    path = manifest.folder / manifest.stand
    spec = importlib.util.spec_from_file_location(f"reviewer_stand_{manifest.id}", path)
    if spec is None or spec.loader is None:
        raise OperatorError(f"{path} can't be loaded.")
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
        folder.mkdir(parents=True, exist_ok=True)
        return cast("Stand", module.stand(folder))
    except NotImplementedError as error:
        raise OperatorError(f"The stand of {manifest.id} can't be started here: {error}") from error
    except Exception as error:
        raise OperatorError(f"The stand {path} failed: {type(error).__name__}: {error}") from error
    finally:
        sys.dont_write_bytecode = before


def picture(number: int) -> bytes:
    """A small PNG; another number, other bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    colour = bytes((number * 37 % 256, number * 91 % 256, number // 256 % 256))
    rows = b"".join(b"\0" + colour * 16 for _ in range(16))
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
