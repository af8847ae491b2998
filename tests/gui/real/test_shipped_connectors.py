"""The shipped connectors at work: the real window, the connector in its process, the real marketplace behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reviewer.connectors.api import API_VERSION
from reviewer.connectors.conformance.stands import Stand, stand_of
from reviewer.connectors.manifest import read_manifest
from reviewer.errors import OperatorError
from reviewer.resources import plugins_folder
from reviewer.services.accounts import AccountForm
from tests.gui.real.conftest import Sitting

Open = Callable[..., Sitting]


@pytest.fixture(params=["oscar", "rest_map", "file_drop"])
def marketplace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Stand]]:
    manifest = read_manifest(plugins_folder() / request.param, API_VERSION)
    try:
        stand = stand_of(manifest, tmp_path / "stand")
    except OperatorError as error:
        if "can't be started here" in str(error):
            pytest.skip(str(error))
        raise
    yield request.param, stand
    stand.close()


def shows(name: str, stand: Stand, listing: str, tmp_path: Path) -> str:
    """How the marketplace shows a listing: by itself, or by the last decision that lies in its folder."""
    tell = getattr(stand, "state", None)
    if tell is not None:
        return str(tell(listing))
    files = sorted((tmp_path / "stand" / "decisions").glob("*.json"))
    told = [json.loads(path.read_bytes())["decision"] for path in files]
    last = [row for row in told if row["case_id"] == listing][-1:]
    return "removed" if last and last[0]["kind"] == "takedown" else "live"


@pytest.mark.timeout(180)
def test_a_takedown_reaches_the_marketplace_and_undo_takes_it_back(
    open_desktop: Open, marketplace: tuple[str, Stand], tmp_path: Path
) -> None:
    name, stand = marketplace
    sitting = open_desktop(sending_delay_s=0.2)
    sitting.window.account_expected = True
    sitting.show()
    sitting.station.start()
    form = AccountForm(
        name, "Shop", {**stand.settings, **({"every_s": 0} if name == "oscar" else {})}, dict(stand.secrets)
    )
    tested = sitting.station.in_background(lambda: sitting.station.accounts.test(form))
    sitting.until(tested.done)
    assert tested.result().reviewer_id
    saved = sitting.station.in_background(lambda: sitting.station.accounts.save(form))
    sitting.until(saved.done)
    sitting.review()
    current = sitting.current
    assert current is not None
    assert shows(name, stand, current.case_id, tmp_path) == "live"
    sitting.decide("4")
    sitting.until(lambda: shows(name, stand, current.case_id, tmp_path) == "removed")
    sitting.until(lambda: not sitting.station.on_reader(sitting.station.delivery.outbox_rows).result(20))
    sitting.press("U")
    sitting.until(lambda: shows(name, stand, current.case_id, tmp_path) == "live")
    sitting.until(lambda: not sitting.station.on_reader(sitting.station.delivery.outbox_rows).result(20))
    kinds = {kind.id: kind for kind in sitting.station.accounts.kinds()}
    assert (kinds[name].state, kinds[name].tier) == ("ready", "gold")
    assert [report.restarts for report in kinds[name].reports] == [0]
