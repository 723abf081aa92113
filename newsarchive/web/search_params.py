"""Search parameters: parsed from a query string into filters, and written back as URLs of related searches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import starmap
from typing import Literal, NamedTuple, Self

from starlette.datastructures import QueryParams

from newsarchive.web.jinja_env import build_url, language_name
from storage.index.text.analyzer import fold_text
from storage.index.views.articles import ORDERS, Filters, Order
from storage.page_date import parse_date_range

PAGE_SIZE = 20
MAX_PAGES = 50_000
"""As many as a million articles fill."""
_MOST_VALUES = 50  # values of one filter

_NAMED = ("site", "section", "author", "byline", "language", "tag", "agency")
_DEFAULTS = dict.fromkeys(("q", *_NAMED, "since", "until"), "") | {"sort": "newest", "chart": "count", "copies": ""}
"""Parameters of a URL, with the values that are left out of it."""
_CONTROL_CHARACTERS = dict.fromkeys((*range(32), *range(127, 160)))
_SEPARATOR = "\n"
"""Between several values of a parameter, which contain no control characters."""


def parse_page(query: Mapping[str, str]) -> int:
    """Return the number of a page, from 1 to MAX_PAGES; 1 if it is no number."""
    page = query.get("page", "")
    return min(max(int(page), 1), MAX_PAGES) if page.isascii() and page.isdecimal() and len(page) < 9 else 1


@lru_cache(maxsize=4_096)  # a page has a hundred URLs that differ in one parameter
def _encode(name: str, value: str) -> str:
    """Return a parameter as a part of a URL; "" for its default."""
    return build_url("", **{name: tuple(value.split(_SEPARATOR))})[1:] if value != _DEFAULTS[name] else ""


class FilterChip(NamedTuple):
    """An active filter."""

    label: str
    url_without: str
    """URL of the same search without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParams:
    """Parameters of a search as given in its URL; "" if not given. Several values of a filter are lines."""

    q: str = ""
    site: str = ""
    section: str = ""
    author: str = ""
    """Part of a name."""
    byline: str = ""
    """Whole name."""
    language: str = ""
    tag: str = ""
    agency: str = ""
    since: str = ""
    """Year, month or day, from its beginning."""
    until: str = ""
    """Year, month or day, to its end."""
    sort: Order = "newest"
    chart: Literal["count", "share"] = "count"
    """Quantity that the histogram shows."""
    copies: Literal["", "all"] = ""
    """all: copies of one text in several papers are listed one by one."""
    page: int = 1
    problems: tuple[str, ...] = ()

    @classmethod
    def from_query(cls, query: Mapping[str, str], max_length: int = 500) -> Self:
        """Parse the query of a URL. Invalid values are ignored and reported in `problems`."""
        single = ("q", "since", "until")
        values = {name: query.get(name, "").translate(_CONTROL_CHARACTERS).strip() for name in single}
        for name in _NAMED:
            several = query.getlist(name) if isinstance(query, QueryParams) else [query.get(name, "")]
            cleaned = (text.translate(_CONTROL_CHARACTERS).strip()[:max_length] for text in several[:_MOST_VALUES])
            values[name] = _SEPARATOR.join(dict.fromkeys(filter(None, cleaned)))
        too_long = f"the query is longer than {max_length} characters: only its beginning was searched for"
        problems = [too_long] if len(values["q"]) > max_length else []
        for name in ("since", "until"):
            if values[name] and parse_date_range(values[name]) is None:
                problems.append(
                    f"{name} {values[name][:40]} is not a date (write 2026, 2026-11 or 2026-11-25) and was ignored"
                )
                values[name] = ""
        return cls(
            **(values | {"q": values["q"][:max_length]}),
            sort=next((order for order in ORDERS if order == query.get("sort")), "newest"),
            chart="share" if query.get("chart") == "share" else "count",
            copies="all" if query.get("copies") == "all" else "",
            page=parse_page(query),
            problems=tuple(problems),
        )

    @property
    def filters(self) -> Filters:
        """Filters for the index."""
        since, until = parse_date_range(self.since), parse_date_range(self.until)
        several = {name: self.values(name) or None for name in _NAMED if name != "author"}
        return Filters(
            **several,  # type: ignore[arg-type]  # names of filters that take several values
            author=self.author or None,
            since=since[0] if since else None,
            until=until[1] if until else None,
        )

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a filter."""
        return tuple(filter(None, getattr(self, name).split(_SEPARATOR)))

    @property
    def offset(self) -> int:
        """Number of results before this page."""
        return (self.page - 1) * PAGE_SIZE

    @property
    def query(self) -> dict[str, str | tuple[str, ...]]:
        """Query parameters without the page."""
        given = ((name, getattr(self, name)) for name in _DEFAULTS)
        return {
            name: tuple(value.split(_SEPARATOR)) if _SEPARATOR in value else value
            for name, value in given
            if value and value != _DEFAULTS[name]
        }

    def url(self, path: str = "/search", **changes: str) -> str:
        """Return the URL of this search with changed parameters, from its first page."""
        assert changes.keys() <= _DEFAULTS.keys()
        given = {name: getattr(self, name) for name in _DEFAULTS} | changes
        encoded = "&".join(filter(None, starmap(_encode, given.items())))
        return f"{path}?{encoded}" if encoded else path

    def url_with_facet(self, name: str, value: str) -> str:
        """Return the URL of this search with a facet's value as a filter, too."""
        if name == "year":
            return self.url(since=value, until=value)
        name = "byline" if name == "author" else name
        return self.url(**{name: _SEPARATOR.join((*self.values(name), value))})

    def url_without_facet(self, name: str, value: str) -> str:
        """Return the URL of this search without a facet's value, compared as the index does."""
        name = "byline" if name == "author" else name
        kept = [one for one in self.values(name) if fold_text(one) != fold_text(value)]
        return self.url(**{name: _SEPARATOR.join(kept)})

    @property
    def chips(self) -> tuple[FilterChip, ...]:
        """Active filters."""
        chips = []
        for name in _NAMED:
            for value in self.values(name):
                label = language_name(value) if name == "language" else value
                others = _SEPARATOR.join(one for one in self.values(name) if one != value)
                kind = "author" if name == "byline" else name
                chips.append(FilterChip(f"{kind}: {label}", self.url(**{name: others})))
        if self.since and self.since == self.until:
            chips.append(FilterChip(f"date: {self.since} (UTC)", self.url(since="", until="")))
        else:
            chips += [
                FilterChip(f"{name}: {value} (UTC)", self.url(**{name: ""}))
                for name, value in (("since", self.since), ("until", self.until))
                if value
            ]
        return tuple(chips)

    def date_field(self, name: Literal["since", "until"]) -> str:
        """Return a date as the value of a date field."""
        if (span := parse_date_range(getattr(self, name))) is None:
            return ""
        return f"{span[0] if name == 'since' else span[1] - timedelta(microseconds=1):%Y-%m-%d}"

    def url_between(self, begin: datetime, end: datetime) -> str:
        """Return the URL of this search restricted to a range of whole days."""
        return self.url(since=f"{begin:%Y-%m-%d}", until=f"{end - timedelta(days=1):%Y-%m-%d}")
