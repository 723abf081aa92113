"""Write search documents: the words of versions, without boilerplate, in the inverted index."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from storage.index.boilerplate.rule import COUNTED
from storage.index.engine.fulltext import delete_documents, insert_documents
from storage.index.engine.statements import batches
from storage.index.rows.version_parts import load_authors, load_tags
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    ParagraphRow,
    SearchDocumentRow,
    SiteRow,
    VersionParagraphRow,
    VersionRow,
)
from storage.index.text.analyzer import MOST_TERMS, analyze
from storage.index.text.docids import make_doc_id
from storage.index.text.filter_terms import build_filter_terms
from storage.index.text.search_document import SEARCHED_ROLES, SearchDocument
from storage.index.write.versions import VersionDraft, storable_names

_FEW_LEARNT = 2_000
"""Boilerplate paragraphs of some sites that are loaded at once; of more, those in question are."""
_MAX_NAME_TERMS = 1_000
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DocumentSource:
    """Content of a version, from which its document is built."""

    version_id: int
    article_id: int
    site_id: int
    dated_at: datetime
    language: str | None
    headline: str
    dek: str | None
    names: Sequence[str]
    """Authors, tags and section."""
    paragraphs: Sequence[tuple[int, str, str]]
    """Paragraph id, role and text."""


def write_documents(connection: Connection, drafts: Sequence[VersionDraft], redated_articles: Sequence[int]) -> None:
    """Write documents of drafts, and rewrite those of articles whose date changed."""
    drafts = [draft for draft in drafts if draft.is_shown]
    written = {draft.version_id for draft in drafts}
    redated = {"articles": sorted(set(redated_articles))}
    stale = set(connection.scalars(_DOCUMENTS_OF_ARTICLES, redated)) if redated_articles else set()
    delete_documents(connection, {draft.version_id for draft in drafts if not draft.is_new} | stale)
    dates = _load_dates(connection, {draft.first_entry.article_id for draft in drafts if draft.first_entry.article_id})
    sources = [_source_of_draft(draft, dates) for draft in drafts]
    _write(connection, [*sources, *_load_sources(connection, stale - written)])


_DOCUMENTS_OF_ARTICLES = select(SearchDocumentRow.version_id).where(
    SearchDocumentRow.article_id.in_(bindparam("articles", expanding=True))
)


def rewrite_documents(connection: Connection, version_ids: Iterable[int]) -> None:
    """Write the documents of these versions again."""
    wanted = set(version_ids)
    delete_documents(connection, wanted)
    add_documents(connection, wanted)


def add_documents(connection: Connection, version_ids: Iterable[int]) -> None:
    """Write the documents of these versions, none of which exists."""
    _write(connection, list(_load_sources(connection, version_ids)))


def _write(connection: Connection, sources: Sequence[_DocumentSource]) -> None:
    if not sources:
        return
    site_ids = sorted({source.site_id for source in sources})
    sites = {row.id: row.name for row in connection.execute(_SITE_NAMES, {"ids": site_ids})}
    boilerplate = _load_boilerplate(connection, sources)
    insert_documents(
        connection, [_build_document(source, sites[source.site_id], boilerplate.__contains__) for source in sources]
    )


_SITE_NAMES = select(SiteRow.id, SiteRow.name).where(SiteRow.id.in_(_IDS))


def _load_boilerplate(connection: Connection, sources: Sequence[_DocumentSource]) -> set[tuple[int, int]]:
    """Return which of these paragraphs are boilerplate, as ids of site and paragraph."""
    parameters: dict[str, list[int]] = {"sites": sorted({source.site_id for source in sources})}
    learnt = {(row.site_id, row.paragraph_id) for row in connection.execute(_FIRST_LEARNT, parameters)}
    if len(learnt) < _FEW_LEARNT:
        return learnt
    for ids in batches({paragraph_id for source in sources for paragraph_id, _, _ in source.paragraphs}, 2000):
        rows = connection.execute(_LEARNT_AMONG, {**parameters, "ids": ids})
        learnt.update((row.site_id, row.paragraph_id) for row in rows)
    return learnt


_LEARNT = select(BoilerplateRow.site_id, BoilerplateRow.paragraph_id).where(
    BoilerplateRow.site_id.in_(bindparam("sites", expanding=True)), BoilerplateRow.is_boilerplate
)
_FIRST_LEARNT = _LEARNT.limit(_FEW_LEARNT)
_LEARNT_AMONG = _LEARNT.where(BoilerplateRow.paragraph_id.in_(_IDS))


def _build_document(
    source: _DocumentSource, site: str, is_boilerplate: Callable[[tuple[int, int]], bool]
) -> SearchDocument:
    excluded = 0
    headline, stems = analyze(source.headline, source.language)
    dek, dek_stems = analyze(source.dek or "", source.language)
    names, name_stems = analyze("\n".join(source.names), source.language)
    texts: list[str] = []
    for paragraph_id, role, paragraph in source.paragraphs:
        if role in COUNTED and is_boilerplate((source.site_id, paragraph_id)):
            excluded += 1
        elif role in SEARCHED_ROLES:
            texts.append(paragraph)
    body, body_stems = analyze("\n".join(texts), source.language)
    stems |= dek_stems | name_stems | body_stems
    # A stem that is also printed as a word is found as a word.
    stems.difference_update(headline, dek, body, names)
    key = make_doc_id(source.dated_at, source.version_id)
    return SearchDocument(
        doc_id=key,
        version_id=source.version_id,
        article_id=source.article_id,
        site_id=source.site_id,
        excluded_paragraphs=excluded,
        filter_terms=" ".join(build_filter_terms(key, site, source.language, source.headline, source.names)),
        headline=headline[:MOST_TERMS],
        dek=dek[:MOST_TERMS],
        body=body[:MOST_TERMS],
        names=names[:_MAX_NAME_TERMS],
        stems=stems,
    )


def _load_dates(connection: Connection, article_ids: set[int]) -> dict[int, datetime]:
    if not article_ids:
        return {}
    return {row.id: row.dated_at for row in connection.execute(_DATES, {"ids": sorted(article_ids)})}


_DATES = select(ArticleRow.id, ArticleRow.dated_at).where(ArticleRow.id.in_(_IDS))


def _source_of_draft(draft: VersionDraft, dates: Mapping[int, datetime]) -> _DocumentSource:
    article, article_id = draft.article, draft.first_entry.article_id
    assert article_id is not None
    return _DocumentSource(
        version_id=draft.version_id,
        article_id=article_id,
        site_id=draft.first_entry.site_id,
        dated_at=dates[article_id],
        language=article.language,
        headline=article.headline,
        dek=article.dek,
        names=storable_names((*article.authors, *article.tags, article.section or "")),
        paragraphs=[
            (paragraph_id, paragraph.role.value, paragraph.text)
            for paragraph_id, paragraph in zip(draft.paragraph_ids, article.paragraphs, strict=True)
        ],
    )


def _load_sources(connection: Connection, version_ids: Iterable[int]) -> Iterator[_DocumentSource]:
    """Yield the content of stored versions."""
    parameters = {"ids": sorted(version_ids)}
    if not parameters["ids"]:
        return
    paragraphs: dict[int, list[tuple[int, str, str]]] = {}
    for version_id, paragraph_id, role, paragraph in connection.execute(_PARAGRAPHS, parameters):
        paragraphs.setdefault(version_id, []).append((paragraph_id, role, paragraph))
    authors = load_authors(connection, parameters["ids"])
    tags = load_tags(connection, parameters["ids"])
    for row in connection.execute(_VERSIONS, parameters).all():
        yield _DocumentSource(
            version_id=row.id,
            article_id=row.article_id,
            site_id=row.site_id,
            dated_at=row.dated_at,
            language=row.language,
            headline=row.headline,
            dek=row.dek,
            names=(*authors[row.id], *tags[row.id], row.section or ""),
            paragraphs=paragraphs.get(row.id, ()),
        )


_PARAGRAPHS: Any = (
    select(VersionParagraphRow.version_id, ParagraphRow.id, VersionParagraphRow.role, ParagraphRow.text)
    .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
    .where(VersionParagraphRow.version_id.in_(_IDS))
    .order_by(VersionParagraphRow.version_id, VersionParagraphRow.position)
)
_VERSIONS: Any = (
    select(VersionRow, ArticleRow.site_id, ArticleRow.dated_at)
    .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    .where(VersionRow.id.in_(_IDS))
)
