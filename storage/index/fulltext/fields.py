"""Fields of a search document, and how a document is handed to the engine.

    all        headline, dek, paragraphs and names; a gap between two parts, so that no phrase spans them
    stems      the stems that are no words of the text: a word is found in any inflection (headline_stems, dek_stems)
    headline, dek, names                       parts of `all`, for ranking and for headline: and dek:
    marks      of a former text: hashes of the words and stems that the next text, its headline or its dek lacks, or
               that only the next text has
    article_words      of a last text: the words of all texts of its article, if their facet values are the same, else
                       its own
    url                                        words of the article's URL, for url:
    site, language, section, author, tag ...   values as they are compared: what filters, facets and exclusions ask for
    version, article, order, dated ...         numbers, in columns; those that are asked for by value indexed, too
    story      what copies of one text in several papers have in common; missing for a text of a few words
    repeated   of texts with a story that another article has, and of a few others (OWN_REPEATED, OTHER_REPEATED)

Words are the analyser's (storage/index/text/analyzer.py), joined by blanks: the engine only splits at blanks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeAlias

from tantivy import Document, Filter, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

ANALYZER_VERSION = 11
"""Counts changes of the analyser and of these fields: a folder that an earlier version wrote is made anew."""
MOST_BETWEEN = 30
"""Most words between two that are searched near each other."""
_GAP = "\u00b6"
"""Takes up a position and is not indexed."""
_GAPS = " ".join([_GAP] * (MOST_BETWEEN + 2))
TERMS = "terms"
"""Name of the tokenizer."""
WORD_FIELDS = ("all", "headline", "dek", "names", "url")
STEMS = {"all": "stems", "headline": "headline_stems", "dek": "dek_stems"}
"""Fields with the stems of the words of another field, but for those that are words of it."""
VALUE_FIELDS = ("section", "author", "tag", "changed", "urlkey", "capture_urlkey", "marks")
"""Texts that are compared as a whole."""
LABEL_FIELDS = ("language", "agency", "section_label")
"""Texts for facets, in columns: as they are printed."""
NUMBERS = ("article", "site", "capture_site", "newest", "last", "grouping", "corrected", "edited", "story", "repeated",
           "standing")  # fmt: skip
"""Numbers that are asked for. Signed: tantivy deletes nothing by a term of an unsigned field, without an error."""
COLUMNS = ("author_id", "version", "order", "by_length", "by_edits", "dated", "first_seen", "captured", "year")
"""Numbers that documents are sorted, counted or selected in ranges by."""
OWN_REPEATED, OTHER_REPEATED = (1, 3), (2,)
"""Values of `repeated`: another article has the story, too (1 if all texts of its own article have it, else 3); only a
story of another text of its article is that of another article, too."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECONDS_BEFORE_1970 = 62_135_596_800
_TIE_BITS = 26
_ORDER_BITS = 44
_MOST_COUNTED = (1 << 18) - 1

Fields: TypeAlias = Mapping[str, int | str | Sequence[int | str]]


def count_microseconds(moment: datetime) -> int:
    """Return a time as the engine compares it: microseconds since 1970.

    >>> count_microseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (moment - _EPOCH) // _MICROSECOND


def to_time(microseconds: float) -> datetime:
    """Return the time of a number of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(microseconds))


def make_order(dated_at: datetime, digest: bytes) -> int:
    """Return a number that sorts articles by date, and those of one second by the digest of their URL.

    It is the same in every index of the same captures, and no two articles share one, except by a rare chance.

    >>> make_order(datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC), bytes([0, 0, 0, 7])) == (1 << 26) + 7
    True
    """
    seconds = count_microseconds(dated_at) // 1_000_000 + _SECONDS_BEFORE_1970
    return (seconds << _TIE_BITS) + (int.from_bytes(digest[-4:], "big") & ((1 << _TIE_BITS) - 1))


def make_sort_key(count: int, order: int) -> int:
    """Return a number that sorts documents by a count, and those of equal counts by `order`."""
    return (min(count, _MOST_COUNTED) << _ORDER_BITS) | (order >> (_TIE_BITS + 36 - _ORDER_BITS))


@cache
def build_schema() -> Schema:
    """Return the schema of the engine's index."""
    builder = SchemaBuilder()
    for name in WORD_FIELDS:
        builder.add_text_field(name, tokenizer_name=TERMS, index_option="position")
    for name in (*STEMS.values(), "article_words"):
        builder.add_text_field(name, tokenizer_name=TERMS, index_option="basic")
    for name in (*VALUE_FIELDS, *LABEL_FIELDS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=name in LABEL_FIELDS)
    for name in (*NUMBERS, *COLUMNS):
        builder.add_integer_field(name, indexed=name in NUMBERS, fast=True)
    return builder.build()


@cache
def build_tokenizer() -> TextAnalyzer:
    """Return the tokenizer, which has to be registered whenever the index is opened."""
    return TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.custom_stopword([_GAP])).build()


def join_parts(parts: Iterable[Sequence[str]]) -> str:
    """Return the words of several parts as one text in which no phrase spans two of them."""
    return f" {_GAPS} ".join(" ".join(words) for words in parts if words)


def build_document(values: Fields) -> Document:
    """Return a document for the engine. The engine reports a value of the wrong type only when it commits."""
    document = Document()
    for name, value in values.items():
        for one in (value,) if isinstance(value, int | str) else value:
            if isinstance(one, int):
                document.add_integer(name, one)
            else:
                document.add_text(name, one)
    return document
