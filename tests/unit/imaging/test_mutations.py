"""Ten thousand good pictures with seeded faults: each is shown or refused with a reason, and no worker dies."""

from collections import Counter

from reviewer.imaging.pictures import Decoded
from reviewer.imaging.pool import DecodePool
from tests.unit.imaging.mutations import good_files, mutations
from tests.unit.imaging.pictures import LONG

COUNT = 10_000
SEED = 20_260


def test_good_files_are_shown(pool: DecodePool) -> None:
    for data in good_files():
        assert isinstance(pool.submit(data, 200, 200, fingerprint=True).result(LONG), Decoded)


def test_mutations_are_shown_or_refused() -> None:
    outcomes: Counter[str] = Counter()
    with DecodePool(2, seconds=10.0, pictures_a_worker=2 * COUNT) as pool:
        assert pool.wait_ready(LONG, every=True)
        pids = pool.worker_pids()
        ahead = []
        for number, data in enumerate(mutations(SEED, COUNT)):
            ahead.append((number, pool.submit(data, 200, 200, fingerprint=True)))
            if len(ahead) < 64 and number + 1 < COUNT:
                continue
            for place, future in ahead:
                answer = future.result(LONG)
                if isinstance(answer, Decoded):
                    outcomes["shown"] += 1
                    assert len(answer.pixels) == answer.height * answer.stride
                    continue
                outcomes[answer.code] += 1
                assert answer.code not in ("crashed", "timeout", "unavailable", "stopped"), (place, answer)
                assert answer.reason
            ahead.clear()
        assert pool.worker_pids() == pids
    assert sum(outcomes.values()) == COUNT
    assert outcomes["shown"] > COUNT // 10
    assert outcomes["damaged"] + outcomes["truncated"] > COUNT // 10
