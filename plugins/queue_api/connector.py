"""The connector to any server that speaks the Queue API, such as the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import requests

from reviewer.connectors.api import (
    BankEntry,
    CaseRow,
    CategoryPrice,
    Change,
    Claim,
    Context,
    Countersignature,
    Dossier,
    FindingsTaken,
    Fingerprint,
    Holder,
    LeasedCase,
    LeaseKey,
    LogHead,
    LogKey,
    Marketplace,
    NearCase,
    Notice,
    OutgoingDecision,
    Page,
    RateLimited,
    Receipt,
    ReceiptStatus,
    ReferenceProduct,
    ReferralWitness,
    Refused,
    Renewal,
    ReturnedCase,
    Seller,
    Service,
    SettledCase,
    Unauthorized,
    Unavailable,
    VouchedKey,
)

from . import payload

_MEDIA_BYTES = 20 * 1024 * 1024
_NOT_A_SERVER = "does not speak the Queue API. Check the address: it is the server's, without a page behind it."


class QueueApiConnector:
    """Speaks the Queue API over HTTP.  One call at a time; the answers are checked item by item."""

    def __init__(self, context: Context) -> None:
        self._base = str(context.settings.get("address", "")).strip().rstrip("/").removesuffix("/v1")
        self._session = context.session
        self._headers = {
            "Authorization": f"Bearer {context.secrets.get('token', '').strip()}",
            "Accept": "application/json",
        }
        self._log = context.logger
        self._kinds: list[str] = []  # what `service` says can be claimed

    def service(self) -> Service:
        body = self._call("GET", "/v1")
        try:
            wire = payload.one(body, _Service)
        except Unavailable as error:
            raise Refused(f"{self._base} {_NOT_A_SERVER} ({error})") from error
        if "1" not in wire.api:
            raise Refused(
                f"{self._base} speaks version {', '.join(wire.api)} of the Queue API, not 1. Update one of both."
            )
        # A server that knows no other kinds of cases than listings would refuse the word.
        more = [kind for kind, able in (("proof", "proofs"), ("appeal", "appeals")) if able in wire.capabilities]
        self._kinds = ["listing", *more] if more else []
        return Service(
            name=wire.name,
            server_time=wire.server_time,
            reviewer_id=wire.reviewer.id,
            reviewer_name=wire.reviewer.name,
            role=wire.reviewer.role,
            marketplaces=wire.marketplaces,
            capabilities=wire.capabilities,
            lease_s=wire.limits.lease_s,
            offline_s=wire.limits.offline_s,
            leases_per_reviewer=wire.limits.leases_per_reviewer,
            claim_limit=wire.limits.claim,
            decision_batch=wire.limits.decision_batch,
            policy_version=wire.policy_version,
        )

    def claim(
        self,
        count: int,
        *,
        marketplaces: Sequence[str] = (),
        grounds: Sequence[str] = (),
        case_ids: Sequence[str] = (),
        offline_s: float = 0.0,
    ) -> Claim:
        request: dict[str, Any] = {"count": count}
        if self._kinds:
            request["kinds"] = self._kinds
        if marketplaces:
            request["marketplaces"] = list(marketplaces)
        if grounds:
            request["grounds"] = list(grounds)
        if case_ids:
            request["case_ids"] = list(case_ids)
        if offline_s:
            request["offline_s"] = int(offline_s)
        rest, rows = payload.items(self._post("/v1/leases", request))
        leased, bad = payload.read(rows, LeasedCase, "leases")
        for item in bad:
            self._log.warning("a case was left out: %s: %s", item.where, item.reason)
        try:
            holders = msgspec.convert(rest.get("leased_elsewhere", []), tuple[Holder, ...])
            retry = float(rest.get("next_retry_s") or 15.0)
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            raise Unavailable(f"The server's answer is not what the Queue API promises: {error}") from error
        return Claim(leased, retry, bad, holders)

    def renew(self, leases: Sequence[LeaseKey]) -> tuple[Renewal, ...]:
        request = {"leases": [{"id": lease.id, "token": lease.token} for lease in leases]}
        _, rows = payload.items(self._post("/v1/leases/renew", request))
        renewed, _ = payload.read(rows, _Renewal, "leases")
        ttl = {row.id: row.ttl_s if row.status == "renewed" else None for row in renewed}
        if set(ttl) != {lease.id for lease in leases}:
            raise Unavailable("The server did not answer for every lease.")
        return tuple(Renewal(lease.id, ttl[lease.id]) for lease in leases)

    def release(self, leases: Sequence[LeaseKey]) -> None:
        rows = [{"id": lease.id, "token": lease.token, "reason": lease.reason} for lease in leases]
        self._post("/v1/leases/release", {"leases": rows})

    def media(self, sha256: str) -> bytes:
        return self._call("GET", f"/v1/media/{quote(sha256, safe='')}", cap=_MEDIA_BYTES)

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        # The bytes that were made durable go out as they are.
        body = b'{"decisions":[' + b",".join(decision.body for decision in decisions) + b"]}"
        try:
            answer = self._call("POST", "/v1/decisions", body=body)
        except _RefusedBatch as error:
            # One of them breaks the server's rules: the others must not wait for it.
            if len(decisions) == 1:
                return (Receipt(decisions[0].decision.id, ReceiptStatus.REJECTED, error.detail),)
            half = len(decisions) // 2
            return self.submit(decisions[:half]) + self.submit(decisions[half:])
        _, rows = payload.items(answer, "receipts")
        receipts, bad = payload.read(rows, Receipt, "receipts")
        if bad or [receipt.decision_id for receipt in receipts] != [item.decision.id for item in decisions]:
            raise Unavailable("The server did not answer for every decision in order; they will be sent again.")
        return receipts

    def cases(self, cursor: str | None, limit: int = 500) -> Page[CaseRow]:
        rest, rows = payload.items(self._call("GET", _query("/v1/cases", cursor, limit)))
        good, bad = payload.read(rows, CaseRow, "cases")
        return Page(good, _cursor(rest), bad)

    def changes(self, cursor: str | None, limit: int = 500) -> Page[Change]:
        rest, rows = payload.items(self._call("GET", _query("/v1/changes", cursor, limit)))
        good, bad = payload.read(rows, Change, "changes")
        return Page(good, _cursor(rest), bad)

    def seller(self, seller_id: str) -> Seller:
        return payload.one(self._call("GET", f"/v1/sellers/{quote(seller_id, safe='')}"), Seller)

    def references(self, cursor: str | None, limit: int = 200) -> Page[ReferenceProduct]:
        rest, rows = payload.items(self._call("GET", _query("/v1/references", cursor, limit)))
        good, bad = payload.read(rows, ReferenceProduct, "references")
        return Page(good, _cursor(rest), bad)

    def bank(self, name: str, cursor: str | None, limit: int = 200) -> Page[BankEntry]:
        rest, rows = payload.items(self._call("GET", _query(f"/v1/banks/{quote(name, safe='')}", cursor, limit)))
        good, bad = payload.read(rows, BankEntry, "banks")
        return Page(good, _cursor(rest), bad)

    def notices(self, cursor: str | None, limit: int = 200) -> Page[Notice]:
        rest, rows = payload.items(self._call("GET", _query("/v1/notices", cursor, limit)))
        good, bad = payload.read(rows, Notice, "notices")
        return Page(good, _cursor(rest), bad)

    def dossier(self, seller_id: str) -> Dossier:
        return payload.dossier(self._call("GET", f"/v1/sellers/{quote(seller_id, safe='')}/dossier"))

    def prices(self) -> tuple[CategoryPrice, ...]:
        _, rows = payload.items(self._call("GET", "/v1/prices"))
        return payload.read(rows, CategoryPrice, "prices")[0]

    def refer(self, referral_id: str, digest: str, seller_id: str, act: str) -> ReferralWitness:
        message = {"id": referral_id, "digest": digest, "seller_id": seller_id, "act": act}
        return payload.one(self._post("/v1/referrals", message), ReferralWitness)

    def add_non_matches(self, entries: Sequence[BankEntry]) -> None:
        for start in range(0, len(entries), 100):
            rows = [
                {
                    "picture": one.picture,
                    "other": one.other,
                    "note": one.note,
                    "decision_id": one.decision_id,
                    "removed": one.removed,
                }
                for one in entries[start : start + 100]
            ]
            self._post("/v1/banks/negative", {"items": rows})

    def enrol_key(self, key: LogKey) -> VouchedKey:
        request = {"log": key.log, "key": key.key, "name": key.name, "signature": key.signature}
        wire = payload.signed(self._post("/v1/audit/keys", request), _VouchedKey)
        hub = wire.hub
        return VouchedKey(wire.log, wire.key, wire.name, wire.at, wire.signature, hub.log, hub.key, hub.name)

    def countersign(self, head: LogHead) -> Countersignature:
        rows: list[dict[str, str | None]] = [
            {"digest": row.digest}
            if row.content is None
            else {"digest": row.digest, "content": row.content, "salt": row.salt}
            for row in head.rows
        ]
        request = {
            "log": head.log, "size": head.size, "root": head.root, "at": head.at, "key": head.key,
            "signature": head.signature, "first": head.first, "proof": list(head.proof), "rows": rows,
        }  # fmt: skip
        return payload.signed(self._post("/v1/audit/heads", request), Countersignature)

    def returned(self, cursor: str | None, limit: int = 200) -> Page[ReturnedCase]:
        rest, rows = payload.items(self._call("GET", _query("/v1/audit/returned", cursor, limit)))
        good, bad = payload.read(rows, ReturnedCase, "returned")
        return Page(good, _cursor(rest), bad)

    def settle(self, cases: Sequence[SettledCase]) -> None:
        for start in range(0, len(cases), 100):
            rows = [
                {"id": case.id, "resolution": case.resolution, "decision_id": case.decision_id}
                for case in cases[start : start + 100]
            ]
            self._post("/v1/audit/returned/settle", {"items": rows})

    def send_findings(self, body: bytes) -> FindingsTaken:
        return payload.one(self._call("POST", "/v1/audit/findings", body=body), FindingsTaken)

    def unseen_pictures(self, start: str, limit: int = 20) -> tuple[str, ...]:
        answer = payload.whole(self._call("GET", "/v1/pictures/unseen?" + urlencode({"start": start, "limit": limit})))
        names = answer.get("items")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Unavailable("The server's answer is not what the Queue API promises: no list of digests.")
        return tuple(names)

    def link_pictures(self, prints: Sequence[Fingerprint], searched: Sequence[tuple[str, ...]]) -> tuple[NearCase, ...]:
        rows = [
            {
                "picture": one.picture,
                "algorithm": one.algorithm,
                "version": one.version,
                "quality": one.quality,
                "codes": list(one.codes),
                "searched": list(codes),
            }
            for one, codes in zip(prints, searched, strict=True)
        ]
        _, found = payload.items(self._post("/v1/pictures", {"items": rows}))
        return payload.read(found, NearCase, "pictures")[0]

    def policies(self) -> Mapping[str, Any]:
        return payload.whole(self._call("GET", "/v1/policies"))

    def close(self) -> None:
        self._session.close()

    def _post(self, path: str, value: dict[str, Any]) -> bytes:
        return self._call("POST", path, body=msgspec.json.encode(value))

    def _call(self, method: str, path: str, *, body: bytes | None = None, cap: int | None = None) -> bytes:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        more: dict[str, Any] = {} if cap is None else {"cap": cap}
        response = self._session.request(method, self._base + path, data=body, headers=headers, **more)
        if response.status_code in (200, 201):
            if cap is None and "json" not in response.headers.get("Content-Type", ""):
                raise Unavailable(f"{self._base} {_NOT_A_SERVER} (It answered with a page, not with data.)")
            return response.content
        raise self._error(response)

    def _error(self, response: requests.Response) -> Exception:
        detail, status = _detail(response), response.status_code
        if status == 401:
            return Unauthorized(f"{self._base} does not know this token. Sign in with a valid one. {detail}".strip())
        if status == 403:
            return Unauthorized(
                f"Your role does not allow this at {self._base}. Ask its administrator. {detail}".strip()
            )
        if status == 429:
            return RateLimited(f"{self._base} asks for patience. {detail}".strip(), _retry_after(response))
        if status >= 500:
            if after := response.headers.get("Retry-After"):
                return RateLimited(
                    f"{self._base} is not ready ({status}). {detail}".strip(), _retry_after(response, after)
                )
            return Unavailable(
                f"{self._base} has a fault of its own ({status}). It will be tried again. {detail}".strip()
            )
        if 300 <= status < 400 or (status == 404 and not detail):
            return Refused(f"{self._base} {_NOT_A_SERVER} (It answered {status}.)")
        if status in (400, 413, 422) and detail:
            return _RefusedBatch(f"{self._base} refused: {detail}", detail)
        return Refused(f"{self._base} refused: {detail or status}")


class _RefusedBatch(Refused):
    """The server read the request and won't have it; `detail` is in its own words."""

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.detail = detail


class _Reviewer(msgspec.Struct):
    id: str
    name: str
    role: str


class _Hub(msgspec.Struct):
    log: str
    key: str
    name: str


class _VouchedKey(msgspec.Struct):
    log: str
    key: str
    name: str
    at: str
    signature: str
    hub: _Hub


class _Limits(msgspec.Struct):
    lease_s: float
    leases_per_reviewer: int
    decision_batch: int
    offline_s: float
    claim: int


class _Service(msgspec.Struct):
    name: str
    server_time: datetime
    api: list[str]
    reviewer: _Reviewer
    marketplaces: tuple[Marketplace, ...]
    capabilities: frozenset[str]
    limits: _Limits
    policy_version: str


class _Renewal(msgspec.Struct):
    id: str
    status: str
    ttl_s: float | None = None


def _query(path: str, cursor: str | None, limit: int) -> str:
    values = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
    return f"{path}?{urlencode(values)}"


def _cursor(rest: dict[str, Any]) -> str | None:
    value = rest.get("next_cursor")
    if value is not None and not isinstance(value, str):
        raise Unavailable("The server's answer is not what the Queue API promises: next_cursor is no text.")
    return value


def _detail(response: requests.Response) -> str:
    if "problem+json" not in response.headers.get("Content-Type", ""):
        return ""
    try:
        problem = payload.whole(response.content)
    except Unavailable:
        return ""
    words = str(problem.get("detail") or problem.get("title") or "")
    faults = problem.get("errors")
    if isinstance(faults, list):
        named = [fault for fault in faults if isinstance(fault, dict)]
        words += "".join(f" {fault.get('pointer')}: {fault.get('detail')}" for fault in named)
    return words[:500]


def _retry_after(response: requests.Response, value: str | None = None) -> float:
    try:
        return min(3600.0, max(1.0, float(value or response.headers.get("Retry-After", "5"))))
    except ValueError:
        return 5.0


def connect(context: Context) -> QueueApiConnector:
    """The entry that `plugin.toml` names."""
    return QueueApiConnector(context)
