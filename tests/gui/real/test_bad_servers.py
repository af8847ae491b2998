"""Every way in which an address can be wrong: words that say who can mend it, and nothing is saved or lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit

from reviewer.services.demo_hub import RunningHub
from tests.gui.real.conftest import Sitting
from tests.gui.real.servers import answering, http, self_signed, unused_port

Open = Callable[..., Sitting]
#: What the form takes for a token.
TOKEN = "t-0"


def try_it(sitting: Sitting, address: str, token: str = TOKEN) -> str:
    """Fill in the first page's form, test the connection, and answer what the window says."""
    page = sitting.window.first_run
    editor = page.editor
    if not editor.form.fields:
        page.connect_button.click()
        sitting.until(lambda: bool(editor.form.fields))
    for key, value in (("address", address), ("token", token)):
        line = editor.form.fields[key].widget
        assert isinstance(line, QLineEdit)
        line.setText(value)
        line.textEdited.emit(value)
    editor.test_button.click()
    assert not editor.test_button.isEnabled()
    sitting.until(editor.test_button.isEnabled)
    line = editor.form.fields["address"].widget
    assert isinstance(line, QLineEdit)
    assert line.text() == address
    return editor.result.text()


@pytest.fixture
def first_run(open_desktop: Open) -> Sitting:
    """A fresh installation."""
    sitting = open_desktop()
    sitting.show()
    sitting.station.start()
    sitting.until(lambda: sitting.window.view == "first_run")
    return sitting


def refused(sitting: Sitting, *words: str) -> None:
    """It is said in red, can't be saved, and no account was made."""
    editor = sitting.window.first_run.editor
    for part in words:
        assert part in editor.result.text()
    assert "fault of the program" not in editor.result.text()
    assert editor.result.property("role") == "danger"
    assert editor.result.isVisible()
    assert not editor.save_button.isEnabled()
    assert sitting.station.in_background(sitting.station.accounts.accounts).result(20) == ()


NO_HUBS = {
    "a page": http("<!doctype html><h1>It works</h1>", "text/html"),
    "other data": http('{"hello": [1, 2, 3]}', "application/json"),
    "half an answer": http('{"service": "queue", ', "application/json"),
    "wrong types": http('{"api_versions": {"1": NaN}, "name": 5}', "application/json"),
    "nonsense": b"\x00\xffSMTP 220 hello there\r\n" * 40,
}


def test_wrong_addresses(first_run: Sitting, hub: RunningHub, tmp_path: Path) -> None:
    try_it(first_run, f"http://127.0.0.1:{unused_port()}")
    refused(first_run, "Nothing answers at 127.0.0.1 on that port. Check the address, or ask whoever runs the server.")
    try_it(first_run, "https://queue.invalid")
    refused(first_run, "Check the address and your network.")
    try_it(first_run, hub.url, "not-a-token")
    refused(first_run, "token")
    assert "not-a-token" not in first_run.window.first_run.editor.result.text()
    with answering(http("{}", "application/json"), self_signed(tmp_path)) as port:
        try_it(first_run, f"https://127.0.0.1:{port}")
    refused(first_run, "The certificate of 127.0.0.1 does not verify. Nothing was sent. Whoever runs the server must")


def test_servers_that_are_no_hub(first_run: Sitting) -> None:
    for answer in NO_HUBS.values():
        with answering(answer) as port:
            try_it(first_run, f"http://127.0.0.1:{port}")
        refused(first_run, "127.0.0.1")


def test_the_right_address_after_all(first_run: Sitting, hub: RunningHub) -> None:
    try_it(first_run, f"http://127.0.0.1:{unused_port()}")
    said = try_it(first_run, hub.url, hub.tokens["reviewer"])
    assert said.startswith("Connected to ")
    first_run.window.first_run.editor.save_button.click()
    first_run.until(lambda: first_run.window.view == "review")
    first_run.review()
    banners = first_run.window.banners.frames
    first_run.until(lambda: "keyring" in banners or "keyring" in first_run.window.banners.frames)


def test_a_server_that_turns_bad_leaves_the_desk_at_work(open_desktop: Open, hub: RunningHub) -> None:
    sitting = open_desktop()
    sitting.work_at(hub)
    station = sitting.station
    with answering(http("<h1>Wi-Fi login</h1>", "text/html")) as port:
        call = station.in_background(
            lambda: station.accounts.use_for_this_run("shop", "Shop", f"http://127.0.0.1:{port}", "t-0")
        )
        sitting.until(call.done)
        sitting.until(lambda: "offline:shop" in sitting.window.banners.frames)
        assert "does not speak the Queue API" in sitting.window.banners.frames["offline:shop"].accessibleName()
        sitting.review()
        sitting.decide("1")
        sitting.until(lambda: sitting.window.head.unsent.text() == "1 waiting")
        assert sitting.window.head.line.text() == "offline"
