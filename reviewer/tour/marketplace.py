"""The tour on another marketplace: a shipped connector, the real window on it, and the marketplace asked afterwards.

The marketplace is the connector's own stand, as for `reviewer plugin check`: for `oscar` a django-oscar shop with
django-oscar-api, migrated, filled and run as a server.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keyring
from keyring.backends import null
from PySide6.QtCore import qInstallMessageHandler

from reviewer.app import Desktop, make_application
from reviewer.connectors.conformance.stands import Stand, stand_of
from reviewer.connectors.conformance.suite import manifest_of
from reviewer.domain.decision import DecisionKind
from reviewer.errors import OperatorError
from reviewer.resources import plugins_folder
from reviewer.services.workstation import Options
from reviewer.tour.album import Album
from reviewer.tour.command import say_what_matters
from reviewer.tour.guide import KEYS, Guide
from reviewer.tour.waiting import wait_until

_DELAY_S = 0.3
_SIZE = (1280, 800)


@dataclass(frozen=True, slots=True)
class Seen:
    """A decision that the window showed as made, and how the marketplace showed its listing once it was sent."""

    kind: str
    case_id: str
    wanted: str
    found: str

    @property
    def right(self) -> bool:
        """Whether the marketplace shows what was decided; where it can't be asked, its receipt must do."""
        return self.found in (self.wanted, "unknown")


def run_marketplace_tour(connector: str, out: Path, cases: int) -> int:
    """Set up an account by the form, decide so many cases by keys, take the last back; 0 where all of it arrived.

    Raises `OperatorError` where the connector or its marketplace can't be started here.
    """
    manifest = manifest_of(plugins_folder() / connector)
    album = Album(out)
    qInstallMessageHandler(say_what_matters)
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())  # type: ignore[no-untyped-call]
    with ExitStack() as stack:
        stack.callback(keyring.set_keyring, before)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reviewer-tour-")))
        stand = stand_of(manifest, folder / "stand")
        stack.callback(stand.close)
        desktop = Desktop(make_application(), Options(folder / "desk", sending_delay_s=_DELAY_S))
        stack.callback(desktop.close)
        walk = _Walk(Guide(desktop, album), stand, connector, manifest.check_settings)
        failure = ""
        try:
            walk.run(cases)
        except OperatorError as error:
            failure = str(error)
            album.take(desktop.window, "stopped-here")
    wrong = [seen for seen in walk.seen if not seen.right]
    for seen in wrong:
        sys.stdout.write(f"  differs: {seen.kind} on {seen.case_id}: {seen.found}, not {seen.wanted}\n")
    if failure:
        sys.stdout.write(f"  missing: {failure}\n")
    summary = {
        "connector": connector,
        "marketplace": walk.name,
        "decisions": [{"kind": one.kind, "case": one.case_id, "shown": one.found} for one in walk.seen],
        "wrong": len(wrong),
        "not_carried_out": walk.refused,
        "missing": failure,
        "pictures": album.taken,
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False), encoding="utf-8")
    taken = sum(one.kind == DecisionKind.TAKEDOWN for one in walk.seen)
    back = sum(one.kind == DecisionKind.WITHDRAW for one in walk.seen)
    sys.stdout.write(f"{len(album.taken)} pictures and summary.json are written.\n")
    sys.stdout.write(
        f"tour: connector={connector} decisions={len(walk.seen)} takedowns={taken} reversed={back} wrong={len(wrong)}\n"
    )
    sys.stdout.flush()
    return 1 if wrong or failure else 0


class _Walk:
    """The walk; `seen` is what was decided with what the marketplace showed then."""

    def __init__(self, guide: Guide, stand: Stand, connector: str, check: Any) -> None:
        self._guide = guide
        self._stand = stand
        self._connector = connector
        self._settings = {**check, **stand.settings}
        self.seen: list[Seen] = []
        self.refused = ""
        self.name = ""

    def run(self, cases: int) -> None:
        """Raises `OperatorError` where something did not come."""
        guide, window = self._guide, self._guide.window
        window.account_expected = True
        window.resize(*_SIZE)
        window.show()
        window.activateWindow()
        guide.desktop.workstation.start()
        self._set_up()
        guide.show_review()
        guide.wait_for_case()
        guide.album.take(window, f"{self._connector}-first-case", settle_s=0.6)
        self._press_what_is_not_carried_out()
        kinds = [DecisionKind.TAKEDOWN, DecisionKind.CLEAR]
        for number in range(cases):
            self._decide(kinds[number % 2])
        self._decide(DecisionKind.TAKEDOWN)
        self._take_back()
        guide.album.take(window, f"{self._connector}-taken-back", settle_s=0.6)

    def _set_up(self) -> None:
        """Fill in the form, test the connection, save."""
        guide, window = self._guide, self._guide.window
        window.show_view("connectors")
        window.connectors.refresh()
        wait_until(lambda: any(kind.id == self._connector for kind in window.connectors.kinds), "the connectors")
        editor = window.connectors.edit(None).editor
        editor.kind.setCurrentIndex(editor.kind.findData(self._connector))
        for key, value in {**self._settings, **self._stand.secrets}.items():
            editor.form.fields[key].write(value)
        editor.test()
        wait_until(editor.save_button.isEnabled, "the connection to be tested")
        guide.album.take(window, f"{self._connector}-tested", settle_s=0.5)
        saved: list[str] = []
        editor.saved.connect(saved.append)
        editor.save()
        wait_until(lambda: saved, "the account to be saved")

    def _press_what_is_not_carried_out(self) -> None:
        """A grey key says why, and nothing is decided."""
        guide = self._guide
        sitting = guide.screen.sitting
        self.name = sitting.on_desk.marketplace.name if sitting is not None else ""
        able = sitting.on_desk.reach.decisions if sitting is not None else frozenset()
        grey = next((kind for kind in KEYS if kind not in able), None)
        if grey is None:
            return
        before = len(guide.problems)
        guide.keyboard.press(KEYS[grey])
        wait_until(lambda: len(guide.problems) > before, "the reason why a decision is not carried out")
        self.refused = guide.problems.pop()
        guide.album.take(guide.window, f"{self._connector}-not-carried-out")

    def _decide(self, kind: DecisionKind) -> None:
        case = self._guide.decide(kind)
        self._sent()
        complaint = self._complains()
        wanted = "removed" if kind is DecisionKind.TAKEDOWN and not complaint else "live"
        self.seen.append(Seen(kind.value, case.case_id, wanted, self._shown(case.case_id, wanted)))

    def _take_back(self) -> None:
        self._guide.undo()
        self._sent()
        case_id = self.seen[-1].case_id
        self.seen.append(Seen(DecisionKind.WITHDRAW.value, case_id, "live", self._shown(case_id, "live")))

    def _complains(self) -> bool:
        sitting = self._guide.screen.sitting
        return sitting is not None and sitting.on_desk.reach.complaint

    def _sent(self) -> None:
        """Wait until nothing is on its way, and nothing came back."""
        station = self._guide.desktop.workstation
        wait_until(
            lambda: not station.on_reader(station.delivery.outbox_rows).result(20), "the decision to be receipted"
        )
        came_back = station.on_reader(station.delivery.inbox_items).result(20)
        if came_back:
            raise OperatorError(f"The marketplace sent a decision back: {came_back[0].status} {came_back[0].detail}")

    def _shown(self, case_id: str, wanted: str) -> str:
        """How the marketplace itself shows the listing."""
        tell = getattr(self._stand, "state", None)
        if tell is None:
            return "unknown"
        found = str(tell(case_id)) or "unknown"
        if found != wanted:  # it may be slower than its receipt
            wait_until(lambda: str(tell(case_id)) == wanted, f"{case_id} to be {wanted} at the marketplace", 10.0)
            found = str(tell(case_id))
        return found
