"""The newsroom's sentences, as TOML: a frame a file, and what all frames share."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from newsarchive.demo.story import Frame

FRAMES = ("council", "weather", "harbour", "shops", "football", "regatta", "culture", "islands")


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Sentences that fit every frame."""

    asides: tuple[str, ...]
    headings: tuple[str, ...]
    quotes: tuple[str, ...]
    list_heads: tuple[str, ...]
    list_items: tuple[str, ...]
    background: str
    """A paragraph that follow-ups print word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An article that is written out, in another language."""

    language: str
    headline: str
    dek: str
    tags: tuple[str, ...]
    paragraphs: tuple[str, ...]


def load(name: str) -> dict[str, Any]:
    """Return one of the TOML files beside this module."""
    return tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def frames() -> dict[str, tuple[Frame, ...]]:
    """Return the frames by section."""
    found: dict[str, list[Frame]] = {}
    for name in FRAMES:
        table = load(name)
        beats = tuple(tuple(beat) for beat in table.pop("beats"))
        plain = {key: tuple(table.pop(key)) for key in ("tags", "headlines", "deks", "leads")}
        frame = Frame(section=table["section"], beats=beats, roles=table["roles"], slots=table["slots"], **plain)
        found.setdefault(frame.section, []).append(frame)
    return {section: tuple(kinds) for section, kinds in found.items()}


@cache
def common() -> Common:
    """Return what all frames share."""
    table = load("common")
    background = table.pop("background")
    return Common(background=background, **{key: tuple(values) for key, values in table.items()})


@cache
def foreign() -> dict[str, Told]:
    """Return the articles in other languages by their keys."""
    return {
        key: Told(
            language=table["language"],
            headline=table["headline"],
            dek=table["dek"],
            tags=tuple(table["tags"]),
            paragraphs=tuple(table["paragraphs"]),
        )
        for key, table in load("foreign").items()
    }
