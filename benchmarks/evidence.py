"""Picture evidence: fingerprints, exact Hamming search and keypoints, beside their floors and their peers.

The environment variable REVIEWER_BENCH_PICTURES names a folder of JPEG photos, of which those from 800
pixels on count; without it, made-up photos are taken.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import faiss
import imagehash
import numpy as np
import psutil
import simplejpeg
from PIL import Image

from benchmarks import report
from benchmarks.report import Line, Options, median, percentile, ratio_to
from reviewer.imaging.hamming import HammingIndex
from reviewer.imaging.jpeg_codes import codes_of_jpegs
from reviewer.imaging.matcher import Matcher
from reviewer.imaging.sheets import Sheet, sheet
from reviewer.imaging.thresholds import thresholds

try:
    import pdqhash
except ImportError:  # it has to be compiled
    pdqhash = None

_PICTURES = "REVIEWER_BENCH_PICTURES"
_COUNT = 200
_RADIUS = 31
_LEAST_SIDE = 800
_BATCH = 16
_ROUNDS = 3
_LISTING, _CANDIDATES = 8, 200
_REFERENCES = 100_000


def measure(options: Options) -> list[Line]:
    """Fingerprints a second, milliseconds a search, seconds for a listing."""
    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)
    pictures = _pictures(options.count(_COUNT, 20))
    sizes = [1_000_000] if options.quick or psutil.virtual_memory().available < 3 * 2**30 else [1_000_000, 10_000_000]
    return [
        *_fingerprints(pictures),
        *(_search(size, options.count(200, 20)) for size in sizes),
        _hashes(pictures),
        *_listing(pictures),
    ]


def _pictures(count: int) -> list[bytes]:
    """JPEG photos from 800 pixels on: those of the folder, or made-up ones of the same weight."""
    folder = os.environ.get(_PICTURES)
    if folder:
        found = [path.read_bytes() for path in sorted(Path(folder).rglob("*.jpg"))]
        large = [data for data in found if max(simplejpeg.decode_jpeg_header(data)[:2]) >= _LEAST_SIDE]
        return large[:: max(len(large) // count, 1)][:count]
    generator = np.random.default_rng(5)
    made = []
    for _ in range(count):
        coarse = Image.fromarray(generator.integers(0, 256, (40, 30, 3), dtype=np.uint8))
        pixels = np.asarray(coarse.resize((825, 1024), Image.Resampling.BICUBIC)).astype(np.int16)
        pixels = np.clip(pixels + generator.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
        sink = io.BytesIO()
        Image.fromarray(pixels).save(sink, "JPEG", quality=82)
        made.append(sink.getvalue())
    return made


def _floor(data: bytes) -> object:
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    return simplejpeg.decode_jpeg(data, colorspace="GRAY", min_height=-(-height // 8), min_width=-(-width // 8))


def _fingerprints(pictures: Sequence[bytes]) -> list[Line]:
    ways: dict[str, Callable[[Sequence[bytes]], object]] = {
        "ours": lambda batch: codes_of_jpegs(batch, every_orientation=False),
        "1/8 gray decode": lambda batch: [_floor(data) for data in batch],
        "imagehash.phash": lambda batch: [imagehash.phash(Image.open(io.BytesIO(data))) for data in batch],
    }
    if pdqhash is not None:
        ways["pdqhash"] = lambda batch: [pdqhash.compute(simplejpeg.decode_jpeg(data)) for data in batch]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    batches = [pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH)]
    for way in ways.values():
        way(batches[0])
    order = random.Random(3)
    for batch in batches * _ROUNDS:  # by turns, so that all see the same machine, and in any order: caches are warm
        for name, way in order.sample(list(ways.items()), len(ways)):
            began = time.perf_counter()
            way(batch)
            seconds[name].append(time.perf_counter() - began)
    rate = {name: _ROUNDS * len(pictures) / sum(times) for name, times in seconds.items()}
    floor, ours = rate["1/8 gray decode"], rate["ours"]
    peers = {name: value for name, value in rate.items() if name not in ("ours", "1/8 gray decode")}
    limits = {"imagehash.phash": 4.0, "pdqhash": 9.0}
    return [
        Line(
            "fingerprints (PDQ)",
            ours,
            unit="/s",
            budget="≥ 0.8 of the floor",
            floor=floor,
            floor_is="/s, libjpeg-turbo 1/8 gray",
            peers=peers,
            ratio=ratio_to(ours, floor),
            met=ours >= 0.8 * floor,
        ),
        *(
            Line(
                f"fingerprints to {name}",
                ours / value,
                unit="times",
                budget=f"≥ {limits[name]:g} times",
                met=ours / value >= limits[name],
            )
            for name, value in peers.items()
        ),
    ]


def _search(size: int, rounds: int) -> Line:
    generator = np.random.default_rng(1)
    index = HammingIndex("faiss")
    for start in range(0, size, 1_000_000):
        codes = generator.integers(0, 256, (min(1_000_000, size - start), 32), dtype=np.uint8)
        index.add(np.arange(start, start + len(codes)), codes)
    columns = index.codes().view(np.uint64)
    ours, floor, missed = [], [], 0
    for number in range(rounds):
        place = int(generator.integers(0, size))
        asked = columns[place : place + 1].view(np.uint8).copy()
        asked[0, number % 32] ^= 0x55
        began = time.perf_counter()
        found = index.search(asked, _RADIUS)
        ours.append(1000 * (time.perf_counter() - began))
        missed += place not in {one.identity for one in found}
        began = time.perf_counter()
        np.bitwise_xor.reduce(columns.reshape(-1))
        floor.append(1000 * (time.perf_counter() - began))
    limit = 2.0 if size <= 1_000_000 else 15.0
    times = ratio_to(median(ours), median(floor))
    upper = percentile(ours, 0.95)
    return Line(
        f"search, {size // 1_000_000}M codes, p95",
        upper,
        budget=f"≤ {limit:g} ms, ≤ 1.5x floor, none missed",
        floor=median(floor),
        floor_is="ms p50, reading the codes once",
        ratio=times,
        met=upper <= limit and not missed and times is not None and times <= 1.5,
        note=f"p50 {median(ours):.2f} ms; {missed} of {rounds} missed.",
    )


def _hashes(pictures: Sequence[bytes]) -> Line:
    """From the JPEG bytes of a listing's pictures to their hash neighbours, in all eight orientations."""
    generator = np.random.default_rng(2)
    index = HammingIndex("faiss")
    index.add(np.arange(_REFERENCES), generator.integers(0, 256, (_REFERENCES, 32), dtype=np.uint8))
    times = []
    for start in range(0, min(len(pictures), 80) - _LISTING + 1, _LISTING):
        began = time.perf_counter()
        for code in codes_of_jpegs(pictures[start : start + _LISTING]):
            if code is not None:
                index.search(code.codes, _RADIUS)
        times.append(1000.0 * (time.perf_counter() - began))
    return Line(
        f"hash evidence, {_LISTING} pictures on {_REFERENCES:,} references, p50",
        median(times),
        unit="ms",
        budget="≤ 50 ms",
        met=median(times) <= 50.0,
        note=f"p95 {percentile(times, 95):.1f} ms; decode, fingerprint and search on one core.",
    )


def _listing(pictures: Sequence[bytes]) -> list[Line]:
    """Keypoints of a listing's pictures against candidates that are known already; a quarter of them are copies."""
    matcher = Matcher(thresholds())
    sheets = [_sheet(data) for data in pictures[:_CANDIDATES]]
    for number in range(_CANDIDATES):
        one = sheets[number % len(sheets)]
        matcher.learn(f"{number}", one if number < len(sheets) else _mirrored(one))
    asked = [_mirrored(sheets[number]) if number < 2 else _halved(sheets[-number]) for number in range(_LISTING)]
    began = time.perf_counter()
    for one in asked:
        matcher.match(one)
    seconds = time.perf_counter() - began
    return [
        Line(
            f"keypoints, {_LISTING} pictures on {_CANDIDATES} candidates",
            seconds,
            unit="s",
            budget="≤ 2 s",
            met=seconds <= 2.0,
            note=f"One core, with the making of the votes' index; the process starts once, in {_start():.1f} s.",
        )
    ]


def _sheet(data: bytes) -> Sheet:
    colours = simplejpeg.decode_jpeg(data, colorspace="BGRA")
    return sheet(colours.tobytes(), colours.shape[1], colours.shape[0])


def _mirrored(one: Sheet) -> Sheet:
    return Sheet(np.ascontiguousarray(one.colours[:, ::-1]), np.ascontiguousarray(one.luma[:, ::-1]), one.scale)


def _halved(one: Sheet) -> Sheet:
    return Sheet(
        np.ascontiguousarray(one.colours[: one.height // 2]),
        np.ascontiguousarray(one.luma[: one.height // 2]),
        one.scale,
    )


def _start() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import reviewer.imaging.evidence_process"], check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    report.run(measure)
