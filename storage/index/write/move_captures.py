"""Moving captures between sites, when sites become known or change their hosts after pages of theirs were indexed.

Afterwards the index is as if the sites had been known from the beginning.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from storage.index.engine.database import AnyRow, insert_rows, reserve_ids
from storage.index.frontier.source_status import recount_sources
from storage.index.rows.interning import Names
from storage.index.rows.orphans import Swept, sweep
from storage.index.rows.site_book import SiteBook
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    CaptureGroupRow,
    CaptureRow,
    FrontierRow,
    SiteHostRow,
    SiteRow,
    UrlRow,
    VersionRow,
)
from storage.index.write.articles import recompute
from storage.index.write.filing import of_host, sites_of
from storage.index.write.search_documents import refresh, take_out
from storage.index.write.versions import OF_VERSION, drop_words

AT_ONCE = 200
"""Conditions of one question: SQLite takes no expression that is deeper than a thousand."""


def move_captures(connection: Connection, names: Names, hosts: Iterable[str], asked_for: Iterable[str]) -> None:
    """File captures of these hosts, or fetched for these sites, under the sites they belong to now."""
    rows = _captures_of(connection, hosts, asked_for)
    sites = sites_of(connection, names, [(row.url, row.asked_for) for row in rows])
    moved = [(row, site.id) for row, site in zip(rows, sites, strict=True) if row.site_id != site.id]
    if not moved:
        return
    connection.execute(
        update(CaptureRow).where(CaptureRow.id == bindparam("of")),
        [{"of": row.id, "site_id": site_id} for row, site_id in moved],
    )
    _move_articles(connection, moved)
    recount_sources(connection, {row.url_id for row, _ in moved})
    touched = {site_id for row, new in moved for site_id in (row.site_id, new)}
    connection.execute(update(SiteRow).where(SiteRow.id.in_(touched)).values(relearn=True))


def _captures_of(connection: Connection, hosts: Iterable[str], asked_for: Iterable[str]) -> list[AnyRow]:
    """Captures of these hosts, or fetched for these sites, each once, in the order of their ids."""
    wanted = [*(of_host(host) for host in sorted(hosts)), *(CaptureRow.asked_for == name for name in sorted(asked_for))]
    found: dict[int, AnyRow] = {}
    for start in range(0, len(wanted), AT_ONCE):
        asked = (
            select(
                CaptureRow.id, CaptureRow.site_id, CaptureRow.url_id, CaptureRow.article_id, CaptureRow.asked_for,
                UrlRow.url,
            )
            .join(UrlRow, UrlRow.id == CaptureRow.url_id)
            .where(or_(*wanted[start : start + AT_ONCE]))
        )  # fmt: skip
        found.update({row.id: row for row in connection.execute(asked)})
    return [found[capture_id] for capture_id in sorted(found)]


Moved = Sequence[tuple[AnyRow, int]]


def _move_articles(connection: Connection, moved: Moved) -> None:
    leaving: dict[tuple[int, int], set[int]] = {}
    for row, site_id in moved:
        if row.article_id is not None:
            leaving.setdefault((row.article_id, site_id), set()).add(row.id)
    touched: set[int] = set()
    swept = Swept()
    for (article_id, site_id), captures in sorted(leaving.items()):
        target = _article_at(connection, article_id, site_id)
        touched |= {article_id, target}
        _move_versions(connection, article_id, target, captures, swept)
    empty = _without_captures(connection, touched)
    connection.execute(delete(ArticleRow).where(ArticleRow.id.in_(empty)))
    touched -= empty
    recompute(connection, touched)
    refresh(connection, connection.scalars(select(VersionRow.id).where(VersionRow.article_id.in_(touched))))
    sweep(connection, swept)


def _article_at(connection: Connection, article_id: int, site_id: int) -> int:
    """The article of the same URL at another site, made if need be."""
    there = select(ArticleRow).where(ArticleRow.id == article_id)
    row = dict(connection.execute(there).mappings().one())
    row |= {"id": reserve_ids(connection, ArticleRow, 1)[0], "site_id": site_id}
    insert_rows(connection, ArticleRow, [row], once_by=["site_id", "url_id"])
    held = select(ArticleRow.id).where(ArticleRow.site_id == site_id, ArticleRow.url_id == row["url_id"])
    return connection.scalars(held).one()


def _without_captures(connection: Connection, article_ids: Iterable[int]) -> set[int]:
    ids = sorted(article_ids)
    full = connection.scalars(select(CaptureRow.article_id).where(CaptureRow.article_id.in_(ids)).distinct())
    return set(ids) - {article_id for article_id in full if article_id is not None}


_VERSIONS = (
    select(VersionRow, CaptureRow.fetched_at, CaptureRow.record_id)
    .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
    .where(VersionRow.article_id == bindparam("article"))
    .order_by(VersionRow.id)
)


def _move_versions(connection: Connection, article_id: int, target: int, captures: set[int], swept: Swept) -> None:
    """Move what these captures show of an article to another article."""
    held = {row.digest: row for row in connection.execute(_VERSIONS, {"article": target})}
    for version in connection.execute(_VERSIONS, {"article": article_id}).all():
        showing = connection.execute(
            select(CaptureRow.id)
            .where(CaptureRow.version_id == version.id)
            .order_by(CaptureRow.is_read.desc(), CaptureRow.fetched_at, CaptureRow.record_id)
        )
        ids = list(showing.scalars())
        going = [capture_id for capture_id in ids if capture_id in captures]
        if going:
            staying = [capture_id for capture_id in ids if capture_id not in captures]
            version_id = _move_version(connection, version, held.get(version.digest), (going, staying), swept)
            new = {"article_id": target, "digest": version.digest}
            connection.execute(update(VersionRow).where(VersionRow.id == version_id).values(new))
            shown = {"article_id": target, "version_id": version_id}
            connection.execute(update(CaptureRow).where(CaptureRow.id.in_(going)).values(shown))


def _move_version(
    connection: Connection, version: AnyRow, kept: AnyRow | None, parts: tuple[list[int], list[int]], swept: Swept
) -> int:
    """Find the row that is to stand for a text at its new site; `kept` is the one that stands for it there already."""
    going, staying = parts
    if staying:
        # Words of later captures are not kept: what the version's first capture says stands for both.
        stays = version.capture_id if version.capture_id in staying else staying[0]
        goes = version.capture_id if version.capture_id in going else going[0]
        version_id = kept.id if kept is not None else _copy(connection, version, goes)
        if stays != version.capture_id:
            _copy_groups(connection, version.capture_id, stays)
            connection.execute(update(VersionRow).where(VersionRow.id == version.id).values(capture_id=stays))
        return version_id
    take_out(connection, [version.id])
    if kept is None:
        return int(version.id)
    loser, winner = version, kept
    if (version.fetched_at, version.record_id) < (kept.fetched_at, kept.record_id):
        loser, winner = kept, version
    take_out(connection, [loser.id])
    connection.execute(update(CaptureRow).where(CaptureRow.version_id == loser.id).values(version_id=winner.id))
    drop_words(connection, [loser.id], [loser.capture_id], swept)
    connection.execute(delete(VersionRow).where(VersionRow.id == loser.id))
    return int(winner.id)


def _copy(connection: Connection, version: AnyRow, capture_id: int) -> int:
    """A second row for a text that captures of two sites show."""
    version_id = reserve_ids(connection, VersionRow, 1)[0]
    row = {name: version._mapping[name] for name in VersionRow.__table__.c.keys()}  # noqa: SIM118, SLF001 - public
    # Not of the old article any more, not yet of the new one: the digest is unique in each.
    row |= {"id": version_id, "capture_id": capture_id, "digest": f"moving {version_id}", "counted": False}
    insert_rows(connection, VersionRow, [row])
    for table in OF_VERSION:
        held = connection.execute(select(table).where(table.version_id == version.id)).mappings()
        insert_rows(connection, table, [{**one, "version_id": version_id} for one in held])
    if capture_id != version.capture_id:
        _copy_groups(connection, version.capture_id, capture_id)
    return version_id


def _copy_groups(connection: Connection, source: int, target: int) -> None:
    groups = select(CaptureGroupRow).where(CaptureGroupRow.capture_id == source)
    held = connection.execute(groups).mappings()
    insert_rows(
        connection, CaptureGroupRow, [{**one, "capture_id": target} for one in held], once_by=["capture_id", "position"]
    )


def hand_over(connection: Connection, book: SiteBook) -> None:
    """Let what imports had filed under a host's name be asked for on behalf of the site that has the host now."""
    for stranger in book.sites:
        owner = book.find(stranger.url)
        if stranger.configured or owner is None or not owner.configured:
            continue
        for column in (CaptureRow.asked_for, FrontierRow.site):
            connection.execute(update(column.class_).where(column == stranger.name).values({column.key: owner.name}))


def take_out_empty_sites(connection: Connection) -> None:
    """Take out sites that only imports had made known and that have no captures any more."""
    used = select(CaptureRow.id).where(CaptureRow.site_id == SiteRow.id).exists()
    empty = connection.scalars(select(SiteRow.id).where(~SiteRow.configured, ~used)).all()
    if not empty:
        return
    connection.execute(update(UrlRow).where(UrlRow.site_id.in_(empty)).values(site_id=None))
    for table in (SiteHostRow, BoilerplateRow):
        connection.execute(delete(table).where(table.site_id.in_(empty)))
    connection.execute(delete(SiteRow).where(SiteRow.id.in_(empty)))
