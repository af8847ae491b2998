"""The session of connectors: bounded, bound to its hosts, encrypted or at home."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reviewer.connectors.api import Refused, Unavailable
from reviewer.connectors.session import MEDIA_BYTES, BoundedSession, Limits, is_loopback
from tests.unit.connectors.conftest import Answer, ScriptedServer


@pytest.fixture
def session() -> Iterator[BoundedSession]:
    with BoundedSession(["127.0.0.1", "localhost", "queue.example.com", "EXAMPLE.org"]) as opened:
        yield opened


def test_an_answer_is_whole_and_in_memory(server: ScriptedServer, session: BoundedSession) -> None:
    server.say("/v1", {"a": 1})
    response = session.request("GET", f"{server.address}/v1", headers={"Authorization": "Bearer x"})
    assert response.json() == {"a": 1}
    assert server.asked[0].headers["Authorization"] == "Bearer x"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://queue.example.com/v1", "without encryption. Use an address that begins with https://"),
        ("http://192.0.2.1/v1", "not among the hosts"),
        ("https://elsewhere.example/v1", "not among the hosts"),
        ("https://127.0.0.1.elsewhere.example/", "not among the hosts"),
        ("https://queue.example.com@elsewhere.example/", "not among the hosts"),
        ("file:///etc/passwd", "is no web address"),
        ("ftp://127.0.0.1/", "is no web address"),
        ("queue.example.com/v1", "is no web address"),
        ("", "is no web address"),
        ("https://", "is no web address"),
        ("http://[::1", "is no web address"),
        ("http://127.0.0.1:port/", "is no web address"),
    ],
)
def test_other_places_are_refused_before_anything_is_sent(session: BoundedSession, address: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        session.request("GET", address)


def test_hosts_are_compared_without_regard_to_capitals(session: BoundedSession) -> None:
    with pytest.raises(Refused, match="without encryption"):
        session.request("GET", "http://Example.ORG/")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_this_machine_is_known(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_redirects_are_not_followed(server: ScriptedServer, session: BoundedSession) -> None:
    server.answers["/v1"] = Answer(status=302, headers={"Location": f"{server.address}/other"})
    assert session.request("GET", f"{server.address}/v1").status_code == 302
    assert [request.path for request in server.asked] == ["/v1"]


def test_a_body_beyond_the_cap_is_not_read(server: ScriptedServer, session: BoundedSession) -> None:
    server.say("/big", b"x" * (9 * 2**20))
    with pytest.raises(Unavailable, match="larger than 8 MiB"):
        session.request("GET", f"{server.address}/big")
    assert len(session.request("GET", f"{server.address}/big", cap=MEDIA_BYTES).content) == 9 * 2**20


def test_a_gzip_bomb_is_not_unpacked(server: ScriptedServer, session: BoundedSession) -> None:
    server.say("/bomb", gzip.compress(b"\0" * (64 * 2**20), 9), headers={"Content-Encoding": "gzip"})
    with pytest.raises(Unavailable, match="larger than 8 MiB"):
        session.request("GET", f"{server.address}/bomb")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b'{"items": []}', cut=5),
        Answer(b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["cut off", "no gzip"],
)
def test_half_an_answer_is_none(server: ScriptedServer, session: BoundedSession, answer: Answer) -> None:
    server.otherwise = answer
    with pytest.raises(Unavailable):
        session.request("GET", f"{server.address}/v1")


def test_an_answer_that_takes_too_long_in_all_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        BoundedSession(["127.0.0.1"], Limits(whole_s=0.1)) as session,
        pytest.raises(Unavailable, match="took too long"),
    ):
        session.request("GET", f"http://127.0.0.1:{silent.getsockname()[1]}/v1")


def test_the_limits_are_the_documented_ones() -> None:
    assert Limits() == Limits(connect_s=5.0, idle_s=10.0, whole_s=60.0)


def test_where_nothing_answers_the_words_say_what_to_check(session: BoundedSession) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match=r"Nothing answers at 127.0.0.1 on that port. Check the address"):
        session.request("GET", f"http://127.0.0.1:{port}/v1")


def test_a_name_that_does_not_exist_is_said_so() -> None:
    with BoundedSession(["no-such-host.invalid"]) as session, pytest.raises(Unavailable, match="no-such-host.invalid"):
        session.request("GET", "https://no-such-host.invalid/v1")


def test_what_goes_to_this_machine_never_goes_through_a_proxy(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = ScriptedServer()
    proxy.start()
    try:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        server.say("/v1", {"mine": True})
        with BoundedSession(["127.0.0.1"]) as session:
            assert session.request("GET", f"{server.address}/v1").json() == {"mine": True}
        assert proxy.asked == []
    finally:
        proxy.close()


def test_a_netrc_does_not_replace_the_credentials(
    server: ScriptedServer, session: BoundedSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ana password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.say("/v1", {})
    session.request("GET", f"{server.address}/v1", headers={"Authorization": "Bearer mine"})
    assert server.asked[0].headers["Authorization"] == "Bearer mine"


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate nobody signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            pass

    http = Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"https://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_certificate_that_nobody_vouches_for_is_refused_in_words(self_signed: str, session: BoundedSession) -> None:
    with pytest.raises(Unavailable, match=r"certificate of 127.0.0.1 does not verify. Nothing was sent.*administrator"):
        session.request("GET", f"{self_signed}/v1")


def breaking(server: ScriptedServer, times: int) -> BoundedSession:
    whole = Answer(b'{"a": 1}')
    server.queue = [Answer(b'{"a": 1}', cut=3) for _ in range(times)] + [whole]
    return BoundedSession(["127.0.0.1"])


def test_a_question_that_changes_nothing_is_asked_once_more(server: ScriptedServer) -> None:
    with breaking(server, 1) as session:
        assert session.get(f"{server.address}/x").json() == {"a": 1}
    assert len(server.asked) == 2


def test_twice_broken_is_unavailable(server: ScriptedServer) -> None:
    with breaking(server, 2) as session, pytest.raises(Unavailable):
        session.get(f"{server.address}/x")
    assert len(server.asked) == 2


def test_what_changes_something_is_sent_once(server: ScriptedServer) -> None:
    with breaking(server, 1) as session, pytest.raises(Unavailable):
        session.post(f"{server.address}/x", json={})
    assert len(server.asked) == 1
