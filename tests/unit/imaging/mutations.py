"""Good pictures with seeded faults, for the sweep in the tests and for the fuzz target."""

import random
from collections.abc import Iterator
from typing import Final

from reviewer.imaging.samples import SAMPLES
from tests.unit.imaging.pictures import encoded, photo

_EXTREMES: Final = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\1\0\1", b"\xff\xff\0\0")


def good_files() -> list[bytes]:
    """The worker's own samples and small photos in every format that is shown."""
    small = photo(64, 48)
    made = [encoded(small, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")]
    made.append(encoded(small, "JPEG", progressive=True))
    made.append(encoded(small.convert("CMYK"), "JPEG"))
    made.append(encoded(small.convert("P"), "PNG"))
    return [*SAMPLES.values(), *made]


def mutated(random_: random.Random, files: list[bytes]) -> bytes:
    """One of the files with one to four faults."""
    data = bytearray(random_.choice(files))
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(data)) if data else 0
        match random_.randrange(7):
            case 0 if data:
                data[at] ^= 1 << random_.randrange(8)
            case 1:
                data[at : at + random_.randint(1, 16)] = random_.randbytes(random_.randint(0, 16))
            case 2:
                del data[at:]
            case 3:
                data[at:at] = data[at : at + random_.randint(1, 64)] * random_.randint(1, 8)
            case 4:
                data[at : at + 4] = random_.choice(_EXTREMES)
            case 5:
                other = random_.choice(files)
                data[at:] = other[random_.randrange(len(other)) :]
            case _:
                data += random_.randbytes(random_.randint(1, 64))
    return bytes(data)


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """`count` mutations that depend on the seed alone."""
    random_, files = random.Random(seed), good_files()
    for _ in range(count):
        yield mutated(random_, files)
