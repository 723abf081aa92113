"""The query language: parses what users type, and renders it for FTS5 and PostgreSQL.

    rare earth             both words              rare OR earth      either
    "rare earth"           the phrase              -earth             not the word
    tari*                  words with the prefix   site:x author:y    filters (section: language: since: until: too)
    is:corrected           with a correction       changed:byline     versions that such a change made

Any text is a valid query: parts without a meaning are taken as words, and reported.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from storage.index.text.analyzer import Term, split_terms, stem_variants
from storage.index.views.articles import Filters
from storage.observations import ChangeKind, MetadataField

_PIECE = re.compile(
    r'(?P<minus>-)?(?:(?P<field>site|author|section|language|lang|since|until|date|is|changed):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)
_QUOTES = str.maketrans("\u201c\u201d\u201e\u00ab\u00bb\uff02", '""""""')
LONGEST_QUERY = 1000
_MOST_LEAVES = 64


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """A word, phrase or prefix to search for."""

    words: tuple[str, ...]
    """Folded; several are a phrase."""
    is_prefix: bool = False
    """The last word is a prefix."""
    expansions: tuple[str, ...] = ()
    """All words with that prefix, if they were looked up."""
    typed: tuple[str, ...] = ()
    """The word as typed, for stemming. Empty for phrases, prefixes and unspaced scripts, which are not stemmed."""
    in_names: bool = False
    """Match names only: authors, tags, section. In SQLite; PostgreSQL has filter terms for them."""
    is_loose: bool = False
    """The words of a phrase may be anywhere. In PostgreSQL, see `loosen_phrases`."""

    @property
    def whole_words(self) -> tuple[str, ...]:
        """The words without the prefix."""
        return self.words[:-1] if self.is_prefix else self.words


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """All of `every` (each an alternative of its terms), and none of `never`."""

    every: tuple[tuple[SearchTerm, ...], ...] = ()
    never: tuple[SearchTerm, ...] = ()
    filters: Filters = field(default_factory=Filters)
    problems: tuple[str, ...] = ()

    @property
    def leaves(self) -> tuple[SearchTerm, ...]:
        """The terms that are marked in hits."""
        return tuple(leaf for either in self.every for leaf in either)

    @property
    def has_phrases(self) -> bool:
        """True if the query has a phrase."""
        return any(len(leaf.words) > 1 and not leaf.in_names for leaf in (*self.leaves, *self.never))

    @property
    def phrases(self) -> tuple[tuple[SearchTerm, ...], ...]:
        """Those of `every` whose alternatives are all phrases of whole words."""
        return tuple(leaves for leaves in self.every if all(len(leaf.whole_words) > 1 for leaf in leaves))


def parse_query(text: str, filters: Filters) -> SearchQuery:
    """Parse a query. Filters in the text are added to those given, which take precedence.

    >>> query = parse_query('rare OR "earth" -metal*', Filters())
    >>> [[leaf.words for leaf in either] for either in query.every], query.never[0].is_prefix
    ([[('rare',), ('earth',)]], True)
    """
    every: list[tuple[SearchTerm, ...]] = []
    never: list[SearchTerm] = []
    problems: list[str] = []
    either = False
    for match in _PIECE.finditer(text[:LONGEST_QUERY].translate(_QUOTES)):
        if match["word"] == "OR" and not match["minus"] and not match["field"]:
            either = bool(every)
            continue
        if match["field"]:
            name, value = match["field"].lower(), (match["phrase"] or match["word"] or "").strip()
            if name in ("is", "changed"):
                filters = _add_edit_filter(filters, name, value.lower(), problems, wanted=not match["minus"])
            else:
                filters = _add_filter(filters, name, value, problems)
            continue
        leaves = _parse_leaves(match["phrase"], match["word"])
        if match["minus"]:
            never += leaves
        elif leaves and either:
            every[-1] = (*every[-1], leaves[0])
            every += [(leaf,) for leaf in leaves[1:]]
        else:
            every += [(leaf,) for leaf in leaves]
        either = False
    if len(text) > LONGEST_QUERY or len(every) + len(never) > _MOST_LEAVES:
        problems.append("The query is too long: only its beginning was searched for")
    return SearchQuery(tuple(every[:_MOST_LEAVES]), tuple(never[:_MOST_LEAVES]), filters, tuple(problems))


def _parse_leaves(phrase: str | None, word: str | None) -> list[SearchTerm]:
    if phrase is not None:
        found = list(split_terms(phrase))
        return [SearchTerm(_leaf_words(found))] if found else []
    assert word is not None
    is_prefix = word.endswith("*")
    found = list(split_terms(word))
    if not found:
        return []
    words = _leaf_words(found)
    if found[-1].is_run and len(found[-1].words) == 1:
        return [SearchTerm(words, is_prefix=True)]  # one character: the prefix of some bigram
    if is_prefix:
        return [SearchTerm(words, is_prefix=not found[-1].is_run)]
    if len(found) == 1 and not found[0].is_run:
        return [SearchTerm(words, typed=(found[0].raw,))]
    return [SearchTerm(words)]


def _leaf_words(found: Sequence[Term]) -> tuple[str, ...]:
    """Return the words of a phrase. The last character of a run is a term of its own only at the end of the run."""
    words: list[str] = []
    for term in found:
        words += term.words
    last = found[-1]
    if last.is_run and len(last.words) > 1:
        words.pop()
    return tuple(words)


def _add_filter(filters: Filters, name: str, value: str, problems: list[str]) -> Filters:
    """Return filters with one from the query's text; those that are set already take precedence."""
    match name:
        case "site":
            return replace(filters, site=filters.site or value)
        case "author":
            return replace(filters, author=filters.author or value)
        case "section":
            return replace(filters, section=filters.section or value)
        case "language" | "lang":
            return replace(filters, language=filters.language or value)
    span = parse_date_range(value)
    if span is None:
        problems.append(f"{name}:{value} is not a date (write 2026, 2026-11 or 2026-11-25): it was ignored")
        return filters
    since = span[0] if name != "until" else None
    until = span[1] if name != "since" else None
    return replace(filters, since=filters.since or since, until=filters.until or until)


def _add_edit_filter(filters: Filters, name: str, value: str, problems: list[str], *, wanted: bool) -> Filters:
    """Return filters with is:corrected, is:edited or changed:byline from the query's text."""
    if name == "is" and value == "corrected":
        return replace(filters, corrected=wanted)
    if name == "is" and value in ("edited", "changed"):
        return replace(filters, edited=wanted)
    if name == "changed" and value in CHANGES and wanted:
        return replace(filters, changed=tuple(dict.fromkeys((*(filters.changed or ()), value))))
    known = "corrected or edited" if name == "is" else ", ".join(CHANGES)
    sign = "" if wanted else "-"
    problems.append(f"{sign}{name}:{value} is not understood (write {name}: and one of {known}): it was ignored")
    return filters


CHANGES = (*(kind.value for kind in ChangeKind), *(field.value for field in MetadataField))
"""What `changed:` can be asked for: kinds of change that make a version, and fields of the metadata."""


def parse_date_range(value: str) -> tuple[datetime, datetime] | None:
    """Return the begin and end of a year, month or day, the end excluded; None if the text is none of these.

    >>> [f"{moment:%Y-%m-%d}" for moment in parse_date_range("2026-11") or ()]
    ['2026-11-01', '2026-12-01']
    """
    try:
        numbers = [int(part) for part in value.split("-")]
        year, month, day = (*numbers, 1, 1)[:3] if len(numbers) < 4 else (0, 0, 0)
        first = datetime(year, month, day, tzinfo=UTC)
        match len(numbers):
            case 1:
                return first, first.replace(year=year + 1)
            case 2:
                return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1)
            case _:
                return first, first + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def names_to_leaves(names: Iterable[str]) -> tuple[SearchTerm, ...]:
    """Return terms that match any of these names. Empty if one of them has no words.

    >>> [(term.words, term.in_names) for term in names_to_leaves(["Łukasz Müller"])]
    [(('lukasz', 'muller'), True)]
    """
    found = [list(split_terms(name)) for name in names]
    return tuple(SearchTerm(_leaf_words(one), in_names=True) for one in found) if all(found) else ()


def to_fts5(query: SearchQuery, languages: Iterable[str | None]) -> str | None:
    """Return a query as FTS5's MATCH expects it; None if it has no terms."""
    spoken = tuple(languages)
    return _render(query, lambda leaf: _fts5_leaf(leaf, spoken), " AND ", " OR ", " NOT ")


def _fts5_leaf(leaf: SearchTerm, languages: Sequence[str | None]) -> str:
    # Words contain no ASCII but letters and digits, so they cannot end the quotes.
    if leaf.expansions:
        return (
            "{headline dek body names} : ("
            + " OR ".join(_quote(*leaf.words[:-1], end) for end in leaf.expansions)
            + ")"
        )
    phrase = _quote(*leaf.words)
    if leaf.typed:
        return "(" + " OR ".join([phrase, *(f'"{stem}"' for stem in _stems(leaf, languages))]) + ")"
    if leaf.in_names:
        return "{names} : " + phrase
    return "{headline dek body names} : " + phrase + ("*" if leaf.is_prefix else "")


def _quote(*words: str) -> str:
    return '"' + " ".join(words) + '"'


def loosen_phrases(query: SearchQuery) -> SearchQuery:
    """Return a query with its phrases as words that may be anywhere: it matches a superset.

    >>> to_tsquery(loosen_phrases(parse_query('"rare earth" -"earth metals"', Filters())), [])
    "((('rare' & 'earth'))) & !(('earth' <-> 'metals'))"
    """
    of_phrases = query.phrases
    every = (
        tuple(replace(leaf, is_loose=True) for leaf in leaves) if leaves in of_phrases else leaves
        for leaves in query.every
    )
    return replace(query, every=tuple(every))


def to_tsquery(query: SearchQuery, languages: Iterable[str | None]) -> str | None:
    """Return a query as text of a tsquery; None if it has no terms."""
    spoken = tuple(languages)
    return _render(query, lambda leaf: _tsquery_leaf(leaf, spoken), " & ", " | ", " & !")


def _tsquery_leaf(leaf: SearchTerm, languages: Sequence[str | None]) -> str:
    if leaf.typed:
        stems = _stems(leaf, languages)
        either = [*leaf.words, *stems, *(f"={stem}" for stem in stems), f"={leaf.words[0]}"]
        return "(" + " | ".join(f"'{word}'" for word in dict.fromkeys(either)) + ")"
    phrase = (" & " if leaf.is_loose else " <-> ").join(f"'{word}'" for word in leaf.words)
    return f"({phrase}{':*' if leaf.is_prefix else ''})"


def _stems(leaf: SearchTerm, languages: Sequence[str | None]) -> list[str]:
    stems = set().union(*(stem_variants(raw, languages) for raw in leaf.typed))
    return sorted(stem for stem in stems if stem and stem not in leaf.words)


def _render(query: SearchQuery, show: Callable[[SearchTerm], str], both: str, either: str, without: str) -> str | None:
    if not query.every:
        return None
    wanted = both.join("(" + either.join(show(leaf) for leaf in leaves) + ")" for leaves in query.every)
    for leaf in query.never:
        wanted = f"({wanted}){without}({show(leaf)})"
    return wanted
