"""Steps on what a connector brings in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from reviewer.connectors.api import (
    Case,
    Connector,
    KeepingBanks,
    KeepingDossiers,
    LeasedCase,
    LeaseKey,
    Refused,
    TakingReferrals,
    Unauthorized,
    gtin_is_valid,
    sha256_hex,
)
from reviewer.connectors.conformance.bench import Bench, Broken, Exempt, expect_error, require
from reviewer.connectors.conformance.stands import picture
from reviewer.connectors.validation import faults_of
from reviewer.domain.text import visible
from reviewer.domain.values import is_sha256, new_id

_CLOCK_S = 300.0
_UNICODE = "กระเป๋าแท้ 정품 包 👜 مرحبا e\u0301 Ünïcode"
_HUGE = "A long story. " * 7_000
_FORTY = 40


def manifest(bench: Bench) -> None:
    """The folder has no faults, as `reviewer plugin validate` lists them."""
    faults = faults_of(bench.manifest.folder)
    require(not faults, "; ".join(faults))


def service(bench: Bench) -> None:
    """`service` says who is asking, for which marketplaces, and the server's time in UTC."""
    with bench.opened() as connector:
        told = connector.service()
    require(told.reviewer_id, "service() names no reviewer_id: decisions belong to a person")
    require(told.marketplaces, "service() names no marketplace")
    require(told.server_time.tzinfo is not None, "service() answers a time without its offset")
    off = abs((told.server_time - datetime.now(UTC)).total_seconds())
    require(off < _CLOCK_S, f"service() answers a time that is {off:,.0f} s off")
    require(told.lease_s > 0 and told.decision_batch > 0, "service() answers limits that are not positive")


def bad_credentials(bench: Bench) -> None:
    """With wrong secrets `service` raises `Unauthorized`: it is what “test connection” calls."""
    if not any(row.kind == "secret" for row in bench.manifest.settings):
        raise Exempt("has no secret settings")
    wrong = bench.stand.bad_secrets
    if wrong is None:
        raise Exempt("the stand has no wrong secrets", inherent=False)
    with bench.opened("stranger", secrets=dict(wrong)) as connector:
        expect_error(connector.service, Unauthorized, doing="service() with wrong secrets")


def whole_cases(bench: Bench) -> None:
    """Claimed cases are whole: ids, a revision, times with their offset, pictures by SHA-256, a lease."""
    bench.needs("leases", "poll")
    with bench.opened() as connector:
        item = bench.take(connector)
        _check_case(item.case)
        require(item.lease.ttl_s > 0 and item.lease.id, "a claim without a lease that lasts")
        _give_back(connector, item)


def claimed_once(bench: Bench) -> None:
    """No case is handed out twice, and one's own comes again with its lease."""
    bench.needs("leases", "poll")
    with bench.opened() as connector:
        first = bench.take(connector)
        others = connector.claim(3)
        require(
            first.case.id not in {item.case.id for item in others.items}, "a case that is claimed was handed out again"
        )
        again = connector.claim(1, case_ids=[first.case.id]).items
        require(again, "one's own case, claimed by its id, does not come again")
        same = (again[0].lease.id, again[0].lease.token) == (first.lease.id, first.lease.token)
        require(same, "one's own case came again with another lease")
        _give_back(connector, first, *others.items)


def renewed(bench: Bench) -> None:
    """Leases are prolonged in order, until they are given back."""
    bench.needs("leases", "poll")
    with bench.opened() as connector:
        item = bench.take(connector)
        key = LeaseKey(item.lease.id, item.lease.token, "done_for_today")
        told = connector.renew([key])
        require(told[0].ttl_s, "a lease that is held was not prolonged")
        connector.release([key])
        connector.release([key])  # what is lost already is no error
        if "leases" in bench.manifest.capabilities:
            require(connector.renew([key])[0].ttl_s is None, "a lease that was given back was prolonged")


def read_again(bench: Bench) -> None:
    """Reading again changes nothing: the same cases in the same order."""
    bench.needs("cases", "poll")
    with bench.opened() as connector:
        one, two = bench.rows(connector), bench.rows(connector)
    require([row.id for row in one] == [row.id for row in two], "reading twice answered other cases")
    require(len({row.id for row in one}) == len(one), "a case is listed twice")


def small_pages(bench: Bench) -> None:
    """Pages of seven answer the same as one page: none skipped, none doubled."""
    bench.needs("cases", "poll")
    with bench.opened() as connector:
        whole, parts = bench.rows(connector), bench.rows(connector, 7)
    require([row.id for row in whole] == [row.id for row in parts], "small pages answered other cases than large ones")


def future_cursor(bench: Bench) -> None:
    """A cursor that the server never gave is refused, or answered with nothing; never with data or a crash."""
    bench.needs("changes", "poll")
    with bench.opened() as connector:
        start = connector.changes(None)
        require(not start.items, "changes(None) answers changes: it must answer the cursor of now")
        require(start.next_cursor is not None, "changes(None) answers no cursor")
        require(not connector.changes(start.next_cursor).items, "changes() from now on answers old changes")
        try:
            page = connector.changes("99999999999999999999")
        except Refused:
            return
    require(not page.items, "changes() answered data for a cursor that was never given")


def unicode_texts(bench: Bench) -> None:
    """Texts in every script come through unchanged."""
    item = _added(bench, title=_UNICODE, description=_UNICODE)
    require(item.case.listing.title.startswith(_UNICODE), f"the title came as {visible(item.case.listing.title)!r}")
    require(_UNICODE in item.case.listing.description, "the description lost characters")


def huge_text(bench: Bench) -> None:
    """A description of 98,000 characters comes whole, or says that it was cut; the case comes in any case."""
    text = _added(bench, description=_HUGE).case.listing.description
    require(
        text.strip() == _HUGE.strip() or (len(text) > 1000 and len(text) < len(_HUGE)), "a long description is gone"
    )


def forty_pictures(bench: Bench) -> None:
    """All of forty pictures are named, and the last can be fetched."""
    bench.needs("media")
    item = _added(bench, pictures=[picture(number) for number in range(1, _FORTY + 1)])
    count = len(item.case.listing.pictures)
    require(count == _FORTY, f"of {_FORTY} pictures {count} are named")
    with bench.opened() as connector:
        name = item.case.listing.pictures[-1].sha256
        require(sha256_hex(connector.media(name)) == name, "media() answers other bytes than the digest says")


def no_pictures(bench: Bench) -> None:
    """A listing without pictures is a case like others."""
    item = _added(bench)
    require(item.case.listing.pictures == (), "a listing without pictures names pictures")


def media(bench: Bench) -> None:
    """Pictures are the bytes of their digest; one that nobody has is `Refused`."""
    bench.needs("media")
    item = _added(bench, pictures=[picture(7000)])
    with bench.opened() as connector:
        for shown in item.case.listing.pictures:
            require(
                sha256_hex(connector.media(shown.sha256)) == shown.sha256, "media() answers other bytes than the digest"
            )
        expect_error(lambda: connector.media("0" * 64), Refused, doing="media() for a picture that nobody has")


def sellers(bench: Bench) -> None:
    """A case's seller can be asked for; one that nobody knows is `Refused`."""
    bench.needs("sellers")
    with bench.opened() as connector:
        item = bench.take(connector)
        told = connector.seller(item.case.seller.id)
        require(told.id == item.case.seller.id, "seller() answers another seller")
        expect_error(lambda: connector.seller("nobody-of-this-name"), Refused, doing="seller() for nobody")
        _give_back(connector, item)


def lists(bench: Bench) -> None:
    """References, history, notices, banks and returned cases are read to their end, and again the same."""
    bench.needs("references", "history", "notices", "banks", "audit")
    with bench.opened() as connector:
        for name in ("references", "history", "notices", "returned"):
            if ("audit" if name == "returned" else name) in bench.manifest.capabilities:
                one, two = _read_all(connector, name), _read_all(connector, name)
                require(one == two, f"{name}() read twice answered other items")
                require(len(set(one)) == len(one), f"{name}() lists an item twice")
        for name in ("infringing", "negative") if "banks" in bench.manifest.capabilities else ():
            require(_read_bank(connector, name) == _read_bank(connector, name), f"bank({name!r}) read twice differs")


def dossiers(bench: Bench) -> None:
    """A case's seller has a dossier; one that nobody knows is `Refused`; identifiers are hashes; prices are amounts."""
    bench.needs("dossiers")
    with bench.opened() as opened:
        item = bench.take(opened)
        connector = cast("KeepingDossiers", opened)
        told = connector.dossier(item.case.seller.id)
        require(told.seller.id == item.case.seller.id, "dossier() answers another seller")
        require(told.events >= len(told.timeline), "dossier() tells of more events than it says there are")
        moments = [event.at for event in told.timeline]
        require(moments == sorted(moments, reverse=True), "dossier() does not tell the newest events first")
        expect_error(lambda: connector.dossier("nobody-of-this-name"), Refused, doing="dossier() for nobody")
        for price in connector.prices():
            require(price.middle.amount > 0 and price.listings > 0, "prices() has a category without a price")
        _give_back(opened, item)


def referrals(bench: Bench) -> None:
    """A referral that is told is vouched for; who made it can't confirm it; no other pack passes for it."""
    bench.needs("referrals")
    with bench.opened() as opened:
        item = bench.take(opened)
        connector = cast("TakingReferrals", opened)
        name, pack, seller = new_id(), sha256_hex(item.case.id.encode()), item.case.seller.id
        told = connector.refer(name, pack, seller, "made")
        require((told.id, told.digest, told.seller_id) == (name, pack, seller), "refer() vouches for something else")
        require(not told.confirmed_by, "refer() says that a new pack is confirmed")
        require(connector.refer(name, pack, seller, "made") == told, "refer() told again answers something else")
        expect_error(lambda: connector.refer(name, pack, seller, "confirmed"), Refused, doing="confirming one's own")
        other = sha256_hex(pack.encode())
        expect_error(lambda: connector.refer(name, other, seller, "made"), Refused, doing="passing off another pack")
        _give_back(opened, item)


def policies(bench: Bench) -> None:
    """The house rules come as tables."""
    bench.needs("policies")
    with bench.opened() as connector:
        tables = connector.policies()
    require("grounds" in tables or "ground" in tables, "policies() has no grounds")


def preview(bench: Bench) -> None:
    """The preview says in words what would be read."""
    bench.needs("preview")
    with bench.opened() as connector:
        shown = connector.preview()  # type: ignore[attr-defined]
    require(shown.words, "preview() says nothing")
    require(
        all(len(row) == len(shown.headings) for row in shown.rows), "preview() has rows that do not fit its headings"
    )


def _read_all(connector: Connector, name: str) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = getattr(connector, name)(cursor)
        found += [str(getattr(item, "id", "") or item.decision.id) for item in page.items]
        if page.next_cursor is None or not page.items:
            return found
        require(page.next_cursor != cursor, f"{name}() never ends")
        cursor = page.next_cursor


def _read_bank(connector: Connector, name: str) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = cast("KeepingBanks", connector).bank(name, cursor)
        found += [entry.id for entry in page.items]
        if not page.items or page.next_cursor in (None, cursor):
            return found
        cursor = page.next_cursor


def _added(bench: Bench, **listing: object) -> LeasedCase:
    bench.needs("leases", "poll")
    _, title = bench.add(**listing)
    with bench.opened() as connector:
        item = bench.take(connector, title)
        _check_case(item.case)
        _give_back(connector, item)
        return item


def _check_case(case: Case) -> None:
    offer = case.listing
    require(case.id and offer.id and case.seller.id, "a case without the ids of itself, its listing and its seller")
    require(offer.revision, "a listing without a revision: decisions name what was seen")
    require(case.flags, "a case without a flag: nothing says why it is in the queue")
    bad = [shown.sha256 for shown in offer.pictures if not is_sha256(shown.sha256)]
    require(not bad, f"a picture that is not named by its SHA-256: {bad[:1]}")
    if offer.gtin and not gtin_is_valid(offer.gtin):
        raise Broken(f"a GTIN with a wrong check digit: {offer.gtin!r}; leave it empty")


def _give_back(connector: Connector, *items: LeasedCase) -> None:
    if items:
        connector.release([LeaseKey(item.lease.id, item.lease.token, "done_for_today") for item in items])
