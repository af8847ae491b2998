"""The tour's pictures of the connectors: a folder of files previewed, a new connector looked at and approved."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QMessageBox

from reviewer.connectors.template import new_connector
from reviewer.services.accounts import ConnectorKind
from reviewer.tour.guide import Guide
from reviewer.tour.waiting import wait_until
from reviewer.ui.connectors.fields import PathEdit

_ROWS = (
    ("A-101", "กระเป๋า Orle งานเทียบแท้", "389,00", "ร้านใบเตย"),
    ("A-102", "오를레 가방 정품급", "45.000,00", "서울상점"),
    ("A-103", "Orle 包包 原单", "268,00", "小明的店"),
)
_NAME = "my_market"


def show_connectors(guide: Guide) -> None:
    """Set up an account at a folder and leave it unsaved; approve a connector that was put into the data folder."""
    window = guide.window
    window.show_view("connectors")
    view = window.connectors
    new_connector(_NAME, guide.desktop.workstation.folder / "plugins")
    view.refresh()
    wait_until(lambda: _kind(guide, _NAME) is not None, "the new connector to be listed")
    guide.album.take(window, "connectors-unapproved", settle_s=0.5)
    kind = _kind(guide, _NAME)
    if kind is not None:
        box = view.approve(kind)
        guide.album.take(window, "connectors-approve", settle_s=0.4)
        next(one for one in box.buttons() if box.buttonRole(one) == QMessageBox.ButtonRole.AcceptRole).click()
        wait_until(lambda: (found := _kind(guide, _NAME)) and found.state == "ready", "the connector to be approved")
    with tempfile.TemporaryDirectory(prefix="reviewer-tour-files-") as made:
        _preview_files(guide, Path(made))


def _preview_files(guide: Guide, folder: Path) -> None:
    (folder / "in").mkdir()
    with (folder / "in" / "listings.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(("id", "title", "price", "seller_name"))
        writer.writerows(_ROWS)
    dialog = guide.window.connectors.edit(None)
    editor = dialog.editor
    editor.kind.setCurrentIndex(editor.kind.findData("file_drop"))
    path, name = editor.form.fields["folder"].widget, editor.form.fields["reviewer"].widget
    if isinstance(path, PathEdit) and isinstance(name, QLineEdit):
        path.line.setText(str(folder))
        name.setText("Ana")
        editor.test()
        wait_until(lambda: editor.preview.isVisible(), "the preview of the files")
    guide.album.take(guide.window, "connectors-files", settle_s=0.5)
    dialog.reject()


def _kind(guide: Guide, name: str) -> ConnectorKind | None:
    return next((kind for kind in guide.window.connectors.kinds if kind.id == name), None)
