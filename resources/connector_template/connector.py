"""@name@: a connector in one file.

It speaks the Queue API as it is.  Change `_call` and the functions from `_service` on to what your server says.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from reviewer.connectors.api import (
    Case,
    CaseRow,
    Change,
    Claim,
    CursorLost,
    Flag,
    Lease,
    LeasedCase,
    Listing,
    Marketplace,
    Money,
    Page,
    Picture,
    Quarantined,
    RateLimited,
    Receipt,
    ReceiptStatus,
    Refused,
    Renewal,
    Seller,
    Service,
    Unauthorized,
    Unavailable,
    parse_time,
    retry_after_s,
)

MEDIA_BYTES = 20 * 1024 * 1024


class MarketConnector:
    """Calls come one at a time.  Whatever is raised but the errors of the API counts as a fault of yours."""

    def __init__(self, context):
        self._base = str(context.settings["address"]).strip().rstrip("/")
        self._token = context.secrets.get("token", "")
        self._session = context.session
        self._log = context.logger

    def service(self):
        told = self._json("GET", "/v1")
        return _read(_service, told)

    def claim(self, count, *, marketplaces=(), grounds=(), case_ids=(), offline_s=0.0):
        asked = {
            "count": count,
            "marketplaces": list(marketplaces),
            "grounds": list(grounds),
            "case_ids": list(case_ids),
        }
        if offline_s:
            asked["offline_s"] = int(offline_s)
        told = self._json("POST", "/v1/leases", {key: value for key, value in asked.items() if value})
        items, bad = _each(told, "items", _leased)
        return Claim(items, float(told.get("next_retry_s") or 15.0), bad)

    def renew(self, leases):
        asked = {"leases": [{"id": lease.id, "token": lease.token} for lease in leases]}
        rows = {row["id"]: row for row in self._json("POST", "/v1/leases/renew", asked)["items"]}
        held = {key: row.get("ttl_s") for key, row in rows.items() if row.get("status") == "renewed"}
        return tuple(Renewal(lease.id, held.get(lease.id)) for lease in leases)

    def release(self, leases):
        rows = [{"id": lease.id, "token": lease.token, "reason": lease.reason} for lease in leases]
        self._json("POST", "/v1/leases/release", {"leases": rows})

    def media(self, sha256):
        return self._call("GET", f"/v1/media/{sha256}", cap=MEDIA_BYTES).content

    def submit(self, decisions):
        # The bytes that were made durable go out as they are; others translate item.decision.
        body = b'{"decisions":[' + b",".join(item.body for item in decisions) + b"]}"
        told = self._json("POST", "/v1/decisions", body)
        return tuple(_read(_receipt, row) for row in told["receipts"])

    def cases(self, cursor, limit=500):
        told = self._json("GET", "/v1/cases", query={"cursor": cursor, "limit": limit})
        items, bad = _each(told, "items", _row)
        return Page(items, told.get("next_cursor"), bad)

    def changes(self, cursor, limit=500):
        try:
            told = self._json("GET", "/v1/changes", query={"cursor": cursor, "limit": limit})
        except Refused as error:
            if cursor is None:
                raise
            raise CursorLost(str(error)) from error
        items, bad = _each(told, "items", _change)
        return Page(items, told.get("next_cursor"), bad)

    def close(self):
        self._session.close()

    def _json(self, method, path, body=None, query=None):
        response = self._call(method, path, body, query)
        try:
            told = response.json()
        except ValueError as error:
            raise Unavailable(f"{self._base} answered something that is no JSON.") from error
        if not isinstance(told, dict):
            raise Unavailable(f"{self._base} answered something unexpected.")
        return told

    def _call(self, method, path, body=None, query=None, **more):
        """One call.  The session has the timeouts, size caps and allowed hosts; it raises `Unavailable` itself."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        query = {key: value for key, value in (query or {}).items() if value is not None}
        if isinstance(body, bytes):
            headers["Content-Type"] = "application/json"
            more["data"] = body
        elif body is not None:
            more["json"] = body
        response = self._session.request(method, self._base + path, headers=headers, params=query, **more)
        status = response.status_code
        if status < 300:
            return response
        if status in (401, 403):
            raise Unauthorized(f"{self._base} does not know this token, or does not allow this. Sign in again.")
        if status == 429:
            raise RateLimited(f"{self._base} asks for patience.", retry_after_s(response))
        if status >= 500:
            raise Unavailable(f"{self._base} has a fault of its own ({status}).")
        raise Refused(f"{self._base} refused {method} {path}: {status} {response.text[:200]}")


def connect(context):
    """The entry that plugin.toml names."""
    return MarketConnector(context)


def _read(make, row):
    """A record from an answer; one that can't be read is no answer."""
    try:
        return make(row)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise Unavailable(f"The server's answer can't be read: {type(error).__name__}: {error}") from error


def _each(told, member, make):
    """The records of a list, and those that can't be read with the reason: a bad one spoils no page."""
    good, bad = [], []
    for place, row in enumerate(told.get(member) or []):
        try:
            good.append(_read(make, row))
        except Unavailable as error:
            bad.append(Quarantined(f"{member}[{place}]", str(error), str(row)[:300]))
    return tuple(good), tuple(bad)


def _service(told):
    return Service(
        name=told["name"],
        server_time=parse_time(told["server_time"]),
        reviewer_id=told["reviewer"]["id"],
        reviewer_name=told["reviewer"]["name"],
        role=told["reviewer"]["role"],
        marketplaces=tuple(Marketplace(row["id"], row["name"]) for row in told["marketplaces"]),
        capabilities=frozenset(told["capabilities"]),
        lease_s=float(told["limits"]["lease_s"]),
    )


def _leased(row):
    lease = row["lease"]
    return LeasedCase(_case(row["case"]), Lease(lease["id"], lease["token"], float(lease["ttl_s"])))


def _case(row):
    return Case(
        id=row["id"],
        marketplace=row["marketplace"],
        state=row["state"],
        priority=row["priority"],
        due_at=_time(row.get("due_at")),
        opened_at=parse_time(row["opened_at"]),
        listing=_listing(row["listing"]),
        seller=Seller(row["seller"]["id"], row["seller"]["display_name"], row["marketplace"]),
        flags=tuple(_flag(flag) for flag in row["flags"]),
    )


def _listing(row):
    return Listing(
        id=row["id"],
        marketplace=row["marketplace"],
        title=row["title"],
        revision=row["revision"],
        description=row.get("description", ""),
        brand=row.get("brand", ""),
        category=row.get("category", ""),
        price=_money(row.get("price")),
        language=row.get("language", ""),
        pictures=tuple(Picture(shown["sha256"], media_type=shown["media_type"]) for shown in row["pictures"]),
    )


def _flag(row):
    return Flag(row["id"], row["source"], row["reason"], parse_time(row["at"]), row.get("explanation", ""))


def _row(row):
    return CaseRow(
        row["id"], row["marketplace"], row["state"], row["priority"], _time(row.get("due_at")), row["title"],
        row["brand"], row["category"], row["seller_id"], row["seller_name"], row["standing"], row["ground"],
        row["source"], row["flags"], _money(row.get("price")), row.get("language", ""), row.get("leased_by", ""),
    )  # fmt: skip


def _change(row):
    return Change(row["kind"], row["case_id"], parse_time(row["at"]), _row(row["row"]) if row.get("row") else None)


def _receipt(row):
    return Receipt(row["decision_id"], ReceiptStatus(row["status"]), row.get("detail", ""))


def _money(value):
    return Money(Decimal(value["amount"]), value.get("currency")) if value else None


def _time(value):
    return parse_time(value) if value else None
