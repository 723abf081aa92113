"""The newsroom's sentences as TOML: one story template per file, and sentences shared by all."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from tests.newsroom.story_template import StoryTemplate

TEMPLATES = ("council", "weather", "harbour", "shops", "football", "regatta", "culture", "islands")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSentences:
    """Sentences for all templates."""

    asides: tuple[str, ...]
    headings: tuple[str, ...]
    quotes: tuple[str, ...]
    list_heads: tuple[str, ...]
    list_items: tuple[str, ...]
    background: str
    """A paragraph that follow-ups repeat word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignArticle:
    """A complete article in another language."""

    language: str
    headline: str
    dek: str
    tags: tuple[str, ...]
    paragraphs: tuple[str, ...]


def load(name: str) -> dict[str, Any]:
    """Load one of the TOML files of this package."""
    return tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def story_templates() -> dict[str, tuple[StoryTemplate, ...]]:
    """Return the story templates by section."""
    found: dict[str, list[StoryTemplate]] = {}
    for name in TEMPLATES:
        table = load(name)
        beats = tuple(tuple(beat) for beat in table.pop("beats"))
        plain = {key: tuple(table.pop(key)) for key in ("tags", "headlines", "deks", "leads")}
        frame = StoryTemplate(
            section=table["section"], beats=beats, roles=table["roles"], slots=table["slots"], **plain
        )
        found.setdefault(frame.section, []).append(frame)
    return {section: tuple(kinds) for section, kinds in found.items()}


@cache
def shared_sentences() -> SharedSentences:
    """Return the shared sentences."""
    table = load("common")
    background = table.pop("background")
    return SharedSentences(background=background, **{key: tuple(values) for key, values in table.items()})


@cache
def foreign_articles() -> dict[str, ForeignArticle]:
    """Return the articles in other languages by key."""
    return {
        key: ForeignArticle(
            language=table["language"],
            headline=table["headline"],
            dek=table["dek"],
            tags=tuple(table["tags"]),
            paragraphs=tuple(table["paragraphs"]),
        )
        for key, table in load("foreign").items()
    }
