"""The mirror of the queue: filters, order, pages, text in every script."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from reviewer.domain.case import Case, CaseRow, Flag, Lease
from reviewer.domain.decision import Receipt, ReceiptStatus
from reviewer.domain.listing import Listing
from reviewer.domain.seller import Seller
from reviewer.domain.server import LeasedCase
from reviewer.domain.values import Money, format_time
from reviewer.storage import cases, outbox, queue
from reviewer.storage.database import Database
from reviewer.storage.queue import Condition
from tests.unit.storage.making import NOW, keep, made


def row(number: int, **changes: Any) -> CaseRow:
    values: dict[str, Any] = {
        "id": f"case-{number}", "marketplace": "siam", "state": "open", "priority": 50,
        "due_at": NOW + timedelta(minutes=number), "title": f"title {number}", "brand": "Orle", "category": "bags",
        "seller_id": "s-1", "seller_name": "Seller", "standing": "active", "ground": "counterfeit",
        "source": "automated", "flags": 1, "price": Money(Decimal(number), "THB"), "language": "th",
        "severity": 4, "reach": 1, "trust": 1,
    } | changes  # fmt: skip
    return CaseRow(**values)


def mirror(database: Database, rows: Iterable[CaseRow], account: str = "a") -> None:
    with database.transaction():
        queue.upsert(database, account, rows)


def found(
    database: Database, condition: Condition | None = None, sort: str = "urgency", descending: bool = False
) -> list[str]:
    condition = condition or Condition()
    page = queue.page(database, condition, sort, descending, 0, 1000)
    assert queue.count(database, condition) == len(page)
    return [item.row.id for item in page]


def text(database: Database, words: str) -> set[str]:
    return set(found(database, Condition(text=words)))


def leased(number: int) -> LeasedCase:
    listing = Listing(f"l-{number}", "siam", f"title {number}", "r-1")
    case = Case(
        f"case-{number}", "siam", "leased", 50, None, NOW, listing, Seller("s-1", "Seller"),
        (Flag("f", "staff", "counterfeit", NOW),),
    )  # fmt: skip
    return LeasedCase(case, Lease(f"lease-{number}", 3, 600.0))


def test_a_row_is_shown_as_it_was_mirrored(database: Database) -> None:
    rows = [row(1), row(2, due_at=None, price=None, leased_by="Ben"), row(3, price=Money(Decimal("1.50"), None))]
    mirror(database, rows)
    shown = {item.row.id: item.row for item in queue.page(database, Condition(), "urgency", False, 0, 10)}
    assert [shown[item.id] for item in rows] == rows


def test_mirroring_again_replaces_and_keeps_the_text_index_in_step(database: Database) -> None:
    mirror(database, [row(1, title="saddle bag"), row(2, title="belt")])
    mirror(database, [row(1, title="정품급 가방"), row(2, title="belt", priority=99)])
    assert text(database, "saddle") == set()
    assert text(database, "정품급") == {"case-1"}
    assert text(database, "belt") == {"case-2"}
    with database.transaction():
        queue.remove(database, "a", ["case-1"])
    assert text(database, "정품급") == set()
    database.execute("INSERT INTO queue_text (queue_text, rank) VALUES ('integrity-check', 1)")


def test_accounts_may_use_the_same_ids(database: Database) -> None:
    mirror(database, [row(1)])
    mirror(database, [row(1, title="other")], "b")
    assert len(found(database)) == 2
    with database.transaction():
        queue.remove(database, "a", ["case-1"])
    assert [item.account for item in queue.page(database, Condition(), "urgency", False, 0, 9)] == ["b"]


def test_only_the_named_rows_of_the_account_are_kept(database: Database) -> None:
    mirror(database, [row(number) for number in range(5)])
    mirror(database, [row(9)], "b")
    for kept, gone in ((["case-1", "case-3", "unknown", "case-1"], 3), ([], 2)):
        with database.transaction():
            assert queue.keep_only(database, "a", kept) == gone
    assert found(database) == ["case-9"]


@pytest.mark.parametrize(
    ("words", "hits"),
    [
        ("가방", {"ko"}),
        ("정품급 가", {"ko"}),
        ("방", {"ko"}),
        ("กระเป๋า", {"th"}),
        ("เป", {"th"}),
        ("ก", {"th"}),
        ("手袋", {"zh"}),
        ("原单手袋", {"zh"}),
        ("袋", {"zh"}),
        ("ORLE", {"en"}),
        ("orl", {"en"}),
        ("rl", {"en"}),
        ("saddle ba", {"en"}),
        ("100%", {"percent"}),
        ("%", {"percent"}),
        ("_x", {"percent"}),
        ("a_x", {"percent"}),
        ('"new"', {"quote"}),
        ('w"', {"quote"}),
        ("o'neill", {"quote"}),
        ("'n", {"quote"}),
        ("\\", {"quote"}),
        ("b\\c", {"quote"}),
        ("AND", set()),
        ("NEAR(", set()),
        ("title:", set()),
        ("*", set()),
        ("a*b", set()),
        ("  ", {"ko", "th", "zh", "en", "percent", "quote"}),
        ("", {"ko", "th", "zh", "en", "percent", "quote"}),
        ("xyzzy", set()),
        ("\x00ab", set()),
        ("\x00", set()),
        ("\ud800abc", set()),
        ("\ud800", set()),
        ("zh", {"zh"}),
        ("quot", {"quote"}),
    ],
)
def test_text_is_found_in_every_script_and_signs_mean_themselves(
    database: Database, words: str, hits: set[str]
) -> None:
    titles = {
        "ko": "정품급 가방 최고급",
        "th": "กระเป๋าหนังแท้",
        "zh": "顶级原单手袋",
        "en": "Orle saddle bag",
        "percent": "100% a_x",
        "quote": '"new" O\'Neill b\\c',
    }
    mirror(database, [row(0, id=name, title=title, brand="", seller_name="") for name, title in titles.items()])
    assert text(database, words) == hits


@pytest.mark.parametrize("words", ["Needle", "Ne", "needle in"])
@pytest.mark.parametrize("column", ["title", "brand", "seller_name"])
def test_titles_brands_and_sellers_are_searched(database: Database, column: str, words: str) -> None:
    mirror(database, [row(1), row(2, **{column: "Needle in hay"})])
    assert text(database, words) == {"case-2"}


@pytest.mark.parametrize("words", ["q7", "q7-x", "Q7"])
def test_ids_are_searched(database: Database, words: str) -> None:
    mirror(database, [row(1), row(2, id="q7-x")])
    assert text(database, words) == {"q7-x"}


def test_filters_narrow_and_their_values_widen(database: Database) -> None:
    mirror(
        database,
        [
            row(1, marketplace="siam", ground="counterfeit", standing="warned"),
            row(2, marketplace="hanmarket", ground="counterfeit", state="escalated"),
            row(3, marketplace="hanmarket", ground="design", source="consumer", seller_id="s-9"),
        ],
    )
    for equals, hits in (
        ({"marketplace": ["hanmarket"]}, ["case-2", "case-3"]),
        ({"marketplace": ["siam", "hanmarket"], "ground": ["counterfeit"]}, ["case-1", "case-2"]),
        ({"state": ["escalated"]}, ["case-2"]),
        ({"standing": ["warned"], "marketplace": []}, ["case-1"]),
        ({"source": ["consumer"], "seller_id": ["s-9"]}, ["case-3"]),
        ({"ground": ["' OR 1=1 --"]}, []),
    ):
        assert found(database, Condition(equals=equals)) == hits
    with pytest.raises(ValueError, match="no filter"):
        queue.count(database, Condition(equals={"title": ["x"]}))


def test_due_times_narrow_and_are_counted(database: Database) -> None:
    mirror(database, [row(number, due_at=NOW + timedelta(minutes=10 * number)) for number in range(-2, 4)])
    mirror(database, [row(9, due_at=None)])
    now, soon = format_time(NOW), format_time(NOW + timedelta(minutes=15))
    assert found(database, Condition(due_before=now)) == ["case--2", "case--1"]
    assert found(database, Condition(due_after=now, due_before=soon)) == ["case-0", "case-1"]
    assert queue.due_counts(database, now, soon) == (7, 2, 2)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("urgency", ["b", "c", "a", "d"]),
        ("due_at", ["c", "a", "b", "d"]),
        ("price", ["d", "b", "a", "c"]),
        ("title", ["a", "b", "c", "d"]),
        ("seller_name", ["d", "c", "b", "a"]),
        ("marketplace", ["b", "a", "c", "d"]),
        ("unknown", ["b", "c", "a", "d"]),
    ],
)
def test_every_column_sorts_both_ways_and_ties_stay_in_order(database: Database, sort: str, order: list[str]) -> None:
    mirror(
        database,
        [
            row(2, id="a", title="1", seller_name="z", price=Money(Decimal(9), "EUR"), marketplace="n"),
            row(
                3, id="b", title="2", seller_name="y", price=Money(Decimal("8.5"), "EUR"), priority=90, marketplace="m"
            ),
            row(1, id="c", title="3", seller_name="x", price=Money(Decimal(10), "EUR"), marketplace="o", priority=50),
            row(4, id="d", title="4", seller_name="w", price=None, due_at=None, marketplace="o", priority=10),
        ],
    )
    assert found(database, sort=sort) == order
    assert found(database, sort=sort, descending=True) == order[::-1]


def test_pages_join_without_gap_or_overlap(database: Database) -> None:
    mirror(database, [row(number, priority=number % 3, due_at=NOW) for number in range(25)])
    whole = found(database)
    pages = [queue.page(database, Condition(), "urgency", False, start, 7) for start in range(0, 35, 7)]
    assert [item.row.id for page in pages for item in page] == whole
    assert len(set(whole)) == 25


def test_facets_count_the_most_frequent_first(database: Database) -> None:
    mirror(database, [row(1), row(2), row(3, marketplace="hanmarket")])
    assert queue.facets(database, "marketplace") == [("siam", 2), ("hanmarket", 1)]
    with pytest.raises(ValueError, match="no facet"):
        queue.facets(database, "title")


def test_cases_on_the_desk_and_unsent_decisions_are_marked(database: Database) -> None:
    mirror(database, [row(1), row(2), row(3)])
    with database.transaction():
        assert cases.ingest(database, "a", [leased(1), leased(2)], format_time(NOW), format_time(NOW)) == 2
    keep(database, made(2), made(3))
    marks = {
        item.row.id: (item.held, item.pending) for item in queue.page(database, Condition(), "urgency", False, 0, 9)
    }
    assert marks == {"case-1": (True, ""), "case-2": (True, "takedown"), "case-3": (False, "takedown")}
    assert found(database, Condition(held_only=True)) == ["case-1", "case-2"]
    outbox.start_sending(database, [made(3).id])
    outbox.settle(database, [Receipt(made(3).id, ReceiptStatus.ACCEPTED)], format_time(NOW))
    page = queue.page(database, Condition(), "urgency", False, 0, 9)
    assert {item.row.id: item.pending for item in page}["case-3"] == ""


def test_claiming_the_same_again_changes_nothing_but_the_lease(database: Database) -> None:
    with database.transaction():
        cases.ingest(database, "a", [leased(1), leased(2)], "t1", "u1")
    with database.transaction():
        assert cases.ingest(database, "a", [leased(1), leased(2)], "t2", "u2") == 0
    held = cases.held(database)
    assert [(item.case.id, item.lease_until, item.state) for item in held] == [
        ("case-1", "u2", "held"),
        ("case-2", "u2", "held"),
    ]
    assert held[0].case == leased(1).case
    assert database.execute("SELECT count(*) FROM listing_revision").fetchone()[0] == 2


def test_a_text_that_is_everywhere_is_counted_so_far_and_paged_in_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_FOUND", 20)
    mirror(database, [row(number, title=f"bag {number}" if number % 3 else f"hat {number}") for number in range(1, 91)])
    many = Condition(text="bag")
    assert queue.count(database, many) == 21
    assert queue.count(database, Condition(text="bag 1")) == 8
    assert queue.count(database, Condition(text="bag", equals={"ground": ["design"]})) == 0
    for sort in ("urgency", "price", "title"):
        for descending in (False, True):
            one, other = (
                [item.row.id for item in queue.page(database, many, sort, descending, 5, 10, common=common)]
                for common in (True, False)
            )
            assert one == other
            assert len(one) == 10
