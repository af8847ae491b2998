"""The statement of reasons (DSA Art. 17) of a decision: one record, from which letter and payload are rendered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from reviewer.domain.case import Case, Flag, FlagSource
from reviewer.domain.decision import Decision, DecisionKind, Measure, MeasureKind
from reviewer.domain.values import gtin_is_valid
from reviewer.policy.model import Ground, Policy
from reviewer.policy.statement_lists import countries, schema

_FACTS_LIMIT, _TEXT_LIMIT, _SHORT_LIMIT = 5000, 2000, 500
_LAST_DAY, _FIRST_CONTENT, _FIRST_MEASURE = date(2038, 1, 1), date(2000, 1, 1), date(2020, 1, 1)
#: The most trusted source first: what started the case.
_SOURCES = (
    (FlagSource.TRUSTED_FLAGGER, "SOURCE_TRUSTED_FLAGGER"),
    (FlagSource.RIGHTS_HOLDER, "SOURCE_ARTICLE_16"),
    (FlagSource.CONSUMER, "SOURCE_ARTICLE_16"),
    (FlagSource.AUTHORITY, "SOURCE_TYPE_OTHER_NOTIFICATION"),
)
#: Personal data that facts may carry: e-mail, bank account, telephone, addresses of pages.
_PERSONAL = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b"), "[bank account]"),
    (re.compile(r"(?:https?://|www\.)\S+"), "[page]"),
    (re.compile(r"(?<![\w.,])\+\d[\d ()./-]{6,}\d"), "[telephone]"),
)
_RESTRICTING = frozenset(
    {
        MeasureKind.LISTING_REMOVED,
        MeasureKind.LISTING_HIDDEN,
        MeasureKind.SELLER_RESTRICTED,
        MeasureKind.ACCOUNT_SUSPENDED,
        MeasureKind.ACCOUNT_CLOSED,
    }
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What letter and payload say.  `facts` are those of the decision, with names; the payload leaves names out.

    `revision` counts from 1 and grows with each change of the first decision; `first_id` is that one.
    `lifted_on` is the day on which a reversal ended the measures, `replaces` the revision that the statement takes the
    place of then (0: the one before).  `names` are taken out of the payload.
    """

    first_id: str
    revision: int
    ground_id: str
    ground: Ground | None
    clause: str
    facts: tuple[str, ...]
    measures: tuple[Measure, ...]
    decided_on: date
    content_on: date
    listing_id: str
    title: str
    gtin: str
    language: str
    seller_name: str
    account_type: str | None
    source: str
    automated_detection: bool
    automated_decision: bool
    names: tuple[str, ...]
    territories: tuple[str, ...] = ()
    lifted_on: date | None = None
    replaces: int = 0

    @property
    def puid(self) -> str:
        """The platform's identifier of this statement, used once for ever: `<first decision>-r<revision>`."""
        return f"{re.sub(r'[^A-Za-z0-9_-]', '_', self.first_id)[:480]}-r{self.revision}"

    @property
    def restricts(self) -> bool:
        """Whether a measure restricts anything: a mere warning does not, and needs no statement (Art. 17(1))."""
        return any(measure.kind in _RESTRICTING for measure in self.measures)


def measures_of(kind: DecisionKind, due: Measure | None) -> tuple[Measure, ...]:
    """What a decision does, from its kind and the ladder's measure that goes with it."""
    if kind is DecisionKind.TAKEDOWN:
        own = Measure(MeasureKind.LISTING_REMOVED)
    elif kind is DecisionKind.WARN:
        own = Measure(MeasureKind.SELLER_WARNED, "all")
    elif kind is DecisionKind.RESTRICT:
        own = Measure(MeasureKind.SELLER_RESTRICTED, "all")
    else:
        return ()
    if due is None or due.kind is own.kind is MeasureKind.LISTING_REMOVED:
        return (own,)
    weights = list(MeasureKind)
    if own.kind is MeasureKind.LISTING_REMOVED:
        return (own, due)
    return (due,) if weights.index(due.kind) >= weights.index(own.kind) else (own,)


def statement_of(
    decision: Decision, case: Case, policy: Policy, *, first_id: str = "", revision: int = 1
) -> Statement | None:
    """The statement that a decision yields, or None for one that does not stand against the seller.

    A ground that these rules don't know is stated by its clause, or by its id as it came.
    """
    measures = measures_of(decision.kind, decision.measure)
    if not measures:
        return None
    listing, seller = case.listing, case.seller
    decided = decision.decided_at.astimezone(UTC).date()
    listed = (listing.listed_at or case.opened_at).astimezone(UTC).date()
    return Statement(
        first_id=first_id or decision.id,
        revision=revision,
        ground_id=decision.ground,
        ground=policy.ground(decision.ground),
        clause=decision.clause,
        facts=decision.facts,
        measures=measures,
        decided_on=decided,
        content_on=min(listed, decided),
        listing_id=listing.id,
        title=listing.title,
        gtin=listing.gtin,
        language=listing.language,
        seller_name=seller.display_name,
        account_type={"business": "ACCOUNT_TYPE_BUSINESS", "private": "ACCOUNT_TYPE_PRIVATE"}.get(seller.verification),
        source=source_of(case.flags),
        automated_detection=any(flag.source == FlagSource.AUTOMATED for flag in case.flags),
        automated_decision=False,
        names=_names(case),
        territories=countries(),
    )


def source_of(flags: Sequence[Flag]) -> str:
    """What started the case, as the transparency database names it."""
    sources = {flag.source for flag in flags}
    return next((name for source, name in _SOURCES if source in sources), "SOURCE_VOLUNTARY")


def _names(case: Case) -> tuple[str, ...]:
    names = [case.seller.display_name, *(link.display_name for link in case.seller.links)]
    names += [flag.claimant for flag in case.flags]
    return tuple(sorted({name.strip() for name in names if len(name.strip()) >= 3}, key=len, reverse=True))


def lifted(statement: Statement, on: date) -> Statement:
    """The next statement after a reversal: the same measures, ended on that day, under the next identifier."""
    return replace(statement, revision=statement.revision + 1, lifted_on=max(on, statement.decided_on))


def without_personal_data(text: str, names: Iterable[str]) -> str:
    """A text without these names, e-mail addresses, bank accounts, telephone numbers and page addresses."""
    for name in names:
        text = re.sub(re.escape(name), "[name]", text, flags=re.IGNORECASE)
    for pattern, words in _PERSONAL:
        text = pattern.sub(words, text)
    return text


def payload(statement: Statement) -> dict[str, Any]:
    """The statement as the transparency database takes it, without personal data.

    Raises ValueError where nothing is restricted: see `Statement.restricts`.
    """
    if not statement.restricts:
        raise ValueError("a decision that restricts nothing yields no statement")
    ground = statement.ground
    applied = _within(statement.decided_on, _FIRST_MEASURE)
    made: dict[str, Any] = {
        "puid": statement.puid,
        "territorial_scope": list(statement.territories or countries()),
        "content_type": ["CONTENT_TYPE_PRODUCT"],
        "category": (ground.dsa_category if ground else "") or "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        "content_date": min(_within(statement.content_on, _FIRST_CONTENT), applied).isoformat(),
        "application_date": applied.isoformat(),
        "decision_facts": _facts(statement),
        "source_type": statement.source,
        "automated_detection": "Yes" if statement.automated_detection else "No",
        "automated_decision": "AUTOMATED_DECISION_FULLY"
        if statement.automated_decision
        else "AUTOMATED_DECISION_NOT_AUTOMATED",
    }
    made |= _ground_members(statement)
    made |= _restrictions(statement, applied)
    if ground is not None and ground.dsa_keyword:
        made["category_specification"] = [ground.dsa_keyword]
        if ground.dsa_keyword == "KEYWORD_OTHER":
            made["category_specification_other"] = _cut(ground.title, _SHORT_LIMIT)
    if statement.account_type:
        made["account_type"] = statement.account_type
    language = statement.language.partition("-")[0].upper()
    if language in schema()["properties"]["content_language"]["enum"]:
        made["content_language"] = language
    if len(statement.gtin) == 13 and gtin_is_valid(statement.gtin):
        made["content_id"] = {"EAN-13": statement.gtin}
    return made


def _within(day: date, first: date) -> date:
    return min(max(day, first), _LAST_DAY)


def _cut(text: str, limit: int) -> str:
    """A text within a limit of characters, without what the database could not store."""
    clean = text.encode("utf-8", "replace").decode().replace("\0", "").strip()
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def _facts(statement: Statement) -> str:
    found = [without_personal_data(fact, statement.names).strip() for fact in statement.facts]
    ground = statement.ground
    words = " ".join(f"{fact.rstrip('.')}." for fact in found if fact.strip(". "))
    if not words:
        words = (
            ground.description if ground else ""
        ) or "The reviewer found that the offer breaks the rule named here."
    if statement.lifted_on is not None:
        before = replace(statement, revision=statement.replaces or statement.revision - 1).puid
        words = (
            f"The decision was reversed on {statement.lifted_on.isoformat()} and its measures ended then; this "
            f"statement takes the place of {before}. What was stated there: {words}"
        )
    return _cut(words, _FACTS_LIMIT)


def legal_ground(statement: Statement) -> tuple[bool, str, str]:
    """Whether a law (rather than the terms) is relied on, its name or the clause, and why the offer breaks it."""
    ground = statement.ground
    if ground is None:
        name = statement.clause.strip() or statement.ground_id.strip() or "Terms of the marketplace"
        return False, name, "The offer breaks the rule of the marketplace's terms that is named here."
    explanation = ground.explanation or ground.description or ground.title
    if ground.illegal and ground.law:
        return True, ground.law, explanation
    clause = statement.clause.strip() or ground.clause
    return False, f"{clause}: {ground.title}" if clause else ground.title, explanation


def _ground_members(statement: Statement) -> dict[str, str]:
    illegal, name, explanation = legal_ground(statement)
    if illegal:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": _cut(name, _SHORT_LIMIT),
            "illegal_content_explanation": _cut(explanation, _TEXT_LIMIT),
        }
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _cut(name, _SHORT_LIMIT),
        "incompatible_content_explanation": _cut(explanation, _TEXT_LIMIT),
    }


def end_of(statement: Statement, measure: Measure) -> date | None:
    """The last day of a measure; None: without end."""
    if statement.lifted_on is not None:
        return statement.lifted_on
    return statement.decided_on + timedelta(days=measure.days) if measure.days is not None else None


def _restrictions(statement: Statement, applied: date) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for measure in statement.measures:
        last = end_of(statement, measure)
        end = max(_within(last, applied), applied).isoformat() if last is not None else None
        match measure.kind:
            case MeasureKind.LISTING_REMOVED:
                made["decision_visibility"] = ["DECISION_VISIBILITY_CONTENT_REMOVED"]
                part = "visibility"
            case MeasureKind.LISTING_HIDDEN:
                made["decision_visibility"] = ["DECISION_VISIBILITY_CONTENT_DISABLED"]
                part = "visibility"
            case MeasureKind.SELLER_RESTRICTED:
                lasting = "SUSPENSION" if end else "TERMINATION"
                made["decision_provision"] = f"DECISION_PROVISION_PARTIAL_{lasting}"
                part = "service"
            case MeasureKind.ACCOUNT_SUSPENDED:
                made["decision_account"] = "DECISION_ACCOUNT_SUSPENDED"
                part = "account"
            case MeasureKind.ACCOUNT_CLOSED:
                made["decision_account"] = "DECISION_ACCOUNT_TERMINATED"
                part = "account"
            case _:
                continue
        if end:
            made[f"end_date_{part}_restriction"] = end
    return made


def automated_removal(statement: Statement) -> Statement:
    """The statement of a removal that a rule made by itself: wholly automated, of the listing alone."""
    return replace(
        statement, automated_decision=True, measures=(Measure(MeasureKind.LISTING_REMOVED),), automated_detection=True
    )


def statement_day(moment: datetime) -> date:
    """The day of a moment as statements count it: in UTC."""
    return moment.astimezone(UTC).date()
