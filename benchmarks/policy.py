"""Ladder, signs and statement of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter_ns

from sqlalchemy import Connection, insert, select

from benchmarks import report
from benchmarks.report import Line, Options, median, percentile, spread
from reviewer.domain.case import Case, Flag
from reviewer.domain.decision import Decision, DecisionKind
from reviewer.domain.listing import Listing
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.seller import Offence, Seller
from reviewer.domain.values import Money
from reviewer.hub.demo import fill_demo
from reviewer.hub.schema import cases, flags, seller_links, sellers
from reviewer.hub.store import Store
from reviewer.policy.ladder import ladder_step
from reviewer.policy.policy import shipped_policy
from reviewer.policy.signs import facts_for
from reviewer.policy.statement import payload, statement_of
from reviewer.policy.statement_schema import judge_outgoing

_NOW = datetime(2026, 11, 20, tzinfo=UTC)
_EVENTS, _LINKS = 5000, 200


def measure(options: Options) -> list[Line]:
    """A case with a text of 2,000 characters and 200 offences."""
    policy = shipped_policy()
    subjects = [_case(number) for number in range(50)]
    made = Decision("d", "c", "l", "r", DecisionKind.TAKEDOWN, _NOW, ground="counterfeit", facts=("A fact.",) * 5)

    def look(case: Case) -> None:
        facts_for(case, (), _NOW, policy.signs)
        ladder_step(policy, case.seller.offences, DecisionKind.TAKEDOWN, "counterfeit", _NOW)

    def state(case: Case) -> None:
        statement = statement_of(made, case, policy)
        assert statement is not None
        assert not judge_outgoing(payload(statement))

    count = options.count(2000)
    return [
        _line("ladder + signs of a case", "≤ 5 ms", 5.0, _times(look, subjects, count)),
        _line("statement of a decision, made and judged", "none", None, _times(state, subjects, count)),
    ]


def _line(name: str, budget: str, most: float | None, took: list[float]) -> Line:
    print(f"policy: {name}, in ms: {spread(took)}")
    met = None if most is None else percentile(took, 0.99) <= most
    return Line(f"{name}, p99", percentile(took, 0.99), budget=budget, met=met, note=f"median {median(took):.2f}")


def _times(work: Callable[[Case], None], subjects: list[Case], count: int) -> list[float]:
    took = []
    for number in range(count):
        began = perf_counter_ns()
        work(subjects[number % len(subjects)])
        took.append((perf_counter_ns() - began) / 1e6)
    return took


def _case(number: int) -> Case:
    words = " ".join(f"leather{number}x{place} belt stitched by hand 1:1" for place in range(55))
    listing = Listing("l", "m", "Brakenholt belt", "r", words, "", "belt", Money(Decimal(9), "EUR"), language="es")
    hours = [timedelta(hours=place * 43) for place in range(200)]
    offences = tuple(
        Offence(f"d{place}", _NOW - hour, "takedown", "counterfeit", 12, full_points=12)
        for place, hour in enumerate(hours)
    )
    reference = ReferenceProduct("r", "Brackenholt", "Classic", "4006381333931", "belt", Money(Decimal(100), "EUR"))
    seller = replace(Seller("s", "Seller", joined_at=_NOW - timedelta(20), listings_live=400), offences=offences)
    flag = Flag("f", "rights_holder", "counterfeit", _NOW, claimant="Orle SAS", claimant_upheld=0.9)
    return Case("c", "m", "open", 5, None, _NOW, listing, seller, (flag,), (reference,))


def large_seller(store: Store) -> str:
    """The demo with one seller made large: flags on its cases, and links to others."""
    fill_demo(store)

    def fill(connection: Connection) -> str:
        row = connection.execute(select(cases.c.id, cases.c.seller_id).limit(1)).one()
        others = [f"linked-{number}" for number in range(_LINKS)]
        connection.execute(
            insert(sellers),
            [
                {"id": name, "marketplace": "m", "display_name": name, "country": "", "verification": "unknown",
                 "base_standing": "banned", "standing": "banned"}
                for name in others
            ],
        )  # fmt: skip
        connection.execute(
            insert(seller_links),
            [{"seller_id": row.seller_id, "other_id": name, "kind": "bank", "strength": 0.9} for name in others],
        )
        connection.execute(
            insert(flags),
            [
                {"id": f"event-{number}", "case_id": row.id, "source": "consumer", "reason": "counterfeit",
                 "at": "2026-11-01T00:00:00.000Z", "explanation": "It is not the article that was shown.",
                 "notice_id": "", "claimant": "", "settled_by": ""}
                for number in range(_EVENTS)
            ],
        )  # fmt: skip
        return str(row.seller_id)

    return store.database.write(fill)


if __name__ == "__main__":
    report.run(measure)
