"""Evasion in a listing's text: what hides a brand from a search and shows it to a buyer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from reviewer.domain.text import mixed_script_words, scripts_of

#: Letters and digits that are read as a Latin letter: the part of Unicode's UTS 39 confusables that sellers use.
_LOOKALIKES = str.maketrans(
    {
        # Cyrillic
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m",
        "н": "h", "о": "o", "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "у": "y", "ѵ": "v", "ԝ": "w", "х": "x", "ү": "y",
        # Greek
        "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u",
        "χ": "x", "γ": "y", "ω": "w", "μ": "u",
        # Armenian, and signs in the place of letters
        "ո": "n", "օ": "o", "ս": "u", "ց": "g",
        "0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e", "!": "i",
        "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "b",
    }
)  # fmt: skip
_HIDDEN = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
                     "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]")  # fmt: skip
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: Single letters of a word with a blank or a sign between each: `R e p l i c a`, `N.o.r.v.i.k`, `r-e-p`.
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:([ ._\-*·|/])[^\W\d_])(?:\1[^\W\d_])+(?![^\W_])")
_WORD = re.compile(r"[^\s,;:!?()\[\]\"“”«»]+")
_TEXT_LIMIT = 20_000


@lru_cache(maxsize=16_384)
def plain_letters(text: str) -> str:
    """Only the letters and digits of a text, without accents and hidden characters, in lower case."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if character.isalnum())


@lru_cache(maxsize=16_384)
def skeleton(text: str) -> str:
    """A text as the eye reads it: look-alikes as the Latin letters that they are taken for."""
    return plain_letters(unicodedata.normalize("NFKC", text).casefold().translate(_LOOKALIKES))


def words_of(text: str) -> list[str]:
    """The words of a text, without blanks and punctuation between them."""
    return _WORD.findall(text[:_TEXT_LIMIT])


def lookalike_words(text: str, *, limit: int = 8) -> tuple[str, ...]:
    """Words that mix letters of look-alike scripts."""
    return mixed_script_words(text, limit=limit)


def disguised(brand: str, words: list[str]) -> str:
    """A run of words that is read as the brand and not written as it, or ''.

    A word whose letters are all of one other script counts where the brand is Latin: `Норвик` is a
    transcription and does not; `аррlе` does, since its look-alikes make the very name.
    """
    wanted, plain = skeleton(brand), plain_letters(brand)
    if len(wanted) < 3:
        return ""
    span = len(brand.split())
    for run in _runs(words, span):
        shown = "".join(run)
        letters = plain_letters(shown)
        if letters != plain and skeleton(shown) == wanted and not letters.isdigit():
            return " ".join(run)[:40]
    return ""


def _runs(words: list[str], span: int) -> Iterator[list[str]]:
    for place in range(len(words) - span + 1):
        yield words[place : place + span]


def hidden_places(text: str, *, limit: int = 8) -> list[str]:
    """The words, without their hidden characters, that have a hidden character between two letters."""
    found: dict[str, None] = {}
    if text.isascii() or _HIDDEN.search(text) is None:
        return []
    for word in text[:_TEXT_LIMIT].split():
        if _hides(word):
            found.setdefault(_HIDDEN.sub("", word)[:40])
            if len(found) == limit:
                break
    return list(found)


def _hides(word: str) -> bool:
    before = ""
    hidden = False
    for character in word:
        if _HIDDEN.match(character):
            hidden = True
            continue
        if hidden and before.isalnum() and character.isalnum() and not _joins(before):
            return True
        before, hidden = character, False
    return False


def reorders(text: str) -> bool:
    """Whether the text has characters that reorder others: embeddings, overrides, isolates (UAX 9)."""
    return _REORDERING.search(text) is not None


def _joins(letter: str) -> bool:
    """Whether the letter is of a script that joins its letters with such characters, or breaks lines by them."""
    return bool(scripts_of(letter) & {"ARABIC", "THAI", "LAO", "KHMER", "MYANMAR", "DEVANAGARI", "BENGALI", "SINHALA",
                                      "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "GUJARATI", "GURMUKHI", "MONGOLIAN",
                                      "SYRIAC", "HEBREW"})  # fmt: skip


def spaced_words(text: str, letters: int) -> list[str]:
    """Words whose letters stand apart, put together: those of at least so many letters."""
    found: list[str] = []
    for match in _SPACED.finditer(text[:_TEXT_LIMIT]):
        joined = match[0][::2]
        if len(joined) >= letters and (joined := joined[:40]) and joined not in found:
            found.append(joined)
    return found


def near_miss(brand: str, words: list[str], least_letters: int, allowed: int) -> str:
    """A run of words that differs from the brand by at most `allowed` letters, or ''.

    Brands below `least_letters` are left alone, those below eight letters are allowed one at most: short
    names have too many neighbours in every language.
    """
    plain = plain_letters(brand)
    if len(plain) < least_letters or not any(letter.isalpha() for letter in plain):
        return ""
    most = 1 if len(plain) < 8 else allowed
    for run in _runs(words, len(brand.split())):
        letters = plain_letters("".join(run))
        if letters == plain or abs(len(letters) - len(plain)) > most or letters[:1] != plain[:1]:
            continue
        if letters == f"{plain}s":
            continue  # the plural of the brand
        if _within(letters, plain, most):
            return " ".join(run)[:40]
    return ""


def _within(one: str, other: str, allowed: int) -> bool:
    """Whether the Levenshtein distance of two short words is at most `allowed`."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        previous, row[0] = row[0], place
        for column, against in enumerate(other, start=1):
            previous, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, previous + (letter != against)),
            )
        if min(row) > allowed:
            return False
    return row[-1] <= allowed


def says(folded: str, word: str) -> bool:
    """Whether a text in lower case says a word: whole words of alphabets, any place in scripts without blanks."""
    if word not in folded:
        return False
    if not _has_no_blanks(word):
        edge = r"[^\W_]"
        return re.search(rf"(?<!{edge}){re.escape(word)}(?!{edge})", folded) is not None
    return True


def _has_no_blanks(word: str) -> bool:
    return bool(scripts_of(word) & {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR"})


def kept_share(before: str, now: str) -> float:
    """Which share of the words of the one title is in the other, 0..1: of the larger number of words."""
    one, other = {word.casefold() for word in words_of(before)}, {word.casefold() for word in words_of(now)}
    return len(one & other) / max(len(one), len(other), 1)
