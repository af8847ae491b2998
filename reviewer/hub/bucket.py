"""Pictures and documents in a bucket of an S3-compatible object store, named by their SHA-256.

Signs with AWS Signature Version 4 (Amazon S3 API Reference, "Authenticating Requests: Using the Authorization
Header"): the digest of the bytes is part of the signature, so that a store refuses bytes that were damaged on
their way.  Buckets are addressed by path, which every S3-compatible store understands.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256 as hashed
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import urllib3

from reviewer.domain.values import is_sha256, sha256_hex
from reviewer.errors import OperatorError
from reviewer.hub.media import MediaAway

_LOG = logging.getLogger(__name__)
_EMPTY: Final = sha256_hex(b"")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
#: Nothing that would have to be quoted in an address, which is signed as it is sent.
_PREFIX = re.compile(r"(?:[A-Za-z0-9._-]+/)*")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Every call may be made again: bytes under a digest never change.
_AGAIN = urllib3.Retry(
    total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), allowed_methods=None,
    raise_on_status=False, redirect=False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """Who calls; the secret is never shown."""

    name: str
    secret: str = field(repr=False)
    session: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a bucket is: `endpoint` without a path, `prefix` empty or ending with a slash."""

    endpoint: str
    region: str
    bucket: str
    prefix: str


def address_of(url: str) -> Address:
    """Reads `s3://BUCKET/PREFIX?endpoint=https://…&region=…`.

    Raises `OperatorError` for what is none, and for an endpoint beyond this machine without TLS.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    region = options.pop("region", "us-east-1")
    endpoint = options.pop("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    prefix = parts.path.lstrip("/")
    prefix += "/" if prefix and not prefix.endswith("/") else ""
    to = urlsplit(endpoint)
    usable = (
        parts.scheme == "s3"
        and _BUCKET.fullmatch(parts.netloc)
        and _PREFIX.fullmatch(prefix)
        and not {".", ".."} & set(prefix.split("/"))
        and not options
        and to.scheme in ("http", "https")
        and to.hostname
        and not (to.path or to.query)
    )
    if not usable:
        raise OperatorError(
            f"{url[:200]} names no bucket. Write s3://BUCKET/PREFIX?endpoint=https://s3.example.org&region=REGION."
        )
    if to.scheme == "http" and to.hostname not in _LOOPBACK:
        raise OperatorError(f"{endpoint} would be called without TLS. Begin the endpoint of --media-url with https.")
    return Address(endpoint, region, parts.netloc, prefix)


def key_of(environment: Mapping[str, str]) -> Key:
    """The key from the variables that every S3 client reads.  Raises `OperatorError` where it is not there."""
    name, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY", "")
    if not (name and secret):
        raise OperatorError("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the key of the media bucket.")
    return Key(name, secret, environment.get("AWS_SESSION_TOKEN", ""))


def signed(
    method: str, path: str, headers: Mapping[str, str], key: Key, region: str, when: datetime, payload: str
) -> dict[str, str]:
    """The headers with those that prove who calls; `payload` is the SHA-256 of the body, and `Host` is in `headers`."""
    moment = when.strftime("%Y%m%dT%H%M%SZ")
    made = {name.lower(): value for name, value in headers.items()}
    made |= {"x-amz-content-sha256": payload, "x-amz-date": moment}
    if key.session:
        made["x-amz-security-token"] = key.session
    names = ";".join(sorted(made))
    lines = "".join(f"{name}:{made[name].strip()}\n" for name in sorted(made))
    request = sha256_hex("\n".join((method, path, "", lines, names, payload)).encode())
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    proof = f"AWS4{key.secret}".encode()
    for part in scope.split("/"):
        proof = hmac.digest(proof, part.encode(), "sha256")
    words = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{request}"
    signature = hmac.new(proof, words.encode(), hashed).hexdigest()
    made["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key.name}/{scope},SignedHeaders={names},Signature={signature}"
    )
    return made


class MediaBucket:
    """Immutable objects under their digests; safe to use from any thread."""

    def __init__(self, url: str, environment: Mapping[str, str] | None = None) -> None:
        self._address = address_of(url)
        self._key = key_of(os.environ if environment is None else environment)
        self._host = urlsplit(self._address.endpoint).netloc
        self._http = urllib3.PoolManager(maxsize=16, retries=_AGAIN, timeout=urllib3.Timeout(connect=5.0, read=30.0))

    def check(self) -> None:
        """Asks for the bucket itself.  Raises `OperatorError` where it can't be used."""
        try:
            status = self._call("HEAD", f"/{self._address.bucket}").status
        except MediaAway as error:
            raise OperatorError(f"The media bucket can't be reached. {error}") from None
        if status != 200:
            why = {403: "refuses the key", 404: "is not there"}.get(status, f"answers {status}")
            raise OperatorError(f"The media bucket {self._address.bucket} at {self._address.endpoint} {why}.")

    def close(self) -> None:
        """Ends the connections."""
        self._http.clear()

    def put(self, data: bytes) -> str:
        """Writes bytes under their digest, whole or not at all, and returns the digest.  Raises `MediaAway`."""
        sha256 = sha256_hex(data)
        if self.size(sha256) is None:
            answer = self._call("PUT", self._path(sha256), data)
            if answer.status not in (200, 201, 204):
                raise self._refused("PUT", answer)
        return sha256

    def get(self, sha256: str) -> bytes | None:
        """The bytes of a digest, or None where there are none.  Raises `MediaAway`, also for other bytes."""
        answer = self._call("GET", self._path(sha256))
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._refused("GET", answer)
        if sha256_hex(answer.data) != sha256:
            _LOG.error("the media bucket holds other bytes under %s", sha256)
            raise MediaAway("The media bucket holds other bytes under that digest.")
        return answer.data

    def size(self, sha256: str) -> int | None:
        """How many bytes there are, or None where there are none.  Raises `MediaAway`."""
        answer = self._call("HEAD", self._path(sha256))
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._refused("HEAD", answer)
        return int(answer.headers.get("Content-Length", "0"))

    def _path(self, sha256: str) -> str:
        if not is_sha256(sha256):
            raise ValueError("not a SHA-256")
        return f"/{self._address.bucket}/{self._address.prefix}{sha256[:2]}/{sha256}"

    def _call(self, method: str, path: str, data: bytes = b"") -> urllib3.BaseHTTPResponse:
        payload = sha256_hex(data) if data else _EMPTY
        headers = signed(
            method, path, {"Host": self._host}, self._key, self._address.region, datetime.now(UTC), payload
        )
        body = data if method == "PUT" else None
        try:
            return self._http.request(method, self._address.endpoint + path, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            _LOG.warning("the media bucket can't be reached: %s", type(error).__name__)
            raise MediaAway(f"{self._address.endpoint} does not answer.") from error

    @staticmethod
    def _refused(method: str, answer: urllib3.BaseHTTPResponse) -> MediaAway:
        code = re.search(rb"<Code>([A-Za-z]{1,60})</Code>", answer.data)
        words = code.group(1).decode() if code else ""
        _LOG.error("the media bucket answers %s to %s %s", answer.status, method, words)
        return MediaAway(f"The media bucket answers {answer.status} {words}".strip() + ".")
