"""The demo's notices: those behind its flags, some with a misfit, and the records of who sent them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, update

from reviewer.domain.notice import Outcome
from reviewer.domain.values import format_time, parse_time, sha256_hex
from reviewer.hub.claimants import Claimant, add_claimant, note_event, record
from reviewer.hub.demo_catalogue import DemoProduct, reference_of
from reviewer.hub.listings import revision_of
from reviewer.hub.messages import FlagMessage
from reviewer.hub.notice_outcomes import ADD_CHANGE
from reviewer.hub.notice_reading import checklist_of
from reviewer.hub.rights import right_key
from reviewer.hub.schema import claimants, flags, notice_listings, notices
from reviewer.hub.seeding import SeededCase, SeededDecision
from reviewer.hub.sequenced import write_at_end
from reviewer.policy.notice_checks import EarlierNotice, Offer
from reviewer.policy.policy import Policy

#: The claimant of the demo's token, and a brand whose agency nobody registered as its agent.
_OWN = "Norrvik"
_UNREGISTERED = "Ottavane"
_COMPLAIN = ("rights_holder", "trusted_flagger", "authority", "consumer")
_EARLIER = 40
_SINCE_DAYS = 80
#: What is wrong with a notice, by how often of a hundred.
_MISFITS = (("expired", 12), ("no class", 9), ("other class", 7), ("elsewhere", 7), ("gtin", 5), ("unfaithful", 5))
_AGAINST = ("takedown", "warn", "restrict")


@dataclass(slots=True)
class _Notice:
    """A notice with the listings that it names."""

    id: str
    claimant: str
    source: str
    ground: str
    at: datetime
    body: dict[str, Any]
    rows: list[dict[str, Any]]
    asked: dict[str, None]


def joined(cases: Sequence[SeededCase]) -> list[SeededCase]:
    """The cases with one notice for all listings of a seller of which one trusted flagger complains."""
    first: dict[tuple[str, str], str] = {}

    def one(case: SeededCase, flag: FlagMessage) -> FlagMessage:
        if flag.source != "trusted_flagger":
            return flag
        return flag.model_copy(update={"notice_id": first.setdefault((flag.claimant, case.seller_id), flag.notice_id)})

    return [replace(case, flags=[one(case, flag) for flag in case.flags]) for case in cases]


class DemoNotices:
    """Makes the notices of one demo: the same for the same seed and time."""

    def __init__(
        self, connection: Connection, products: Iterable[DemoProduct], policy: Policy, now: datetime, seed: int
    ) -> None:
        self._connection = connection
        self._policy = policy
        self._now = now
        self._rng = random.Random(f"notices {seed}")  # noqa: S311 - a demo, no secret
        self._rights = {product.id: reference_of(product, [])[0]["rights"] for product in products}
        self._claimants: dict[str, Claimant] = {}
        self._shares: dict[str, float] = {}
        self._notices: dict[str, _Notice] = {}
        self._seen: dict[tuple[str, str], EarlierNotice] = {}

    def write(self, cases: Sequence[SeededCase], history: Sequence[SeededDecision]) -> int:
        """Writes everything and returns the number of notices."""
        for decision in history:
            outcome = Outcome.UPHELD if decision.kind in _AGAINST else Outcome.REJECTED
            if decision.overturned:
                outcome = Outcome.REVERSED
            self._of_case(decision.case, outcome, decision.at, decision.id)
        for case in cases:
            self._of_case(case, Outcome.OPEN, None, "")
        made = [*self._notices.values(), *self._earlier()]
        self._take_one_back(cases)
        self._keep(made)
        self._tell_flags()
        self._warn_the_worst()
        return len(made)

    def _of_case(self, case: SeededCase, outcome: Outcome, settled: datetime | None, decision: str) -> None:
        for flag in case.flags:
            if flag.source in _COMPLAIN and flag.notice_id:
                self._of_flag(case, flag, outcome, settled, decision)

    def _of_flag(
        self, case: SeededCase, flag: FlagMessage, outcome: Outcome, settled: datetime | None, decision: str
    ) -> None:
        claimant = self._claimant(flag)
        made = self._notices.get(flag.notice_id)
        if made is None:
            body = self._body(case, flag)
            at = min(parse_time(flag.at), self._now)
            made = _Notice(flag.notice_id, claimant.id, flag.source, flag.reason, at, body, [], {})
            self._notices[flag.notice_id] = made
        key = _key(made)
        if any(row["listing_id"] == case.listing.id for row in made.rows):
            return
        gtin = made.body.pop("gtin", "")
        offer = Offer(case.listing.category, case.listing.country, case.listing.gtin, gtin)
        checklist = checklist_of(made.body, claimant, self._policy, made.at, None)
        found = checklist.of(offer, self._seen.get((case.listing.id, key)))
        told = "" if outcome is Outcome.OPEN else outcome.value
        self._seen[case.listing.id, key] = EarlierNotice(made.id, made.at, claimant.name, told)
        made.asked |= dict.fromkeys(found.asked)
        row = _row(made, case.listing.id, outcome, settled, decision, msgspec.json.encode(found.checks).decode())
        made.rows.append(row | {"case_id": case.id, "gtin": gtin, "revision": revision_of(case.listing)})

    def _claimant(self, flag: FlagMessage) -> Claimant:
        """Brands, flaggers and authorities by their names; each buyer is another."""
        buyer = flag.source == "consumer"
        name = f"buyer-{sha256_hex(flag.id.encode())[:8]}" if buyer else _slug(flag.claimant)
        if name not in self._claimants:
            brand = flag.claimant.removesuffix(" brand protection")
            owners = [f"{brand} (fictional)"] if flag.source == "rights_holder" and brand != _UNREGISTERED else []
            account = "claimant" if brand == _OWN else ""
            self._claimants[name] = add_claimant(
                self._connection, name, flag.claimant, flag.source, self._now, owners=owners, account_id=account
            )
            if not buyer and flag.claimant_upheld is not None:
                self._shares[name] = flag.claimant_upheld
        return self._claimants[name]

    def _body(self, case: SeededCase, flag: FlagMessage) -> dict[str, Any]:
        rights = self._rights.get(case.references[0], []) if case.references else []
        wanted = [right for right in rights if (right["kind"] == "design") == (flag.reason == "design")]
        holder = flag.source == "rights_holder"
        body: dict[str, Any] = {
            "ground": flag.reason,
            "statement": flag.explanation,
            "good_faith": True,
            "acting_as": "agent" if holder else "",
            "evidence": [],
            "right": dict(self._rng.choice(wanted or rights)) if holder and rights else None,
        }
        misfit = self._rng.choices([name for name, _ in _MISFITS] + [""], [weight for _, weight in _MISFITS] + [55])[0]
        right = body["right"]
        if misfit == "unfaithful":
            body["good_faith"] = False
        if right is not None and flag.reason == "copyright":
            body["right"] = {"kind": "copyright", "owner": right["owner"], "number": "", "sign": "", "office": "",
                             "nice_classes": [], "territories": [], "expires_at": None}  # fmt: skip
        elif right is not None and misfit == "expired":
            right["expires_at"] = format_time(self._now - timedelta(days=self._rng.randint(20, 400)))
        elif right is not None and misfit == "no class":
            right["nice_classes"] = []
        elif right is not None and misfit == "other class":
            right["nice_classes"] = [35, 41]
        elif right is not None and misfit == "elsewhere":
            right["territories"] = ["CH", "NO"]
        elif misfit == "gtin" and case.listing.gtin:
            last = (int(case.listing.gtin[-1]) + 3) % 10
            body["gtin"] = case.listing.gtin[:-1] + str(last)
        return body

    def _earlier(self) -> Iterator[_Notice]:
        """A notice of the last months for each claimant with a record, whose outcomes are that record."""
        for name, share in sorted(self._shares.items()):
            claimant = self._claimants[name]
            at = self._now - timedelta(days=_SINCE_DAYS + 4)
            body = {"ground": "counterfeit", "statement": "Earlier complaints.", "good_faith": True}
            made = _Notice(f"earlier-{name}", name, claimant.source, "counterfeit", at, body, [], {})
            upheld = round(_EARLIER * share)
            turned = 3 if share < 0.7 else 0 if upheld == _EARLIER else 1
            outcomes = [Outcome.UPHELD] * upheld + [Outcome.REVERSED] * turned
            outcomes += [Outcome.REJECTED] * max(0, _EARLIER - len(outcomes))
            for number, outcome in enumerate(outcomes):
                settled = self._now - timedelta(days=self._rng.uniform(1, _SINCE_DAYS))
                made.rows.append(_row(made, f"{name}-earlier-{number}", outcome, settled, "", "[]"))
            yield made

    def _take_one_back(self, cases: Sequence[SeededCase]) -> None:
        """One notice of a listing that others complain of as well was taken back by its claimant."""
        for case in cases:
            ids = [flag.notice_id for flag in case.flags if flag.source == "rights_holder"]
            if len(case.flags) < 3 or not ids or len(self._notices[ids[0]].rows) != 1:
                continue
            made = self._notices[ids[0]]
            moment = format_time(max(made.at, self._now - timedelta(hours=1)))
            made.body["withdrawn_at"] = moment
            made.rows[0] |= {"outcome": Outcome.WITHDRAWN.value, "settled_at": moment}
            gone = update(flags).where(flags.c.case_id == case.id, flags.c.notice_id == made.id)
            self._connection.execute(gone.values(settled_by="withdrawn"))
            return

    def _tell_flags(self) -> None:
        """The flags say the same of their claimants as the records do."""
        for name in sorted(self._shares):
            claimant = self._claimants[name]
            share = record(self._connection, claimant, self._policy.notices, self._now).upheld_percent
            if share is not None:
                mine = update(flags).where(flags.c.claimant == claimant.name)
                self._connection.execute(mine.values(claimant_upheld=share / 100))

    def _warn_the_worst(self) -> None:
        """The claimant with the weakest record has been warned already."""
        worst = min(self._shares, key=lambda name: (self._shares[name], name), default="")
        if worst:
            at = self._now - timedelta(days=12)
            values = {"warned_at": format_time(at), "counted_from": format_time(at)}
            self._connection.execute(update(claimants).where(claimants.c.id == worst).values(**values))
            note_event(self._connection, worst, "warned", at, "too many listings were complained of without ground")

    def _keep(self, made: Sequence[_Notice]) -> None:
        made = sorted(made, key=lambda one: (one.at, one.id))
        self._connection.execute(insert(notices), [_columns(one) for one in made])
        rows = [row for one in made for row in one.rows]
        self._connection.execute(insert(notice_listings), rows)
        told = [row | {"at": row["settled_at"] or format_time(self._now)} for row in rows if row["case_id"]]
        write_at_end(self._connection, ADD_CHANGE, told)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _key(made: _Notice) -> str:
    right: Mapping[str, Any] | None = made.body.get("right")
    if not right:
        return f"none:{made.ground}"
    return right_key(right["kind"], right["office"], right["number"], made.ground)


def _row(
    made: _Notice, listing: str, outcome: Outcome, settled: datetime | None, decision: str, checks: str
) -> dict[str, Any]:
    return {
        "notice_id": made.id,
        "listing_id": listing,
        "claimant_id": made.claimant,
        "case_id": "",
        "right_key": _key(made),
        "revision": "",
        "gtin": "",
        "outcome": outcome.value,
        "checks": checks,
        "decision_id": decision,
        "upheld_by": "",
        "settled_at": format_time(settled) if settled else None,
    }


def _columns(made: _Notice) -> dict[str, Any]:
    withdrawn = made.body.pop("withdrawn_at", None)
    body = msgspec.json.encode(made.body)
    return {
        "id": made.id,
        "claimant_id": made.claimant,
        "account_id": "",
        "source": made.source,
        "ground": made.ground,
        "right_key": _key(made),
        "received_at": format_time(made.at),
        "body": body.decode(),
        "body_sha256": sha256_hex(body),
        "listing_count": len(made.rows),
        "open_count": sum(row["outcome"] == Outcome.OPEN for row in made.rows),
        "complete": not made.asked,
        "asked": msgspec.json.encode(list(made.asked)).decode(),
        "withdrawn_at": withdrawn,
        "withdrawn_why": "settled with the seller" if withdrawn else "",
    }
