"""The demo history: two years of a made-up team's decisions, the same for the same seed.

The keys are not of the seed: they are made with each pack and their private halves are forgotten, so that nobody
can sign another history with them.
"""

from __future__ import annotations

import json
import math
import random
import tomllib
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from reviewer.audit import recording
from reviewer.audit.demo_hub import write_hub_tables
from reviewer.audit.demo_world import LEADS, LOGS, MARKETPLACES, TEAM, Person, World, make_listing, read_world
from reviewer.audit.pack import PackFile, PackWriter
from reviewer.domain.case import Case, Flag
from reviewer.domain.decision import AGAINST_SELLER, Decision, DecisionKind, Measure, MeasureKind, decision_to_mapping
from reviewer.domain.facts import Match
from reviewer.domain.values import format_time, sha256_hex
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.chain import GENESIS, next_row
from reviewer.ledger.heads import Head, enrol, sign_checkpoint, witness
from reviewer.ledger.keys import SigningKey
from reviewer.resources import resources_folder

#: Rows between two checkpoints.
CHECKPOINT_ROWS = 100
MONTHS = 24
_TRUTHS = {
    "counterfeit": (DecisionKind.TAKEDOWN, "counterfeit"),
    "stolen": (DecisionKind.TAKEDOWN, "copyright"),
    "lookalike": (DecisionKind.TAKEDOWN, "design"),
    "genuine": (DecisionKind.CLEAR, ""),
    "reference": (DecisionKind.WARN, "misleading"),
}
_ROLES = ("counterfeit",) * 40 + ("stolen",) * 17 + ("lookalike",) * 11 + ("genuine",) * 24 + ("reference",) * 8
_SOURCES = {
    "automated": 48, "rights_holder": 19, "trusted_flagger": 11, "consumer": 14, "authority": 3, "staff": 5,
}  # fmt: skip
_CLAIMANTS = {
    "rights_holder": ("Maison Orle SA", "Kestrel & Vale Ltd", "Hanbit Inc.", "Norrvik AB"),
    "trusted_flagger": ("Fair Goods Alliance", "Nordic Brand Watch"),
    "authority": ("Market surveillance office", "Customs, airport branch"),
    "consumer": ("", ""),
}
_MISTAKES = {
    DecisionKind.CLEAR: ((DecisionKind.TAKEDOWN, "counterfeit"), (DecisionKind.WARN, "misleading")),
    DecisionKind.TAKEDOWN: (
        (DecisionKind.CLEAR, ""),
        (DecisionKind.WARN, "misleading"),
        (DecisionKind.TAKEDOWN, "trademark"),
    ),
    DecisionKind.WARN: ((DecisionKind.CLEAR, ""), (DecisionKind.TAKEDOWN, "trademark")),
}
_FACTS = {
    "counterfeit": (
        "The logo differs from the reference in shape and place.",
        "The price is far below the list price.",
    ),
    "copyright": ("The pictures are the brand's own photographs.",),
    "design": ("The shape is that of the registered design.",),
    "trademark": ("The mark is used in the title without leave.",),
    "misleading": ("The text names a brand that the pictures do not show.",),
}


@dataclass(frozen=True, slots=True)
class DemoPack:
    """What was written: the key to pin and the head of each log (size, root)."""

    key: str
    heads: dict[str, tuple[int, str]]
    decisions: int


@dataclass(frozen=True, slots=True)
class _Desk:
    log: str
    name: str
    key: SigningKey


@dataclass(frozen=True, slots=True)
class _Made:
    decision: Decision
    case: Case
    person: Person
    truth: tuple[DecisionKind, str]
    match: Match | None
    automated: bool
    due: str = ""


def demo_start(today: datetime) -> datetime:
    """Two whole calendar years before the current one, so that yearly reports have two full years."""
    return datetime(today.year - 2, 1, 1, tzinfo=UTC)


def write_demo(path: Path, *, seed: int, decisions: int, start: datetime, unwitnessed: int = 12) -> DemoPack:
    """Write the demo history of `decisions` first rulings; the last rows of each log are not countersigned."""
    rng = random.Random(seed)  # noqa: S311 - a made-up history
    world = read_world(rng, start)
    admin = SigningKey.generate()
    with PackFile(path) as file:
        writer = PackWriter(file)
        history = sorted(_history(rng, world, decisions, start), key=lambda made: made.decision.decided_at)
        _write_policy(writer)
        corrected = _write_beside(rng, writer, history)
        by_log: defaultdict[str, list[_Made]] = defaultdict(list)
        everything = sorted(history + corrected, key=lambda made: made.decision.decided_at)
        for made in everything:
            by_log[made.person.log].append(made)
        for log, name in sorted(LOGS.items()):
            desk = _Desk(f"{log}-{admin.public[:8]}", name, SigningKey.generate())
            _write_log(rng, writer, desk, by_log[log], admin, unwitnessed, format_time(start))
        names = [f"{log}-{admin.public[:8]}" for log in sorted(LOGS)]
        write_hub_tables(writer, ((one.decision, one.case) for one in everything), names, format_time(start))
        _write_pictures(writer, world, history)
        _write_figures(rng, writer, start, decisions)
        created = format_time(start.replace(year=start.year + 2))
        heads = writer.seal(admin, created, "Demo history", {"demo": "yes", "seed": str(seed)})
        file.complete()
    return DemoPack(admin.public, heads, len(history) + len(corrected))


def _history(rng: random.Random, world: World, count: int, start: datetime) -> Iterator[_Made]:
    """First rulings, month by month a little more of them."""
    weights = [1 + month / 40 for month in range(MONTHS)]
    number = 0
    for month in range(MONTHS):
        begin = start + timedelta(days=30.4375 * month)
        share = round(count * sum(weights[: month + 1]) / sum(weights)) - number
        for _ in range(share):
            number += 1
            days = 30.4 if month < MONTHS - 1 else 22.0  # the last cases are decided within the two years
            yield _ruling(rng, world, number, begin + timedelta(days=rng.uniform(0, days)), month)


def _ruling(rng: random.Random, world: World, number: int, opened: datetime, month: int) -> _Made:
    marketplace = rng.choices(list(MARKETPLACES), (4, 3, 2, 3))[0]
    product, role = rng.choice(world.products), rng.choice(_ROLES)
    listing = make_listing(rng, product, marketplace, number, role, opened - timedelta(hours=rng.randint(1, 900)))
    truth = _TRUTHS[role]
    source = rng.choices(list(_SOURCES), list(_SOURCES.values()))[0]
    reason = truth[1] or "counterfeit"
    notice = "" if source in ("automated", "staff") else f"n-{number:06d}"
    flag = Flag(
        f"f-{number:06d}", source, reason, opened, "Raised for the demo.", round(rng.uniform(0.55, 0.99), 2), notice,
        rng.choice(_CLAIMANTS.get(source, ("",))),
    )  # fmt: skip
    seller = rng.choice(world.sellers[marketplace])
    case = Case(
        f"c-{number:06d}", marketplace, "decided", rng.randint(10, 90), opened + timedelta(hours=24), opened, listing,
        seller, (flag,), (product.reference,),
    )  # fmt: skip
    person = rng.choice([person for person in TEAM if month >= person.from_month])
    seconds = round(person.pace * math.exp(rng.gauss(0, 0.55)), 3)
    wrong = rng.random() < max(0.01, person.error + person.drift * month / MONTHS + (0.12 if seconds < 7 else 0.0))
    kind, ground = rng.choice(_MISTAKES[truth[0]]) if wrong else truth
    waited = opened + timedelta(hours=min(160.0, 6.5 * math.exp(rng.gauss(0, 0.95))))
    due = _measure(rng, kind, ground)
    off = due is not None and rng.random() < 0.06
    decision = Decision(
        _uuid(rng), case.id, listing.id, listing.revision, kind, waited, f"l-{number:06d}", 1, ground,
        ground and f"clause {ground}", _FACTS.get(ground, ()), "Checked against the reference." if wrong else "",
        tuple(p.sha256 for p in listing.pictures), None if off else due,
        "The seller took the listing down at once." if off else "", _policy_version(), seconds,
    )  # fmt: skip
    copied = listing.pictures[0].sha256
    match = (
        Match(
            copied,
            product.reference.pictures[0].sha256,
            "reference",
            product.reference.id,
            "phash64",
            rng.randint(0, 9),
        )
        if role in ("stolen", "reference", "counterfeit") and rng.random() < 0.6
        else None
    )
    return _Made(decision, case, person, truth, match, source == "automated", due.kind.value if due else "")


def _measure(rng: random.Random, kind: DecisionKind, ground: str) -> Measure | None:
    if kind not in AGAINST_SELLER:
        return None
    if ground == "counterfeit" and rng.random() < 0.05:
        return Measure(MeasureKind.ACCOUNT_CLOSED, "all")
    if rng.random() < 0.2:
        return Measure(MeasureKind.SELLER_RESTRICTED, "brand", 7)
    return Measure(MeasureKind.SELLER_WARNED, "all")


def _write_beside(rng: random.Random, writer: PackWriter, history: list[_Made]) -> list[_Made]:
    """Statements, notices, appeals and second opinions; answers the decisions that correct others."""
    corrected: list[_Made] = []
    end = history[-1].decision.decided_at
    for made in history:
        decision, right = made.decision, (made.decision.kind, made.decision.ground) == made.truth
        flag = made.case.flags[0]
        if flag.notice_id:
            outcome = "upheld" if decision.kind in AGAINST_SELLER else "rejected"
            raised, settled = format_time(flag.at), format_time(decision.decided_at)
            of = (flag.notice_id, made.case.marketplace, str(flag.source), flag.claimant, flag.reason)
            writer.add("notices", (*of, decision.listing_id, raised, settled, outcome, 0))
        if decision.kind in AGAINST_SELLER:
            _write_statement(rng, writer, made)
            if rng.random() < (0.04 if right else 0.55):
                filed = decision.decided_at + timedelta(hours=rng.uniform(3, 200))
                ruled = filed + timedelta(hours=rng.uniform(8, 140))
                if ruled < end:
                    outcome = "rejected" if right and rng.random() < 0.93 else "overturned"
                    writer.add(
                        "appeals", (_uuid(rng), decision.id, "seller", format_time(filed), format_time(ruled), outcome)
                    )
                    if outcome == "overturned":
                        corrected.append(_correction(rng, made, ruled))
        if rng.random() < 0.09:
            _write_opinions(rng, writer, made)
    return corrected


def _write_opinions(rng: random.Random, writer: PackWriter, made: _Made) -> None:
    decision = made.decision
    golden, blind = rng.random() < 0.2, rng.random() < 0.7
    month = format_time(decision.decided_at)[:7]
    leads = LEADS if rng.random() < 0.5 else (rng.choice(LEADS),)
    for _, name in leads:
        kind, ground = made.truth
        if not golden and rng.random() < 0.06:
            kind, ground = rng.choice(_MISTAKES[kind])
        agreed = (kind, ground) == (decision.kind, decision.ground)
        verdict = "agree" if agreed else "return" if rng.random() < 0.7 else "fix"
        note = "" if agreed else f"I see {kind.value} {ground}".strip() + "; compare the logo with the reference."
        at = decision.decided_at + timedelta(hours=rng.uniform(20, 600))
        ruling = (name, format_time(at), verdict, kind.value, ground, note)
        seconds = round(rng.uniform(8, 50), 1)
        writer.add("opinions", (decision.id, f"sample {month}", *ruling, int(blind), int(golden), seconds))


def _correction(rng: random.Random, made: _Made, at: datetime) -> _Made:
    kind, ground = made.truth
    decision = replace(
        made.decision, id=_uuid(rng), kind=kind, ground=ground, clause=ground and f"clause {ground}",
        facts=_FACTS.get(ground, ()), note="Overturned on appeal.", decided_at=at, lease_id="", lease_token=0,
        measure=_measure(rng, kind, ground), measure_off_reason="", supersedes=made.decision.id,
        seconds=round(rng.uniform(20, 90), 3),
    )  # fmt: skip
    lead = Person(LEADS[0][0], LEADS[0][1], made.person.log, 40.0, 0.0, 0.0)
    due = decision.measure.kind.value if decision.measure else ""
    return replace(made, decision=decision, person=lead, match=None, due=due)


def _write_log(
    rng: random.Random,
    writer: PackWriter,
    desk: _Desk,
    history: list[_Made],
    admin: SigningKey,
    unwitnessed: int,
    at: str,
) -> None:
    """Chain, decisions, texts, cases and matches of a workstation, with its checkpoints as they were made."""
    log, key = desk.log, desk.key
    recording.write_key(writer, "workstation", enrol(admin, log, key.public, desk.name, at))
    previous = GENESIS
    for sequence, made in enumerate(history, 1):
        whole = decision_to_mapping(made.decision)
        names = ("facts", "note", "measure_off_reason")
        salt, text = rng.randbytes(16), canonical_json({name: whole[name] for name in names})
        bare = {name: value for name, value in whole.items() if name not in names}
        content: dict[str, object] = {
            "account": made.case.marketplace,
            "decision": bare,
            "outbox": sha256_hex(canonical_json(whole)),
            "reviewer": made.person.id,
            "text": sha256_hex(salt + text),
        }
        row = next_row(sequence, previous, content)
        previous = row.digest
        told = recording.Told(
            log, sequence, row.previous, row.content, row.digest, salt, text, made.person.name, "settled",
            due_measure=made.due,
        )  # fmt: skip
        recording.write_decision(writer, told, made.case)
        if not made.decision.supersedes:
            recording.write_revision(writer, made.case.listing, format_time(made.case.opened_at))
        if made.match is not None:
            recording.write_matches(writer, log, sequence, (made.match,))
        if sequence % CHECKPOINT_ROWS == 0 or sequence in (len(history), len(history) - unwitnessed):
            size, root = writer.head(log)
            head = Head(log, size, root, format_time(made.decision.decided_at))
            recording.write_head(writer, "checkpoints", sign_checkpoint(key, head))
            if sequence <= len(history) - unwitnessed:
                recording.write_head(writer, "witnesses", witness(admin, head))


def _write_policy(writer: PackWriter) -> None:
    tables = tomllib.loads((resources_folder() / "policies.toml").read_text("utf-8"))
    writer.add("policies", (tables["version"], json.dumps(tables, ensure_ascii=False, separators=(",", ":"))))


@cache
def _policy_version() -> str:
    return str(tomllib.loads((resources_folder() / "policies.toml").read_text("utf-8"))["version"])


def _write_statement(rng: random.Random, writer: PackWriter, made: _Made) -> None:
    decision = made.decision
    body = {
        "decision_visibility": "DECISION_VISIBILITY_CONTENT_REMOVED" if decision.kind is DecisionKind.TAKEDOWN else "",
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"
        if decision.ground == "misleading"
        else "DECISION_GROUND_ILLEGAL_CONTENT",
        "ground": decision.ground,
        "facts": list(decision.facts),
        "source_type": "SOURCE_VOLUNTARY" if made.automated else "SOURCE_ARTICLE_16",
        "automated_detection": "Yes" if made.automated else "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "application_date": format_time(decision.decided_at)[:10],
    }
    words = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    writer.add("statements", (_uuid(rng), decision.id, format_time(decision.decided_at), words))


def _write_pictures(writer: PackWriter, world: World, history: list[_Made]) -> None:
    used = {p.sha256 for made in history for p in made.case.listing.pictures}
    used |= {p.sha256 for made in history for item in made.case.references for p in item.pictures}
    for name in sorted(used):
        writer.add("pictures", (name, "image/jpeg", "as sent", world.files[name].read_bytes()))


def _write_figures(rng: random.Random, writer: PackWriter, start: datetime, decisions: int) -> None:
    """Orders, returns and referrals of each month: what the marketplaces count themselves."""
    for month in range(MONTHS):
        when = f"{start.year + month // 12}-{month % 12 + 1:02d}"
        for marketplace in MARKETPLACES:
            orders = rng.randint(48_000, 70_000) + 900 * month
            returns = rng.randint(2_000, 2_600)
            suspected = round(orders * (5.2 - 0.09 * month) / 10_000 * rng.uniform(0.85, 1.15))
            for name, value in (("orders", orders), ("returns", returns), ("suspected_counterfeit_returns", suspected),
                                ("proactively_blocked", rng.randint(800, 1_400))):  # fmt: skip
                writer.add("figures", (when, marketplace, name, value))
    for number in range(max(2, decisions // 80)):
        at = start + timedelta(days=rng.uniform(0, 725))
        outcome = rng.choice(("charged", "seized", "closed", "open", "open"))
        done = format_time(at + timedelta(days=rng.uniform(10, 200))) if outcome != "open" else None
        to = (rng.choice(("police", "customs", "prosecutor")), rng.choice(("KR", "ID", "MX", "SE")))
        writer.add("referrals", (f"ref-{number + 1:03d}", format_time(at), *to, "counterfeit", outcome, done))


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
