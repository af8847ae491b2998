"""A dossier of 5,000 events and 200 links, from the hub's tables to the painted window, stage by stage."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import msgspec
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from benchmarks import report
from benchmarks.policy import large_seller
from benchmarks.report import Line, Options, median, percentile, spread
from plugins.queue_api import payload
from reviewer.connectors import wire
from reviewer.domain.dossier import Dossier
from reviewer.hub.dossier import dossier_of, read_dossier
from reviewer.hub.store import open_store
from reviewer.policy.dossier_page import dossier_page
from reviewer.services.dossiers import OpenedDossier
from reviewer.storage.records import decode, encode
from reviewer.ui.dossier.window import DossierWindow
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme
from tests.fakes import FakeWorkstation

_BUDGET_MS = 150.0


def measure(options: Options) -> list[Line]:
    """What opening costs: first from what the desk keeps, which is shown at once, then anew from the server."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        try:
            seller = large_seller(store)

            def read() -> dict[str, Any]:
                return store.database.read(
                    lambda connection: dossier_of(connection, seller, store.policy, store.clock())
                )

            found = read()
            return _stages(application, Path(folder), found, read, options.count(40))
        finally:
            store.close()


def _stages(
    application: QApplication, folder: Path, found: dict[str, Any], read: Callable[[], dict[str, Any]], count: int
) -> list[Line]:
    body = msgspec.json.encode(found)
    dossier = payload.dossier(body)
    kept = encode(dossier)
    workstation = FakeWorkstation(folder=folder)
    tasks = Tasks(workstation)
    theme = Theme(application, QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat))
    window = DossierWindow(workstation.dossiers, tasks, theme)
    window.show()

    def show(shown: Dossier) -> None:
        window.opened = OpenedDossier("a", shown, shown.made_at, "kept")
        window._show(window.opened)
        window.grab()

    def carry(sent: Dossier) -> Dossier:
        raw, _ = wire.pack_answer("dossier", sent)
        came: Dossier = wire.answer_from("dossier", wire.Answer(1, raw))
        return came

    number = iter(range(10**6))

    def other(one: Dossier) -> Dossier:
        """The same under another name, so that nothing is known from before."""
        return replace(one, seller=replace(one.seller, display_name=f"Seller {next(number)}"))

    def whole() -> None:
        show(carry(payload.dossier(msgspec.json.encode(read()))))

    stages: tuple[tuple[str, float | None, Callable[[], object]], ...] = (
        ("opened from what the desk keeps: read and painted", _BUDGET_MS, lambda: show(other(decode(kept, Dossier)))),
        ("opened anew: from the hub's tables to the painted window", _BUDGET_MS, whole),
        ("of that, the hub: tables to JSON", None, lambda: msgspec.json.encode(read())),
        ("of that, the connector: JSON checked, carried, kept", None, lambda: encode(carry(payload.dossier(body)))),
        ("of that, the window: shown and painted", None, lambda: show(other(dossier))),
        ("written as a page", None, lambda: dossier_page(read_dossier(found))),
    )
    try:
        lines = [_line(name, most, _times(work, count)) for name, most, work in stages]
    finally:
        window.close()
        tasks.close()
        workstation.close()
    return lines


def _line(name: str, most: float | None, took: list[float]) -> Line:
    print(f"dossier: {name}, in ms: {spread(took)}")
    met = None if most is None else percentile(took, 0.95) <= most
    budget = "none" if most is None else f"≤ {most:.0f} ms"
    return Line(
        f"dossier {name}, p95", percentile(took, 0.95), budget=budget, met=met, note=f"median {median(took):.1f}"
    )


def _times(work: Callable[[], object], count: int) -> list[float]:
    work()
    gc.collect()
    took = []
    for _ in range(count):
        began = perf_counter_ns()
        work()
        took.append((perf_counter_ns() - began) / 1e6)
    return took


if __name__ == "__main__":
    report.run(measure)
