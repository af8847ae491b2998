"""`reviewer evidence`: the protocol on a small made-up folder, and two pictures compared."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from typer.testing import CliRunner

from reviewer.cli import app, main
from reviewer.errors import OperatorError
from reviewer.evidence_command import compare_files, run_evaluation, table
from reviewer.imaging.evaluation import Edit, held_out, read_tables, rows, wilson
from tests.unit.imaging.pictures import shared
from tests.unit.imaging.test_evidence_matching import dyed, scene


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three originals, a twin listed under two names, edits, a collage with two of them, one pair that is no copy."""
    top = tmp_path_factory.mktemp("evidence")
    images, edits = top / "products" / "img", top / "copies"
    for part in (images, edits / "edits"):
        part.mkdir(parents=True)
    pictures = {name: scene(seed) for name, seed in (("a", 1), ("b", 2), ("c", 3))}
    for name, picture in pictures.items():
        picture.save(images / f"{name}.png")
    pictures["c"].save(images / "c-again.png")
    sheet = Image.new("RGB", (500, 600), "white")
    sheet.paste(pictures["a"].resize((240, 288)), (0, 0))
    sheet.paste(pictures["b"].resize((240, 288)), (250, 300))
    made = {
        "a-hflip": (ImageOps.mirror(pictures["a"]), "a", "hflip"),
        "b-hflip": (ImageOps.mirror(pictures["b"]), "b", "hflip"),
        "c-crop": (pictures["c"].crop((50, 60, 350, 420)), "c", "crop"),
        "a-hue": (dyed(pictures["a"]), "a", "hue"),
        "b-hue": (scene(50), "b", "hue"),
        "a-collage": (sheet, "a", "collage"),
    }
    lines = ["file,original,edit"]
    for name, (picture, original, edit) in made.items():
        picture.save(edits / "edits" / f"{name}.png")
        lines.append(f"edits/{name}.png,../products/img/{original}.png,{edit}")
    (edits / "market_edits.csv").write_text("\n".join(lines) + "\n")
    (edits / "not_a_copy_pairs.csv").write_text(
        "file_a,file_b,relation\n../products/img/a.png,../products/img/b.png,other product\n"
    )
    return edits


def test_the_protocol_counts_hits_and_false_hits(folder: Path) -> None:
    document = run_evaluation(folder, None, with_peers=True, processes=1, tell=lambda words: None)
    recall = {row["edit"]: (row["n"], row["recall"]) for row in document["rows"]}
    assert recall == {"hflip": (2, 1.0), "crop": (1, 1.0), "hue": (2, 0.5), "collage": (1, 1.0)}
    assert (document["false_hits"], document["pairs"], document["references"]) == (0, 1, 4)
    reasons = {(row["query"], row["claimed"]): row["reason"] for row in document["excused"]}
    assert reasons == {
        ("c-crop.png", "c-again.png"): "the folder holds this picture under both names",
        ("a-collage.png", "b.png"): "another tile of the collage",
    }
    assert document["edits_named"]["hue"] == {"same photo": 0, "recoloured": 1, "same print": 0, "none": 1}
    assert document["relations"] == [
        {"relation": "other product", "same photo": 0, "recoloured": 0, "same print": 0, "none": 2}
    ]
    parts = [document[part]["queries"] for part in ("development", "held_out")]
    assert sum(parts) == document["queries"] == 8
    peers = {peer["peer"]: peer for peer in document["peers"]}
    assert {row["edit"]: row["recall"] for row in peers["imagehash pHash 256"]["rows"]}["hflip"] == 0
    assert any("hflip" in line and "100.0%" in line for line in table(json.loads(json.dumps(document))))


def test_the_command_prints_and_writes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "numbers.json"
    result = CliRunner().invoke(app, ["evidence", "evaluate", str(folder), "--json", str(out), "--processes", "1"])
    assert result.exit_code == 0, result.output
    assert "False hits: 0 of 8 queries" in result.output
    row = json.loads(out.read_text("utf-8"))["rows"][0]
    assert set(row) == {"edit", "n", "recall", "low", "high"}


EDITS = "file,original,edit\nedits/a-hflip.png,../products/img/a.png,hflip\n"
PAIRS = "file_a,file_b,relation\n"


@pytest.mark.parametrize(
    ("edits", "pairs", "words"),
    [
        (None, PAIRS, "market_edits.csv can't be read: No such file"),
        (EDITS, None, "not_a_copy_pairs.csv can't be read: No such file"),
        ("name\nx\n", PAIRS, "market_edits.csv lacks the column file; it needs file, original, edit."),
        ("", PAIRS, "lacks the column file"),
        (EDITS, "file_a\nx\n", "not_a_copy_pairs.csv lacks the column file_b"),
        ("file,original,edit\n", PAIRS, "has no rows"),
        ("file,original,edit\nedits/a-hflip.png\n", PAIRS, "line 2: original is empty"),
        (b"file,original,edit\n\xff\xfe,b,c\n", PAIRS, "no CSV file in UTF-8"),
        (EDITS.replace("a-hflip", "gone"), PAIRS, "gone.png, named in the tables"),
        (EDITS, PAIRS + "edits/gone.png,edits/gone2.png,x\n", "gone.png and 1 more, named in the tables"),
        (EDITS.replace("edits/a-hflip.png", "market_edits.csv"), PAIRS, "market_edits.csv can't be looked at"),
        (EDITS.replace("../products/img/a.png", "market_edits.csv"), PAIRS, "market_edits.csv can't be looked at"),
    ],
)
def test_bad_tables_and_pictures_are_one_line(
    folder: Path,
    tmp_path: Path,
    edits: str | bytes | None,
    pairs: str | None,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    top = tmp_path / "set"
    shutil.copytree(folder.parent, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / folder.name
    for name, text in (("market_edits.csv", edits), ("not_a_copy_pairs.csv", pairs)):
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    monkeypatch.setattr(
        "sys.argv",
        ["reviewer", "evidence", "evaluate", str(folder), "--processes", "1", "--json", str(top)],
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert words in said[-1]
    assert sum(line.startswith("reviewer: ") for line in said) == 1
    assert not top.exists()


def test_two_files_are_compared_and_drawn(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "comparison.png"
    reference = folder.parent / "products" / "img" / "a.png"
    words, matches = compare_files(folder / "edits" / "a-collage.png", reference, out)
    assert words.startswith("Same photo as a.png, placed on 23 % of this picture")
    assert [match.kind for match in matches] == ["same photo"]
    with Image.open(out) as drawn:
        assert drawn.width > 900
        assert (0, 114, 178) in {colour for _, colour in drawn.convert("RGB").getcolors(1 << 24) or []}
    words, matches = compare_files(folder / "edits" / "b-hue.png", reference, out)
    assert (words, matches) == ("No match with a.png was found.", [])


def test_what_is_no_picture_is_said_and_not_drawn(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"<svg/>")
    good = folder.parent / "products" / "img" / "a.png"
    with pytest.raises(OperatorError, match="SVG"):
        compare_files(broken, good, tmp_path / "out.png")
    with pytest.raises(OperatorError, match="can't be read"):
        compare_files(tmp_path / "nothing.jpg", good, tmp_path / "out.png")
    with pytest.raises(OperatorError, match="can't be written"):
        compare_files(good, good, tmp_path / "no folder" / "out.png")


def test_intervals_are_those_of_wilson() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(9, 10)
    assert (round(low, 4), round(high, 4)) == (0.5958, 0.9821)
    assert wilson(10, 10)[1] == pytest.approx(1.0)


def test_rows_are_in_the_order_of_the_table() -> None:
    edits = [Edit(Path(name), Path("o"), name[0]) for name in ("b1", "a1", "b2")]
    assert [(row.edit, row.n, row.recall) for row in rows(edits, lambda edit: edit.file.name == "b1")] == [
        ("b", 2, 0.5),
        ("a", 1, 0.0),
    ]


def test_parts_depend_on_the_name_alone() -> None:
    names = [Path(f"/anywhere/{number}.jpg") for number in range(2000)]
    assert 0.26 < sum(map(held_out, names)) / len(names) < 0.34
    assert all(held_out(name) == held_out(Path(name.name)) for name in names)


@pytest.mark.parametrize("edit", ["hflip", "collage", "watermark"])
def test_real_edits_of_the_part_set_aside(edit: str, tmp_path: Path) -> None:
    """One of each; the whole table takes minutes and is printed by the command."""
    edits, _ = read_tables(shared("data", "copydetection"))
    chosen = next(one for one in edits if one.edit == edit and held_out(one.original))
    _, matches = compare_files(chosen.file, chosen.original, tmp_path / "comparison.png")
    assert matches[0].kind == "same photo"
