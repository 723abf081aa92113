"""What a search asks for: from an address to filters, and back to the addresses of its neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self

from newsarchive.web.language_names import language_name
from newsarchive.web.pages.jinja_env import address
from storage.index.search.query import span_of
from storage.index.views.articles import Filters

SIZE = 20
MOST_PAGES = 200
"""Further back one comes by narrowing the dates."""

_NAMED = ("site", "section", "author", "byline", "language", "tag")
_UNSEEN = dict.fromkeys((*range(32), *range(127, 160)))


class Chip(NamedTuple):
    """A filter that is on."""

    label: str
    without: str
    """Address of the same search without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as its address says it; "" where nothing is asked for."""

    q: str = ""
    site: str = ""
    section: str = ""
    author: str = ""
    """A part of a name."""
    byline: str = ""
    """A whole name."""
    language: str = ""
    tag: str = ""
    since: str = ""
    """A year, month or day: its first moment."""
    until: str = ""
    """A year, month or day: its last moment."""
    sort: Literal["newest", "rank"] = "newest"
    page: int = 1
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, query: Mapping[str, str], longest: int = 500) -> Self:
        """What the query of an address asks for. What makes no sense is left out, and said so."""
        said = {name: query.get(name, "").translate(_UNSEEN).strip() for name in ("q", *_NAMED, "since", "until")}
        problems = []
        if len(said["q"]) > longest:
            problems.append(f"the query is longer than {longest} characters: only its beginning was looked for")
        for name in ("since", "until"):
            if said[name] and span_of(said[name]) is None:
                problems.append(f"{name} {said[name][:40]} is no date (write 2026, 2026-11 or 2026-11-25): left out")
                said[name] = ""
        page = query.get("page", "")
        return cls(
            **{name: text[:longest] for name, text in said.items()},
            sort="rank" if query.get("sort") == "rank" else "newest",
            page=min(max(int(page), 1), MOST_PAGES) if page.isascii() and page.isdecimal() and len(page) < 9 else 1,
            problems=tuple(problems),
        )

    @property
    def filters(self) -> Filters:
        """What the index takes."""
        since, until = span_of(self.since), span_of(self.until)
        return Filters(
            site=self.site or None,
            section=self.section or None,
            author=self.author or None,
            byline=self.byline or None,
            language=self.language or None,
            tag=self.tag or None,
            since=since[0] if since else None,
            until=until[1] if until else None,
        )

    @property
    def offset(self) -> int:
        """Articles before those of this page."""
        return (self.page - 1) * SIZE

    @property
    def is_narrowed(self) -> bool:
        """True where filters are on."""
        return any((*(getattr(self, name) for name in _NAMED), self.since, self.until))

    @property
    def query(self) -> dict[str, str]:
        """The address's query, page aside."""
        said = {name: getattr(self, name) for name in ("q", *_NAMED, "since", "until")}
        return {name: text for name, text in said.items() if text} | ({"sort": "rank"} if self.sort == "rank" else {})

    def address(self, path: str = "/search", **changes: str) -> str:
        """Address of this search with some things changed, from its first page on."""
        return address(path, **replace(self, page=1, **changes).query)  # type: ignore[arg-type]  # `sort` is one of two texts

    def narrowed(self, name: str, value: str) -> str:
        """Address of this search, narrowed by a facet's value."""
        if name == "year":
            return self.address(since=value, until=value)
        return self.address(**{"byline" if name == "author" else name: value})

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The filters that are on."""
        chips = []
        for name in _NAMED:
            value = getattr(self, name)
            if value:
                shown = language_name(value) if name == "language" else value
                chips.append(Chip(f"{'author' if name == 'byline' else name}: {shown}", self.address(**{name: ""})))
        if self.since and self.since == self.until:
            chips.append(Chip(f"date: {self.since}", self.address(since="", until="")))
        else:
            chips += [
                Chip(f"{name}: {value}", self.address(**{name: ""}))
                for name, value in (("since", self.since), ("until", self.until))
                if value
            ]
        return tuple(chips)

    @property
    def export(self) -> str:
        """Address of the form for an export of what it finds, filled in. There a day is its first moment."""
        days = {"since": self.filters.since, "until": self.filters.until}
        given = {name: day.date().isoformat() for name, day in days.items() if day}
        return address("/exports", **{**self.query, **given, "sort": ""})

    def day(self, name: Literal["since", "until"]) -> str:
        """A date as a date field shows it."""
        span = span_of(getattr(self, name))
        if span is None:
            return ""
        return f"{span[0] if name == 'since' else span[1] - timedelta(days=1):%Y-%m-%d}"

    def between(self, begin: datetime, end: datetime) -> str:
        """Address of this search within a time, whole days."""
        last = end - timedelta(days=1)
        return self.address(since=f"{begin:%Y-%m-%d}", until=f"{last:%Y-%m-%d}")
