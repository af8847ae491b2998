"""Referral packs: a seller's dossier with its pictures, hashes and custody, signed by two persons, for the police or
the brand.

A pack is a ZIP file.  `manifest.json` (canonical) names each file with its SHA-256, where it came from and for whom it
is; `custody/` has one signed entry a person, each naming the one before; `witness.json` is the server's signed word
for who the two persons are.  Without the second it is a draft, and says so.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import msgspec

from reviewer.connectors.api import ConnectorError, Service
from reviewer.domain.dossier import Dossier
from reviewer.domain.referral import ReferralWitness
from reviewer.domain.values import format_time, is_sha256, new_id, sha256_hex
from reviewer.errors import OperatorError
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.keys import SigningKey
from reviewer.ledger.referrals import Custody, is_custody, is_referral_witness, sign_custody
from reviewer.policy.dossier_page import OwnNote, dossier_page
from reviewer.services.signing import signing_key

MANIFEST, WITNESS, CUSTODY = "manifest.json", "witness.json", "custody"
#: What each person's act is called, in order.
ACTS = ("made", "confirmed")
_PICTURES = 200
_EVENTS_ON_PAPER = 500
_FILE_BYTES, _PACK_BYTES, _FILES = 64 * 2**20, 2 * 2**30, 5000
_STAMP = (1980, 1, 1, 0, 0, 0)
_ENDINGS = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png", b"GIF8": "gif", b"RIFF": "webp"}

PrintPdf = Callable[[str, Path, str], None]


class Source(Protocol):
    """What is asked of a connector with the capabilities `dossiers` and `referrals`."""

    def service(self) -> Service: ...

    def dossier(self, seller_id: str) -> Dossier: ...

    def media(self, sha256: str) -> bytes: ...

    def refer(self, referral_id: str, digest: str, seller_id: str, act: str) -> ReferralWitness: ...


@dataclass(frozen=True, slots=True)
class Purpose:
    """For whom a pack is, and why: `kind` is `law_enforcement` or `brand`."""

    kind: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Made:
    """A pack that was written: how many pictures are in it, how many could not be had, who made it."""

    path: Path
    referral_id: str
    pictures: int
    missing: int
    by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a pack is: `confirmed` by a second person, a `draft`, or `broken`; the lines say it in words."""

    state: str
    lines: tuple[str, ...]


class NotAPack(OperatorError):
    """The file is no referral pack at all."""


def person_key(folder: Path, person: str) -> SigningKey:
    """The signing key of one person on this desk, made at first use.  Raises `OperatorError`."""
    return signing_key(folder / "people" / sha256_hex(person.encode())[:24])


def make_referral(
    source: Source,
    seller_id: str,
    purpose: Purpose,
    key: SigningKey,
    out: Path,
    now: datetime,
    print_pdf: PrintPdf,
    notes: Sequence[OwnNote] = (),
) -> Made:
    """Write a pack, signed by the first person, and have the server vouch for it.  Blocking.

    The file is whole or not there.  Raises `OperatorError`: an empty reason, a server that does not vouch, a file
    that can't be written.
    """
    if not purpose.to.strip() or not purpose.reason.strip():
        raise OperatorError("Say to whom the seller is referred, and why.")
    if purpose.kind not in ("law_enforcement", "brand"):
        raise OperatorError("A seller is referred to law_enforcement or to the brand.")
    if out.exists():
        raise OperatorError(f"{out} is there already. Choose another name: a pack is never overwritten.")
    service, dossier = _asked(lambda: (source.service(), source.dossier(seller_id)))
    pictures, missing = _pictures(source, dossier)
    files = _documents(dossier, notes, print_pdf) | pictures
    referral_id = new_id()
    manifest = canonical_json(
        {
            "type": "reviewer.referral.v1",
            "id": referral_id,
            "seller_id": seller_id,
            "seller_name": dossier.seller.display_name,
            "purpose": purpose.kind,
            "to": purpose.to.strip(),
            "reason": purpose.reason.strip(),
            "collected_at": format_time(now),
            "collected_from": service.name,
            "dossier_made_at": format_time(dossier.made_at),
            "files": [
                {"path": path, "sha256": sha256_hex(data), "bytes": len(data)} for path, data in sorted(files.items())
            ],
            "missing_pictures": list(missing),
        }
    )
    digest = sha256_hex(manifest)
    witness = _asked(lambda: source.refer(referral_id, digest, seller_id, ACTS[0]))
    _hold_to(witness, referral_id, digest, seller_id)
    entry = Custody(
        1, ACTS[0], format_time(now), witness.made_by, witness.made_name, service.name, digest, "", key.public
    )
    files |= {MANIFEST: manifest, WITNESS: _json(witness)} | _signed(entry, key)
    _write(out, files)
    return Made(out, referral_id, len(pictures), len(missing), witness.made_name or witness.made_by)


def confirm_referral(path: Path, source: Source, key: SigningKey, now: datetime) -> Verdict:
    """Confirm a draft as the second person, signed in at the same server with a token of their own.  Blocking.

    The pack is verified first.  Raises `OperatorError` where it is broken, confirmed already, or the server refuses:
    it does so where the first person confirms.
    """
    files = _read(path)
    verdict = _judge(files, ())
    if verdict.state == "broken":
        raise OperatorError(f"{path} is broken and can't be confirmed: {verdict.lines[-1]}")
    if verdict.state == "confirmed":
        raise OperatorError(f"{path} is confirmed already.")
    manifest, (first, _) = _manifest(files), _entry(files, 1)
    digest = sha256_hex(files[MANIFEST])
    service = _asked(source.service)
    if service.reviewer_id == first.person:
        raise OperatorError(f"{first.name or first.person} made this pack: another person must confirm it.")
    witness = _asked(lambda: source.refer(manifest["id"], digest, manifest["seller_id"], ACTS[1]))
    _hold_to(witness, manifest["id"], digest, manifest["seller_id"])
    if witness.confirmed_by != service.reviewer_id:
        raise OperatorError("Somebody else has confirmed this pack at the server: ask them for their copy.")
    entry = Custody(
        2,
        ACTS[1],
        format_time(now),
        witness.confirmed_by,
        witness.confirmed_name,
        service.name,
        digest,
        first.digest,
        key.public,
    )
    if key.public == first.key:
        raise OperatorError("The second person needs a signing key of their own, not the one that made the pack.")
    whole = files | {WITNESS: _json(witness)} | _signed(entry, key)
    _write(path, whole)
    return _judge(whole, ())


def verify_referral(path: Path, keys: Sequence[str] = ()) -> Verdict:
    """Recompute everything, without any network.  `keys` are the public keys of servers that are trusted; with any,
    the pack's server must be one of them.  Raises `NotAPack` where the file is none."""
    return _judge(_read(path), keys)


def _judge(files: Mapping[str, bytes], keys: Sequence[str]) -> Verdict:
    lines: list[str] = []
    try:
        manifest = _manifest(files)
        _check_files(files, manifest)
        lines.append(f"{len(manifest['files'])} files have the digests of the manifest.")
        witness = _witness(files)
        entries = _check_custody(files, manifest, witness, lines)
        _check_server(witness, keys, lines)
    except _Broken as broken:
        return Verdict("broken", (*lines, f"BROKEN: {broken}"))
    to = f"{manifest['seller_name']} ({manifest['seller_id']}) to {manifest['to']}"
    if len(entries) < len(ACTS):
        return Verdict("draft", (*lines, f"DRAFT, not to be handed over: a second person must confirm it. {to}"))
    return Verdict("confirmed", (*lines, f"CONFIRMED by two persons: {to}"))


class _Broken(Exception):
    """The first thing that is not as it was signed."""


def _check_files(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    named = {row["path"]: row for row in manifest["files"]}
    for path, row in named.items():
        if path not in files:
            raise _Broken(f"{path} is missing")
        if sha256_hex(files[path]) != row["sha256"] or len(files[path]) != row["bytes"]:
            raise _Broken(f"{path} is not the file that was signed")
    own = {MANIFEST, WITNESS} | {
        f"{CUSTODY}/{name}"
        for place, act in enumerate(ACTS, 1)
        for name in (f"{place}-{act}.json", f"{place}-{act}.sig")
    }
    strangers = sorted(files.keys() - named.keys() - own)
    if strangers:
        raise _Broken(f"{strangers[0]} was added: the manifest does not name it")


def _check_custody(
    files: Mapping[str, bytes], manifest: Mapping[str, Any], witness: ReferralWitness, lines: list[str]
) -> list[Custody]:
    digest = sha256_hex(files[MANIFEST])
    if (witness.id, witness.digest, witness.seller_id) != (manifest["id"], digest, manifest["seller_id"]):
        raise _Broken("the server's word is about another pack")
    told = (
        (witness.made_by, witness.made_name),
        (witness.confirmed_by, witness.confirmed_name),
    )
    entries: list[Custody] = []
    for place, act in enumerate(ACTS, 1):
        if f"{CUSTODY}/{place}-{act}.json" not in files:
            break
        entry, signature = _entry(files, place)
        if not is_custody(entry, signature):
            raise _Broken(f"custody entry {place} does not bear the signature of its key")
        if (entry.place, entry.act, entry.pack) != (place, act, digest):
            raise _Broken(f"custody entry {place} is about another pack or act")
        if entry.previous != (entries[-1].digest if entries else ""):
            raise _Broken(f"custody entry {place} does not follow the one before")
        if (entry.person, entry.name) != told[place - 1] or not entry.person:
            raise _Broken(f"the server does not say that {entry.name or entry.person} {act} it")
        entries.append(entry)
        lines.append(f"{act} {entry.at} by {entry.name} ({entry.person} at {entry.server}), ed25519:{entry.key}")
    if not entries:
        raise _Broken("nobody signed it")
    if witness.confirmed_by and len(entries) < len(ACTS):
        raise _Broken("the server says that it is confirmed, and the second person's signature is missing")
    if len(entries) == len(ACTS) and (entries[0].person == entries[1].person or entries[0].key == entries[1].key):
        raise _Broken("both entries are of one person or one key: two are needed")
    return entries


def _check_server(witness: ReferralWitness, keys: Sequence[str], lines: list[str]) -> None:
    if not is_referral_witness(witness):
        raise _Broken("the server's word for the two persons does not bear its signature")
    if keys and witness.key not in {key.removeprefix("ed25519:").lower() for key in keys}:
        raise _Broken(f"its server's key ed25519:{witness.key} is none of those that you trust")
    trust = "which you trust" if keys else "compare it with the one that the server's operator publishes (--key)"
    lines.append(f"The server vouches for both persons with ed25519:{witness.key}, {trust}.")


def _hold_to(witness: ReferralWitness, referral_id: str, digest: str, seller_id: str) -> None:
    if (witness.id, witness.digest, witness.seller_id) != (referral_id, digest, seller_id) or not is_referral_witness(
        witness
    ):
        raise OperatorError("The server's word is about another pack, or not signed: ask its operator.")


def _asked(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ConnectorError as error:
        raise OperatorError(str(error)) from error


def _pictures(source: Source, dossier: Dossier) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The first pictures of the trader's listings, removed and repeated ones first, and those that can't be had."""
    names = [row.picture for row in dossier.listings.items if is_sha256(row.picture)]
    found: dict[str, bytes] = {}
    missing: list[str] = []
    for name in list(dict.fromkeys(names))[:_PICTURES]:
        try:
            data = source.media(name)
        except ConnectorError:
            missing.append(name)
            continue
        if sha256_hex(data) != name:
            missing.append(name)
            continue
        ending = next((end for head, end in _ENDINGS.items() if data.startswith(head)), "bin")
        found[f"pictures/{name}.{ending}"] = data
    return found, tuple(missing)


def _documents(dossier: Dossier, notes: Sequence[OwnNote], print_pdf: PrintPdf) -> dict[str, bytes]:
    page = dossier_page(dossier, notes)
    paper = dossier_page(dossier, notes, most_events=_EVENTS_ON_PAPER)
    with TemporaryDirectory(prefix="referral-") as folder:
        pdf = Path(folder) / "dossier.pdf"
        print_pdf(paper, pdf, dossier.seller.display_name)
        printed = pdf.read_bytes()
    return {"dossier.json": _json(dossier), "dossier.html": page.encode("utf-8", "replace"), "dossier.pdf": printed}


def _signed(entry: Custody, key: SigningKey) -> dict[str, bytes]:
    name = f"{CUSTODY}/{entry.place}-{entry.act}"
    return {f"{name}.json": _values(entry), f"{name}.sig": sign_custody(key, entry).hex().encode()}


def _values(entry: Custody) -> bytes:
    return canonical_json({field.name: getattr(entry, field.name) for field in fields(entry)})


def _entry(files: Mapping[str, bytes], place: int) -> tuple[Custody, bytes]:
    name = f"{CUSTODY}/{place}-{ACTS[place - 1]}"
    try:
        entry = msgspec.json.decode(files[f"{name}.json"], type=Custody, strict=True)
        signature = bytes.fromhex(files[f"{name}.sig"].decode("ascii"))
        well = _values(entry) == files[f"{name}.json"]
    except (KeyError, ValueError, msgspec.MsgspecError):
        well = False
    if not well:
        raise _Broken(f"custody entry {place} can't be read")
    return entry, signature


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(files[MANIFEST])
        texts = ("id", "seller_id", "seller_name", "purpose", "to", "reason")
        rows = [(row["path"], row["sha256"], row["bytes"]) for row in found["files"]]
        well = all(isinstance(found[name], str) for name in texts) and canonical_json(found) == files[MANIFEST]
        well = well and all(isinstance(path, str) and isinstance(digest, str) for path, digest, _ in rows)
    except (KeyError, TypeError, ValueError, RecursionError):
        well = False
    if not well or found.get("type") != "reviewer.referral.v1":
        raise _Broken("its manifest can't be read")
    return found


def _witness(files: Mapping[str, bytes]) -> ReferralWitness:
    try:
        found = msgspec.json.decode(files[WITNESS], type=ReferralWitness, strict=True)
        well = _json(found) == files[WITNESS]
    except (KeyError, msgspec.MsgspecError, ValueError):
        well = False
    if not well:
        raise _Broken("the server's word for the persons can't be read")
    return found


def _json(value: Any) -> bytes:
    return canonical_json(msgspec.to_builtins(value))


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    part = out.with_name(f".{out.name}.part")
    try:
        with zipfile.ZipFile(part, "w") as pack:
            for path, data in sorted(files.items()):
                entry = zipfile.ZipInfo(path, _STAMP)
                entry.compress_type = zipfile.ZIP_STORED if path.startswith("pictures/") else zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                pack.writestr(entry, data)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OperatorError(f"{out} can't be written: {error.strerror}. Choose another place.") from None


def _read(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as pack:
            rows = pack.infolist()
            names = [row.filename for row in rows]
            if len(rows) > _FILES or sum(row.file_size for row in rows) > _PACK_BYTES:
                raise NotAPack(f"{path} is larger than any referral pack.")
            if len(set(names)) != len(names) or MANIFEST not in names:
                raise NotAPack(f"{path} is no referral pack.")
            return {row.filename: _part(pack, row, path) for row in rows}
    except OSError as error:
        raise NotAPack(f"{path} can't be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise NotAPack(f"{path} is no referral pack, or damaged: {error}.") from None


def _part(pack: zipfile.ZipFile, row: zipfile.ZipInfo, path: Path) -> bytes:
    if row.file_size > _FILE_BYTES:
        raise NotAPack(f"{path}: {row.filename[:80]} is larger than any file of a referral pack.")
    with pack.open(row) as file:
        return file.read(_FILE_BYTES + 1)[: row.file_size]
