"""A pair of pictures from JPEG bytes to display size: the sandboxed workers against decoding in this process."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from time import perf_counter_ns

import simplejpeg
from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QImageReader

from benchmarks import report
from benchmarks.report import Line, Options, median, ratio_to, spread
from reviewer.imaging.decoder import decode
from reviewer.imaging.pictures import Decoded
from reviewer.imaging.pool import DecodePool
from reviewer.resources import resources_folder

_PAIRS = 150
_SIDES = (800, 1200, 1600)
#: What one picture of the pair gets on a usual screen.
_BOX = 640

Pair = tuple[bytes, bytes]


def measure(options: Options) -> list[Line]:
    """Interleaved, for pictures of 800, 1200 and 1600 px."""
    application = QGuiApplication.instance() or QGuiApplication(["benchmarks"])
    lines = []
    with DecodePool(2) as pool:
        pool.wait_ready(30)
        ways: dict[str, Callable[[Pair], object]] = {
            "pool of two workers": lambda pair: _through(pool, pair),
            "same decoder in this process": lambda pair: [decode(data, _BOX, _BOX) for data in pair],
            "simplejpeg, scaled": lambda pair: [_simplejpeg(data, scaled=True) for data in pair],
            "simplejpeg, whole": lambda pair: [_simplejpeg(data, scaled=False) for data in pair],
            "Pillow draft": lambda pair: [_pillow(data) for data in pair],
            "Qt scaled": lambda pair: [_qt_scaled(data) for data in pair],
            "Qt whole": lambda pair: [_qt_whole(data) for data in pair],
        }
        for side in _SIDES:
            pairs = _pairs(side)
            took: dict[str, list[float]] = {name: [] for name in ways}
            for number in range(options.count(_PAIRS) + len(pairs)):
                for name, way in ways.items():
                    began = perf_counter_ns()
                    way(pairs[number % len(pairs)])
                    if number >= len(pairs):  # the first round warms everything up
                        took[name].append((perf_counter_ns() - began) / 1e6)
            lines.append(_line(side, took))
    with DecodePool(1) as pool:
        pool.wait_ready(30)
        lines.append(_sandbox(pool, options))
    assert application is not None
    return lines


def _line(side: int, took: dict[str, list[float]]) -> Line:
    print(f"decode: pairs of {side} px JPEGs into {_BOX} x {_BOX}, in ms:")
    for name, values in took.items():
        print(f"  {name}: {spread(values)}")
    middles = {name: median(values) for name, values in took.items()}
    ours = middles.pop("pool of two workers")
    floor = min(middles.pop("simplejpeg, scaled"), middles.pop("simplejpeg, whole"))
    return Line(
        f"decode a pair of {side} px, p50",
        ours,
        floor=floor / 2,
        floor_is="simplejpeg alone, on two cores",
        peers=middles,
        ratio=ratio_to(ours, floor / 2),
    )


def _sandbox(pool: DecodePool, options: Options) -> Line:
    """One picture of 1600 px at a time: what the way into another process and back costs."""
    pictures = [data for pair in _pairs(1600) for data in pair]
    ours: list[float] = []
    here: list[float] = []
    for number in range(options.count(_PAIRS) + len(pictures)):
        data = pictures[number % len(pictures)]
        took = []
        began = perf_counter_ns()
        pool.submit(data, _BOX, _BOX, urgent=True).result()
        took.append((perf_counter_ns() - began) / 1e6)
        began = perf_counter_ns()
        decode(data, _BOX, _BOX)
        took.append((perf_counter_ns() - began) / 1e6)
        if number >= len(pictures):
            ours.append(took[0])
            here.append(took[1])
    times = ratio_to(median(ours), median(here))
    return Line(
        "decode one of 1600 px through the sandbox, p50",
        median(ours),
        budget="≤ 1.15x in this process",
        floor=median(here),
        floor_is="the same decoder in this process",
        ratio=times,
        met=times is not None and times <= 1.15,
    )


def _pairs(side: int) -> list[Pair]:
    """Pictures of the demo at that size: as they are where they have it, else resampled and encoded again."""
    files = sorted((resources_folder() / "demo" / "pictures").glob("*/reference-0[12].jpg"))
    data = [_sized(path.read_bytes(), side) for path in files]
    return list(zip(data[::2], data[1::2], strict=False))


def _sized(data: bytes, side: int) -> bytes:
    picture = Image.open(BytesIO(data)).convert("RGB")
    if max(picture.size) == side:
        return data
    share = side / max(picture.size)
    size = (round(picture.width * share), round(picture.height * share))
    out = BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=87)
    return out.getvalue()


def _through(pool: DecodePool, pair: Pair) -> None:
    for future in [pool.submit(data, _BOX, _BOX, urgent=True) for data in pair]:
        assert isinstance(future.result(), Decoded)


def _simplejpeg(data: bytes, *, scaled: bool) -> object:
    if not scaled:
        return simplejpeg.decode_jpeg(data, "BGRA")
    return simplejpeg.decode_jpeg(data, "BGRA", min_height=_BOX, min_width=_BOX, min_factor=1)


def _pillow(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.draft("RGB", (_BOX, _BOX))
    picture.thumbnail((_BOX, _BOX), Image.Resampling.HAMMING)
    return picture


def _qt_scaled(data: bytes) -> QImage:
    buffer = QBuffer()
    buffer.setData(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setScaledSize(reader.size().scaled(QSize(_BOX, _BOX), Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


def _qt_whole(data: bytes) -> QImage:
    return QImage.fromData(data).scaled(
        _BOX, _BOX, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


if __name__ == "__main__":
    report.run(measure)
