"""The words of the review screen: enum values, amounts, times and consequences, translated."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from PySide6.QtCore import QCoreApplication, QLocale

from reviewer.domain.case import FlagSource
from reviewer.domain.decision import DecisionKind, Measure, MeasureKind
from reviewer.domain.facts import Fact
from reviewer.domain.seller import Standing
from reviewer.domain.text import visible
from reviewer.domain.urgency import Urgency, reasons_for, urgency_of_case
from reviewer.domain.values import Money
from reviewer.policy.policy import Policy
from reviewer.services.model import CaseOnDesk

translate = QCoreApplication.translate


def kind_name(kind: DecisionKind) -> str:
    """What a decision is called on its button."""
    return {
        DecisionKind.CLEAR: translate("Review", "Clear"),
        DecisionKind.WARN: translate("Review", "Warn"),
        DecisionKind.RESTRICT: translate("Review", "Restrict"),
        DecisionKind.TAKEDOWN: translate("Review", "Takedown"),
        DecisionKind.ESCALATE: translate("Review", "Escalate"),
        DecisionKind.REQUEST_PROOF: translate("Review", "Proof"),
        DecisionKind.WITHDRAW: translate("Review", "Withdraw"),
        DecisionKind.UPHOLD: translate("Review", "Uphold"),
    }[kind]


def kind_text(value: str) -> str:
    """The name of an offence's kind as a server sent it; unknown ones as they came."""
    return kind_name(DecisionKind(value)) if value in set(DecisionKind) else visible(value, limit=40)


def kind_letter(kind: DecisionKind) -> str:
    """One letter for the row of recent decisions."""
    return {
        DecisionKind.CLEAR: translate("Review", "C", "letter of Clear"),
        DecisionKind.WARN: translate("Review", "W", "letter of Warn"),
        DecisionKind.RESTRICT: translate("Review", "R", "letter of Restrict"),
        DecisionKind.TAKEDOWN: translate("Review", "T", "letter of Takedown"),
        DecisionKind.ESCALATE: translate("Review", "E", "letter of Escalate"),
        DecisionKind.REQUEST_PROOF: translate("Review", "P", "letter of Proof"),
        DecisionKind.WITHDRAW: translate("Review", "U", "letter of Withdraw"),
        DecisionKind.UPHOLD: translate("Review", "H", "letter of Uphold"),
    }[kind]


def kind_effect(kind: DecisionKind) -> str:
    """What a decision does by itself, in few words."""
    return {
        DecisionKind.CLEAR: translate("Review", "keeps listing, no points"),
        DecisionKind.WARN: translate("Review", "listing stays"),
        DecisionKind.RESTRICT: translate("Review", "restricts seller"),
        DecisionKind.TAKEDOWN: translate("Review", "removes listing"),
        DecisionKind.ESCALATE: translate("Review", "hands it to a lead"),
        DecisionKind.REQUEST_PROOF: translate("Review", "asks seller for proof"),
        DecisionKind.WITHDRAW: translate("Review", "reopens the case"),
        DecisionKind.UPHOLD: translate("Review", "the decision stands"),
    }[kind]


def complaint_effect(kind: DecisionKind) -> str:
    """What a decision does where it is filed as a complaint for others to rule on."""
    return {
        DecisionKind.CLEAR: translate("Review", "no complaint"),
        DecisionKind.WARN: translate("Review", "files a complaint: warn"),
        DecisionKind.RESTRICT: translate("Review", "files a complaint: restrict"),
        DecisionKind.TAKEDOWN: translate("Review", "files a complaint"),
        DecisionKind.ESCALATE: translate("Review", "hands it to a lead"),
        DecisionKind.REQUEST_PROOF: translate("Review", "asks for proof"),
        DecisionKind.WITHDRAW: translate("Review", "withdraws the complaint"),
    }[kind]


def measure_text(measure: Measure) -> str:
    """A measure with its extent, such as `restrict category 14 d`."""
    scope = {
        "listing": translate("Review", "listing"),
        "category": translate("Review", "category"),
        "brand": translate("Review", "brand"),
        "all": translate("Review", "all"),
    }.get(measure.scope, visible(measure.scope, limit=20))
    words = {
        MeasureKind.LISTING_REMOVED: translate("Review", "remove listing"),
        MeasureKind.LISTING_HIDDEN: translate("Review", "hide listing"),
        MeasureKind.SELLER_WARNED: translate("Review", "warn seller"),
        MeasureKind.SELLER_RESTRICTED: translate("Review", "restrict {scope}"),
        MeasureKind.ACCOUNT_SUSPENDED: translate("Review", "suspend account"),
        MeasureKind.ACCOUNT_CLOSED: translate("Review", "close account"),
        MeasureKind.REFUND_ADVISED: translate("Review", "advise refund"),
    }[measure.kind].format(scope=scope)
    return words if measure.days is None else translate("Review", "{0} {1} d").format(words, measure.days)


def ground_title(policy: Policy, ground_id: str) -> str:
    """A ground's title; a ground that is not in the rules is shown by its id."""
    ground = policy.ground(ground_id)
    return visible(ground.title if ground is not None else ground_id, limit=60)


def standing_look(standing: str) -> tuple[str, str, str]:
    """Text, glyph and colour role of a standing."""
    known = {
        Standing.ACTIVE: (translate("Review", "active"), "check", "ok"),
        Standing.WARNED: (translate("Review", "warned"), "warning", "warning"),
        Standing.RESTRICTED: (translate("Review", "restricted"), "bar", "warning"),
        Standing.SUSPENDED: (translate("Review", "suspended"), "pause", "danger"),
        Standing.BANNED: (translate("Review", "banned"), "cross", "danger"),
    }
    if standing in set(Standing):
        return known[Standing(standing)]
    return (visible(standing, limit=30), "dot", "muted")


def verification_look(state: str) -> tuple[str, str, str]:
    """Text, glyph and colour role of a seller's verification."""
    known = {
        "verified": (translate("Review", "identity verified"), "check", "ok"),
        "business": (translate("Review", "business verified"), "check", "ok"),
        "phone_only": (translate("Review", "phone number only"), "warning", "warning"),
        "pending": (translate("Review", "verification pending"), "clock", "warning"),
        "unverified": (translate("Review", "identity not verified"), "warning", "warning"),
        "failed": (translate("Review", "verification failed"), "cross", "danger"),
        "unknown": (translate("Review", "verification unknown"), "dot", "muted"),
    }
    return known.get(state, (visible(state, limit=30), "dot", "muted"))


def source_look(source: str) -> tuple[str, str]:
    """Text and glyph of a flag's source; unknown ones as they came."""
    known = {
        FlagSource.AUTOMATED: (translate("Review", "automated check"), "gear"),
        FlagSource.RIGHTS_HOLDER: (translate("Review", "rights holder"), "seal"),
        FlagSource.TRUSTED_FLAGGER: (translate("Review", "trusted flagger"), "flag"),
        FlagSource.AUTHORITY: (translate("Review", "authority"), "shield"),
        FlagSource.CONSUMER: (translate("Review", "consumer"), "person"),
        FlagSource.STAFF: (translate("Review", "staff"), "person"),
    }
    if source in set(FlagSource):
        return known[FlagSource(source)]
    return (visible(source, limit=40), "dot")


def link_text(kind: str) -> str:
    """What two accounts share."""
    known = {
        "phone": translate("Review", "same phone"),
        "bank": translate("Review", "same bank account"),
        "device": translate("Review", "same device"),
        "address": translate("Review", "same address"),
        "document": translate("Review", "same document"),
        "payout": translate("Review", "same payout"),
        "pictures": translate("Review", "same pictures"),
        "texts": translate("Review", "same texts"),
    }
    return known.get(kind, visible(kind, limit=30))


def fact_text(fact: Fact) -> str:
    """A fact's sentence, translated and then filled; a template that can't be filled is shown as it is."""
    template = translate("Facts", fact.template)
    try:
        return visible(template.format(**fact.values), limit=600, keep_lines=False)
    except (KeyError, IndexError, ValueError):
        return visible(template, limit=600, keep_lines=False)


def reasons_text(urgency: Urgency, now: datetime) -> str:
    """Why a case stands where it does, in the order in which it counts."""
    return "; ".join(translate("Urgency", template).format(**values) for template, values in reasons_for(urgency, now))


def place_text(on_desk: CaseOnDesk, now: datetime) -> str:
    """Why the case in hand comes here and now."""
    words = reasons_text(urgency_of_case(on_desk.case, on_desk.policy.severity), now)
    return translate("Review", "Its place in the queue: {0}").format(words)


def amount(money: Money | None) -> str:
    """An amount with its currency; one without a currency says so."""
    if money is None:
        return translate("Review", "no price")
    number = f"{money.amount:,}"
    return (
        f"{number} {visible(money.currency, limit=8)}"
        if money.currency
        else translate("Review", "{0} (currency missing)").format(number)
    )


def day(moment: datetime) -> str:
    """A date that sorts as text."""
    return moment.astimezone().strftime("%Y-%m-%d")


def day_and_time(moment: datetime) -> str:
    """A date with its local time."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def age(joined: datetime | None, now: datetime) -> str:
    """How long somebody is there, in months; in days where it is less than two."""
    if joined is None:
        return translate("Review", "joined: unknown")
    days = max(0, (now - joined).days)
    if days < 61:
        return translate("Review", "{0} days").format(days)
    return translate("Review", "{0} months").format(int(days / 30.44))


def language_name(tag: str) -> str:
    """A language by its tag, in the words of the desktop; unknown tags as they are."""
    locale = QLocale(tag)
    if not tag or locale.language() == QLocale.Language.C:
        return visible(tag, limit=20)
    return QLocale.languageToString(locale.language())


def country_name(code: str) -> str:
    """A country by its two letters; unknown codes as they are."""
    territory = QLocale.codeToTerritory(code) if len(code) == 2 else QLocale.Country.AnyTerritory
    known = territory != QLocale.Country.AnyTerritory
    return f"{QLocale.territoryToString(territory)}" if known else visible(code, limit=20)


def host_of(url: str) -> str:
    """The host of an address with letters of other scripts in their plain (punycode) form; empty where none."""
    try:
        host = urlsplit(url).hostname or ""
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except (ValueError, UnicodeError):
        return ""
