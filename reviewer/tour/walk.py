"""The way through the product: every decision, every screen, a cut line and its return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reviewer.domain.decision import DecisionKind
from reviewer.services.model import CaseRef, QueueFilter
from reviewer.tour.connectors import show_connectors
from reviewer.tour.dossier import show_dossier
from reviewer.tour.evidence import show_evidence
from reviewer.tour.guide import Guide
from reviewer.tour.notices import show_notices
from reviewer.tour.oracle import HubView
from reviewer.tour.redress import show_appeal, show_proof
from reviewer.tour.relay import Relay
from reviewer.tour.waiting import TourStopped, let_pass, wait_until

#: The everyday mix of decisions, in turn.
MIX = (
    DecisionKind.TAKEDOWN, DecisionKind.CLEAR, DecisionKind.TAKEDOWN, DecisionKind.WARN, DecisionKind.TAKEDOWN,
    DecisionKind.RESTRICT, DecisionKind.CLEAR, DecisionKind.REQUEST_PROOF, DecisionKind.TAKEDOWN,
    DecisionKind.ESCALATE,
)  # fmt: skip
_OFFLINE = 8


class Walk:
    """The parts of the tour, in the order of `run`."""

    def __init__(self, guide: Guide, hub: HubView, relay: Relay | None, service_token: str) -> None:
        self._guide = guide
        self._hub = hub
        self._relay = relay
        self._service_token = service_token
        self._turn = 0

    def run(self, cases: int) -> None:
        """Everything, with at least `cases` cases decided."""
        guide = self._guide
        self._first_look()
        self._pictures_of_a_case()
        show_evidence(guide, self._bring)
        show_dossier(guide, self._bring)
        show_notices(guide, self._hub, self._bring)
        self._special_cases()
        self._deciding()
        while self._decided() < cases // 2:
            self._next()
        if self._relay is not None:
            self._cut_line(self._relay)
        while self._decided() < cases:
            self._next()
        self._after_sending()
        self._queue()
        self._windows()
        show_connectors(guide)
        self._dark()
        self._drained()
        self._redress()
        self._drained()
        guide.window.show_view("outbox")
        guide.album.take(guide.window, "outbox-all-sent", settle_s=0.6)

    def _drained(self) -> None:
        wait_until(lambda: self._guide.status().unsent == 0, "the outbox to drain", 90)

    def _redress(self) -> None:
        """What comes back from sellers, where the tour may speak for the marketplace."""
        guide = self._guide
        if not self._service_token:
            return
        guide.show_review()
        for part in (show_proof, show_appeal):
            if not part(guide, self._hub, self._service_token, self._bring):
                raise TourStopped(f"The hub has nothing to show for: {part.__name__}.")

    def _decided(self) -> int:
        return sum(len(step.cases) for step in self._guide.shown if not step.undone)

    def _next(self) -> CaseRef:
        kind = MIX[self._turn % len(MIX)]
        self._turn += 1
        return self._guide.decide(kind)

    def _first_look(self) -> None:
        guide = self._guide
        guide.show_review()
        guide.wait_for_case(60)
        wait_until(self._thumbnails_are_there, "the small pictures", 30)
        guide.album.take(guide.window, "review")

    def _thumbnails_are_there(self) -> bool:
        return len(self._guide.desk.upcoming) >= 3

    def _pictures_of_a_case(self) -> None:
        guide, press = self._guide, self._guide.keyboard.press
        press("Space", hold=True)
        guide.album.take(guide.window, "review-flick")
        guide.keyboard.let_go("Space")
        for chord, name in (("S", "split"), ("D", "difference"), ("Z", "whole-pixels")):
            press(chord)
            guide.album.take(guide.window, f"review-{name}", settle_s=0.6)
            press("F" if chord == "Z" else chord)
        for _ in range(2):
            press("Right")
            press("Shift+Right")
        guide.album.take(guide.window, "review-other-pictures", settle_s=0.6)
        press("P")
        press("-")
        press("P")
        guide.album.take(guide.window, "review-authentication-points", settle_s=0.5)
        press("C")
        guide.album.take(guide.window, "review-facts")
        press("Esc")

    def _special_cases(self) -> None:
        """Cases that are not like others: each is taken in hand and looked at."""
        guide = self._guide
        for name, case_id in find_special(self._hub).items():
            if self._bring(case_id):
                guide.album.take(guide.window, f"review-{name}", settle_s=0.8)

    def _bring(self, case_id: str) -> bool:
        guide = self._guide
        station = guide.desktop.workstation
        account = guide.wait_for_case().account
        reference = CaseRef(account, case_id)
        if not station.in_background(lambda: station.intake.claim_named(account, [case_id])).result(30):
            return False
        station.on_desk(lambda: station.review.bring(reference)).result(30)
        wait_until(lambda: guide.current == reference, f"{reference} to be shown")
        guide.wait_for_case()
        let_pass(0.35)  # keys are dead for a moment after a case was swapped
        return True

    def _deciding(self) -> None:
        guide = self._guide
        guide.keyboard.press("G")
        wait_until(lambda: guide.screen.choosing.grounds.isVisible(), "the list of grounds")
        guide.keyboard.press("Esc")
        guide.write_note("Label and clasp differ from the reference.")
        guide.decide(DecisionKind.TAKEDOWN)
        guide.album.take(guide.window, "review-after-a-decision")
        guide.undo()
        guide.album.take(guide.window, "review-undone")
        guide.decide_on_ground(DecisionKind.TAKEDOWN, "T")
        for kind in (DecisionKind.CLEAR, DecisionKind.WARN, DecisionKind.RESTRICT, DecisionKind.ESCALATE):
            guide.decide(kind)
        guide.decide(DecisionKind.REQUEST_PROOF)
        guide.undo()
        guide.undo()
        guide.decide(DecisionKind.CLEAR)
        guide.decide(DecisionKind.REQUEST_PROOF)
        guide.skip()
        self._batch()

    def _batch(self) -> None:
        """Cases that go together: decided by one key, undone by one, decided again."""
        guide = self._guide
        for _ in range(8):
            if guide.decide_batch(DecisionKind.TAKEDOWN, picture="review-batch") > 1:
                guide.undo()
                guide.decide_batch(DecisionKind.TAKEDOWN)
                return
            if not guide.shown or guide.shown[-1].undone or len(guide.shown[-1].cases) != 1:
                self._next()

    def _cut_line(self, relay: Relay) -> None:
        """Work goes on without the line; one listing changes in the meantime, and its decision comes back."""
        guide = self._guide
        station, window = guide.desktop.workstation, guide.window
        guide.wait_for_case()
        dialog = window.take_offline()
        guide.album.take(window, "take-work-offline")
        dialog.reject()
        station.in_background(lambda: station.intake.take_offline(1.0, 3 * _OFFLINE)).result(120)
        relay.cut()
        self._wait_for_state("offline")
        window.show_view("review")
        guide.wait_for_case()
        guide.album.take(window, "review-offline", settle_s=0.6)
        stale = guide.wait_for_case()
        if self._service_token:
            self._hub.upsert(self._service_token, edited_listing(self._hub, stale.case_id))
        for _ in range(_OFFLINE):
            self._next()
        guide.offline += _OFFLINE
        window.show_view("outbox")
        wait_until(lambda: guide.status().unsent >= _OFFLINE, "the decisions to wait")
        guide.album.take(window, "outbox-offline", settle_s=0.8)
        relay.mend()
        station.on_desk(station.delivery.send_now).result(30)
        self._wait_for_state("online", 60)
        wait_until(lambda: guide.status().unsent == 0, "the outbox to drain", 60)
        station.in_background(station.intake.end_offline).result(30)
        if self._service_token:
            self._resolve_what_came_back()
        guide.show_review()

    def _resolve_what_came_back(self) -> None:
        guide = self._guide
        wait_until(lambda: guide.status().inbox > 0, "the decision on the changed listing to come back", 30)
        guide.window.show_view("outbox")
        guide.album.take(guide.window, "inbox-stale", settle_s=0.8)
        station = guide.desktop.workstation
        item = station.on_reader(station.delivery.inbox_items).result(30)[0]
        station.on_desk(lambda: station.delivery.resolve(item.id, "again")).result(30)
        wait_until(lambda: guide.status().inbox == 0, "the item to be resolved", 30)
        guide.show_review()
        wait_until(lambda: guide.current == item.ref, "the case to be back", 30)
        let_pass(0.35)
        guide.album.take(guide.window, "review-decided-again", settle_s=0.6)
        guide.decide(item.decision.kind)

    def _wait_for_state(self, state: str, seconds: float = 30.0) -> None:
        guide = self._guide
        wait_until(
            lambda: all(row.state == state for row in guide.status().accounts), f"the account to be {state}", seconds
        )

    def _after_sending(self) -> None:
        """Undo after the decision has left the desk is a visible reversal."""
        guide = self._guide
        guide.show_review()
        guide.decide(DecisionKind.WARN)
        wait_until(lambda: guide.status().unsent == 0, "the decision to be sent", 60)
        guide.undo()
        reopened = guide.current
        guide.album.take(guide.window, "review-reopened", settle_s=0.5)
        wait_until(lambda: guide.status().unsent == 0, "the reversal to be sent", 60)
        if guide.decide(DecisionKind.CLEAR) != reopened:
            raise TourStopped("The reopened case was not in front any more when it was decided again.")

    def _queue(self) -> None:
        guide, window = self._guide, self._guide.window
        window.show_view("queue")
        window.activateWindow()
        wait_until(lambda: window.queue.model.rowCount() > 0, "the queue table", 30)
        guide.album.take(window, "queue", settle_s=0.8)
        for name, chosen in (
            ("queue-search-korean", QueueFilter(text="벨트")),
            ("queue-overdue", QueueFilter(due="overdue", sort="due_at")),
            ("queue-nothing-found", QueueFilter(text="no such listing")),
        ):
            window.queue.bar.show_filter(chosen)
            guide.album.take(window, name, settle_s=1.0)
        window.queue.bar.clear_all()

    def _windows(self) -> None:
        guide, window = self._guide, self._guide.window
        for view in ("connectors", "help", "first_run"):
            window.show_view(view)
            guide.album.take(window, view, settle_s=0.6)
        guide.show_review()
        guide.wait_for_case()
        sheet = window.show_keys()
        guide.album.take(window, "keys", settle_s=0.5)
        sheet.reject()
        window.palette_box.open_over(window)
        guide.keyboard.type_text("take")
        guide.album.take(window, "palette", settle_s=0.6)
        window.palette_box.hide()
        window.activateWindow()
        guide.screen.setFocus()

    def _dark(self) -> None:
        guide, window, theme = self._guide, self._guide.window, self._guide.desktop.theme
        before = theme.choice
        theme.choose("light" if theme.dark else "dark")
        guide.show_review()
        guide.wait_for_case()
        for view in ("review", "queue", "outbox", "connectors", "help"):
            window.show_view(view)
            guide.album.take(window, f"{view}-{'dark' if theme.dark else 'light'}", settle_s=0.7)
        theme.choose(before)
        guide.show_review()


def find_special(hub: HubView) -> dict[str, str]:
    """Cases of each unusual kind that are open: what is unusual, and the case's id."""
    found: dict[str, str] = {}
    whole: dict[str, bool] = {}
    cursor: str | None = None
    while True:
        values: dict[str, Any] = {"limit": 200, "state": "open"} | ({"cursor": cursor} if cursor else {})
        page = hub.get("/v1/cases", **values)
        for row in page["items"]:
            case = hub.get(f"/v1/cases/{row['id']}")
            for name, holds in _SPECIAL.items():
                if name not in found and holds(case):
                    found[name] = case["id"]
            first = case["listing"]["pictures"][:1]
            if first and "broken-picture" not in found:
                digest = first[0]["sha256"]
                if digest not in whole:
                    whole[digest] = hub.is_whole_jpeg(digest)
                if not whole[digest]:
                    found["broken-picture"] = case["id"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


_SPECIAL: dict[str, Callable[[dict[str, Any]], bool]] = {
    "no-pictures": lambda case: not case["listing"]["pictures"],
    "forty-pictures": lambda case: len(case["listing"]["pictures"]) >= 40,
    "long-text": lambda case: len(case["listing"]["description"]) >= 9000,
    "markup-and-controls": lambda case: "<" in case["listing"]["description"] + case["listing"]["title"],
    "missing-currency": lambda case: bool(case["listing"]["price"]) and not case["listing"]["price"]["currency"],
    "unknown-flag-source": lambda case: any(flag["source"] == "brand_bot" for flag in case["flags"]),
    "changed-listing": lambda case: case["previous"] is not None,
    "korean": lambda case: case["listing"]["language"] == "ko",
    "thai": lambda case: case["listing"]["language"] == "th",
    "chinese": lambda case: case["listing"]["language"].startswith("zh"),
    "banned-and-back": lambda case: any(link["standing"] == "banned" for link in case["seller"]["links"]),
}


def edited_listing(hub: HubView, case_id: str) -> dict[str, Any]:
    """The listing of a case with another title, as its marketplace would send it."""
    case = hub.get(f"/v1/cases/{case_id}")
    listing = {key: value for key, value in case["listing"].items() if key not in ("revision", "state")}
    listing["title"] = f"{listing['title']} (new offer)"
    return {
        "listing": listing,
        "seller": {"id": case["seller"]["id"], "display_name": case["seller"]["display_name"]},
        "flags": case["flags"],
        "references": [reference["id"] for reference in case["references"]],
        "due_at": case["due_at"],
    }
