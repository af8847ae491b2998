"""The seller's letter: a statement of reasons in plain text and in HTML, in the seller's language from templates."""

from __future__ import annotations

import html
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reviewer.domain.decision import Measure
from reviewer.domain.text import visible
from reviewer.policy.statement import Statement, end_of, legal_ground
from reviewer.resources import resources_folder

_FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: `language` is that of its template; `text` and `html` say the same."""

    language: str
    subject: str
    text: str
    html: str


def letter_languages() -> tuple[str, ...]:
    """The languages that letters can be written in."""
    return tuple(sorted(file.stem for file in (resources_folder() / "letters").glob("*.toml")))


@lru_cache(maxsize=32)
def _template(language: str) -> tuple[str, Mapping[str, Any]]:
    """The template of a language, or the English one where there is none; with the language that it is in."""
    short = language.partition("-")[0].lower()
    name = short if short in letter_languages() else _FALLBACK
    return name, tomllib.loads((resources_folder() / "letters" / f"{name}.toml").read_text("utf-8"))


def letter(statement: Statement, language: str = "") -> Letter:
    """The letter of a statement, in `language` or that of the listing; English where there is no template."""
    name, words = _template(language or statement.language)
    title = visible(statement.title, limit=200, keep_lines=False)
    subject = words["subject_reversed" if statement.lifted_on else "subject"].format(title=title)
    sections = _sections(statement, words, title)
    greeting = words["greeting"].format(seller=visible(statement.seller_name, limit=120, keep_lines=False))
    return Letter(name, subject, _as_text(subject, greeting, sections), _as_html(name, subject, greeting, sections))


_Section = tuple[str, tuple[str, ...]]


def _sections(statement: Statement, words: Mapping[str, Any], title: str) -> list[_Section]:
    illegal, name, _ = legal_ground(statement)
    ground = words["ground"].get(statement.ground_id) or (statement.ground.title if statement.ground else "")
    what = words["offer"].format(
        title=title, listing=visible(statement.listing_id, limit=128), day=statement.decided_on
    )
    if statement.lifted_on is not None:
        what += " " + words["reversed"].format(day=statement.lifted_on)
    basis = words["law" if illegal else "terms"].format(name=visible(name, limit=500))
    detection = words["detected_by_program" if statement.automated_detection else "detected_by_people"]
    decided = words["decided_by_rule" if statement.automated_decision else "decided_by_person"]
    facts = tuple(visible(fact, limit=4000, keep_lines=False) for fact in statement.facts if fact.strip())
    return [
        ("", (what,)),
        (words["title_measures"], tuple(_measure(statement, measure, words) for measure in statement.measures)),
        (words["title_territory"], (_territory(statement, words),)),
        (words["title_ground"], (*((ground,) if ground else ()), basis)),
        (words["title_facts"], facts or (words["no_facts"],)),
        (words["title_automated"], (detection, decided)),
        (words["title_redress"], tuple(words["redress"])),
        ("", (words["reference"].format(puid=statement.puid),)),
    ]


def _measure(statement: Statement, measure: Measure, words: Mapping[str, Any]) -> str:
    end = end_of(statement, measure)
    text: str = words["measure"][measure.kind.value]
    if measure.scope in ("brand", "category"):
        text += " " + words["scope"][measure.scope]
    lasting: str = words["until"].format(day=end) if end is not None else words["for_ever"]
    return f"{text} {lasting}"


def _territory(statement: Statement, words: Mapping[str, Any]) -> str:
    return str(words["territory"]).format(countries=", ".join(statement.territories))


def _as_text(subject: str, greeting: str, sections: list[_Section]) -> str:
    lines = [subject, "", greeting]
    for title, rows in sections:
        lines.append("")
        if title:
            lines += [title, *(f"- {row}" for row in rows)]
        else:
            lines += rows
    return "\n".join(lines) + "\n"


def _as_html(language: str, subject: str, greeting: str, sections: list[_Section]) -> str:
    parts = [f"<h1>{html.escape(subject)}</h1>", f"<p>{html.escape(greeting)}</p>"]
    for title, rows in sections:
        if title:
            items = "".join(f"<li>{html.escape(row)}</li>" for row in rows)
            parts.append(f"<h2>{html.escape(title)}</h2><ul>{items}</ul>")
        else:
            parts += [f"<p>{html.escape(row)}</p>" for row in rows]
    head = f'<meta charset="utf-8"><title>{html.escape(subject)}</title>'
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head>{head}</head>\n<body>\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
