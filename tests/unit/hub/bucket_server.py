"""An object store for the tests, which checks every signature by itself, as the specification says it."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY, SECRET = "AKIDEXAMPLE", "a secret for the tests"


@dataclass
class Bucket:
    """What it holds by path; `faults` are answered to the next calls in the place of what is right."""

    objects: dict[str, bytes] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    name: str = "media"
    address: str = ""

    def url(self, prefix: str = "hub") -> str:
        return f"s3://{self.name}/{prefix}?endpoint={self.address}&region=eu-test-1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes = b"", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _serve(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bucket = self.bucket
        bucket.calls.append((self.command, self.path))
        if bucket.faults:
            status = bucket.faults.pop(0)
            self._answer(status, b"<Error><Code>SlowDown</Code></Error>" if self.command != "HEAD" else b"")
        elif not _is_signed(self, data):
            self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>" if self.command != "HEAD" else b"")
        elif self.path == f"/{bucket.name}":
            self._answer(200)
        elif not self.path.startswith(f"/{bucket.name}/"):
            self._answer(404)
        elif self.command == "PUT":
            bucket.objects[self.path] = data
            self._answer(200)
        elif self.path not in bucket.objects:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>" if self.command == "GET" else b"")
        else:
            found = bucket.objects[self.path]
            self._answer(200, b"" if self.command == "HEAD" else found, len(found))

    do_GET = do_HEAD = do_PUT = _serve


def _is_signed(call: BaseHTTPRequestHandler, data: bytes) -> bool:
    given = dict(
        part.strip().split("=", 1)
        for part in call.headers.get("Authorization", "").removeprefix("AWS4-HMAC-SHA256").split(",")
        if "=" in part
    )
    names = given.get("SignedHeaders", "").split(";")
    moment = call.headers.get("x-amz-date", "")
    digest = hashlib.sha256(data).hexdigest()
    if call.headers.get("x-amz-content-sha256") != digest or not {"host", "x-amz-date"} <= set(names):
        return False
    asked = [
        call.command,
        call.path,
        "",
        *(f"{name}:{call.headers[name]}" for name in names),
        "",
        ";".join(names),
        digest,
    ]
    day, region = moment[:8], "eu-test-1"
    words = [
        "AWS4-HMAC-SHA256", moment, f"{day}/{region}/s3/aws4_request",
        hashlib.sha256("\n".join(asked).encode()).hexdigest(),
    ]  # fmt: skip
    step = ("AWS4" + SECRET).encode()
    for part in (day, region, "s3", "aws4_request"):
        step = hmac.new(step, part.encode(), hashlib.sha256).digest()
    right = hmac.new(step, "\n".join(words).encode(), hashlib.sha256).hexdigest()
    return given.get("Signature") == right and given.get("Credential") == f"{KEY}/{words[2]}"


@contextmanager
def bucket_server() -> Iterator[Bucket]:
    """A store for as long as a `with` lasts."""
    bucket = Bucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": bucket}))
    bucket.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
