"""Search documents: what a version says, analysed, in the database's inverted index."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isal import isal_zlib
from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from storage.index.boilerplate.rule import COUNTED
from storage.index.engine.database import insert_rows
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    BoilerplateRow,
    ParagraphRow,
    SearchDocumentRow,
    SiteRow,
    TagRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
)
from storage.index.text.analyzer import MOST_TERMS, analyse
from storage.index.text.bigram_signature import signature
from storage.index.text.docids import doc_id
from storage.index.text.filter_terms import among_words, marks_of
from storage.index.write.versions import Draft, names_of
from storage.model import BODY_ROLES, Role

SEARCHED_ROLES = BODY_ROLES | {Role.CAPTION, Role.CORRECTION}

_LAST_POSITION = 16383
"""tsvector counts no further; later words can be found, phrases of them cannot."""
_GAP = 10
"""Between parts, so that no phrase reaches from one into the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One version as it is searched."""

    doc_id: int
    version_id: int
    article_id: int
    site_id: int
    left_out: int
    marks: str
    headline: list[str]
    dek: list[str]
    body: list[str]
    names: list[str]
    stems: set[str]

    @property
    def parts(self) -> tuple[str, ...]:
        """Its words, by column, as FTS5 takes them."""
        columns = (self.headline, self.dek, self.body, self.names, sorted(self.stems))
        return tuple(" ".join(words) for words in columns)

    @property
    def pairs(self) -> bytes | None:
        """Which of its words stand next to each other, as PostgreSQL is told."""
        return signature((self.headline, self.dek, self.body, self.names))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What a document is made of."""

    version_id: int
    article_id: int
    site_id: int
    dated_at: datetime
    language: str | None
    headline: str
    dek: str | None
    names: Sequence[str]
    paragraphs: Sequence[tuple[int, str, str]]
    """Paragraph id, role and text."""


def write_documents(connection: Connection, drafts: Sequence[Draft], moved_in_time: Sequence[int]) -> None:
    """Index new versions, and index anew those whose words or dates are others than before."""
    written = {draft.version_id for draft in drafts}
    stale = set(moved_in_time)
    again = set(connection.scalars(_SEARCHED, {"articles": sorted(stale)}) if stale else ())
    take_out(connection, {draft.version_id for draft in drafts if not draft.is_new} | again)
    dated = _dates(connection, {draft.first.article_id for draft in drafts if draft.first.article_id})
    sources = [_source_of_draft(draft, dated) for draft in drafts]
    put_in(connection, [*sources, *_load(connection, again - written)])


_SEARCHED = select(SearchDocumentRow.version_id).where(
    SearchDocumentRow.article_id.in_(bindparam("articles", expanding=True))
)


def refresh(connection: Connection, version_ids: Iterable[int]) -> None:
    """Index these versions anew."""
    wanted = set(version_ids)
    take_out(connection, wanted)
    make(connection, wanted)


def make(connection: Connection, version_ids: Iterable[int]) -> None:
    """Index these versions, none of which is there yet."""
    put_in(connection, list(_load(connection, version_ids)))


def put_in(connection: Connection, sources: Sequence[_Source]) -> None:
    """Write documents; boilerplate is left out."""
    if not sources:
        return
    learnt, sites = _learnt(connection, sources), _sites(connection, sources)
    documents = [_document(source, sites[source.site_id], learnt.__contains__) for source in sources]
    documents.sort(key=lambda document: document.doc_id)
    if connection.dialect.name == "postgresql":
        rows = [_row(document, tsvector(document)) | {"pairs": document.pairs} for document in documents]
        insert_rows(connection, SearchDocumentRow, rows)
        return
    texts = [document.parts for document in documents]
    rows = [_row(document, _packed(parts)) for document, parts in zip(documents, texts, strict=True)]
    insert_rows(connection, SearchDocumentRow, rows)
    given = [_given(document.doc_id, parts, document.marks) for document, parts in zip(documents, texts, strict=True)]
    connection.exec_driver_sql(_FTS_INSERT, given)


def _row(document: Document, terms: object) -> dict[str, Any]:
    return {
        "doc_id": document.doc_id, "version_id": document.version_id, "article_id": document.article_id,
        "site_id": document.site_id, "left_out": document.left_out, "stale": False, "terms": terms,
        "marks": document.marks,
    }  # fmt: skip


def take_out(connection: Connection, version_ids: Iterable[int]) -> None:
    """Take these versions out of the search."""
    wanted = sorted(version_ids)
    for start in range(0, len(wanted), 500):
        these = SearchDocumentRow.version_id.in_(wanted[start : start + 500])
        if connection.dialect.name != "postgresql":
            columns = (SearchDocumentRow.doc_id, SearchDocumentRow.terms, SearchDocumentRow.marks)
            # In the order of keys: FTS5 writes out what it has gathered each time one goes back.
            held = connection.execute(select(*columns).where(these).order_by(SearchDocumentRow.doc_id)).all()
            gone = [_given(row.doc_id, _unpacked(row.terms), row.marks) for row in held]
            if gone:
                connection.exec_driver_sql(_FTS_DELETE, gone)
        connection.execute(delete(SearchDocumentRow).where(these))


_FTS_INSERT = "INSERT INTO search(rowid, headline, dek, body, names, stems, marks) VALUES (?, ?, ?, ?, ?, ?, ?)"
_FTS_DELETE = (
    "INSERT INTO search(search, rowid, headline, dek, body, names, stems, marks) VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)"
)


def _given(doc_id: int, parts: Sequence[str], marks: str) -> tuple[Any, ...]:
    """A document as FTS5 takes it in, and out again."""
    return (doc_id, *parts, among_words(marks))


def _sites(connection: Connection, sources: Sequence[_Source]) -> dict[int, str]:
    """Names of the sites of these, by their ids."""
    wanted = sorted({source.site_id for source in sources})
    return {row.id: row.name for row in connection.execute(_NAMED, {"ids": wanted})}


_NAMED = select(SiteRow.id, SiteRow.name).where(SiteRow.id.in_(bindparam("ids", expanding=True)))


def _packed(parts: Sequence[str]) -> bytes:
    return bytes(isal_zlib.compress("\n".join(parts).encode(), 1))


def _unpacked(packed: bytes) -> list[str]:
    return bytes(isal_zlib.decompress(packed)).decode().split("\n")


def _learnt(connection: Connection, sources: Sequence[_Source]) -> set[tuple[int, int]]:
    """Which of these paragraphs are boilerplate of which site."""
    wanted: dict[str, list[int]] = {"sites": sorted({source.site_id for source in sources})}
    learnt = {(row.site_id, row.paragraph_id) for row in connection.execute(_FIRST_LEARNT, wanted)}
    if len(learnt) < _FEW:
        return learnt
    ids = sorted({paragraph_id for source in sources for paragraph_id, _, _ in source.paragraphs})
    for start in range(0, len(ids), 2000):
        wanted["ids"] = ids[start : start + 2000]
        learnt.update((row.site_id, row.paragraph_id) for row in connection.execute(_LEARNT_OF_THESE, wanted))
    return learnt


_FEW = 2000
_LEARNT = select(BoilerplateRow.site_id, BoilerplateRow.paragraph_id).where(
    BoilerplateRow.site_id.in_(bindparam("sites", expanding=True)), BoilerplateRow.verdict
)
_FIRST_LEARNT = _LEARNT.limit(_FEW)
_LEARNT_OF_THESE = _LEARNT.where(BoilerplateRow.paragraph_id.in_(bindparam("ids", expanding=True)))


def _document(source: _Source, site: str, is_learnt: Callable[[tuple[int, int]], bool]) -> Document:
    left_out = 0
    headline, stems = analyse(source.headline, source.language)
    dek, of_dek = analyse(source.dek or "", source.language)
    names, of_names = analyse("\n".join(source.names), source.language)
    stems |= of_dek | of_names
    texts: list[str] = []
    for paragraph_id, role, paragraph in source.paragraphs:
        if role in COUNTED and is_learnt((source.site_id, paragraph_id)):
            left_out += 1
        elif role in SEARCHED_ROLES:
            texts.append(paragraph)
    body, of_body = analyse("\n".join(texts), source.language)
    stems |= of_body
    # A stem that is also printed as a word is found as that.
    stems.difference_update(headline, dek, body, names)
    key = doc_id(source.dated_at, source.version_id)
    marks = " ".join(marks_of(key, site, source.language, source.headline, source.names))
    return Document(
        doc_id=key, marks=marks, version_id=source.version_id, article_id=source.article_id,
        site_id=source.site_id, left_out=left_out, headline=headline[:MOST_TERMS], dek=dek[:MOST_TERMS],
        body=body[:MOST_TERMS], names=names[:1000], stems=stems,
    )  # fmt: skip


def tsvector(document: Document) -> str:
    """The document as PostgreSQL reads a tsvector: words with places and weights, stems marked by "=" without."""
    places: dict[str, str] = {}
    position = 1
    for words, weight in (
        (document.headline, "A"),
        (document.dek, "B"),
        (document.body, ""),
        (document.names, "C"),
    ):
        for place, word in enumerate(words, position):
            at = f"{place}{weight}" if place < _LAST_POSITION else f"{_LAST_POSITION}{weight}"
            held = places.get(word)
            places[word] = f"{held},{at}" if held is not None else at
        position += len(words) + _GAP
    lexemes = [f"'{word}':{held}" for word, held in places.items()]
    lexemes += [f"'={stem}'" for stem in sorted(document.stems)]
    return " ".join(_fitting(lexemes))


_ROOM = 500_000
"""Characters of a tsvector as text; as PostgreSQL keeps it, it may not exceed 1 MB."""


def _fitting(lexemes: list[str]) -> list[str]:
    """Lexemes from the beginning, as many as there is room for."""
    if sum(map(len, lexemes)) <= _ROOM:
        return lexemes
    fitting: list[str] = []
    room = _ROOM
    for lexeme in lexemes:
        # A word that stands in many places is found in the first of them.
        shortened = ",".join(lexeme.split(",")[:100])
        room -= len(shortened)
        if room < 0:
            break
        fitting.append(shortened)
    return fitting


def _dates(connection: Connection, article_ids: set[int]) -> dict[int, datetime]:
    if not article_ids:
        return {}
    return {row.id: row.dated_at for row in connection.execute(_DATED, {"ids": sorted(article_ids)})}


_DATED = select(ArticleRow.id, ArticleRow.dated_at).where(ArticleRow.id.in_(bindparam("ids", expanding=True)))


def _source_of_draft(draft: Draft, dated: Mapping[int, datetime]) -> _Source:
    article, article_id = draft.article, draft.first.article_id
    assert article_id is not None
    return _Source(
        version_id=draft.version_id,
        article_id=article_id,
        site_id=draft.first.site_id,
        dated_at=dated[article_id],
        language=article.language,
        headline=article.headline,
        dek=article.dek,
        names=names_of((*article.authors, *article.tags, article.section or "")),
        paragraphs=[
            (paragraph_id, paragraph.role.value, paragraph.text)
            for paragraph_id, paragraph in zip(draft.paragraph_ids, article.paragraphs, strict=True)
        ],
    )


def _load(connection: Connection, version_ids: Iterable[int]) -> Iterator[_Source]:
    """What documents of stored versions are made of."""
    ids = sorted(version_ids)
    if not ids:
        return
    of_these: BindParameter[Any] = bindparam("ids", expanding=True)
    wanted = {"ids": ids}
    paragraphs: dict[int, list[tuple[int, str, str]]] = {}
    for paragraph in connection.execute(
        select(VersionParagraphRow.version_id, ParagraphRow.id, VersionParagraphRow.role, ParagraphRow.text)
        .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
        .where(VersionParagraphRow.version_id.in_(of_these))
        .order_by(VersionParagraphRow.version_id, VersionParagraphRow.position),
        wanted,
    ):
        place = (paragraph.id, paragraph.role, paragraph.text)
        paragraphs.setdefault(paragraph.version_id, []).append(place)
    names: dict[int, list[str]] = {}
    for asked in (
        select(VersionAuthorRow.version_id, AuthorRow.name)
        .join(AuthorRow, AuthorRow.id == VersionAuthorRow.author_id)
        .where(VersionAuthorRow.version_id.in_(of_these))
        .order_by(VersionAuthorRow.version_id, VersionAuthorRow.position),
        select(VersionTagRow.version_id, TagRow.name)
        .join(TagRow, TagRow.id == VersionTagRow.tag_id)
        .where(VersionTagRow.version_id.in_(of_these))
        .order_by(VersionTagRow.version_id, VersionTagRow.position),
    ):
        for version_id, name in connection.execute(asked, wanted):
            names.setdefault(version_id, []).append(name)
    versions = (
        select(VersionRow, ArticleRow.site_id, ArticleRow.dated_at)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .where(VersionRow.id.in_(of_these))
    )
    for row in connection.execute(versions, wanted).all():
        yield _Source(
            version_id=row.id, article_id=row.article_id, site_id=row.site_id, dated_at=row.dated_at,
            language=row.language, headline=row.headline, dek=row.dek,
            names=(*names.get(row.id, ()), row.section or ""), paragraphs=paragraphs.get(row.id, ()),
        )  # fmt: skip
