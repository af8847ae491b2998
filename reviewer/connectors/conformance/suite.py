"""The steps in their order, what they came to, and the tier that follows from it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reviewer.connectors.api import API_VERSION, ConnectorError
from reviewer.connectors.approvals import folder_digest
from reviewer.connectors.conformance import acting, faults, reading
from reviewer.connectors.conformance.bench import Bench, Broken, Exempt
from reviewer.connectors.conformance.stands import stand_of
from reviewer.connectors.manifest import Manifest, ManifestFault, read_manifest
from reviewer.errors import OperatorError

BRONZE, SILVER, GOLD = "bronze", "silver", "gold"
TIERS = (BRONZE, SILVER, GOLD)
DONE, EXEMPT, FAILED = "done", "exempt", "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """A promise of the connector API that is tried; `tier` is the lowest one that it is needed for."""

    name: str
    tier: str
    run: Callable[[Bench], None]

    @property
    def words(self) -> str:
        """What is promised."""
        return " ".join((self.run.__doc__ or "").split())


STEPS = (
    Step("manifest", BRONZE, reading.manifest),
    Step("service", BRONZE, reading.service),
    Step("bad credentials", BRONZE, reading.bad_credentials),
    Step("whole cases", BRONZE, reading.whole_cases),
    Step("claimed once", BRONZE, reading.claimed_once),
    Step("renewed", BRONZE, reading.renewed),
    Step("read again", BRONZE, reading.read_again),
    Step("small pages", BRONZE, reading.small_pages),
    Step("media", BRONZE, reading.media),
    Step("sellers", BRONZE, reading.sellers),
    Step("lists", BRONZE, reading.lists),
    Step("dossiers", BRONZE, reading.dossiers),
    Step("referrals", SILVER, reading.referrals),
    Step("policies", BRONZE, reading.policies),
    Step("preview", BRONZE, reading.preview),
    Step("act twice", BRONZE, acting.act_twice),
    Step("each its own", SILVER, acting.each_its_own),
    Step("stale listing", SILVER, acting.stale_listing),
    Step("gone listing", SILVER, acting.gone_listing),
    Step("fence", SILVER, acting.fence),
    Step("reversal", SILVER, acting.reversal),
    Step("every kind", SILVER, acting.every_kind),
    Step("act then timeout", SILVER, acting.act_then_timeout),
    Step("overloaded", SILVER, faults.overloaded),
    Step("slow server", SILVER, faults.slow_server),
    Step("cut server", SILVER, faults.cut_server),
    Step("other page", SILVER, faults.other_page),
    Step("well again", SILVER, faults.well_again),
    Step("future cursor", GOLD, reading.future_cursor),
    Step("unicode", GOLD, reading.unicode_texts),
    Step("huge text", GOLD, reading.huge_text),
    Step("forty pictures", GOLD, reading.forty_pictures),
    Step("no pictures", GOLD, reading.no_pictures),
    Step("clock off", GOLD, faults.clock_off),
    Step("cancelled", GOLD, faults.cancelled),
    Step("quiet", GOLD, faults.quiet),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to: `done`, `exempt` or `failed`, with the reason.

    `untested` is an exemption that does not follow from what the connector declares: it costs the tier.
    """

    step: str
    tier: str
    outcome: str
    reason: str = ""
    untested: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What the suite found of a connector as its files were."""

    connector: str
    version: str
    digest: str
    outcomes: tuple[Outcome, ...]

    @property
    def tier(self) -> str:
        """The highest tier of which no step failed or was left untested; empty for none."""
        reached = ""
        for tier in TIERS:
            if any(row.tier == tier and (row.outcome == FAILED or row.untested) for row in self.outcomes):
                return reached
            reached = tier
        return reached

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The steps that failed."""
        return tuple(row for row in self.outcomes if row.outcome == FAILED)

    def as_mapping(self) -> dict[str, Any]:
        """The report in JSON's types."""
        rows = [asdict(row) | {"seconds": round(row.seconds, 2)} for row in self.outcomes]
        head = {"id": self.connector, "version": self.version, "tier": self.tier, "digest": self.digest}
        return {**head, "steps": rows}


def manifest_of(folder: Path) -> Manifest:
    """The manifest of a folder.  Raises `OperatorError` with all its faults."""
    try:
        return read_manifest(folder, API_VERSION)
    except ManifestFault as error:
        raise OperatorError(f"{folder} can't be checked: {error}. See: reviewer plugin validate {folder}") from error


def run_step(step: Step, bench: Bench) -> Outcome:
    """Try one promise."""
    began = time.monotonic()
    outcome, reason, untested = DONE, "", False
    try:
        step.run(bench)
    except Exempt as exempt:
        outcome, reason, untested = EXEMPT, str(exempt), not exempt.inherent
    except Broken as broken:
        outcome, reason = FAILED, str(broken)
    except (ConnectorError, OperatorError) as error:
        outcome, reason = FAILED, f"raised {type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - a stand of the author's own may raise anything
        outcome, reason = FAILED, f"the step can't be run: {type(error).__name__}: {error}"
    return Outcome(step.name, step.tier, outcome, reason, untested, time.monotonic() - began)


def run_suite(folder: Path, steps: Sequence[Step] = STEPS, tell: Callable[[Outcome], None] = lambda _: None) -> Report:
    """Run the suite on a connector's folder.  Raises `OperatorError` where it can't begin."""
    manifest = manifest_of(folder)
    outcomes: list[Outcome] = []
    for bench in bench_for(manifest):
        for step in steps:
            outcome = run_step(step, bench)
            outcomes.append(outcome)
            tell(outcome)
    return Report(manifest.id, manifest.version, folder_digest(manifest.folder), tuple(outcomes))


def bench_for(manifest: Manifest) -> Iterator[Bench]:
    """A bench with its stand started, for the one turn of a `for`, or a fixture's `yield from`."""
    with tempfile.TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as made:
        stand = stand_of(manifest, Path(made) / "stand")
        try:
            bench = Bench(manifest, stand, Path(made) / "connector")
            try:
                yield bench
            finally:
                bench.close()
        finally:
            stand.close()
