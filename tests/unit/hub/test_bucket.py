"""Media in an object store: signed as published, whole or not at all, and honest where the store is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.domain.values import sha256_hex
from reviewer.errors import OperatorError
from reviewer.hub.app import create_app
from reviewer.hub.bucket import Key, MediaBucket, address_of, signed
from reviewer.hub.media import MediaAway
from reviewer.hub.store import open_store
from tests.unit.hub.asgi import Calls
from tests.unit.hub.bucket_server import KEY, SECRET, Bucket, bucket_server
from tests.unit.hub.conftest import START, Clock
from tests.unit.hub.databases import furnish

JPEG = b"\xff\xd8\xff\xe0 not really a picture"
SHA = sha256_hex(JPEG)
PATH = f"/media/hub/{SHA[:2]}/{SHA}"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture
def server() -> Iterator[Bucket]:
    with bucket_server() as opened:
        yield opened


@pytest.fixture
def bucket(server: Bucket) -> Iterator[MediaBucket]:
    opened = MediaBucket(server.url(), ENVIRONMENT)
    yield opened
    opened.close()


def test_the_published_example_is_signed_as_published() -> None:
    """Amazon S3 API Reference, "Examples: Signature Calculations in AWS Signature Version 4", GET Object."""
    key = Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    headers = {"Host": "examplebucket.s3.amazonaws.com", "Range": "bytes=0-9"}
    made = signed("GET", "/test.txt", headers, key, "us-east-1", datetime(2013, 5, 24, tzinfo=UTC), sha256_hex(b""))
    assert made["authorization"].endswith("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    assert key.secret not in repr(key)
    lent = signed("GET", "/", headers, replace(key, session="lent"), "us-east-1", START, sha256_hex(b""))
    assert "x-amz-security-token" in lent["authorization"]


def test_bytes_are_written_once_and_come_back(bucket: MediaBucket, server: Bucket) -> None:
    bucket.check()
    assert bucket.get(SHA) is None
    assert bucket.size(SHA) is None
    assert bucket.put(JPEG) == bucket.put(JPEG) == SHA
    assert server.objects == {PATH: JPEG}
    assert [method for method, _ in server.calls].count("PUT") == 1
    assert (bucket.get(SHA), bucket.size(SHA)) == (JPEG, len(JPEG))
    assert bucket.put(b"") == sha256_hex(b"")
    assert bucket.get(sha256_hex(b"")) == b""
    with pytest.raises(ValueError, match="not a SHA-256"):
        bucket.get("../" + SHA)


def test_a_store_that_is_busy_is_asked_again(bucket: MediaBucket, server: Bucket) -> None:
    server.faults = [503, 500]
    assert bucket.put(JPEG) == SHA
    assert server.objects == {PATH: JPEG}


@pytest.mark.parametrize("fault", [[503] * 3, [403], [301]])
def test_what_is_no_answer_is_no_picture(bucket: MediaBucket, server: Bucket, fault: list[int]) -> None:
    bucket.put(JPEG)
    server.faults = list(fault)
    with pytest.raises(MediaAway, match=f"The media bucket answers {fault[0]}"):
        bucket.get(SHA)
    server.faults = list(fault)
    with pytest.raises(MediaAway):
        bucket.size(SHA)
    server.faults = [404, *fault]
    with pytest.raises(MediaAway):
        bucket.put(JPEG)
    assert bucket.get(SHA) == JPEG


def test_other_bytes_under_a_digest_are_not_served(bucket: MediaBucket, server: Bucket) -> None:
    bucket.put(JPEG)
    server.objects[PATH] = JPEG[:-1] + b"?"
    with pytest.raises(MediaAway, match="other bytes"):
        bucket.get(SHA)


def test_what_an_operator_must_mend_is_said_at_the_start(server: Bucket, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="refuses the key"):
        MediaBucket(server.url(), ENVIRONMENT | {"AWS_SECRET_ACCESS_KEY": "wrong"}).check()
    with pytest.raises(OperatorError, match="media bucket other at http.* is not there"):
        MediaBucket(server.url().replace("//media", "//other"), ENVIRONMENT).check()
    server.faults = [302]
    with pytest.raises(OperatorError, match="answers 302"):
        MediaBucket(server.url(), ENVIRONMENT).check()
    with pytest.raises(OperatorError, match="can't be reached"):
        MediaBucket("s3://media?endpoint=http://127.0.0.1:9", ENVIRONMENT).check()
    with pytest.raises(OperatorError, match="AWS_ACCESS_KEY_ID"):
        MediaBucket(server.url(), {})
    command = [
        "hub",
        "serve",
        "--data",
        str(tmp_path),
        "--port",
        "0",
        "--media-url",
        "s3://media?endpoint=http://h.test",
    ]
    ran = CliRunner().invoke(app, command, env=ENVIRONMENT)
    assert "without TLS" in str(ran.exception)


@pytest.mark.parametrize(
    "url",
    [
        "https://media/hub", "s3:///hub", "s3://Media/hub", "s3://media/a b", "s3://media/../x", "s3://media?typo=1",
        "s3://media?endpoint=ftp://h", "s3://media?endpoint=https://h/path", "s3://media?endpoint=https://",
    ],
)  # fmt: skip
def test_an_address_that_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(OperatorError, match="names no bucket"):
        address_of(url)


def test_without_an_endpoint_it_is_amazons_of_the_region() -> None:
    found = address_of("s3://media/a/b?region=eu-central-1")
    assert (found.endpoint, found.prefix) == ("https://s3.eu-central-1.amazonaws.com", "a/b/")
    assert address_of("s3://media").prefix == ""


def test_a_hub_serves_its_pictures_from_the_bucket_and_says_when_it_is_away(
    server: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    store = open_store(tmp_path, media_url=server.url(), clock=Clock())
    furnish(store, START)
    calls = Calls(create_app(store))
    who = {"Authorization": "Bearer service"}
    assert calls.request("PUT", f"/v1/media/{SHA}", headers=who, content=JPEG).status_code == 201
    assert calls.request("GET", f"/v1/media/{SHA}", headers=who).content == JPEG
    assert not (tmp_path / "media").exists()
    server.faults = [503] * 3
    answer = calls.request("GET", f"/v1/media/{SHA}", headers=who)
    assert (answer.status_code, answer.json()["type"], answer.headers["retry-after"]) == (503, "unavailable", "5")
    other = b"\xff\xd8\xff another"
    server.faults = [503] * 3
    put = f"/v1/media/{sha256_hex(other)}"
    assert calls.request("PUT", put, headers=who, content=other).status_code == 503
    assert calls.request("GET", put, headers=who).status_code == 404
    assert calls.request("PUT", put, headers=who, content=other).status_code == 201
    store.close()


def test_the_demo_is_put_into_a_bucket(server: Bucket, tmp_path: Path) -> None:
    ran = CliRunner().invoke(
        app, ["hub", "demo", "--data", str(tmp_path), "--media-url", server.url()], env=ENVIRONMENT
    )
    assert ran.exit_code == 0, ran.output
    assert len(server.objects) > 100
    assert all(path.endswith(sha256_hex(data)) for path, data in server.objects.items())
    store = open_store(tmp_path)
    sizes = store.database.read(lambda connection: connection.exec_driver_sql("SELECT sha256, bytes FROM media").all())
    store.close()
    assert {name: size for name, size in sizes} == {
        path.rsplit("/", 1)[1]: len(data) for path, data in server.objects.items()
    }
