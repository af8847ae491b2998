"""One cold start in a process of its own: prints the milliseconds of its parts as JSON; a tool of `cold_start`.

`python -m benchmarks.cold_child began window folder` is what `main.py` does, until the first case is
painted; `python -m benchmarks.cold_child began bare` shows an empty widget.  `began` is the parent's
monotonic clock when it started this process.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

_LONGEST_MS = 30_000


def main() -> None:
    """Imports are timed apart, so nothing of the program or of Qt is imported above."""
    began, kind = float(sys.argv[1]), sys.argv[2]
    running = time.monotonic()
    imported, painted = _window(sys.argv[3]) if kind == "window" else _bare()
    parts = {"interpreter": running - began, "imports": imported - running, "rest": painted - imported}
    print(json.dumps({name: seconds * 1e3 for name, seconds in parts.items()}))


def _window(folder: str) -> tuple[float, float]:
    app: Any = importlib.import_module("reviewer.app")
    core: Any = importlib.import_module("PySide6.QtCore")
    imported = time.monotonic()
    painted: list[float] = []
    whole = app.Desktop

    def observed(application: Any, options: Any) -> Any:
        desktop = whole(application, options)

        def note(_ref: object, _took: int) -> None:
            painted.append(time.monotonic())
            application.quit()

        desktop.screen.case_painted.connect(note)
        core.QTimer.singleShot(_LONGEST_MS, application.quit)
        return desktop

    app.Desktop = observed
    app.main(["--data", folder])
    if not painted:
        raise TimeoutError(f"no case was painted within {_LONGEST_MS} ms")
    return imported, painted[0]


def _bare() -> tuple[float, float]:
    widgets: Any = importlib.import_module("PySide6.QtWidgets")
    core: Any = importlib.import_module("PySide6.QtCore")
    imported = time.monotonic()
    application = widgets.QApplication(sys.argv[:1])
    painted: list[float] = []

    class Bare(widgets.QWidget):  # type: ignore[misc]
        def paintEvent(self, _event: object) -> None:
            painted.append(time.monotonic())
            core.QTimer.singleShot(0, application.quit)

    bare = Bare()
    bare.show()
    application.exec()
    return imported, painted[0]


if __name__ == "__main__":
    main()
