"""Settling: the conclusions that need more than one capture. Afterwards the index depends on its captures alone.

Each step is a transaction of its own and leaves marks for what is still to be done, so a crash between them costs
nothing: the next `settle` goes on.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, func, or_, select

from storage.index.boilerplate.learning import learn
from storage.index.engine.database import parts
from storage.index.frontier.source_status import name_sites, recount_sources
from storage.index.schema.tables import ArticleRow, CaptureRow, SearchDocumentRow, SiteRow, VersionRow
from storage.index.views.articles import Settled
from storage.index.write.articles import recompute
from storage.index.write.revisits import Resolved, resolve_waiting
from storage.index.write.search_documents import refresh, write_documents

T = TypeVar("T")
Write = Callable[[Callable[[Connection], Any]], Any]

_REFRESHED_AT_ONCE = 200
_SITES_AT_ONCE, _VERSIONS_AT_ONCE = 200, 1_000
"""Sites that are learnt in one transaction, and new versions of them, at most; a larger site has one of its own."""


class _Unlearnt(NamedTuple):
    """A site of which there is something to learn."""

    id: int
    everything: bool
    """All of its paragraphs are to be counted, not only those that new versions carry."""
    versions: int
    """That have not been counted."""


def settle(write: Write) -> Settled:
    """All of it."""
    resolved: Resolved = write(_resolve)
    learnt, unlearnt, refreshed = learn_all(write)
    write(name_sites)
    return Settled(
        resolved=len(resolved.capture_ids),
        unread=tuple(resolved.unread),
        learnt=learnt,
        unlearnt=unlearnt,
        refreshed=refreshed,
    )


def learn_all(write: Write) -> tuple[int, int, int]:
    """Learn each site's boilerplate; returns how many became it, how many no longer are, and documents refreshed."""
    learnt, unlearnt = 0, 0
    for site_ids in _together(write(_sites_to_learn)):
        more, less = write(partial(learn, site_ids=site_ids))
        learnt, unlearnt = learnt + more, unlearnt + less
    return learnt, unlearnt, refresh_stale(write)


def refresh_stale(write: Write) -> int:
    """Write anew what waits for it in the search index; returns how many documents."""
    refreshed = 0
    while done := write(_refresh_some):
        refreshed += done
    return refreshed


def _resolve(connection: Connection) -> Resolved:
    resolved = resolve_waiting(connection)
    url_ids: set[int] = set()
    for some in parts(resolved.capture_ids):
        url_ids.update(connection.scalars(select(CaptureRow.url_id).where(CaptureRow.id.in_(some))))
    recount_sources(connection, url_ids)
    write_documents(connection, [], recompute(connection, resolved.article_ids | _at(connection, url_ids)))
    return resolved


def _at(connection: Connection, url_ids: Iterable[int]) -> set[int]:
    """Articles that have been shown at these URLs."""
    found: set[int] = set()
    for some in parts(url_ids):
        here = CaptureRow.url_id.in_(some)
        shown = select(CaptureRow.article_id).where(here, CaptureRow.article_id.is_not(None)).distinct()
        found.update(article_id for article_id in connection.scalars(shown) if article_id is not None)
    return found


def _sites_to_learn(connection: Connection) -> list[_Unlearnt]:
    uncounted = (
        select(ArticleRow.site_id, func.count().label("versions"))
        .join(VersionRow, VersionRow.article_id == ArticleRow.id)
        .where(~VersionRow.counted)
        .group_by(ArticleRow.site_id)
        .subquery()
    )
    asked = (
        select(SiteRow.id, SiteRow.relearn, func.coalesce(uncounted.c.versions, 0))
        .join(uncounted, uncounted.c.site_id == SiteRow.id, isouter=True)
        .where(or_(SiteRow.relearn, uncounted.c.versions.is_not(None)))
        .order_by(SiteRow.id)
    )
    return [_Unlearnt(*row) for row in connection.execute(asked)]


def _together(sites: Iterable[_Unlearnt]) -> Iterator[list[int]]:
    """Sites to learn in one transaction: of a thousand small ones, a question for each costs most of the time."""
    some: list[int] = []
    versions = 0
    for site in sites:
        if site.everything:
            yield [site.id]
            continue
        if some and (len(some) >= _SITES_AT_ONCE or versions + site.versions > _VERSIONS_AT_ONCE):
            yield some
            some, versions = [], 0
        some.append(site.id)
        versions += site.versions
    if some:
        yield some


def _refresh_some(connection: Connection) -> int:
    stale = select(SearchDocumentRow.version_id).where(SearchDocumentRow.stale).order_by(SearchDocumentRow.doc_id)
    some = list(connection.scalars(stale.limit(_REFRESHED_AT_ONCE).with_for_update(skip_locked=True)))
    refresh(connection, some)
    return len(some)
