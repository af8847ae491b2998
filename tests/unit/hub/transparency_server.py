"""A stand-in for the transparency database, which behaves as is written of the real one, on this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reviewer.policy.statement_schema import judge


@dataclass
class StandIn:
    """What it holds and how it misbehaves: `script` is what the next calls do instead of answering well."""

    token: str = "secret-token"
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    script: list[str] = field(default_factory=list)
    batches: list[list[str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    permitted: bool = True
    address: str = ""
    arrived: threading.Event = field(default_factory=threading.Event)

    def forget(self) -> None:
        """What the nightly job does after 181 days."""
        self.stored.clear()


def _handler(world: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"  # each connection ends with its answer, so that no thread stays

        def log_message(self, *_: Any) -> None:
            pass

        def answer(self, status: int, body: Any, kind: str = "application/json", **headers: str) -> None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(data)

        def known(self) -> bool:
            if self.headers.get("Authorization") != f"Bearer {world.token}":
                self.answer(401, {"message": "Unauthenticated."})
                return False
            if not world.permitted:
                self.answer(403, {"message": "This action is unauthorized."})
                return False
            return True

        def do_GET(self) -> None:
            puid = self.path.rpartition("/")[2]
            world.asked.append(puid)
            if self.known():
                status = 302 if puid in world.stored else 404
                self.answer(status, {"message": "statement of reason", "puid": puid})

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            act = world.script.pop(0) if world.script else ""
            if act == "429":
                self.answer(429, "Too Many Attempts.", "text/plain", Retry_After="7")
                return
            if act == "500":
                self.answer(500, "<html>Server Error</html>", "text/html")
                return
            if act == "html":
                self.answer(200, "<html>maintenance</html>", "text/html")
                return
            if not self.known():
                return
            sent = json.loads(data)["statements"]
            world.batches.append([row["puid"] for row in sent])
            status, body = self.stores(sent)
            if act == "lost":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif act == "torn":
                self.answer(status, '{"statements": [')
            elif act == "short":
                self.answer(status, {"statements": body["statements"][:1]})
            else:
                self.answer(status, body)

        def stores(self, sent: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
            if not 1 <= len(sent) <= 100:
                return 422, {"message": "size", "errors": {"statements": ["The statements field must be 1 to 100."]}}
            errors = {}
            for place, row in enumerate(sent):
                faults = judge(row).faults
                if row["puid"] in world.refuse or faults:
                    members = {found.member: [found.words] for found in faults} or {"decision_facts": ["is wrong"]}
                    errors[f"statement_{place}"] = members
            if errors:
                return 422, {"errors": errors}
            used = [row["puid"] for row in sent if row["puid"] in world.stored]
            if used:
                words = "The platform identifier(s) are not all unique."
                return 422, {"message": words, "errors": {"puid": [words], "existing_puids": used}}
            made = []
            for row in sent:
                world.stored[row["puid"]] = row
                made.append(
                    {"uuid": f"u-{len(world.stored)}", "puid": row["puid"], "created_at": "2026-03-01 08:00:00"}
                )
            world.arrived.set()
            return 201, {"statements": made}

    return Handler


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """A stand-in that listens on this machine until the end of the block."""
    world = StandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(world))
    server.daemon_threads = False
    world.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
