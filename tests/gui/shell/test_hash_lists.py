"""Hash lists by a file: what went well and what did not is said in the banner."""

from __future__ import annotations

from pathlib import Path


def words_of(window) -> str:
    return " ".join(
        label.text() for label in window.banners.findChildren(object) if hasattr(label, "text") and callable(label.text)
    )


def test_a_list_is_taken_and_written(window, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("algorithm,hash\nx,y\n")
    window.hash_lists.take(path)
    qtbot.waitUntil(lambda: "2 new hashes from list.csv" in words_of(window))
    window.hash_lists.write("infringing", tmp_path / "out.csv")
    qtbot.waitUntil(lambda: "1 hashes written to" in words_of(window))
    assert (tmp_path / "out.csv").read_text() == "infringing\n"
    window.hash_lists.take(tmp_path / "gone.csv")
    qtbot.waitUntil(lambda: "No such file" in words_of(window))
