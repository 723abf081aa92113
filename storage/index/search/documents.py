"""Search documents: the words and values of versions, read from the SQL index for the engine.

    versions, articles, captures --+
    paragraphs without boilerplate +--> one document for each text of an article
    authors, tags, section --------+

Documents are made by article: what one says of the article (`grouping`, `versions`) depends on all of its versions.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from operator import attrgetter
from typing import Any, TypeAlias

from sqlalchemy import Boolean, Connection, select

from storage.agencies import find_agencies
from storage.grouping import group_by, group_pairs
from storage.index.engine.statements import IDS, AnyRow, build_query, fetch_by_ids, load_statements
from storage.index.fulltext.fields import (
    LABEL_FIELDS,
    Fields,
    count_microseconds,
    join_parts,
    make_order,
    make_sort_key,
)
from storage.index.rows.version_parts import load_authors, load_paragraphs, load_tags
from storage.index.schema.tables import ArticleRow, VersionRow
from storage.index.text.analyzer import ADDED, GONE, MOVED, SHARED, analyze, fold_text, hash_term, split_words
from storage.model import BODY_ROLES, Role

_AROUND = {Role.CAPTION, Role.CORRECTION}
SEARCHED_ROLES = BODY_ROLES | _AROUND
"""Roles of the paragraphs that a document contains."""
ALONE, ALIKE, VARIED = range(3)
"""Values of `grouping`: the article's only text; one of several with the same facet values; with different ones."""
STANDING_BITS = 20
"""Of `standing`, below the article's id: the place among its texts, greater if later; of a number the first is last."""
_Parts: TypeAlias = Sequence[Sequence[tuple[Sequence[str], set[str]]]]
"""Words and stems of the headline, of the dek, of each paragraph of the body, caption or correction, and name."""
_Forms: TypeAlias = tuple[set[str], set[str]]
"""Words and stems of a text, of its headline or of its dek."""
_STEMMED = {"stems": slice(None), "headline_stems": slice(0, 1), "dek_stems": slice(1, 2)}
_MAX_NAMES = 1_000
_STORY_WORDS = 15  # fewest words of a paragraph of running text
_LONGEST_VALUE = 500


def load_documents(connection: Connection, article_ids: Sequence[int]) -> Iterator[Fields]:
    """Yield the fields of the documents of these articles. It depends on the rows of the index alone."""
    rows = connection.execute(_VERSIONS, {"ids": list(article_ids)}).all()
    if not rows:
        return
    ids = [row.id for row in rows]
    authors, tags = load_authors(connection, ids), load_tags(connection, ids)
    keys = group_pairs((row[0], row[1]) for row in connection.execute(_AUTHOR_IDS, {"ids": ids}))
    bylines = {one: dict(zip(authors[one], keys.get(one, ()), strict=True)) for one in ids}
    paragraphs = load_paragraphs(connection, ids)
    metadata = group_pairs((row[0], row[1]) for row in fetch_by_ids(connection, _METADATA_CHANGES, article_ids))
    for article_id, versions in group_by(rows, attrgetter("article_id")).items():
        shared = {"versions": len({row.number for row in versions}), "metadata": metadata.get(article_id, ())}
        following: Mapping[str, _Forms] = {}
        later: set[str] = set()
        words: list[set[str]] = []
        documents: list[dict[str, Any]] = []
        ordered = sorted(versions, key=lambda row: (-row.number, row.is_variant, row.digest, row.capture_urlkey))
        for standing, row in zip(range(len(ordered), 0, -1), ordered, strict=True):
            own = [each.text for each in paragraphs[row.id] if each.is_body]
            others = [each.text for each in paragraphs[row.id] if each.role in _AROUND and not each.boilerplate]
            names = [*authors[row.id], *tags[row.id], row.section or ""][:_MAX_NAMES]
            grouped = ((row.headline,), (row.dek or "",), own, others, names)
            parts = [[analyze(text, row.language) for text in texts] for texts in grouped]
            forms = {field: _collect_forms(parts[some]) for field, some in _STEMMED.items()}
            fields = _build_fields(row, shared, parts, own, bylines[row.id], tags[row.id])
            stems = {field: " ".join(sorted(stems - known)) for field, (known, stems) in forms.items()}
            place = {"standing": (article_id << STANDING_BITS) + standing, "last": int(not following)}
            marks = _mark_forms(forms, following, later) if following else ()
            documents.append({**fields, **stems, **place, "marks": marks})
            following = forms
            later.update(*forms["stems"])
            words.append(forms["stems"][0])
        facets = {tuple(tuple(each[name]) for name in (*LABEL_FIELDS, "author_id")) for each in documents}
        grouping = ALONE if len(versions) == 1 else ALIKE if len(facets) == 1 else VARIED
        of_article = words[:1] if grouping == VARIED else words
        documents[0]["article_words"] = " ".join(sorted(set().union(*of_article)))
        yield from ({**each, "grouping": grouping} for each in documents)


def load_stories(connection: Connection, article_ids: Sequence[int]) -> list[int]:
    """Return the stories of the texts of articles, each once for an article."""
    query = select(VersionRow.id, VersionRow.article_id).where(VersionRow.article_id.in_(IDS))
    articles = {row[0]: row[1] for row in fetch_by_ids(connection, query, article_ids)}
    texts = load_paragraphs(connection, list(articles)).items()
    stories = {(articles[key], identify_story([split_words(p.text) for p in own if p.is_body])) for key, own in texts}
    return [story for _, story in stories if story is not None]


def _build_fields(
    row: AnyRow, shared: Mapping[str, Any], parts: _Parts, own: Sequence[str], authors: Mapping[str, int],
    tags: Sequence[str],
) -> Fields:  # fmt: skip
    (headline,), (dek,), body, others, names = ([words for words, _ in some] for some in parts)
    order = make_order(row.dated_at, row.url_digest)
    section = fold_value(row.section or "")
    bylines = {fold_value(name): author_id for name, author_id in reversed([*authors.items()]) if fold_value(name)}
    story = identify_story(body)
    return {
        **({"story": story} if story is not None else {}),
        "all": join_parts(words for words, _ in chain(*parts)),
        "headline": " ".join(headline),
        "dek": " ".join(dek),
        "names": join_parts(names),
        "url": " ".join(analyze(row.url, None)[0]),
        "version": row.id,
        "article": row.article_id,
        "site": row.site_id,
        "capture_site": row.capture_site_id,
        "edited": int(row.number > 1),
        "newest": int(row.is_current),
        "corrected": int(row.is_corrected),
        "order": order,
        "by_length": make_sort_key(sum(map(len, (*body, *others))), order),
        "by_edits": make_sort_key(shared["versions"] - 1, order),
        "dated": count_microseconds(row.dated_at),
        "first_seen": count_microseconds(row.first_seen_at),
        "captured": count_microseconds(row.fetched_at),
        "year": row.dated_at.astimezone(UTC).year,
        "language": [row.language] if row.language else [],
        "agency": find_agencies([*(row.organisations or "").split("\n"), *authors], own),
        "section": [section] if section else [],
        "section_label": [row.section] if section else [],
        "author": list(bylines),
        "author_id": list(bylines.values()),
        "tag": [tag[:_LONGEST_VALUE] for tag in tags],
        "changed": [*row.changed.split(), *sorted(shared["metadata"])],
        "urlkey": row.urlkey,
        "capture_urlkey": [row.capture_urlkey] if row.capture_urlkey != row.urlkey else [],
    }


def identify_story(paragraphs: Sequence[Sequence[str]]) -> int | None:
    """Return a number that copies of one text share, of the words of its paragraphs; None for a text of a few words.

    It is made of the first two paragraphs of running text: papers cut a text from its end, print a headline of their
    own and name the agency below. Before the end of the first paragraph papers write a place, a day or the agency.

    >>> one, other = ("Berlin (dpa) - " + "a long paragraph " * 5).split(), ("a long paragraph " * 5).split()
    >>> identify_story([one, other, ["end"]]) == identify_story([other, other]), identify_story([["end"]])
    (True, None)
    """
    running = [words for words in paragraphs if len(words) >= _STORY_WORDS][:2]
    if len(running) < 2:
        whole = [word for words in paragraphs for word in words]
        running = [whole, []] if len(whole) >= _STORY_WORDS else []
    else:
        running[0] = running[0][-_STORY_WORDS:]
    text = "\n".join(map(" ".join, running)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 1 if text else None


def _collect_forms(parts: _Parts) -> _Forms:
    of_parts, stems = zip(*chain(*parts), strict=True)
    return set().union(*of_parts), set().union(*stems)


def _mark_forms(forms: Mapping[str, _Forms], following: Mapping[str, _Forms], later: set[str]) -> list[str]:
    """Return marked hashes of the words and stems that the next text lacks, or has alone.

    (none)  lacking in the next text, as a word if it is a word here; a later text has a form with this hash
    GONE    lacking in the next text; no later text has a form of this text with this hash
    SHARED  two forms of this text have this hash: a later text has one of them, none has the other
    MOVED   lacking only in the headline or the dek of the next text, where this text has it
    ADDED   this text lacks it, the next text has it
    """
    dropped, *moved = (
        set(map(hash_term, (words - kept) | (stems - kept - kept_stems)))
        for (words, stems), (kept, kept_stems) in zip(forms.values(), following.values(), strict=True)
    )
    own, next_forms = (set().union(*each["stems"]) for each in (forms, following))
    remaining = set(map(hash_term, own & later))
    marked = {each if each in remaining else GONE + each for each in dropped}
    marked |= {SHARED + each for each in remaining.intersection(map(hash_term, own - later))}
    marked |= {ADDED + hash_term(each) for each in next_forms - own}
    return sorted(marked | {MOVED + each for each in set().union(*moved) - dropped})


@lru_cache(maxsize=65_536)
def fold_value(name: str) -> str:
    """Return a name as it is compared: section, author."""
    return fold_text(name)[:_LONGEST_VALUE]


SEARCH_SQL = load_statements("storage.index.search", "search.sql")
_VERSIONS = build_query(
    SEARCH_SQL["versions"],
    ["ids"],
    **dict.fromkeys(("is_variant", "is_current", "is_corrected"), Boolean),
    **dict.fromkeys(("dated_at", "first_seen_at", "fetched_at"), ArticleRow.dated_at.type),
)
_AUTHOR_IDS, _METADATA_CHANGES = (build_query(SEARCH_SQL[name], ["ids"]) for name in ("author-ids", "metadata-changes"))
