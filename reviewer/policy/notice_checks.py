"""Is a notice valid?  A checklist of plain rules, each with its reason; a person judges, the list only says what is so.

Sources: DSA Art. 16(2) (what a notice has), Art. 22 (trusted flaggers), the Nice classification (goods by class).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from reviewer.domain.case import FlagSource
from reviewer.domain.notice import NoticeCheck, Verdict
from reviewer.domain.reference import Right
from reviewer.domain.values import gtin_is_valid
from reviewer.policy.model import Goods
from reviewer.policy.territories import countries_of, territories_of

#: Kinds of rights that exist by registration, and those that have Nice classes.
_REGISTERED = ("trademark", "design", "patent")
_CLASSED = ("trademark",)
#: From this class on the Nice classification is of services.
_FIRST_SERVICE = 35
_LEAST_WORDS = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a notice says, with what is known of its claimant: `owners` are those that it may act for."""

    source: str
    claimant: str
    statement: str = ""
    good_faith: bool = False
    right: Right | None = None
    acting_as: str = ""
    owners: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """The listing that is complained of: `country` is where it is offered; `claimed_gtin` is what the notice says."""

    category: str = ""
    country: str = ""
    gtin: str = ""
    claimed_gtin: str = ""


@dataclass(frozen=True, slots=True)
class EarlierNotice:
    """A notice of the same listing and right: when it came, from whom, and what became of it ('' while open)."""

    id: str
    at: datetime
    claimant: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class _Item:
    check: NoticeCheck
    ask: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The checklist, and what the claimant must add; the notice is complete where nothing is."""

    checks: tuple[NoticeCheck, ...]
    asked: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the claimant has said all that is needed."""
        return not self.asked


class Checklist:
    """The checklist of one notice, for as many listings as it names."""

    def __init__(
        self, complaint: Complaint, day: datetime, goods: tuple[Goods, ...], known: Right | None = None
    ) -> None:
        """`known` is the same right as the brand's own record has it; it stands where the notice says otherwise."""
        self._complaint = complaint
        self._day = day
        self._goods = goods
        self._right = _merged(complaint.right, known)
        self._known = known
        self._common = tuple(self._of_the_notice())

    def of(self, offer: Offer, earlier: EarlierNotice | None = None) -> Assessment:
        """The items for one listing."""
        items = [*self._common]
        if self._right is not None:
            items += [_class(self._right, offer, self._goods), _territory(self._right, offer)]
        if offer.claimed_gtin or offer.gtin:
            items.append(_gtin(offer))
        items.append(_duplicate(earlier))
        return _assessment(items)

    def common(self) -> Assessment:
        """The items of the notice itself, for a listing that is not known."""
        return _assessment(self._common)

    def _of_the_notice(self) -> Iterable[_Item]:
        said = self._complaint
        if said.good_faith:
            yield _ok("good_faith", "declared")
        else:
            yield _fails("good_faith", "there is no declaration", "Declare that the notice is made in good faith.")
        if len(said.statement.split()) >= _LEAST_WORDS or len(said.statement.strip()) >= 4 * _LEAST_WORDS:
            yield _ok("statement", "gives reasons")
        else:
            yield _fails("statement", "gives no reasons", "Say in a sentence why the listings break the law or terms.")
        if self._right is not None:
            yield _in_force(self._right, self._day, self._known, said.right)
            yield _may_act(said, self._right)
        elif said.source == FlagSource.RIGHTS_HOLDER:
            words = "Name the right that you rely on: its kind, number, office and owner."
            yield _fails("right", "the notice names no right", words)


def _assessment(items: Iterable[_Item]) -> Assessment:
    listed = list(items)
    asked = tuple(dict.fromkeys(item.ask for item in listed if item.ask))
    return Assessment(tuple(item.check for item in listed), asked)


def classes_of(category: str, goods: tuple[Goods, ...]) -> tuple[int, ...]:
    """The Nice classes of goods of a category; empty where no row of the rules speaks of it."""
    return _classes_of(category.casefold(), goods)


@lru_cache(maxsize=4096)
def _classes_of(category: str, goods: tuple[Goods, ...]) -> tuple[int, ...]:
    text = f" {' '.join(_WORD.findall(category))} "
    return tuple(sorted({row.nice_class for row in goods if any(_names(text, word) for word in row.words)}))


def _names(text: str, word: str) -> bool:
    wanted = " ".join(_WORD.findall(word.casefold()))
    if not wanted.isascii():
        return wanted in text
    return any(f" {wanted}{ending} " in text for ending in ("", "s", "es"))


def _ok(name: str, reason: str) -> _Item:
    return _Item(NoticeCheck(name, Verdict.OK.value, reason))


def _fails(name: str, reason: str, ask: str = "") -> _Item:
    return _Item(NoticeCheck(name, Verdict.FAILS.value, reason), ask)


def _unknown(name: str, reason: str, ask: str = "") -> _Item:
    return _Item(NoticeCheck(name, Verdict.UNKNOWN.value, reason), ask)


def _merged(said: Right | None, known: Right | None) -> Right | None:
    """The right as the brand's own record has it, and as the notice says where the record is silent."""
    if said is None or known is None:
        return said
    return Right(
        known.kind or said.kind,
        known.number or said.number,
        known.sign or said.sign,
        known.office or said.office,
        known.owner or said.owner,
        known.nice_classes or said.nice_classes,
        known.territories or said.territories,
        known.expires_at or said.expires_at,
    )


def _in_force(right: Right, day: datetime, known: Right | None, said: Right | None) -> _Item:
    name = f"{right.kind} {right.number}".strip()
    if right.kind not in _REGISTERED:
        return _ok("in_force", f"a {right.kind} needs no registration")
    if not right.number:
        return _fails("in_force", f"the {right.kind} has no number", "Give the number of the registration.")
    until = right.expires_at
    if until is None:
        ask = "Give the day until which the right is registered."
        return _unknown("in_force", f"the notice does not say until when {name} is registered", ask)
    differs = ""
    if known is not None and said is not None and said.expires_at not in (None, known.expires_at):
        differs = f"; the notice says {said.expires_at:%Y-%m-%d}, the brand's own record stands"
    if until <= day:
        ask = "The right has expired: send the renewal, or rely on another right."
        return _fails("in_force", f"{name} expired on {until:%Y-%m-%d}{differs}", ask)
    return _ok("in_force", f"{name} is registered until {until:%Y-%m-%d}{differs}")


def _class(right: Right, offer: Offer, goods: tuple[Goods, ...]) -> _Item:
    if right.kind not in _CLASSED:
        return _ok("class", f"a {right.kind} has no Nice classes")
    if not right.nice_classes:
        words = "the right names no Nice class, so that it can't be told which goods it covers"
        return _unknown("class", words, "Give the Nice classes of the registration.")
    listed = _numbers(right.nice_classes)
    of_goods = classes_of(offer.category, goods)
    if not of_goods:
        words = f"of which class {offer.category!r} is the rules don't say" if offer.category else "no category"
        return _unknown("class", f"{words}; the right is for {listed}")
    common = sorted({*of_goods} & {*right.nice_classes})
    if common:
        return _ok("class", f"{_numbers(tuple(common))} covers {offer.category}")
    services = all(number >= _FIRST_SERVICE for number in right.nice_classes)
    only = ", which is of services alone" if services else ""
    return _fails("class", f"{offer.category} is of {_numbers(of_goods)}; the right is for {listed}{only}")


def _numbers(classes: tuple[int, ...]) -> str:
    return f"{'class' if len(classes) == 1 else 'classes'} {', '.join(map(str, classes))}"


def _territory(right: Right, offer: Offer) -> _Item:
    named = right.territories or territories_of(right.office)
    if not named:
        if right.kind not in _REGISTERED:
            return _ok("territory", f"a {right.kind} is not bound to a register")
        return _unknown("territory", "the notice does not say where the right holds", "Say where the right holds.")
    if not offer.country:
        return _unknown("territory", f"where it is offered is not known; the right holds in {', '.join(named)}")
    if offer.country in countries_of(named):
        return _ok("territory", f"the right holds in {offer.country}")
    return _fails("territory", f"it is offered in {offer.country}; the right holds in {', '.join(named)}")


def _may_act(said: Complaint, right: Right) -> _Item:
    if said.source == FlagSource.AUTHORITY:
        return _ok("may_act", "an authority acts by law")
    if said.source == FlagSource.TRUSTED_FLAGGER:
        return _ok("may_act", "a trusted flagger need not own the right (DSA Art. 22)")
    owner = right.owner
    if not owner:
        return _unknown("may_act", "the notice does not say who owns the right", "Say who owns the right.")
    if _same_name(owner, said.claimant):
        return _ok("may_act", "the claimant owns the right")
    if any(_same_name(owner, name) for name in said.owners):
        return _ok("may_act", f"may act for {owner}: registered at this hub")
    if said.acting_as == "owner":
        ask = f"The right's owner is {owner}: say how you are connected, and attach the authorisation."
        return _fails("may_act", f"says that it owns the right, whose owner is {owner}", ask)
    if said.acting_as == "agent" and said.evidence:
        return _unknown("may_act", f"acts for {owner}; a person must read the authorisation that is attached")
    ask = f"Attach the authorisation of {owner}, or say that you are the owner."
    return _unknown("may_act", f"no authorisation of {owner} is known", ask)


def _same_name(one: str, other: str) -> bool:
    first, second = _plain(one), _plain(other)
    return bool(first) and first == second


def _plain(name: str) -> str:
    return "".join(_WORD.findall(unicodedata.normalize("NFKC", name).casefold()))


def _gtin(offer: Offer) -> _Item:
    if offer.claimed_gtin and not gtin_is_valid(offer.claimed_gtin):
        ask = f"The GTIN {offer.claimed_gtin} has a wrong check digit: send it again."
        return _fails("gtin", f"the notice's GTIN {offer.claimed_gtin} has a wrong check digit", ask)
    if offer.gtin and not gtin_is_valid(offer.gtin):
        return _fails("gtin", f"the listing's GTIN {offer.gtin} has a wrong check digit")
    if offer.claimed_gtin and offer.gtin and offer.claimed_gtin.zfill(14) != offer.gtin.zfill(14):
        return _unknown("gtin", f"the notice says {offer.claimed_gtin}, the listing {offer.gtin}")
    return _ok("gtin", f"{offer.claimed_gtin or offer.gtin} has a right check digit")


def _duplicate(earlier: EarlierNotice | None) -> _Item:
    if earlier is None:
        return _ok("duplicate", "the first on this listing and right")
    day = f"{earlier.at:%Y-%m-%d}"
    became = f"was {earlier.outcome}" if earlier.outcome else "is open"
    return _fails("duplicate", f"{earlier.claimant} complained of it on {day}: notice {earlier.id} {became}")
