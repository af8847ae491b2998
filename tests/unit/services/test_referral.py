"""Referral packs: two persons, and nothing in them can be changed without it showing."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewer.connectors.api import Refused, Service
from reviewer.domain.dossier import Dossier, DossierListing, DossierListings
from reviewer.domain.referral import ReferralWitness
from reviewer.domain.seller import Seller
from reviewer.domain.values import sha256_hex
from reviewer.errors import OperatorError
from reviewer.ledger.keys import SigningKey
from reviewer.ledger.referrals import referral_bytes
from reviewer.services.referral import (
    NotAPack,
    Purpose,
    confirm_referral,
    make_referral,
    verify_referral,
)

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PHOTO = b"\xff\xd8\xffa photo"
DOSSIER = Dossier(
    Seller("s1", "Clones <b>Premium</b>"),
    NOW,
    listings=DossierListings(
        {"live": 2},
        0,
        (
            DossierListing("l1", "Belt", "live", picture=sha256_hex(PHOTO)),
            DossierListing("l2", "Watch", "live", picture="f" * 64),
        ),
    ),
)
PURPOSE = Purpose("law_enforcement", "Fiscalía, unit 4", "Sells copies of three brands.")


class Server:
    """Vouches for referrals as the hub does, for whoever is signed in."""

    def __init__(self, key: SigningKey) -> None:
        self.key = key
        self.told: dict[str, ReferralWitness] = {}
        self.person = "ana"

    def service(self) -> Service:
        return Service("Hub", NOW, self.person, self.person.title(), "reviewer")

    def dossier(self, seller_id: str) -> Dossier:
        return DOSSIER

    def media(self, sha256: str) -> bytes:
        if sha256 == sha256_hex(PHOTO):
            return PHOTO
        raise Refused("There are no such bytes.")

    def refer(self, referral_id: str, digest: str, seller_id: str, act: str) -> ReferralWitness:
        name = self.person.title()
        known = self.told.get(referral_id)
        if act == "made":
            known = ReferralWitness(referral_id, digest, seller_id, self.person, name, NOW, key=self.key.public)
        elif known is None or known.made_by == self.person:
            raise Refused("You made this pack.")
        else:
            known = replace(known, confirmed_by=self.person, confirmed_name=name, confirmed_at=NOW)
        self.told[referral_id] = known
        return replace(known, signature=self.key.sign(referral_bytes(known)).hex())


def paper(page: str, path: Path, title: str) -> None:
    path.write_bytes(b"%PDF-1.7 " + page.encode())


@pytest.fixture(scope="module")
def server() -> Server:
    return Server(SigningKey.generate())


@pytest.fixture
def draft(tmp_path: Path, server: Server) -> Path:
    server.person = "ana"
    out = tmp_path / "pack.zip"
    made = make_referral(server, "s1", PURPOSE, SigningKey.generate(), out, NOW, paper)
    assert (made.pictures, made.missing, made.by) == (1, 1, "Ana")
    return out


@pytest.fixture
def pack(draft: Path, server: Server) -> Path:
    server.person = "ben"
    assert confirm_referral(draft, server, SigningKey.generate(), NOW).state == "confirmed"
    return draft


def test_a_draft_says_so_until_a_second_person_confirms_it(draft: Path, server: Server) -> None:
    verdict = verify_referral(draft)
    assert verdict.state == "draft"
    assert verdict.lines[-1].startswith("DRAFT, not to be handed over: a second person must confirm it.")
    with pytest.raises(OperatorError, match="Ana made this pack"):
        confirm_referral(draft, server, SigningKey.generate(), NOW)
    assert verify_referral(draft).state == "draft"


def test_a_confirmed_pack_names_both_persons_and_what_is_in_it(pack: Path, server: Server) -> None:
    verdict = verify_referral(pack, [server.key.public])
    assert verdict.state == "confirmed"
    assert [line.split()[0] for line in verdict.lines] == ["4", "made", "confirmed", "The", "CONFIRMED"]
    with zipfile.ZipFile(pack) as whole:
        assert sorted(name for name in whole.namelist() if not name.startswith("custody/")) == [
            "dossier.html", "dossier.json", "dossier.pdf", "manifest.json", f"pictures/{sha256_hex(PHOTO)}.jpg",
            "witness.json",
        ]  # fmt: skip
        assert json.loads(whole.read("manifest.json"))["missing_pictures"] == ["f" * 64]
    with pytest.raises(OperatorError, match="confirmed already"):
        confirm_referral(pack, server, SigningKey.generate(), NOW)


def test_one_key_for_both_is_refused(tmp_path: Path, server: Server) -> None:
    key, out = SigningKey.generate(), tmp_path / "p.zip"
    server.person = "ana"
    make_referral(server, "s1", PURPOSE, key, out, NOW, paper)
    server.person = "ben"
    with pytest.raises(OperatorError, match="signing key of their own"):
        confirm_referral(out, server, key, NOW)


def test_a_server_that_is_not_trusted_breaks_the_pack(pack: Path) -> None:
    verdict = verify_referral(pack, [SigningKey.generate().public])
    assert verdict.state == "broken"
    assert "none of those that you trust" in verdict.lines[-1]


def _rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as old:
        files = {name: old.read(name) for name in old.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in files.items():
            new.writestr(name, data)


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_every_file_of_it_shows_every_change(pack: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack) as whole:
        sizes = {row.filename: row.file_size for row in whole.infolist()}
    assert len(sizes) == 10
    for name, size in sizes.items():
        for place in {0, size // 3, size // 2, size - 2}:
            copy = tmp_path / "copy.zip"
            shutil.copy(pack, copy)
            _rewrite(copy, lambda files, n=name, p=place: files.update({n: _flip(files[n], p)}))  # type: ignore[misc]
            verdict = verify_referral(copy)
            assert verdict.state == "broken", (name, place, verdict.lines)
        shutil.copy(pack, copy)
        if name != "manifest.json":
            _rewrite(copy, lambda files, n=name: files.pop(n))  # type: ignore[misc]
            state = verify_referral(copy).state
            assert state == "broken", name


def test_a_file_that_was_added_shows(pack: Path) -> None:
    _rewrite(pack, lambda files: files.update({"pictures/other.jpg": PHOTO}))
    assert "pictures/other.jpg was added" in verify_referral(pack).lines[-1]


def test_a_second_signature_without_the_server_shows(draft: Path, server: Server, tmp_path: Path) -> None:
    """Somebody with the draft and a key of their own can't stand in for the second person."""
    shutil.copy(draft, other := tmp_path / "other.zip")
    server.person = "ben"
    confirm_referral(other, server, SigningKey.generate(), NOW)
    with zipfile.ZipFile(other) as whole:
        second = {name: whole.read(name) for name in whole.namelist() if name.startswith("custody/2")}
    _rewrite(draft, lambda files: files.update(second))
    verdict = verify_referral(draft)
    assert verdict.state == "broken"
    assert "the server does not say that Ben confirmed it" in verdict.lines[-1]


@pytest.mark.parametrize("data", [b"", b"PK", b"no pack at all", b"%PDF-1.7"])
def test_what_is_no_pack_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(NotAPack):
        verify_referral(path)
    with pytest.raises(NotAPack):
        verify_referral(tmp_path / "nothing.zip")


@pytest.mark.parametrize(
    "purpose", [Purpose("brand", " ", "why"), Purpose("brand", "x", ""), Purpose("else", "x", "y")]
)
def test_to_whom_and_why_must_be_said(tmp_path: Path, server: Server, purpose: Purpose) -> None:
    with pytest.raises(OperatorError):
        make_referral(server, "s1", purpose, SigningKey.generate(), tmp_path / "p.zip", NOW, paper)
    assert not list(tmp_path.iterdir())


def test_a_pack_is_never_written_over_another(draft: Path, server: Server) -> None:
    with pytest.raises(OperatorError, match="is there already"):
        make_referral(server, "s1", PURPOSE, SigningKey.generate(), draft, NOW, paper)
