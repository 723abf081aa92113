"""Similar articles: copies, which have the same text though it was edited, and articles about the same subject.

words of a version --> the versions that the engine finds most alike --> share of their word sequences in common
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeAlias

from sqlalchemy import select
from tantivy import Query

from storage.article_fields import ParagraphView
from storage.errors import SearchNotReady
from storage.index.conditions.visibility import visible_versions
from storage.index.fulltext.searcher import match_without
from storage.index.queries.articles import load_article_lines
from storage.index.reader import ReadScope
from storage.index.rows.version_parts import load_paragraphs
from storage.index.schema.tables import VersionRow
from storage.index.search.matches import Search
from storage.index.text.analyzer import split_words
from storage.index.views.articles import ArticleLine

_Sequences: TypeAlias = set[tuple[str, ...]]
_CANDIDATES, _NEAREST = 40, 12
"""Versions that are compared; if the nearest are no copies, those are all."""
_TERMS = 60
"""Words by which the engine looks for candidates: those that are frequent in the text and rare elsewhere."""
_SEQUENCE = 4
"""Words of a sequence (a shingle; Broder 1997). Longer ones are lost by few edits, shorter ones are common."""
_LEAST_SEQUENCES = 8
_LEAST_SHARE = 0.35
_BACKGROUND = 4  # articles that are unlike each other and repeat a paragraph make it background, which is no copying
_REPEATED = 0.8  # of the sequences of a paragraph an article that repeats it has so many
_RELATED = 5
_MAX_WORDS, _MAX_LETTERS = 5_000, 50_000
"""Words of a text, and letters of a paragraph, that are compared, from the beginning: a page may have megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarArticle:
    """An article with the same text as another, or about the same subject."""

    article: ArticleLine
    share: float
    """Share of the word sequences of the shorter text that the other has too, from 0 to 1."""

    @property
    def is_copy(self) -> bool:
        """True if a substantial part of the text is the same, such as syndicated agency copy, edited or not."""
        return self.share >= _LEAST_SHARE


def find_similar_articles(scope: ReadScope, version_id: int, *, limit: int = 20) -> tuple[SimilarArticle, ...]:
    """Return the copies of a version's text, those with the largest share first, and a few articles on its subject.

    Boilerplate does not count. Of an article the version that shares most does. Empty while the search folder is made.
    """
    paragraphs = load_paragraphs(scope.connection, [version_id])[version_id]
    words = _split_words(paragraphs)
    if len(words) < _SEQUENCE:
        return ()
    try:
        search = Search(scope)
    except SearchNotReady:
        return ()
    alike = Query.more_like_this_document_fields_query(
        search.engine.schema,
        {"all": [" ".join(words)]},
        min_doc_frequency=1,
        max_doc_frequency=search.engine.searcher.num_docs,  # it counts deleted ones, and panics where they make it more
        min_term_frequency=1,
        max_query_terms=_TERMS,
    )
    own = scope.connection.scalar(select(VersionRow.article_id).where(VersionRow.id == version_id))
    excluded = [*search.excluded, *([search.engine.match_values("article", (own,))] if own else [])]
    ranked = [version for version, _ in search.engine.list_best(match_without(alike, *excluded), _CANDIDATES)]
    conditions = VersionRow.id.in_(ranked), *visible_versions(scope)
    rows = scope.connection.execute(select(VersionRow.id, VersionRow.article_id).where(*conditions))
    articles = {row.id: row.article_id for row in rows if row.article_id}
    # In the order of the engine, the article that is most alike first.
    others = {version: articles[version] for version in ranked if version in articles}
    shares = _compare(scope, paragraphs, dict(islice(others.items(), _NEAREST)))
    if len(shares) < _RELATED or max(shares.values()) >= _LEAST_SHARE:
        shares = _compare(scope, paragraphs, others)
    found = [SimilarArticle(article=line, share=shares[line.id]) for line in load_article_lines(scope, list(shares))]
    copies = sorted((one for one in found if one.is_copy), key=lambda one: (-one.share, one.article.dated_at))
    places = {article_id: place for place, article_id in enumerate(shares)}
    related = sorted((one for one in found if not one.is_copy), key=lambda one: places[one.article.id])
    return (*copies[:limit], *related[:_RELATED])


def _compare(scope: ReadScope, text: Sequence[ParagraphView], others: Mapping[int, int]) -> dict[int, float]:
    """Return the shares of some articles, in their order; `others` are their versions, with the article of each."""
    sequences, texts = _list_sequences(_split_words(text)), load_paragraphs(scope.connection, list(others))
    theirs = {version: _list_sequences(_split_words(texts[version])) for version in others}
    background = _find_background(text, sequences, [*theirs.values()])
    shares: dict[int, float] = {}
    for version, other in theirs.items():
        share = _compute_share(sequences - background, other - background)
        shares[others[version]] = max(share, shares.get(others[version], 0.0))
    return shares


def _compute_share(one: _Sequences, other: _Sequences) -> float:
    """Return the part of the smaller set that the other has too (containment); texts of a few words share nothing."""
    least = min(len(one), len(other))
    return len(one & other) / least if least >= _LEAST_SEQUENCES else 0.0


def _find_background(paragraphs: Sequence[ParagraphView], text: _Sequences, others: Sequence[_Sequences]) -> _Sequences:
    """Return the sequences of the paragraphs of a text that several articles repeat, all of them otherwise unlike."""
    background: _Sequences = set()
    common = [(other, len(text & other)) for other in others]
    for passage in (_list_sequences(_split_words([each])) for each in paragraphs):
        unlike: list[_Sequences] = []
        for other, shared in common:
            held = len(passage & other)
            # The share of what is left of both texts, without making these sets: the passage is a part of the text.
            least = min(len(text) - len(passage), len(other) - held)
            is_alike = least >= _LEAST_SEQUENCES and shared - held >= _LEAST_SHARE * least
            if held > _REPEATED * len(passage) and not is_alike and len(other) - held >= _LEAST_SEQUENCES:
                rest = other - passage
                unlike += [rest] if all(_compute_share(rest, each) < _LEAST_SHARE for each in unlike) else []
            if len(unlike) == _BACKGROUND:
                background |= passage
                break
    return background


def _split_words(paragraphs: Sequence[ParagraphView]) -> list[str]:
    words = (split_words(each.text[:_MAX_LETTERS]) for each in paragraphs if each.is_body)
    return [*islice(chain.from_iterable(words), _MAX_WORDS)]


def _list_sequences(words: Sequence[str]) -> _Sequences:
    return set(zip(*(words[start:] for start in range(_SEQUENCE)), strict=False))
