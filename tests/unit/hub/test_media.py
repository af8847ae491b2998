"""Bytes by digest: stored once, never changed, checked on the way in."""

from __future__ import annotations

import hashlib

JPEG = b"\xff\xd8\xff\xe0 not really a picture"
SHA = hashlib.sha256(JPEG).hexdigest()


def test_stored_then_known_then_served(hub):
    assert hub.call("PUT", f"/v1/media/{SHA}", "service", content=JPEG).status_code == 201
    assert hub.call("PUT", f"/v1/media/{SHA}", "admin", content=JPEG).status_code == 200
    answer = hub.call("GET", f"/v1/media/{SHA}")
    assert answer.content == JPEG
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["etag"] == f'"{SHA}"'
    assert "immutable" in answer.headers["cache-control"]


def test_a_copy_at_hand_is_not_sent_again(hub):
    hub.call("PUT", f"/v1/media/{SHA}", "service", content=JPEG)
    answer = hub.call("GET", f"/v1/media/{SHA}", headers={"If-None-Match": f'"x", "{SHA}"'})
    assert (answer.status_code, answer.content) == (304, b"")


def test_other_bytes_are_refused(hub):
    answer = hub.call("PUT", f"/v1/media/{SHA}", "service", content=JPEG + b"!")
    assert (answer.status_code, answer.json()["type"]) == (400, "digest-mismatch")
    assert hub.call("GET", f"/v1/media/{SHA}").status_code == 404


def test_too_large(hub):
    data = bytes(20 * 1024 * 1024 + 1)
    answer = hub.call("PUT", f"/v1/media/{hashlib.sha256(data).hexdigest()}", "service", content=data)
    assert (answer.status_code, answer.json()["type"]) == (413, "too-large")


def test_a_name_that_is_no_digest_reaches_no_file(hub):
    for name in ("..%2f..%2fhub.db", "A" * 64, "0" * 63):
        assert hub.call("GET", f"/v1/media/{name}").status_code in (404, 422)


def test_html_is_served_as_plain_bytes(hub):
    data = b"<html><script>alert(1)</script>"
    sha256 = hashlib.sha256(data).hexdigest()
    hub.call("PUT", f"/v1/media/{sha256}", "service", content=data, headers={"Content-Type": "text/html"})
    answer = hub.call("GET", f"/v1/media/{sha256}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
