"""A plain REST service in memory, for `reviewer plugin check`: the one that `example.toml` maps."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

_TOKEN = "a-token"  # noqa: S105 - of the stand alone
Reply = tuple[int, Any]


class Stand:
    """Flags in the order of their last change; a ruling for each Idempotency-Key; complaints as they were filed."""

    def __init__(self, map_name: str = "example.toml") -> None:
        self.complaints: list[dict[str, Any]] = []
        self._lock = threading.RLock()
        self._flags: dict[str, dict[str, Any]] = {}
        self._photos: dict[str, bytes] = {}
        self._rulings: dict[str, dict[str, Any]] = {}
        self._changes = 0
        for number in range(1, 41):
            self._put(f"Bag {number}", "A bag.", [], number)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.serve(self)

            do_POST = do_GET

            def log_message(self, *_words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.address = "address"
        self.settings = {
            "address": f"http://127.0.0.1:{self._server.server_port}",
            "map": str(Path(__file__).with_name(map_name)),
        }
        self.secrets = {"token": _TOKEN}
        self.bad_secrets = {"token": "another"}

    def add(self, listing: Mapping[str, Any]) -> str:
        return self._put(listing["title"], listing.get("description", ""), list(listing.get("pictures", ())), 900)

    def edit(self, name: str) -> None:
        with self._lock:
            product = self._flags[name]["product"]
            product["text"] += " (changed)"
            product["version"] += 1
            self._touch(name)

    def remove(self, name: str) -> None:
        with self._lock:
            self._flags[name]["state"] = "closed"
            self._touch(name)

    def state(self, name: str) -> str:
        return "removed" if self._flags[name]["removed"] else "live"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if handler.headers.get("Authorization") != f"Bearer {_TOKEN}":
            status, answer = 401, {"error": "who are you"}
        else:
            with self._lock:
                status, answer = self._answer(handler, json.loads(body) if body else {})
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "image/png" if isinstance(answer, bytes) else "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _answer(self, handler: BaseHTTPRequestHandler, body: Any) -> Reply:
        parts = urlsplit(handler.path)
        steps = parts.path.strip("/").split("/")
        match steps:
            case ["me"]:
                return 200, {"user": {"id": "ana", "name": "Ana"}, "now": datetime.now(UTC).isoformat()}
            case ["flags"]:
                return 200, self._list(parse_qs(parts.query))
            case ["photos", name]:
                return (200, self._photos[name]) if name in self._photos else (404, {"error": "no such photo"})
            case ["products", sku, "removal"]:
                return self._rule(handler, sku.removeprefix("sku-"), body, removed=True)
            case ["flags", name, "dismissal" | "ruling"]:
                return self._rule(handler, name, body, removed=False)
            case ["complaints"]:
                return self._complain(handler, body)
            case ["rulings", name, "reversal"]:
                return self._reverse(handler, name)
        return 404, {"error": "no such place"}

    def _list(self, query: Mapping[str, list[str]]) -> Any:
        after, limit = int(query.get("after", ["0"])[0]), int(query.get("limit", ["100"])[0])
        rows = sorted((row for row in self._flags.values() if row["change"] > after), key=lambda row: row["change"])
        part = rows[:limit]
        return {"flags": part, "next": str(part[-1]["change"] if part else after)}

    def _rule(self, handler: BaseHTTPRequestHandler, name: str, body: Any, *, removed: bool) -> Reply:
        key = handler.headers["Idempotency-Key"]
        if key in self._rulings:
            return 208, {"ruling": key}
        flag = self._flags.get(name)
        if flag is None or flag["state"] == "closed":
            return 404, {"error": "this flag is not there any more"}
        if flag["state"] == "ruled" or str(flag["product"]["version"]) != body.get("version"):
            return 409, {"error": "this changed meanwhile"}
        self._rulings[key] = {"flag": name, "was": flag["removed"], "standing": True}
        flag["state"], flag["removed"] = "ruled", flag["removed"] or removed
        self._touch(name)
        return 200, {"ruling": key}

    def _complain(self, handler: BaseHTTPRequestHandler, body: Any) -> Reply:
        """Filed, not ruled on: the listing stays as it is."""
        missing = [key for key in ("complainant", "right", "good_faith", "listing") if not body.get(key)]
        if missing or not body["listing"].get("url"):
            return 422, {"error": f"a complaint needs {', '.join(missing or ['the address of the listing'])}"}
        status, answer = self._rule(handler, str(body.get("flag")), body, removed=False)
        if status == 200:
            self.complaints.append(body)
            return 201, {"complaint": {"number": f"C-{len(self.complaints)}"}}
        return status, answer

    def _reverse(self, handler: BaseHTTPRequestHandler, name: str) -> Reply:
        key = handler.headers["Idempotency-Key"]
        if key in self._rulings:
            return 208, {"ruling": key}
        ruling = self._rulings.get(name)
        if ruling is None:
            return 404, {"error": "no such ruling"}
        if not ruling["standing"]:
            return 409, {"error": "another ruling stands"}
        ruling["standing"] = False
        self._rulings[key] = {"flag": ruling["flag"], "was": False, "standing": False}
        flag = self._flags[ruling["flag"]]
        flag["state"], flag["removed"] = "open", ruling["was"]
        self._touch(ruling["flag"])
        return 200, {"ruling": key}

    def _put(self, title: str, description: str, pictures: list[bytes], urgency: int) -> str:
        with self._lock:
            name = f"f{len(self._flags) + 1}"
            photos = [{"sha256": hashlib.sha256(data).hexdigest()} for data in pictures]
            self._photos |= {photo["sha256"]: data for photo, data in zip(photos, pictures, strict=True)}
            product = {
                "sku": f"sku-{name}", "link": f"https://shop.example/{name}", "name": title,
                "text": description, "version": 1, "photos": photos,
                "price": {"amount": "12.50", "currency": "EUR"}, "seller": {"id": "s1", "name": "Shop 1"},
            }  # fmt: skip
            self._flags[name] = {
                "id": name, "state": "open", "why": "counterfeit", "by": "consumer", "urgency": urgency,
                "at": "2026-01-02T03:04:05Z", "product": product, "removed": False, "change": 0,
            }  # fmt: skip
            self._touch(name)
            return name

    def _touch(self, name: str) -> None:
        self._changes += 1
        self._flags[name]["change"] = self._changes


def stand(_folder: Path) -> Stand:
    """Started for one run of the suite."""
    return Stand()
