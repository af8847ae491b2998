"""Servers on this machine that are not what they should be."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def http(body: str, kind: str, status: str = "200 OK") -> bytes:
    """A whole answer of HTTP/1.1."""
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    return head.encode() + data


@contextmanager
def answering(answer: bytes, certificate: Path | None = None) -> Iterator[int]:
    """A server on a port of its own that answers everything with these bytes, over TLS with a certificate."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, answer, context))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with suppress(OSError):  # where the system does not allow it, closing wakes the thread
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()


def _serve(listener: socket.socket, answer: bytes, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            guest, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError), guest:
            guest.settimeout(5)
            if context is not None:
                guest = context.wrap_socket(guest, server_side=True)
            with guest:
                guest.recv(65_536)
                guest.sendall(answer)


def unused_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def self_signed(folder: Path) -> Path:
    """Key and certificate for 127.0.0.1 that nobody vouches for, in one file."""
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
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
