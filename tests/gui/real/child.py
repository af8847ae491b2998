"""A workstation in a process of its own that works a while, tells how it stands, and waits to be killed.

`python -m tests.gui.real.child FOLDER ADDRESS TOKEN`; the last line of its output is JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keyring
import keyring.backends.null
import psutil
from PySide6.QtWidgets import QApplication

from reviewer.app import Desktop, make_application
from reviewer.domain.decision import DecisionKind
from reviewer.services.workstation import Options
from reviewer.tour.album import Album
from reviewer.tour.guide import Guide
from reviewer.tour.waiting import wait_until


def main(folder: Path, address: str, token: str) -> None:
    """Decide two cases, type a note on the third, move what can be moved."""
    application = make_application()
    desktop = Desktop(application, Options(folder, sending_delay_s=600.0, decode_workers=1, evidence=False))
    window, screen, station = desktop.window, desktop.screen, desktop.workstation
    window.account_expected = True
    window.show()
    window.activateWindow()
    station.start()
    station.in_background(lambda: station.accounts.use_for_this_run("shop", "Shop", address, token)).result(60)
    guide = Guide(desktop, Album(folder / "pictures-of-the-window"))
    guide.show_review()
    for kind in (DecisionKind.CLEAR, DecisionKind.TAKEDOWN):
        guide.decide(kind)
    current = guide.wait_for_case()
    guide.keyboard.press("N")
    wait_until(lambda: QApplication.focusWidget() is screen.bar.note, "the note's field")
    guide.keyboard.type_text("half a thou")
    splitter = screen.splitters()["review_across"]
    splitter.moveSplitter(splitter.width() // 2, 1)
    wait_until(lambda: "half a thou" in kept_notes(desktop), "the draft to be kept")
    wait_until(
        lambda: window.settings.value("splitters/review_across") == splitter.saveState(), "the layout to be kept"
    )
    workers = [child.pid for child in psutil.Process().children(recursive=True)]
    said = {
        "case": current.case_id,
        "decided": [step.cases[0] for step in guide.shown],
        "sizes": splitter.sizes(),
        "workers": workers,
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    application.exec()


def kept_notes(desktop: Desktop) -> str:
    """The drafts in the store."""
    rows = desktop.workstation._store.run(lambda database: [bytes(row[0]) for row in database.execute(DRAFTS)])
    return " ".join(row.decode(errors="replace") for row in rows)


DRAFTS = "SELECT body FROM draft"

if __name__ == "__main__":
    keyring.set_keyring(keyring.backends.null.Keyring())
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
