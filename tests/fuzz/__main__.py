"""Coverage-guided faults at everything that reads a seller's bytes before and in the decode worker (`make fuzz`).

`python -m tests.fuzz [-max_total_time=SECONDS] [corpus folder]`; further arguments are libFuzzer's.  A finding is an
exception out of `decode`, a picture whose pixels are not what it says, a hang or a crash; its bytes are written to a
file.  The decoder runs without its lock-down here, so that coverage can be seen.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["reviewer", "PIL"]):
    from reviewer.imaging import decoder
    from reviewer.imaging.pictures import Decoded
from tests.unit.imaging.mutations import good_files

_BOX = 200


def look_at(data: bytes) -> None:
    """One input."""
    answer = decoder.decode(data, _BOX, _BOX, fingerprint=True)
    if isinstance(answer, Decoded):
        assert 0 < answer.width <= _BOX
        assert 0 < answer.height <= _BOX
        assert len(answer.pixels) == answer.height * answer.stride
    else:
        assert answer.reason


def main() -> None:
    """Fuzz until a finding or the time is over."""
    decoder.prepare()
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(good_files()):
            (Path(folder) / f"{number:03}").write_bytes(data)
        atheris.Setup([sys.argv[0], "-timeout=10", "-rss_limit_mb=1024", *sys.argv[1:], folder], look_at)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
