"""Iterators over what an archive holds, for the public API: in batches by key, no connection held between them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar, get_args

from newsarchive.archive import Archive
from newsarchive.diff.articles import EditVerdict
from newsarchive.diff.edits import EditKind
from newsarchive.export.request import iter_placements
from storage.article_fields import ArchivedArticle
from storage.errors import ConfigError
from storage.index.conditions.visibility import load_site_names
from storage.index.queries import articles, export, links, listings, observations
from storage.index.reader import IndexPin, Reader
from storage.index.search.results import find_version_ids, load_hits
from storage.index.views.articles import NO_EXCLUSIONS, CaptureFilters, CaptureView, Filters, Order, SearchHit
from storage.index.views.history import ChangeFilters, ChangeView, ListingCapture
from storage.model import Outcome
from storage.observations import ChangeEvent

F = TypeVar("F")
T = TypeVar("T")

_AT_ONCE = 100
_ALL = 1 << 31
_CHOICES: dict[str, Iterable[str]] = {
    "order": get_args(Order), "outcome": Outcome, "event": ChangeEvent, "kind": EditKind, "notice": EditVerdict
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """Selects from one archive. Filters are those of the public API, by name; times as their callers gave them."""

    archive: Archive

    def iter_articles(self, url: str | None, *, all_versions: bool, **chosen: Any) -> Iterator[ArchivedArticle]:
        """Return articles, or all their versions, those with the newest dates first."""
        index, filters = self._prepare(Filters, chosen)
        if url is not None:
            found = index.ask(articles.find_article_id, url)
            filters = replace(filters, articles=() if found is None else (found,))
        if filters.selects_texts:
            self.archive.index.update_search()
        rows = index.walk(partial(export.list_version_keys, filters=filters, all_versions=all_versions))
        return _load_batches((row[0] for row in rows), lambda ids: list(index.stream(export.load_articles, ids)))

    def search(self, query: str, *, order: Order, limit: int | None, **chosen: Any) -> Iterator[SearchHit]:
        """Return what a search finds; the search is made at once, and the hits are loaded as they are consumed."""
        if limit is not None and limit < 0:
            raise ConfigError(f"limit {limit} is no number of hits; nothing was done. Leave it out for all")
        most, (index, filters) = _ALL if limit is None else min(limit, _ALL), self._prepare(Filters, chosen, order)
        self.archive.index.update_search()
        ids = index.ask(find_version_ids, query, filters, limit=most, order=order)
        return _load_batches(iter(ids), lambda some: index.ask(load_hits, query, filters, some))

    def iter_captures(self, **chosen: Any) -> Iterator[CaptureView]:
        """Return captures, newest first; without site or URL those of one site after the other."""
        return self._walk_by_site(articles.list_captures, chosen)

    def iter_listings(self, **chosen: Any) -> Iterator[ListingCapture]:
        """Return captures of listings, in the order of `iter_captures`."""
        return self._walk_by_site(listings.list_listings, chosen | {"outcome": Outcome.LISTING})

    def iter_changes(self, **chosen: Any) -> Iterator[ChangeView]:
        """Return changes of articles, those seen last first."""
        return observations.iter_changes(*self._prepare(ChangeFilters, chosen))

    def iter_placements(self, **chosen: Any) -> Iterator[links.Placement]:
        """Return the placements on one listing, or on those of a site or of all sites, by their URLs."""
        return iter_placements(*self._prepare(CaptureFilters, chosen))

    def _prepare(self, kind: Callable[..., F], chosen: dict[str, Any], order: str | None = None) -> tuple[Reader, F]:
        """Return a reader of one index, and filters; ConfigError for a choice that does not exist."""
        for name, choices in _CHOICES.items():
            given = (chosen | {"order": order}).get(name)
            several = [] if given is None else given if isinstance(given, tuple | list) and name != "order" else [given]
            for wrong in (each for each in several if each not in [*choices]):
                raise ConfigError(f"{name} {wrong!r} is unknown; nothing was done. Choose one of {', '.join(choices)}")
        index = self.archive.index.excluding(NO_EXCLUSIONS, pin=IndexPin())
        return index, self.archive.build_filters(kind, **chosen)

    def _walk_by_site(self, query: Callable[..., Sequence[T]], chosen: dict[str, Any]) -> Iterator[T]:
        """Walk by URL or site, for which the database has an index in the order of time."""
        index, filters = self._prepare(CaptureFilters, chosen)
        site, each_site = chosen["site"], [filters]
        if filters.url is None or site is not None:
            names = self.archive.index.read(load_site_names).values() if site is None else site
            sites = [names] if isinstance(names, str) else sorted({*names})
            each_site = [replace(filters, site=name) for name in sites]
        return chain.from_iterable(index.walk(partial(query, filters=each)) for each in each_site)


def _load_batches(ids: Iterator[int], load: Callable[[list[int]], Iterable[T]]) -> Iterator[T]:
    while some := list(islice(ids, _AT_ONCE)):
        yield from load(some)
