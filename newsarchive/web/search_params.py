"""Search parameters: parsed from a query string into filters, and written back as URLs of related searches."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self

from newsarchive.web.jinja_env import build_url, language_name
from storage.index.search.query import parse_date_range
from storage.index.views.articles import Filters

PAGE_SIZE = 20
MAX_PAGES = 200
"""Older results are reached by narrowing the dates."""

_NAMED = ("site", "section", "author", "byline", "language", "tag")
_CONTROL_CHARACTERS = dict.fromkeys((*range(32), *range(127, 160)))


class FilterChip(NamedTuple):
    """An active filter."""

    label: str
    url_without: str
    """URL of the same search without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParams:
    """Parameters of a search as given in its URL; "" if not given."""

    q: str = ""
    site: str = ""
    section: str = ""
    author: str = ""
    """Part of a name."""
    byline: str = ""
    """Whole name."""
    language: str = ""
    tag: str = ""
    since: str = ""
    """Year, month or day, from its beginning."""
    until: str = ""
    """Year, month or day, to its end."""
    sort: Literal["newest", "rank"] = "newest"
    chart: Literal["count", "share"] = "count"
    """Quantity that the histogram shows."""
    page: int = 1
    problems: tuple[str, ...] = ()

    @classmethod
    def from_query(cls, query: Mapping[str, str], max_length: int = 500) -> Self:
        """Parse the query of a URL. Invalid values are ignored and reported in `problems`."""
        values = {
            name: query.get(name, "").translate(_CONTROL_CHARACTERS).strip()
            for name in ("q", *_NAMED, "since", "until")
        }
        problems = []
        if len(values["q"]) > max_length:
            problems.append(f"the query is longer than {max_length} characters: only its beginning was searched for")
        for name in ("since", "until"):
            if values[name] and parse_date_range(values[name]) is None:
                problems.append(
                    f"{name} {values[name][:40]} is not a date (write 2026, 2026-11 or 2026-11-25) and was ignored"
                )
                values[name] = ""
        page = query.get("page", "")
        return cls(
            **{name: text[:max_length] for name, text in values.items()},
            sort="rank" if query.get("sort") == "rank" else "newest",
            chart="share" if query.get("chart") == "share" else "count",
            page=min(max(int(page), 1), MAX_PAGES) if page.isascii() and page.isdecimal() and len(page) < 9 else 1,
            problems=tuple(problems),
        )

    @property
    def filters(self) -> Filters:
        """Filters for the index."""
        since, until = parse_date_range(self.since), parse_date_range(self.until)
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
        """Number of results before this page."""
        return (self.page - 1) * PAGE_SIZE

    @property
    def has_filters(self) -> bool:
        """True if any filter is active."""
        return any((*(getattr(self, name) for name in _NAMED), self.since, self.until))

    @property
    def query(self) -> dict[str, str]:
        """Query parameters without the page."""
        values = {name: getattr(self, name) for name in ("q", *_NAMED, "since", "until")}
        values |= {"sort": "rank" if self.sort == "rank" else "", "chart": "share" if self.chart == "share" else ""}
        return {name: text for name, text in values.items() if text}

    def url(self, path: str = "/search", **changes: str) -> str:
        """Return the URL of this search with changed parameters, from its first page."""
        return build_url(path, **replace(self, page=1, **changes).query)  # type: ignore[arg-type]  # `sort` is one of two texts

    def url_with_facet(self, name: str, value: str) -> str:
        """Return the URL of this search with a facet's value as a filter."""
        if name == "year":
            return self.url(since=value, until=value)
        return self.url(**{"byline" if name == "author" else name: value})

    @property
    def chips(self) -> tuple[FilterChip, ...]:
        """Active filters."""
        chips = []
        for name in _NAMED:
            value = getattr(self, name)
            if value:
                label = language_name(value) if name == "language" else value
                chips.append(FilterChip(f"{'author' if name == 'byline' else name}: {label}", self.url(**{name: ""})))
        if self.since and self.since == self.until:
            chips.append(FilterChip(f"date: {self.since} (UTC)", self.url(since="", until="")))
        else:
            chips += [
                FilterChip(f"{name}: {value} (UTC)", self.url(**{name: ""}))
                for name, value in (("since", self.since), ("until", self.until))
                if value
            ]
        return tuple(chips)

    @property
    def export_url(self) -> str:
        """URL of the export form, filled in with this search. In the form a day stands for its beginning."""
        days = {"since": self.filters.since, "until": self.filters.until}
        values = {name: day.date().isoformat() for name, day in days.items() if day}
        return build_url("/exports", **{**self.query, **values, "sort": "", "chart": ""})

    def date_field(self, name: Literal["since", "until"]) -> str:
        """Return a date as the value of a date field."""
        span = parse_date_range(getattr(self, name))
        if span is None:
            return ""
        return f"{span[0] if name == 'since' else span[1] - timedelta(days=1):%Y-%m-%d}"

    def url_between(self, begin: datetime, end: datetime) -> str:
        """Return the URL of this search restricted to a range of whole days."""
        last = end - timedelta(days=1)
        return self.url(since=f"{begin:%Y-%m-%d}", until=f"{last:%Y-%m-%d}")
