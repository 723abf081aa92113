"""Export lines: one for each article or version. Their keys and order are a public interface."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select, tuple_

from storage.article_fields import ArchivedArticle, CaptureFields, article_to_json, from_columns
from storage.index.conditions.visibility import current_version, filter_conditions, visible_versions
from storage.index.conditions.withheld import load_text_masks
from storage.index.engine.dialect import values_table
from storage.index.engine.statements import IDS, STREAMING, AnyRow
from storage.index.queries.articles import count_versions, load_links, load_parts
from storage.index.queries.observations import ArticleHistory, load_histories
from storage.index.reader import Reader, ReadScope
from storage.index.rows.version_parts import SELECT_VERSIONS, load_authors, load_paragraphs, load_tags
from storage.index.schema.tables import ArticleRow, CaptureRow, SiteRow, UrlRow, VersionRow, WarcFileRow
from storage.index.search.results import find_matching_versions, find_version_ids
from storage.index.views.articles import EVERYTHING, Filters
from storage.model import Link, LinkGroup, LinkKind

_KEYS = 5_000  # versions that are selected at once: with a filter of texts each selection is a search
_SEARCH_BATCH = 100  # lines of a search that are loaded at once


def iter_export_lines(
    scope: ReadScope, filters: Filters = EVERYTHING, *, all_versions: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield lines ordered by site, canonical URL and version number. A bounded number of them is in memory."""
    return map(article_to_json, iter_archived_articles(scope, filters, all_versions=all_versions))


def iter_archived_articles(
    scope: ReadScope, filters: Filters = EVERYTHING, *, all_versions: bool = False, with_text: bool = True
) -> Iterator[ArchivedArticle]:
    """Yield what `iter_export_lines` writes; for `with_text` see `load_articles`."""
    chosen = select_versions(scope, filters, all_versions=all_versions)
    for version_ids in scope.connection.scalars(chosen, execution_options=STREAMING).partitions(200):
        yield from load_articles(scope, version_ids, with_text=with_text)


def select_versions(scope: ReadScope, filters: Filters, *, all_versions: bool) -> Select[int]:
    """Return a selection of the ids of filtered versions, in the order of an export."""
    chosen = (
        select(VersionRow.id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(SiteRow, SiteRow.id == ArticleRow.site_id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .where(*filter_conditions(scope, filters))
        .order_by(SiteRow.name, UrlRow.url, VersionRow.number)
    )
    chosen = chosen.where(~VersionRow.is_variant if all_versions else current_version(scope))
    if filters.selects_texts:
        found = find_matching_versions(scope, filters.query or "", filters)
        table, version_id = values_table(scope.connection, found, "matching")
        chosen = chosen.where(VersionRow.id.in_(select(version_id).select_from(table)))
    return chosen


def iter_found_articles(
    reader: Reader, text: str, filters: Filters = EVERYTHING, *, with_text: bool = True, **part: Any
) -> Iterator[ArchivedArticle]:
    """Return the articles that a search finds, in its order; for `part` see `find_version_ids`.

    The search is made at once, articles are loaded as the caller consumes them; no connection is held meanwhile. For
    `with_text` see `load_articles`.
    """
    version_ids = reader.ask(find_version_ids, text, filters, **part)
    batches = (version_ids[begin : begin + _SEARCH_BATCH] for begin in range(0, len(version_ids), _SEARCH_BATCH))
    return (found for some in batches for found in [*reader.stream(load_articles, some, with_text=with_text)])


def list_version_keys(
    scope: ReadScope, after: AnyRow | None, filters: Filters, *, all_versions: bool
) -> Sequence[AnyRow]:
    """Return the ids of filtered versions, and what they are sorted by: dates of articles, the newest first."""
    columns = (ArticleRow.dated_at, ArticleRow.id, VersionRow.number)
    chosen = select_versions(scope, filters, all_versions=all_versions).add_columns(*columns)
    if after is not None:
        chosen = chosen.where(ArticleRow.dated_at <= after[1], tuple_(*columns) < tuple(after[1:]))
    chosen = chosen.order_by(None).order_by(*(each.desc() for each in columns)).limit(_KEYS)
    return scope.connection.execute(chosen).all()


def load_articles(scope: ReadScope, version_ids: Sequence[int], *, with_text: bool = True) -> Iterator[ArchivedArticle]:
    """Yield visible versions, in their order; without text, links and history if a table has no room for them."""
    versions = _LINES.add_columns(count_versions(scope)).where(*visible_versions(scope))
    rows = {row.id: row for row in scope.connection.execute(versions, {"ids": list(version_ids)})}
    masks = load_text_masks(scope, version_ids)
    texts = version_ids if with_text else [row.id for row in rows.values() if row.is_corrected]
    paragraphs = dict.fromkeys(version_ids, ()) | load_paragraphs(scope.connection, texts)
    authors, tags = load_authors(scope.connection, version_ids), load_tags(scope.connection, version_ids)
    parts = load_parts(scope, paragraphs) if with_text else {}
    links = load_links(scope, [row.capture_id for row in rows.values()]) if with_text else {}
    histories = load_histories(scope, [row.article_id for row in rows.values()]) if with_text else {}
    for version_id in version_ids:
        row = rows.get(version_id)
        if row is None:
            continue  # withheld, or deleted since the search folder was written
        history = histories.get(row.article_id) or ArticleHistory()
        named = (
            (group, tuple(Link(url=each.url, anchor=each.anchor) for each in of_group))
            for group, of_group in links.get(row.capture_id, ())
        )
        groups = tuple(LinkGroup(kind=LinkKind(group.kind), label=group.label, links=some) for group, some in named)
        article = ArchivedArticle(
            url=row.url, canonical_url=row.canonical_url, site=row.site, site_title=row.site_title,
            digest=f"sha256:{row.digest.hex()}", authors=authors[version_id], tags=tags[version_id],
            all_paragraphs=tuple(paragraphs[version_id]), links=groups, image=scope.exclude.name_url(row.image),
            version=row.number, versions=row.versions,
            changed=tuple(row.changed.split()), history=history.spans,
            metadata_changes=history.metadata_changes,
            first_seen=row.first_seen_at, last_seen=row.last_seen_at,
            capture=CaptureFields(
                warc=row.warc, offset=row.warc_offset, length=row.warc_length, fetched_at=row.fetched_at,
                status=row.status, payload_digest=row.payload_digest, record_id=row.record_id,
            ),
            **from_columns(row), **parts.get(version_id, {}),
        )  # fmt: skip
        yield masks[version_id].apply_to_article(article)


_LINES = (
    SELECT_VERSIONS.join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
    .add_columns(
        UrlRow.url, CaptureRow.record_id, ArticleRow.first_seen_at, ArticleRow.last_seen_at,
        WarcFileRow.name.label("warc"), CaptureRow.warc_offset, CaptureRow.warc_length,
        CaptureRow.fetched_at, CaptureRow.status, CaptureRow.payload_digest,
    )
    .where(VersionRow.id.in_(IDS))
)  # fmt: skip
