"""A reviewer's day: 1,000 cases with pictures from a hub, decided by keys; what each takes to paint, and the memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter_ns, thread_time

import psutil
from PySide6.QtCore import QObject, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from benchmarks import report, window
from benchmarks.hubs import fed, running_hub
from benchmarks.report import Line, Options, median, percentile, ratio_to, spread
from reviewer.app import Desktop
from reviewer.services.model import CaseOnDesk, CaseRef, Desk
from reviewer.ui.review.canvas import Frame, PictureCanvas
from reviewer.ui.review.pixmaps import Shown
from reviewer.ui.review.sitting import pair_digests

_CASES, _UNPACED = 1000, 150
_P50_MS, _P99_MS = 8.0, 33.0
_WINDOW_MIB, _ALL_MIB = 300.0, 600.0
#: Flat: the last quarter adds no more than this.
_GROWTH_MIB = 10.0
_MIB = 2**20
#: Mostly cleared, as in a real queue; each kind that the number keys decide with one press.
_KEYS = "1112114117"
_LOOK_MS, _PRESS_AGAIN_MS, _FLOOR_EVERY = 10, 3000, 5
#: Between a painted case and the next key: at the least, and where the next pair is not ready. A reviewer looks for
#: seconds.
_PAUSE_S, _LONG_PAUSE_S = 0.2, 3.0


class Day(QObject):
    """Presses a key, waits until the next case is painted, and so on until so many cases are decided."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._screen = desktop.screen
        self._canvases = (self._screen.compare.listing.canvas, self._screen.compare.reference.canvas)
        self._desk = Desk(None)
        self._shown: CaseRef | None = None
        self._pressed = self._painted_at = 0
        self._worked = 0.0
        self._left = 0
        self._paced = True
        self._quiet = False
        self._begun = False
        self._floor_frames: list[Frame] = []
        self.took: list[float] = []
        self.work: list[float] = []
        self.floors: list[float] = []
        self.blank = self.late = self.again = self.frames = self.unready = 0
        self.memory: list[tuple[int, float, float]] = []
        self._looking = QTimer(self, interval=_LOOK_MS)
        self._looking.timeout.connect(self._look)
        self._missed = QTimer(self, singleShot=True, interval=_PRESS_AGAIN_MS)
        self._missed.timeout.connect(self._press_again)
        self._screen.case_painted.connect(self._painted)
        self._screen.desk_shown.connect(self._take_desk)
        for canvas in self._canvases:
            canvas.painted.connect(lambda canvas=canvas: self._canvas_painted(canvas))

    @property
    def ready(self) -> bool:
        """Whether a first case is painted."""
        return self._shown is not None

    @property
    def decided(self) -> bool:
        """Whether what was asked for is done."""
        return self._left == 0

    def decide(self, count: int, *, paced: bool) -> None:
        """Begin to decide so many cases, at a reviewer's pace or as fast as they come."""
        self._left, self._paced = count, paced
        self.took, self.work, self.floors = [], [], []
        self.blank = self.late = self.again = self.frames = self.unready = 0
        self.memory = []
        self._begun = True
        self._looking.start()

    def _take_desk(self, desk: Desk) -> None:
        self._desk = desk

    def _look(self) -> None:
        """Press when the reviewer would: the next case is ready by then."""
        if not self._left or self._pressed:
            return
        since = (perf_counter_ns() - self._painted_at) / 1e9
        if self._paced and (since < _PAUSE_S or (since < _LONG_PAUSE_S and not self._next_is_ready())):
            return
        self.unready += self._paced and since >= _LONG_PAUSE_S
        self._looking.stop()
        self._press()

    def _next_is_ready(self) -> bool:
        if not self._desk.upcoming:
            return False
        coming: CaseOnDesk = self._desk.upcoming[0]
        return all(
            self._screen.store.find(coming.ref.account, digest, canvas.box()) is not None
            for digest, canvas in zip(pair_digests(coming), self._canvases, strict=False)
        )

    def _press(self) -> None:
        handle = self._desktop.window.windowHandle()
        assert handle is not None
        self._missed.start()
        self._worked, self._pressed = thread_time(), perf_counter_ns()
        window.press(handle, _KEYS[self._left % len(_KEYS)])

    def _press_again(self) -> None:
        """The key did nothing: the keys were dead, or the case asked for a confirmation."""
        self.again += 1
        self._press()

    def _painted(self, ref: CaseRef, _: int) -> None:
        now = perf_counter_ns()
        first, self._shown = self._shown is None, ref
        if first or not self._pressed:
            return
        self._missed.stop()
        self.took.append((now - self._pressed) / 1e6)
        self.work.append((thread_time() - self._worked) * 1e3)
        self._pressed, self._painted_at = 0, now
        self._left -= 1
        done = len(self.took)
        if done % _FLOOR_EVERY == 0:
            self.floors.append(self._floor())
        if self._paced and done % max(1, (done + self._left) // 4) == 0:
            self.memory.append((done, *resident()))
        if self._left:
            self._looking.start() if self._paced else QTimer.singleShot(0, self._press)

    def _canvas_painted(self, canvas: PictureCanvas) -> None:
        if self._quiet or not self._begun:
            return
        self.frames += 1
        if not canvas.frame.settled:
            self.late += 1
            # The canvas keeps the last picture, dimmed, until the new one is there; without one it is blank.
            self.blank += canvas._kept is None

    def _floor(self) -> float:
        """Swap two ready pictures in the same widgets and paint them, then put back what was there."""
        before = [canvas.frame for canvas in self._canvases]
        boxes = [canvas.box() for canvas in self._canvases]
        if not self._floor_frames:
            self._floor_frames = [_picture(box, number) for number, box in enumerate(boxes)]
        self._quiet = True
        began = perf_counter_ns()
        _show(self._canvases, self._floor_frames)
        for canvas in self._canvases:
            canvas.repaint()
        took = (perf_counter_ns() - began) / 1e6
        _show(self._canvases, before)
        for canvas in self._canvases:
            canvas.repaint()
        self._quiet = False
        return took


def _show(canvases: tuple[PictureCanvas, PictureCanvas], frames: list[Frame]) -> None:
    canvases[0].show_frame(frames[0], frames[1])
    canvases[1].show_frame(frames[1], frames[0])


def _picture(box: QSize, number: int) -> Frame:
    """A picture of 800 by 800 pixels, fitted to the box as the store of pictures does it."""
    size = QSize(800, 800).scaled(box, Qt.AspectRatioMode.KeepAspectRatio)
    pixmap = QPixmap(size)
    gradient = QLinearGradient(0, 0, size.width(), size.height())
    gradient.setColorAt(0, QColor(200, 60 + 90 * number, 40))
    gradient.setColorAt(1, QColor(30, 80, 160))
    painter = QPainter(pixmap)
    painter.fillRect(pixmap.rect(), gradient)
    painter.end()
    return Frame(f"floor {number}", Shown(pixmap, QSize(800, 800)))


def resident() -> tuple[float, float]:
    """MiB of this process, and of all processes of the workstation: the hub is a child of this run only."""
    process = psutil.Process()
    own: int = process.memory_info().rss
    children = sum(child.memory_info().rss for child in process.children(recursive=True) if not _is_hub(child))
    return own / _MIB, (own + children) / _MIB


def _is_hub(process: psutil.Process) -> bool:
    return {"hub", "serve"} <= set(process.cmdline())


def measure(options: Options) -> list[Line]:
    """Key to painted, blank frames and memory over a day of cases."""
    cases, unpaced = options.count(_CASES, 60), options.count(_UNPACED, 30)
    with tempfile.TemporaryDirectory(prefix="day-") as made:
        folder = Path(made)
        application = window.prepare(folder)
        with running_hub(folder / "hub") as hub:
            fed(hub, cases + unpaced + 40, own_pictures=True)
            window.set_up_account(folder / "data", hub)
            desktop = window.open_desktop(application, folder / "data")
            try:
                day = Day(desktop)
                window.wait_until(lambda: day.ready, "the first case")
                return _work(application, desktop, day, cases, unpaced)
            finally:
                desktop.close()


def _work(application: QApplication, desktop: Desktop, day: Day, cases: int, unpaced: int) -> list[Line]:
    day.decide(cases, paced=True)
    window.wait_until(lambda: day.decided, f"deciding {cases} cases", 900)
    canvas = desktop.screen.compare.listing.canvas
    print(
        f"key_to_painted: {cases} cases of two pictures of their own and shared reference pictures, each picture up to"
        f" {canvas.width()} x {canvas.height()} px, window {window.WIDTH} x {window.HEIGHT}, from the key event to the"
        f" end of the painting.\n"
        f"  A key is pressed once the next pair is ready and {_PAUSE_S:g} s passed (a reviewer takes seconds):"
        f" {spread(day.took)} ms;\n  pairs that were not ready after {_LONG_PAUSE_S:g} s: {day.unready}\n"
        f"  processor time of the window's thread in that: {spread(day.work)} ms\n"
        f"  two ready pictures in the same widgets: {spread(day.floors)} ms\n"
        f"  frames {day.frames}, without any picture {day.blank}, with the last one dimmed {day.late}, keys pressed"
        f" again {day.again}"
    )
    lines = _paint_lines(day) + _memory_lines(day)
    day.decide(unpaced, paced=False)
    window.wait_until(lambda: day.decided, f"deciding {unpaced} cases without a pause", 300)
    print(
        f"  without any pause, {unpaced} cases, each fetched from the hub and decoded while the key waits:"
        f" {spread(day.took)} ms; frames {day.frames}, without any picture {day.blank}, with the last one dimmed"
        f" {day.late}"
    )
    lines.insert(2, Line("key to painted, no pause between cases, p50", median(day.took), note=spread(day.took)))
    return lines


def _paint_lines(day: Day) -> list[Line]:
    middle, upper, floor = median(day.took), percentile(day.took, 0.99), median(day.floors)
    return [
        Line(
            "key to painted, p50", middle, budget=f"≤ {_P50_MS:g} ms", floor=floor, floor_is="ready pixmaps",
            ratio=ratio_to(middle, floor), met=middle <= _P50_MS,
        ),
        Line(
            "key to painted, p99", upper, budget=f"≤ {_P99_MS:g} ms", floor=percentile(day.floors, 0.99),
            floor_is="ready pixmaps", ratio=ratio_to(upper, percentile(day.floors, 0.99)), met=upper <= _P99_MS,
        ),
        Line("blank frames", day.blank, unit="", budget="0", met=day.blank == 0),
        Line("frames with the last picture dimmed", day.late, unit="", note=f"of {day.frames} frames, at that pace"),
    ]  # fmt: skip


def _memory_lines(day: Day) -> list[Line]:
    for done, own, all_of_them in day.memory:
        print(f"memory: after {done} cases the window {own:.0f} MiB, all processes {all_of_them:.0f} MiB")
    _, own, together = day.memory[-1]
    grown = own - day.memory[-2][1]
    flat = ", ".join(f"{own:.0f}" for _, own, _ in day.memory)
    return [
        Line("memory, window", own, "MiB", f"≤ {_WINDOW_MIB:g} MiB", met=own <= _WINDOW_MIB, note=f"quarters: {flat}"),
        Line("memory, all processes", together, "MiB", f"≤ {_ALL_MIB:g} MiB", met=together <= _ALL_MIB),
        Line("memory, growth of the last quarter", grown, "MiB", f"≤ {_GROWTH_MIB:g} MiB", met=grown <= _GROWTH_MIB),
    ]


if __name__ == "__main__":
    report.run(measure)
