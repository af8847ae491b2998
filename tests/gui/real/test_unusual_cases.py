"""What sellers and servers really send: each case is painted, says what is odd about it, and can be decided."""

from __future__ import annotations

from collections.abc import Callable

from reviewer.services.demo_hub import RunningHub
from tests.gui.real.conftest import Sitting


def test_each_unusual_case_is_shown_and_decided(
    open_desktop: Callable[..., Sitting], hub: RunningHub, special: dict[str, str]
) -> None:
    sitting = open_desktop()
    sitting.work_at(hub)
    screen = sitting.screen

    sitting.bring(special["no-pictures"])
    assert "no pictures" in screen.compare.listing.canvas.accessibleDescription()

    sitting.bring(special["broken-picture"])
    screen.compare.step_listing(-screen.compare.listing.place)
    sitting.until(lambda: "can't be shown" in screen.compare.listing.canvas.accessibleDescription())

    sitting.bring(special["forty-pictures"])
    assert len(screen.compare.listing.pictures) == 40
    assert "/40" in screen.compare.listing.head.text()
    for _ in range(3):
        sitting.press("Left")
    assert screen.compare.listing.place in range(40)

    sitting.bring(special["long-text"])
    sitting.until(lambda: screen.listing.description.height() > screen.listing.viewport().height())
    assert len(screen.listing.description.toPlainText()) >= 9_990
    assert screen.listing.description.verticalScrollBar().maximum() == 0
    assert screen.listing.verticalScrollBar().maximum() > 0

    sitting.bring(special["markup-and-controls"])
    text = screen.listing.description.toPlainText()
    assert "<h1>OFFICIAL</h1>" in text
    assert "file:///etc/hostname" in text
    assert not set("\u202e\u2066\u2069\u200b\u200d") & set(text + screen.listing.head.text())
    assert "<b>" in screen.listing.head.text()

    sitting.bring(special["missing-currency"])
    assert "currency missing" in screen.listing.head.text()

    sitting.bring(special["unknown-flag-source"])
    assert "brand_bot" in screen.seller.passage.text()

    for name in ("no-pictures", "broken-picture", "markup-and-controls", "missing-currency", "unknown-flag-source"):
        sitting.bring(special[name])
        sitting.until(lambda: not screen.keys._muted.isValid() or screen.keys._muted.hasExpired(300))
        sitting.decide("4")
    assert sitting.total == 5
