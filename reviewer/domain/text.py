"""Texts of strangers: controls made visible, scripts told apart.  The raw text is never changed in store."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Controls that reorder or hide text (Unicode UAX 9 and general category Cf), with what is shown for them.
_NAMES = {
    0x00AD: "SHY",
    0x061C: "ALM",
    0x180E: "MVS",
    0x200B: "ZWSP",
    0x200C: "ZWNJ",
    0x200D: "ZWJ",
    0x200E: "LRM",
    0x200F: "RLM",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2060: "WJ",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
    0xFEFF: "BOM",
}
#: Of category Cf, and yet drawn: signs over numbers in Arabic, Syriac and Kaithi.
_DRAWN = frozenset({*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD})
_HIDING = re.compile(f"[{''.join(map(chr, _NAMES))}\u2061-\u2064\u206a-\u206f\ufff9-\ufffb]")
_LINES = {ord("\n"): " ", ord("\t"): " "}
#: Texts up to this length are remembered: a window shows the same names and titles again and again.
_SHORT = 300
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def visible(text: str, *, limit: int | None = None, keep_lines: bool = True) -> str:
    """The text with every control character shown as a name in brackets, such as ⟦RLO⟧.

    Lone surrogates become ⟦U+D800⟧.  `limit` cuts to that many characters of the input and says how
    many were left out.  Joiners between emoji are kept: they are part of the picture.
    """
    if len(text) <= _SHORT:
        return _shown_short(text, limit, keep_lines)
    return _shown(text, limit, keep_lines)


def _shown(text: str, limit: int | None, keep_lines: bool) -> str:
    cut = text if limit is None or len(text) <= limit else text[:limit]
    if cut.translate(_LINES).isprintable():  # nothing of the categories that are named below
        shown = cut if keep_lines else cut.translate(_LINES)
    else:
        shown = "".join(_visible_character(cut, place, keep_lines) for place in range(len(cut)))
    if len(cut) < len(text):
        shown += f" … ({len(text) - len(cut):,} more characters)"
    return shown


_shown_short = lru_cache(maxsize=8192)(_shown)


def _visible_character(text: str, place: int, keep_lines: bool) -> str:
    character = text[place]
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return character
    if character in "\n\t":
        return character if keep_lines else " "
    if code == 0x200D and _joins_symbols(text, place):
        return character
    if code in _NAMES:
        return f"⟦{_NAMES[code]}⟧"
    category = unicodedata.category(character)
    if category in ("Cc", "Cs", "Co", "Zl", "Zp") or (category == "Cf" and code not in _DRAWN):
        return f"⟦U+{code:04X}⟧"
    return character


def _joins_symbols(text: str, place: int) -> bool:
    return 0 < place < len(text) - 1 and _is_symbol(text[place - 1]) and _is_symbol(text[place + 1])


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk", "Mn")


def has_hidden_controls(text: str) -> bool:
    """Whether the text has characters that hide or reorder others.  Joiners between emoji do not count."""
    return any(found[0] != "\u200d" or not _joins_symbols(text, found.start()) for found in _HIDING.finditer(text))


def mixed_script_words(text: str, *, limit: int = 8) -> tuple[str, ...]:
    """Words that mix letters of look-alike scripts (Latin, Cyrillic, Greek …): the mark of homoglyphs."""
    if text.isascii():
        return ()
    found: list[str] = []
    for word in text[:20_000].split():
        scripts = {script for script in map(_script, word) if script}
        if len(scripts) > 1 and word not in found:
            found.append(word)
            if len(found) == limit:
                break
    return tuple(found)


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "")
    return next((script for script in _SCRIPTS if name.startswith(script)), "")


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of a text's letters, by the first word of their names in Unicode (`LATIN`, `CJK`, `THAI` …)."""
    return frozenset(name for name in map(_script_name, text) if name)


@lru_cache(maxsize=4096)
def _script_name(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""
