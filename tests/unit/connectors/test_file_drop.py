"""A marketplace without an API: files of every kind come in, decisions go out whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reviewer.connectors.api import (
    API_VERSION,
    Connector,
    Decision,
    DecisionKind,
    LeasedCase,
    OutgoingDecision,
    ReceiptStatus,
    Refused,
    Unavailable,
)
from reviewer.connectors.manifest import read_manifest
from reviewer.domain.decision import decision_to_mapping
from reviewer.domain.values import new_id, sha256_hex
from reviewer.ledger.canonical import canonical_json
from reviewer.resources import plugins_folder
from tests.fakes_connector import open_connector

HEADINGS = ["id", "title", "price", "seller_id", "reason", "pictures", "state"]
Open = Callable[..., Connector]


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    for name in ("in", "pictures"):
        (tmp_path / "drop" / name).mkdir(parents=True)
    return tmp_path / "drop"


@pytest.fixture
def opened(drop: Path) -> Open:
    def open_one(**settings: Any) -> Connector:
        manifest = read_manifest(plugins_folder() / "file_drop", API_VERSION)
        return open_connector(manifest, {"folder": str(drop), "reviewer": "Ana", "currency": "EUR", **settings}, {})

    return open_one


def write_csv(path: Path, rows: list[list[str]], *, headings: list[str] | None = None, **more: Any) -> None:
    with path.open("w", encoding=more.pop("encoding", "utf-8"), newline="") as file:
        writer = csv.writer(file, **more)
        writer.writerow(headings or HEADINGS)
        writer.writerows(rows)


def write_xlsx(path: Path, rows: list[list[Any]]) -> None:
    """As a spreadsheet program writes it: shared texts, numbers, one inline text."""
    shared: list[str] = []

    def cell(place: int, number: int, value: Any) -> str:
        name = f"{chr(65 + place)}{number}"
        if isinstance(value, (int, float)):
            return f'<c r="{name}"><v>{value}</v></c>'
        if value == "inline":
            return f'<c r="{name}" t="inlineStr"><is><t>inline</t></is></c>'
        shared.append(value)
        return f'<c r="{name}" t="s"><v>{len(shared) - 1}</v></c>'

    body = "".join(
        f'<row r="{n}">' + "".join(cell(place, n, value) for place, value in enumerate(row) if value != "") + "</row>"
        for n, row in enumerate(rows, start=1)
    )
    name = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {name}><sheetData>{body}</sheetData></worksheet>")
        texts = "".join(f"<si><r><t>{text}</t></r></si>" for text in shared)
        archive.writestr("xl/sharedStrings.xml", f"<sst {name}>{texts}</sst>")


def claimed(connector: Connector, count: int = 50) -> dict[str, LeasedCase]:
    return {item.case.id: item for item in connector.claim(count).items}


def decided(item: LeasedCase, kind: DecisionKind = DecisionKind.CLEAR, **more: Any) -> OutgoingDecision:
    case = item.case
    decision = Decision(
        new_id(), case.id, case.listing.id, case.listing.revision, kind, datetime(2026, 3, 1, tzinfo=UTC), **more
    )
    return OutgoingDecision(decision, canonical_json(decision_to_mapping(decision)))


def submit(connector: Connector, outgoing: OutgoingDecision) -> ReceiptStatus:
    return connector.submit([outgoing])[0].status


@pytest.mark.parametrize("kind", ["csv", "semicolon", "tsv", "jsonl", "xlsx", "utf16"])
def test_files_of_every_kind_become_cases(drop: Path, opened: Open, kind: str) -> None:
    rows = [["a1", 'กระเป๋า 정품; "x", y', "1234.5", "s1", "counterfeit", "", ""], ["a2", "Bag", "7", "s2", "", "", ""]]
    settings: dict[str, Any] = {}
    if kind == "jsonl":
        lines = [json.dumps(dict(zip(HEADINGS, row, strict=True))) for row in rows]
        (drop / "in" / "l.jsonl").write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    elif kind == "xlsx":
        write_xlsx(drop / "in" / "l.xlsx", [HEADINGS, ["a1", rows[0][1], 1234.5, *rows[0][3:]], rows[1]])
    elif kind == "utf16":
        write_csv(drop / "in" / "l.csv", rows, encoding="utf-16")
        settings["encoding"] = "utf-16"
    else:
        ending, sign = {"csv": ("csv", ","), "semicolon": ("csv", ";"), "tsv": ("tsv", "\t")}[kind]
        write_csv(drop / "in" / f"l.{ending}", rows, delimiter=sign)
    cases = claimed(opened(**settings))
    assert set(cases) == {"a1", "a2"}
    offer = cases["a1"].case.listing
    assert (offer.title, offer.price.amount if offer.price else 0) == (rows[0][1], Decimal("1234.5"))
    assert cases["a2"].case.flags[0].reason == "counterfeit"


@pytest.mark.parametrize(
    ("amount", "read"), [("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("1 234,5", "1234.5"), ("7", "7"), ("", "")]
)
def test_prices_as_people_write_them(drop: Path, opened: Open, amount: str, read: str) -> None:
    write_csv(drop / "in" / "l.csv", [["a", "Bag", amount, "s", "", "", ""]])
    price = claimed(opened())["a"].case.listing.price
    assert (str(price.amount) if price else "") == read


def test_columns_have_the_marketplaces_names(drop: Path, opened: Open) -> None:
    write_csv(drop / "in" / "l.csv", [["9", "Tas", "3"]], headings=["Artikelnummer", "Naam", "Prijs"])
    connector = opened(columns={"id": "Artikelnummer", "title": "Naam", "price": "Prijs", "brand": ""})
    assert claimed(connector)["9"].case.listing.title == "Tas"


def test_a_bad_row_is_named_and_the_others_come(drop: Path, opened: Open) -> None:
    rows = [
        ["a", "Bag", "x9", "s", "", "", ""], ["", "No id", "1", "", "", "", ""], ["b", "", "1", "", "", "", ""],
        ["c", "Fine", "1", "", "", "", ""], ["d", "Outside", "1", "", "", "../secret.png", ""],
        ["e", "Gone", "1", "", "", "none.png", ""], ["f", "Odd", "1", "", "", "", "sleeping"],
        ["g", "Long", "1", "", "", "", "", "one too many"],
    ]  # fmt: skip
    write_csv(drop / "in" / "l.csv", rows)
    (drop / "secret.png").write_bytes(b"x")
    claim = opened().claim(50)
    assert [item.case.id for item in claim.items] == ["c"]
    assert [row.where for row in claim.quarantined] == [f"l.csv, row {n}" for n in (2, 3, 4, 6, 7, 8, 9)]
    assert all(row.reason for row in claim.quarantined)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("l.xlsx", b"no archive"),
        ("l.xlsx", b"PK\x05\x06" + b"\0" * 18),
        ("l.csv", b"id,id\n1,2\n"),
        ("l.csv", b"id,title\n\xff\xfe,\x80\n"),
        ("l.jsonl", b"[[[[{{{{\nnull\n"),
        ("l.csv", b""),
    ],
)
def test_a_file_that_is_none_spoils_nothing(drop: Path, opened: Open, name: str, data: bytes) -> None:
    (drop / "in" / name).write_bytes(data)
    write_csv(drop / "in" / "z.csv", [["c", "Fine", "1", "", "", "", ""]])
    claim = opened().claim(50)
    assert [item.case.id for item in claim.items] == ["c"]
    assert bool(claim.quarantined) == bool(data)


def test_a_spreadsheet_that_blows_up_is_not_unpacked(drop: Path, opened: Open) -> None:
    with zipfile.ZipFile(drop / "in" / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    (row,) = opened().claim(5).quarantined
    assert "larger than any sheet" in row.reason


def test_half_written_and_hidden_files_are_left_alone(drop: Path, opened: Open) -> None:
    for name in (".l.csv", "l.csv.part", "~$l.xlsx", "notes.txt"):
        write_csv(drop / "in" / name, [["c", "Fine", "1", "", "", "", ""]])
    assert opened().claim(5).items == ()


def test_pictures_lie_beside_and_are_named_by_their_digest(drop: Path, opened: Open) -> None:
    (drop / "pictures" / "one.png").write_bytes(b"bytes of one")
    write_csv(drop / "in" / "l.csv", [["a", "Bag", "1", "s", "", "one.png", ""]])
    name = claimed(opened())["a"].case.listing.pictures[0].sha256
    assert name == sha256_hex(b"bytes of one")
    assert opened().media(name) == b"bytes of one"  # another instance, which has read no file
    with pytest.raises(Refused):
        opened().media("0" * 64)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_decision_is_one_whole_file_and_is_made_once(drop: Path, opened: Open, kind: str) -> None:
    write_csv(drop / "in" / "l.csv", [["a", "Bag", "1", "s", "", "", ""]])
    connector = opened(decisions=kind)
    outgoing = decided(claimed(connector)["a"], DecisionKind.TAKEDOWN, ground="counterfeit", note="=cmd|' /C calc'!A0")
    assert submit(connector, outgoing) is ReceiptStatus.ACCEPTED
    assert submit(connector, outgoing) is ReceiptStatus.DUPLICATE
    (path,) = (drop / "decisions").iterdir()
    assert path.name == f"{outgoing.decision.id}.{kind}"
    if kind == "json":
        assert json.loads(path.read_bytes())["decision"] == json.loads(outgoing.body)
    else:
        row = next(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        assert (row["kind"], row["reviewer"], row["note"]) == ("takedown", "Ana", "'=cmd|' /C calc'!A0")
    forged = OutgoingDecision(outgoing.decision, outgoing.body.replace(b"takedown", b"warn"))
    assert submit(connector, forged) is ReceiptStatus.CONFLICT


def test_what_was_decided_stays_decided_after_a_restart_until_the_listing_changes(drop: Path, opened: Open) -> None:
    write_csv(drop / "in" / "l.csv", [["a", "Bag", "1", "s", "", "", ""], ["b", "Other", "1", "s", "", "", ""]])
    connector = opened()
    assert submit(connector, decided(claimed(connector)["a"])) is ReceiptStatus.ACCEPTED
    assert set(claimed(opened())) == {"b"}
    write_csv(drop / "in" / "m.csv", [["a", "Bag, now another", "1", "s", "", "", ""]])
    assert claimed(opened())["a"].case.listing.title == "Bag, now another"


def test_a_reversal_brings_the_case_back(drop: Path, opened: Open) -> None:
    write_csv(drop / "in" / "l.csv", [["a", "Bag", "1", "s", "", "", ""]])
    connector = opened()
    item = claimed(connector)["a"]
    first = decided(item)
    back = decided(item, DecisionKind.WITHDRAW, supersedes=first.decision.id)
    assert submit(connector, back) is ReceiptStatus.STALE
    assert submit(connector, first) is ReceiptStatus.ACCEPTED
    assert submit(connector, back) is ReceiptStatus.ACCEPTED
    assert set(claimed(opened())) == {"a"}


def test_a_chain_of_one_moment_is_read_in_its_own_order(drop: Path, opened: Open) -> None:
    write_csv(drop / "in" / "l.csv", [["a", "Bag", "1", "s", "", "", ""]])
    connector = opened()
    item = claimed(connector)["a"]
    before = ""
    for kind in (DecisionKind.CLEAR, DecisionKind.WITHDRAW, DecisionKind.TAKEDOWN, DecisionKind.WITHDRAW) * 3:
        made = decided(item, kind, supersedes=before)
        assert submit(connector, made) is ReceiptStatus.ACCEPTED
        before = made.decision.id if kind != DecisionKind.WITHDRAW else ""
        assert set(claimed(opened())) == ({"a"} if kind == DecisionKind.WITHDRAW else set())


def test_what_the_marketplace_takes_back_is_gone(drop: Path, opened: Open) -> None:
    write_csv(drop / "in" / "l.csv", [["a", "Bag", "1", "s", "", "", ""]])
    connector = opened()
    item = claimed(connector)["a"]
    write_csv(drop / "in" / "m.csv", [["a", "Bag", "1", "s", "", "", "withdrawn"]])
    assert submit(connector, decided(item)) is ReceiptStatus.GONE


def test_a_folder_that_is_not_there_says_so(drop: Path, opened: Open) -> None:
    connector = opened(folder=str(drop / "share"))
    with pytest.raises(Unavailable, match="Make it, or connect the share"):
        connector.service()


def test_a_decision_that_can_not_be_written_is_tried_again(
    drop: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(drop / "in" / "l.csv", [["a", "Bag", "1", "s", "", "", ""]])
    connector = opened()
    outgoing = decided(claimed(connector)["a"])
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr("os.fsync", full)
        with pytest.raises(Unavailable, match="No space left.*tried again"):
            connector.submit([outgoing])
    assert [path for path in (drop / "decisions").iterdir() if path.suffix == ".json" and path.name[0] != "."] == []
    assert submit(connector, outgoing) is ReceiptStatus.ACCEPTED


def test_the_preview_shows_the_first_rows_and_what_can_not_be_read(drop: Path, opened: Open) -> None:
    shown = opened().preview()  # type: ignore[attr-defined]
    assert "No file" in shown.words
    write_csv(drop / "in" / "l.csv", [["a", "Bag", "x", "s", "", "", ""]])
    shown = opened().preview()  # type: ignore[attr-defined]
    assert shown.headings == tuple(HEADINGS)
    assert shown.rows[0][:2] == ("a", "Bag")
    assert "the price 'x' is no number" in shown.words
