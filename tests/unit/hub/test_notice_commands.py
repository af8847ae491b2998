"""`reviewer hub notices` from beginning to end on a hub's data folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.errors import OperatorError
from reviewer.hub.listings import upsert_listings
from reviewer.hub.messages import ListingUpsert
from reviewer.hub.provision import put_marketplace
from reviewer.hub.store import open_store

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    store = open_store(tmp_path / "hub", clock=lambda: NOW)
    place = {"id": "bazaar", "name": "Bazaar", "currency": "EUR", "language": "en", "country": "IE"}
    items = [
        ListingUpsert.model_validate(
            {
                "listing": {"id": f"l{number}", "marketplace": "bazaar", "title": "Bag", "category": "backpack"},
                "seller": {"id": "s1", "display_name": "Seller"},
            }
        )
        for number in (1, 2)
    ]
    store.database.write(lambda connection: put_marketplace(connection, place))
    store.database.write(lambda connection: upsert_listings(connection, items, store.policy, NOW))
    store.close()
    return tmp_path / "hub"


def run(*arguments):
    found = CliRunner().invoke(app, ["hub", "notices", *map(str, arguments)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def test_from_the_table_to_the_withdrawal(folder, tmp_path):
    known = run("claimant", "--data", folder, "--id", "norrvik", "--name", "Norrvik AB", "--source", "rights_holder")
    assert known.stdout == "norrvik is there.\n"
    table = tmp_path / "table.csv"
    table.write_text(
        "listing_id,ground,right_kind,right_number,right_owner,right_office,nice_classes,expires,good_faith,statement\n"
        "l1,counterfeit,trademark,EM-1,Norrvik AB,EUIPO,18,2099-01-01,yes,The logo is not ours\n"
        "l2,counterfeit,trademark,EM-1,Norrvik AB,EUIPO,18,2099-01-01,yes,The logo is not ours\n"
        "l1,counterfeit,trademark,EM-2,Norrvik AB,EUIPO,,2001-01-01,yes,The pattern is not ours\n",
        "utf-8",
    )
    imported = run("import", table, "--data", folder, "--claimant", "norrvik")
    assert imported.exit_code == 0
    assert "2 open" in imported.stdout
    assert "asked: The right has expired: send the renewal, or rely on another right." in imported.stdout
    assert imported.stdout.endswith("2 notices received, 0 known, 0 not taken.\n")
    again = run("import", table, "--data", folder, "--claimant", "norrvik")
    assert again.stdout.endswith("0 notices received, 2 known, 0 not taken.\n")
    rows = json.loads(run("list", "--data", folder, "--state", "open", "--json").stdout)["items"]
    assert [(row["listing_count"], row["complete"]) for row in rows] == [(2, True), (1, False)]
    listed = run("list", "--data", folder).stdout
    assert listed.endswith("2 notices.\n")
    assert "incomplete" in listed
    shown = run("show", rows[1]["id"], "--data", folder).stdout
    assert "fails    in_force    trademark EM-2 expired on 2001-01-01" in shown
    assert "unknown  class       the right names no Nice class" in shown
    whole = json.loads(run("show", rows[0]["id"], "--data", folder, "--json").stdout)
    assert [row["listing_id"] for row in whole["listings"]] == ["l1", "l2"]
    assert run("check", "--data", folder).stdout == "3 listings looked at, 0 checklists changed.\n"
    gone = run("withdraw", rows[0]["id"], "--data", folder, "--reason", "settled")
    assert gone.stdout == "2 listings withdrawn, 1 cases closed; 0 were decided before and stay so.\n"
    told = run("record", "norrvik", "--data", folder).stdout
    assert "0 upheld, 0 rejected, 0 reversed, 2 withdrawn" in told


def test_checklists_follow_what_is_known_of_the_claimant(folder, tmp_path):
    run("claimant", "--data", folder, "--id", "agency", "--name", "Brand Agency", "--source", "rights_holder")
    table = tmp_path / "table.csv"
    head = (
        "listing_id,ground,right_kind,right_number,right_owner,right_office,nice_classes,expires,good_faith,statement"  # noqa: E501
    )
    line = "l1,counterfeit,trademark,EM-1,Norrvik AB,EUIPO,18,2099-01-01,yes,The logo is not ours"
    table.write_text(f"{head}\n{line}\n", "utf-8")
    run("import", table, "--data", folder, "--claimant", "agency")
    row = json.loads(run("list", "--data", folder, "--json").stdout)["items"][0]
    assert row["asked"] == ["Attach the authorisation of Norrvik AB, or say that you are the owner."]
    run("claimant", "--data", folder, "--id", "agency", "--name", "Brand Agency", "--source", "rights_holder",
        "--owner", "Norrvik AB")  # fmt: skip
    assert run("check", row["id"], "--data", folder).stdout == "1 listings looked at, 1 checklists changed.\n"
    assert json.loads(run("list", "--data", folder, "--json").stdout)["items"][0]["complete"] is True


def test_every_faulty_line_is_named_with_exit_code_1(folder, tmp_path):
    run("claimant", "--data", folder, "--id", "n", "--name", "N", "--source", "consumer")
    table = tmp_path / "table.csv"
    table.write_text("listing_id,ground,good_faith\nl1,nonsense,yes\nl1,counterfeit,maybe\n,counterfeit,yes\n", "utf-8")
    found = run("import", table, "--data", folder, "--claimant", "n")
    assert found.exit_code == 1
    assert "line 2: ground: There is no ground 'nonsense'" in found.stderr
    assert "line 3: good_faith: must be yes or no, not 'maybe'" in found.stderr
    assert "line 4: listing_id:" in found.stderr
    table.write_text("listing_id,ground\nl1,counterfeit\nl1,nonsense\n", "utf-8")
    found = run("import", table, "--data", folder, "--claimant", "n")
    assert "line 3: ground: There is no ground 'nonsense'" in found.stderr
    assert run("list", "--data", folder).stdout == "0 notices.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "nothing"), "There is no notice nothing"),
        (("record", "nobody"), "There is no claimant nobody"),
        (("check", "nothing"), "There is no notice nothing"),
        (("withdraw", "nothing"), "There is no notice nothing"),
        (("lift", "nobody", "--reason", "x"), "There is no claimant nobody"),
        (("list", "--state", "lost"), "There is no state 'lost'"),
        (("import", "no-such-file.csv"), "can't be read"),
        (("claimant", "--id", "x", "--name", "X", "--source", "friend"), "no kind of claimant 'friend'"),
    ],
)
def test_what_is_not_there_is_said(folder, arguments, words):
    with pytest.raises(OperatorError, match=words):
        run(*arguments, "--data", folder)


def test_a_folder_without_a_hub_is_left_alone(tmp_path):
    with pytest.raises(OperatorError, match="no hub's data folder"):
        run("list", "--data", tmp_path)
    assert list(tmp_path.iterdir()) == []
