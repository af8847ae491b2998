"""PDF from HTML: Qt's rich text on a `QPdfWriter`, which embeds Latin, Korean, Chinese and Thai fonts."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QMarginsF, QSaveFile, QSizeF, QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)
from PySide6.QtSvg import QSvgRenderer

from reviewer.errors import OperatorError

_MARGIN_MM = 15.0
#: Text is laid out at this resolution; pictures are drawn at three times it.
_DPI = 96
_SHARPER = 3


def picture_of(svg: str, scale: float = _SHARPER) -> QImage:
    """An SVG as a picture, `scale` times its own size."""
    renderer = QSvgRenderer(QByteArray(svg.encode("utf-8")))
    image = QImage(renderer.defaultSize() * scale, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("white"))
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    return image


def write_pdf(html: str, path: Path, *, title: str, pictures: dict[str, str]) -> None:
    """Write HTML as an A4 PDF; `pictures` are SVG texts by the name that the HTML gives them.

    Without a running program it makes a `QGuiApplication` for as long as it takes.  The file is whole or as it was.
    Raises `OperatorError` where it can't be written.
    """
    application = QGuiApplication.instance() or QGuiApplication([])
    file = QSaveFile(str(path))
    if not file.open(QSaveFile.OpenModeFlag.WriteOnly):
        raise OperatorError(f"{path} can't be written: {file.errorString()}. Choose another place.")
    writer = QPdfWriter(file)
    writer.setTitle(title)
    writer.setResolution(_DPI)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM),
            QPageLayout.Unit.Millimeter,
        )
    )
    document = QTextDocument()
    document.setDefaultFont(QFont(["Noto Sans", "DejaVu Sans", "Noto Sans CJK KR", "Waree"], 9))
    document.documentLayout().setPaintDevice(writer)
    for name, svg in pictures.items():
        document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), picture_of(svg))
    document.setHtml(html)
    document.setPageSize(QSizeF(writer.width(), writer.height()))
    document.print_(writer)
    del writer, application
    if not file.commit():
        raise OperatorError(f"{path} can't be written: {file.errorString()}. Choose another place.")
