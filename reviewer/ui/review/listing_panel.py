"""What is offered: title, price, claims and description, and what changed since the listing was flagged."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QScrollArea, QSizePolicy, QTextEdit, QVBoxLayout, QWidget

from reviewer.domain.listing import Listing
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.text import has_hidden_controls, mixed_script_words, visible
from reviewer.domain.values import Money, gtin_is_valid
from reviewer.services.model import CaseOnDesk
from reviewer.ui.plain import button
from reviewer.ui.review.ahead import Ahead
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.passage import Line, Mark, Passage
from reviewer.ui.review.redress_words import redress_lines
from reviewer.ui.review.wording import amount, country_name, host_of, language_name, translate

#: So much of a description is shown before "Show all" is asked for.
SHOWN_AT_FIRST = 10_000
#: Longer rows are broken: a text view lays out a row in one piece.
_ROW = 2_000
#: Texts up to this length are measured at once: that takes less than a millisecond.
_AT_ONCE = 2_000
_WORDS = re.compile(r"\s+|[^\s]+")


class _Description(QPlainTextEdit):
    """Plain text as high as all of its rows: only the panel around it scrolls."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.fit)

    def put(self, text: str) -> None:
        """Show a text; a long one is measured after the next painting."""
        self.setPlainText(text)
        if len(text) <= _AT_ONCE:
            self._later.stop()
            self.fit()
        else:
            self.setMinimumHeight(self.fontMetrics().lineSpacing() * 5)
            self._later.start()

    def fit(self) -> None:
        """Be as high as the text."""
        high, block = 2 * self.document().documentMargin() + 2 * self.frameWidth(), self.document().firstBlock()
        while block.isValid():
            high += self.blockBoundingRect(block).height()
            block = block.next()
        least = self.fontMetrics().lineSpacing() * 5
        self.setMinimumHeight(max(least, round(high + 0.5)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._later.start()

    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class ListingPanel(QScrollArea):
    """The texts of a listing, all of them plain."""

    def __init__(self, theme: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        inner = QWidget()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(translate("Review", "Listing"))
        self._listing: Listing | None = None
        self._on_desk: CaseOnDesk | None = None
        self._ahead: Ahead[tuple[tuple[Line, ...], tuple[str, tuple[str, ...]] | None]] = Ahead()
        self._marked = False
        self.head = Passage(theme, translate("Review", "The listing"), inner)
        self.description = _Description(inner)
        self.description.setReadOnly(True)
        self.description.setFrameShape(QFrame.Shape.NoFrame)
        self.description.setPlaceholderText(translate("Review", "There is no description."))
        self.description.setAccessibleName(translate("Review", "Description of the listing"))
        self.description.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.show_all = button(translate("Review", "Show the whole description"), "flat")
        self.show_all.clicked.connect(self._show_whole)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.description, 1)
        layout.addWidget(self.show_all)
        self.setWidget(inner)
        theme.changed.connect(self._restyle)

    def show_case(self, on_desk: CaseOnDesk, product: int = 0) -> None:
        """Show a case's listing; `product` is the reference product its price is compared with."""
        case = on_desk.case
        lines, texts = self._ahead.take(on_desk) or (head_lines(on_desk, product), None)
        self.head.set_lines(lines)
        if case.listing is not self._listing:
            self.verticalScrollBar().setValue(0)
            self._listing, self._on_desk = case.listing, on_desk
            self.description.setFont(self._theme.font(case.listing.language))
            self._put(texts or _texts(case.listing, SHOWN_AT_FIRST))
            self.show_all.setVisible(len(case.listing.description) > SHOWN_AT_FIRST)

    def prepare(self, on_desk: CaseOnDesk, product: int = 0) -> None:
        """Lay a coming case out ahead."""
        work = self._ahead.keep(on_desk, (head_lines(on_desk, product), _texts(on_desk.case.listing, SHOWN_AT_FIRST)))
        self.head.prepare(work[0])

    def _show_whole(self) -> None:
        if self._listing is not None:
            self._put(_texts(self._listing, None))
        self.show_all.hide()

    def _put(self, texts: tuple[str, tuple[str, ...]]) -> None:
        shown, suspicious = texts
        self.description.put(shown)
        self._mark(suspicious)

    def _mark(self, words: tuple[str, ...]) -> None:
        selections = []
        for word in words:
            cursor = self.description.document().find(visible(word))
            if not cursor.isNull():
                look = QTextEdit.ExtraSelection()
                look.format.setBackground(self._theme.colour("warning_back"))
                look.cursor = QTextCursor(cursor)
                selections.append(look)
        if selections or self._marked:
            self.description.setExtraSelections(selections)
        self._marked = bool(selections)

    def _restyle(self) -> None:
        if self._listing is not None:
            self.description.setFont(self._theme.font(self._listing.language))


def _texts(listing: Listing, limit: int | None) -> tuple[str, tuple[str, ...]]:
    """The description as it is shown, and the words in it that mix scripts."""
    text = listing.description
    shown = visible(text, limit=limit) if text else ""
    if any(len(row) > _ROW for row in shown.split("\n")):
        shown = "\n".join(shown[start : start + _ROW] for start in range(0, len(shown), _ROW))
    return shown, mixed_script_words(text[:SHOWN_AT_FIRST])


def head_lines(on_desk: CaseOnDesk, product: int) -> tuple[Line, ...]:
    """Everything above the description."""
    case = on_desk.case
    reference = case.references[product] if product < len(case.references) else None
    changes = changed_lines(case.previous, case.listing) if case.previous is not None else ()
    return (*redress_lines(on_desk), *title_lines(case.listing), *changes, *claim_lines(on_desk, reference))


def title_lines(listing: Listing) -> Iterator[Line]:
    """The title with its traps marked."""
    title = visible(listing.title, limit=500, keep_lines=False)
    mixed = tuple(visible(word) for word in mixed_script_words(listing.title))
    marks = tuple(Mark(title.find(word), len(word), "", "warning_back") for word in mixed if title.find(word) >= 0)
    yield Line(title, bold=True, scale=1.12, rows=3, marks=marks, language=listing.language)
    if mixed:
        words = translate("Review", "letters of several scripts in: {0}").format(", ".join(mixed))
        yield Line(words, "warning", "warning", rows=2)
    if has_hidden_controls(listing.title) or has_hidden_controls(listing.description):
        yield Line(
            translate("Review", "hidden control characters are shown in ⟦brackets⟧"), "warning", "warning", rows=2
        )


def claim_lines(on_desk: CaseOnDesk, reference: ReferenceProduct | None) -> Iterator[Line]:
    """Price against list price, and what the listing says of itself."""
    listing = on_desk.case.listing
    yield _price_line(listing.price, reference.list_price if reference is not None else None)
    claims = [visible(part, limit=60, keep_lines=False) for part in (listing.brand, listing.category) if part]
    if listing.units_sold is not None:
        claims.append(translate("Review", "{0:,} sold").format(listing.units_sold))
    claims.append(visible(on_desk.marketplace.name, limit=60, keep_lines=False))
    claims += [part for part in (language_name(listing.language), country_name(listing.country)) if part]
    yield Line(" · ".join(claims), rows=2)
    if listing.gtin:
        good = gtin_is_valid(listing.gtin)
        words = (
            translate("Review", "GTIN {0}: check digit right")
            if good
            else translate("Review", "GTIN {0}: no such number")
        )
        text = words.format(visible(listing.gtin, limit=30))
        if reference is not None and reference.gtin:
            same = reference.gtin == listing.gtin
            text += " · " + (
                translate("Review", "that of the reference")
                if same
                else translate("Review", "not that of the reference")
            )
        yield Line(text, "text" if good else "for", "check" if good else "cross", "ok" if good else "for", rows=1)
    if listing.url:
        host = host_of(listing.url)
        url = visible(listing.url, limit=200, keep_lines=False)
        yield Line(
            f"{host}   {url}" if host else url, "muted", rows=1, tooltip=url, marks=(Mark(0, len(host), "text"),)
        )


def _price_line(price: Money | None, list_price: Money | None) -> Line:
    text = amount(price)
    if list_price is None:
        return Line(text, bold=True, rows=1)
    text = translate("Review", "{0}  ·  list price {1}").format(text, amount(list_price))
    comparable = (
        price is not None and price.currency and price.currency == list_price.currency and list_price.amount > 0
    )
    if price is None or not comparable:
        return Line(text, bold=True, rows=1, trailing=translate("Review", "not comparable"))
    share = round(100 * (price.amount - list_price.amount) / list_price.amount)
    return Line(
        text,
        bold=True,
        rows=1,
        trailing=f"{share:+d} %".replace("-", "−"),
        trailing_role="for" if share < -30 else "muted",
    )


def changed_lines(before: Listing, after: Listing) -> Iterator[Line]:
    """Both revisions, with what differs marked."""
    yield Line(
        translate("Review", "CHANGED since it was flagged: removed is struck through, new is marked"),
        "warning",
        "warning",
        bold=True,
        gap=0.4,
        back="warning_back",
    )
    pairs = (
        (translate("Review", "title"), before.title, after.title),
        (translate("Review", "price"), amount(before.price), amount(after.price)),
        (translate("Review", "brand"), before.brand, after.brand),
        (translate("Review", "category"), before.category, after.category),
        (translate("Review", "GTIN"), before.gtin, after.gtin),
        (translate("Review", "description"), before.description, after.description),
    )
    for name, old, new in pairs:
        if old != new:
            yield difference_line(name, old, new, after.language)
    was, are = {p.sha256 for p in before.pictures}, {p.sha256 for p in after.pictures}
    if was != are:
        words = translate("Review", "pictures: {0} new, {1} gone").format(len(are - was), len(was - are))
        yield Line(words, indent=0.5)


def difference_line(name: str, old: str, new: str, language: str) -> Line:
    """One field in both states, word by word."""
    left, right = _words(old), _words(new)
    text, marks = f"{name}: ", []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            same = "".join(left[a:b])
            text += same if len(same) < 160 else f"{same[:70]} … {same[-70:]}"
            continue
        for words, role, back, strike in (
            ("".join(left[a:b]), "danger", "danger_back", True),
            ("".join(right[c:d]), "text", "info_back", False),
        ):
            if words:
                marks.append(Mark(len(text), len(words), role, back, strike=strike))
                text += words
    return Line(text, indent=0.5, marks=tuple(marks), language=language, rows=12)


def _words(text: str) -> list[str]:
    """The words and the spaces between them; scripts without spaces go by the character."""
    shown = visible(text, limit=3000, keep_lines=False)
    words = _WORDS.findall(shown)
    if len(words) < len(shown) / 24:
        words = list(shown)
    return words[:1200]
