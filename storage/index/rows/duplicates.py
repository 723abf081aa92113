"""One text under many addresses: pages that name no canonical one, or each itself, and print what another prints.

They stay articles of their own, for each says that it is one, and what the archive holds must not depend on which came
first. But a twin brings nothing new: it is not looked at again, and a family of addresses that brings twins is parked.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from storage.index.engine.database import parts
from storage.index.rows.entry import Entry
from storage.index.schema.tables import ArticleRow, FrontierRow, VersionRow
from storage.model import UrlKind


def twins(connection: Connection, entries: Sequence[Entry]) -> set[int]:
    """Ids of the captures whose text an older article of the same site has had too."""
    digests = {entry.digest for entry in entries if entry.digest}
    held: dict[tuple[int, str], list[tuple[object, int]]] = {}
    for some in parts(digests):
        for row in connection.execute(_HELD, {"digests": some}):
            held.setdefault((row.site_id, row.digest), []).append((row.first_seen_at, row.id))
    found: set[int] = set()
    for entry in entries:
        same = held.get((entry.site_id, entry.digest or ""), [])
        if len(same) > 1 and min(same)[1] != entry.article_id:
            found.add(entry.capture_id)
    return found


def elsewhere(connection: Connection, entries: Sequence[Entry], urls: Mapping[str, int]) -> set[int]:
    """Ids of the captures of articles that stand at another address, which was looked at: AMP, print, campaigns."""
    other = {
        entry.capture_id: urls[entry.article.canonical_url]
        for entry in entries
        if entry.article and entry.article.canonical_url != entry.capture.url
    }
    # A capture with the bytes of an earlier one was not read again: it is of that one's article.
    same = {
        entry.capture_id: (entry.article_id, entry.url_id)
        for entry in entries
        if entry.article is None and entry.article_id is not None
    }
    articles = {article_id for article_id, _ in same.values()}
    own: dict[int, int] = {}
    for some in parts(articles):
        rows = connection.execute(_OWN, {"ids": some})
        own.update({row.id: row.url_id for row in rows})
    for capture_id, (article_id, url_id) in same.items():
        if own.get(article_id, url_id) != url_id:
            other[capture_id] = own[article_id]
    looked: set[int] = set()
    for some in parts(set(other.values())):
        looked.update(connection.scalars(_LOOKED, {"ids": some}))
    return {capture_id for capture_id, url_id in other.items() if url_id in looked}


def is_twin() -> ColumnElement[bool]:
    """Whether a version's text is one that an older article of the same site has had too; to be asked of versions."""
    other, mine = aliased(VersionRow), aliased(ArticleRow)
    theirs = aliased(ArticleRow)
    older = or_(
        theirs.first_seen_at < mine.first_seen_at,
        and_(theirs.first_seen_at == mine.first_seen_at, theirs.id < mine.id),
    )
    return exists().where(
        mine.id == VersionRow.article_id,
        other.digest == VersionRow.digest,
        other.article_id != VersionRow.article_id,
        theirs.id == other.article_id,
        # By digest, never by site: SQLite would walk all of a site's articles for each text, and the sum keeps it off.
        theirs.site_id + 0 == mine.site_id,
        older,
    )


_OWN: Any = select(ArticleRow.id, ArticleRow.url_id).where(ArticleRow.id.in_(bindparam("ids", expanding=True)))
_LOOKED = select(FrontierRow.url_id).where(
    FrontierRow.url_id.in_(bindparam("ids", expanding=True)),
    FrontierRow.looked_at.is_not(None),
    FrontierRow.kind == UrlKind.ARTICLE.value,
    FrontierRow.failures == 0,
)
_HELD = (
    select(VersionRow.digest, ArticleRow.site_id, ArticleRow.id, ArticleRow.first_seen_at)
    .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    .where(VersionRow.digest.in_(bindparam("digests", expanding=True)))
)
