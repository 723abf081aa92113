"""Settle: conclusions that need more than one capture. Afterwards the index depends on its captures alone.

Each step is a transaction of its own and marks what remains to be done, so after a crash the next `settle` continues.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, func, or_, select

from storage.index.boilerplate.learning import learn_boilerplate
from storage.index.engine.statements import IDS, AnyRow, find_by_ids
from storage.index.frontier.source_status import recompute_sources, update_site_titles
from storage.index.schema.tables import ArticleRow, CaptureRow, SearchChangeRow, SiteRow, VersionRow
from storage.index.write.articles import recompute_articles
from storage.index.write.compare_pages import compare_pages
from storage.index.write.revisits import ResolvedRevisits, resolve_waiting_revisits

T = TypeVar("T")
Write = Callable[[Callable[[Connection], Any]], Any]

_REFRESHED_AT_ONCE = 200
_SITES_AT_ONCE, _VERSIONS_AT_ONCE = 200, 1_000
"""Most sites in one transaction of learning, and most new versions of them; a larger site has one of its own."""
_KEPT_CHANGES = 500_000
"""Rows of the change log that are kept: a search folder that is further behind is made anew, which takes no longer."""


def settle(write: Write) -> tuple[str, ...]:
    """Resolve revisits, compare pages, learn boilerplate; return record ids of revisits to read under their own URL."""
    resolved: ResolvedRevisits = write(_resolve_revisits)
    while write(compare_pages):
        pass
    learn_all(write)
    write(_prune_changes)
    write(update_site_titles)
    return tuple(sorted(resolved.unread))


def learn_all(write: Write) -> None:
    """Learn the boilerplate of all sites."""
    for site_ids in _batch_sites(write(_sites_to_learn)):
        write(partial(learn_boilerplate, site_ids=site_ids))
    while write(_renumber_some):
        pass


def _renumber_some(connection: Connection) -> int:
    """Number the versions again of some articles in which paragraphs became boilerplate or ceased to be."""
    without_parts = (VersionRow.parts == "", VersionRow.article_id.is_not(None))
    found = select(VersionRow.article_id).where(*without_parts).distinct().limit(_REFRESHED_AT_ONCE)
    some = [article_id for article_id in connection.scalars(found) if article_id is not None]
    recompute_articles(connection, some)
    return len(some)


def _resolve_revisits(connection: Connection) -> ResolvedRevisits:
    resolved = resolve_waiting_revisits(connection)
    url_ids = find_by_ids(connection, select(CaptureRow.url_id).where(CaptureRow.id.in_(IDS)), resolved.capture_ids)
    recompute_sources(connection, url_ids)
    shown_there = select(CaptureRow.article_id).where(CaptureRow.url_id.in_(IDS), CaptureRow.article_id.is_not(None))
    recompute_articles(connection, resolved.article_ids | find_by_ids(connection, shown_there.distinct(), url_ids))
    return resolved


def _sites_to_learn(connection: Connection) -> Sequence[AnyRow]:
    """Return the sites, with the number of their versions that have not been counted."""
    uncounted = (
        select(ArticleRow.site_id, func.count().label("versions"))
        .join(VersionRow, VersionRow.article_id == ArticleRow.id)
        .where(~VersionRow.is_counted)
        .group_by(ArticleRow.site_id)
        .subquery()
    )
    query = (
        select(SiteRow.id, SiteRow.needs_relearning, func.coalesce(uncounted.c.versions, 0).label("versions"))
        .join(uncounted, uncounted.c.site_id == SiteRow.id, isouter=True)
        .where(or_(SiteRow.needs_relearning, uncounted.c.versions.is_not(None)))
        .order_by(SiteRow.id)
    )
    return connection.execute(query).all()


def _batch_sites(sites: Iterable[AnyRow]) -> Iterator[list[int]]:
    """Yield sites to learn in one transaction: queries for each of a thousand would take most of the time."""
    some: list[int] = []
    versions = 0
    for site in sites:
        if site.needs_relearning:  # all of its paragraphs are counted, not only those of new versions
            yield [site.id]
            continue
        if some and (len(some) >= _SITES_AT_ONCE or versions + site.versions > _VERSIONS_AT_ONCE):
            yield some
            some, versions = [], 0
        some.append(site.id)
        versions += site.versions
    if some:
        yield some


def _prune_changes(connection: Connection) -> None:
    newest = connection.scalar(select(func.max(SearchChangeRow.id))) or 0
    connection.execute(delete(SearchChangeRow).where(SearchChangeRow.id <= newest - _KEPT_CHANGES))
