"""The evidence process: references, the index and all comparisons; the only one that imports OpenCV and FAISS.

`python -m reviewer.imaging.evidence_process [--background]`.  It says hello, answers one question after
the other and ends with its input or its parent.  Anything that goes wrong in it ends it, and the parent starts another.
"""

import sys
from io import BufferedReader, FileIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reviewer.imaging.evidence_messages import (
    BACKGROUND,
    QUESTION,
    AddCodes,
    Answer,
    ClearIndex,
    Done,
    Failed,
    FingerprintPicture,
    Forget,
    Hello,
    IndexState,
    Learn,
    Matches,
    MatchPicture,
    Neighbours,
    OpenIndex,
    PictureCodes,
    Question,
    RemoveCodes,
    SaveIndex,
    SearchCodes,
    Unknown,
    read,
    write,
)
from reviewer.imaging.frames import read_exactly
from reviewer.imaging.hamming import HammingIndex
from reviewer.imaging.index_store import StoredIndex
from reviewer.imaging.lockdown import die_with_parent
from reviewer.imaging.matcher import Matcher, codes_of
from reviewer.imaging.memory import return_large_blocks
from reviewer.imaging.pdq import ALGORITHM, CODE_BYTES, VERSION
from reviewer.imaging.priority import let_others_first
from reviewer.imaging.sheets import sheet
from reviewer.imaging.thresholds import thresholds


class EvidenceServer:
    """Answers questions; holds the references and the index."""

    def __init__(self) -> None:
        self._matcher = Matcher(thresholds())
        self._index: StoredIndex | None = None

    def answer(self, question: Question, data: bytes) -> Answer:
        """The answer to one question; `data` are the bytes that followed it."""
        number = question.number
        match question:
            case Learn():
                if (problem := _wrong_size(question, data)) is not None:
                    return problem
                known = self._matcher.learn(question.name, sheet(data, question.width, question.height))
                return Done(number, count=len(known.points))
            case Forget():
                return Done(number, count=self._matcher.forget(question.names))
            case MatchPicture():
                if (problem := _wrong_size(question, data)) is not None:
                    return problem
                unknown = [name for name in question.names or () if name not in self._matcher]
                if unknown:
                    return Unknown(number, names=unknown)
                picture = sheet(data, question.width, question.height)
                return Matches(number, matches=self._matcher.match(picture, question.names))
            case FingerprintPicture():
                if (problem := _wrong_size(question, data)) is not None:
                    return problem
                return _picture_codes(number, data, question.width, question.height)
            case OpenIndex():
                self._index = StoredIndex(Path(question.path))
                return IndexState(number, state=self._index.state, count=len(self._index.index))
            case _:
                return self._about_codes(question, data)

    def _about_codes(
        self, question: AddCodes | RemoveCodes | SearchCodes | ClearIndex | SaveIndex, data: bytes
    ) -> Answer:
        number = question.number
        if self._index is None:
            return Failed(number, reason="no index is open")
        if len(data) % CODE_BYTES:
            return Failed(number, reason=f"{len(data)} bytes are no codes")
        codes: NDArray[np.uint8] = np.frombuffer(data, dtype=np.uint8).reshape(-1, CODE_BYTES)
        match question:
            case AddCodes():
                if len(codes) != len(question.identities):
                    return Failed(number, reason=f"{len(codes)} codes for {len(question.identities)} ids")
                if question.rebuilding:
                    self._index.fill(question.identities, codes)
                else:
                    self._index.add(question.identities, codes)
                return Done(number, count=len(codes))
            case RemoveCodes():
                return Done(number, count=self._index.remove(question.identities))
            case SearchCodes():
                found = self._index.search(codes, question.radius)
                return Neighbours(number, rows=[(one.identity, one.distance) for one in found])
            case ClearIndex():
                return Done(number, count=self._index.clear())
            case SaveIndex():
                self._index.save()
                return Done(number, count=len(self._index.index))


def _wrong_size(question: Learn | MatchPicture | FingerprintPicture, data: bytes) -> Failed | None:
    if len(data) == 4 * question.width * question.height:
        return None
    return Failed(question.number, reason=f"{len(data)} bytes for {question.width} x {question.height} pixels")


def _picture_codes(number: int, data: bytes, width: int, height: int) -> PictureCodes:
    coded = codes_of(sheet(data, width, height))
    return PictureCodes(
        number,
        algorithm=ALGORITHM,
        version=VERSION,
        quality=coded[0].pdq.quality if coded else 0,
        stored=[one.pdq.code for one in coded],
        searched=[code.tobytes() for one in coded for code in one.pdq.codes],
    )


def main() -> int:
    """Serve until the input ends; returns the exit code."""
    die_with_parent()
    return_large_blocks()
    if BACKGROUND in sys.argv[1:]:
        let_others_first()
    cv2.setNumThreads(1)
    cv2.setRNGSeed(1)
    source = BufferedReader(FileIO(0, "rb", closefd=False), buffer_size=1 << 20)
    sink = FileIO(1, "wb", closefd=False)
    server = EvidenceServer()
    write(sink, Hello(0, opencv=cv2.__version__, search=HammingIndex().library))
    while (question := read(source, QUESTION)) is not None:
        write(sink, server.answer(question, read_exactly(source, question.length)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
