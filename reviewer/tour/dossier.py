"""The tour's pictures of a seller: the place in the queue, the dossier of an account that came back."""

from __future__ import annotations

from collections.abc import Callable

from reviewer.services.model import QueueFilter
from reviewer.tour.guide import Guide
from reviewer.tour.waiting import let_pass, wait_until

#: A name of the demo: the account of a trader whose other one was closed.
_CAME_BACK = "명품창고 B"
_LOOKS, _PAUSE_S = 40, 0.25


def show_dossier(guide: Guide, bring: Callable[[str], bool]) -> bool:
    """Open the dossier of an account that came back and take its pictures; False where there is no such case."""
    station, window = guide.desktop.workstation, guide.window
    chosen = QueueFilter(text=_CAME_BACK)
    rows = station.on_reader(lambda: station.queue.page(chosen, 0, 20)).result(30).rows
    free = [row.ref.case_id for row in rows if not row.row.leased_by and row.row.state == "open"]
    if not any(bring(case_id) for case_id in free[:3]):
        return False
    press = guide.keyboard.press
    press("W")
    guide.album.take(window, "review-why-now", settle_s=0.4)
    shown = window.dossier.show()
    for _ in range(_LOOKS):
        if shown is not None and shown.opened is not None and shown.opened.source == "server":
            break
        let_pass(_PAUSE_S)
    else:
        return False
    guide.album.take(shown, "dossier", settle_s=0.6)
    theme = guide.desktop.theme
    before = theme.choice
    theme.choose("light" if theme.dark else "dark")
    guide.album.take(shown, f"dossier-{'dark' if theme.dark else 'light'}", settle_s=0.4)
    theme.choose(before)
    shown.close()
    # Without a window manager nobody gives the keys back to the window below.
    window.activateWindow()
    wait_until(window.isActiveWindow, "the window to be in front again")
    return True
