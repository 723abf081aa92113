"""What people type into a search box, as a small tree; the tree as FTS5 or PostgreSQL understand it.

    rare earth             both words              rare OR earth      either
    "rare earth"           the phrase              -earth             not the word
    tari*                  any word so beginning   site:x author:y    filters (section: language: since: until: too)

Anything that people type is a query: what makes no sense is taken as words, and said so.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from storage.index.text.analyzer import Term, stems_in, terms
from storage.index.views.articles import Filters

_PIECE = re.compile(
    r'(?P<minus>-)?(?:(?P<field>site|author|section|language|lang|since|until|date):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)
_QUOTES = str.maketrans("\u201c\u201d\u201e\u00ab\u00bb\uff02", '""""""')
LONGEST_QUERY = 1000
_MOST_LEAVES = 64


@dataclass(frozen=True, slots=True)
class Leaf:
    """One thing to look for."""

    words: tuple[str, ...]
    """Folded; more than one stand next to each other."""
    is_prefix: bool = False
    """The last of them is only a beginning."""
    ends: tuple[str, ...] = ()
    """All words that have this beginning, where they were looked up."""
    raws: tuple[str, ...] = ()
    """As typed: what stems are taken of. Empty where stems do not count: phrases, prefixes, unspaced scripts."""
    of_names: bool = False
    """To be found among the names: authors, tags, section. In SQLite; PostgreSQL has marks for them."""
    is_loose: bool = False
    """The words may stand anywhere. In PostgreSQL, for what `loosened` says."""

    @property
    def standing(self) -> tuple[str, ...]:
        """Its words that are whole: each next to the other."""
        return self.words[:-1] if self.is_prefix else self.words


@dataclass(frozen=True, slots=True)
class Query:
    """All of `every` (each of which is any of its leaves), and none of `never`."""

    every: tuple[tuple[Leaf, ...], ...] = ()
    never: tuple[Leaf, ...] = ()
    filters: Filters = field(default_factory=Filters)
    problems: tuple[str, ...] = ()

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """What a hit shows."""
        return tuple(leaf for either in self.every for leaf in either)

    @property
    def has_phrases(self) -> bool:
        """True where words are to stand next to each other."""
        return any(len(leaf.words) > 1 and not leaf.of_names for leaf in (*self.leaves, *self.never))

    @property
    def phrases(self) -> tuple[tuple[Leaf, ...], ...]:
        """Those of `every` that nothing but whole words next to each other can meet."""
        return tuple(leaves for leaves in self.every if all(len(leaf.standing) > 1 for leaf in leaves))


def parse(text: str, filters: Filters) -> Query:
    """A query; filters that it names itself narrow further, those given win.

    >>> query = parse('rare OR "earth" -metal*', Filters())
    >>> [[leaf.words for leaf in either] for either in query.every], query.never[0].is_prefix
    ([[('rare',), ('earth',)]], True)
    """
    every: list[tuple[Leaf, ...]] = []
    never: list[Leaf] = []
    problems: list[str] = []
    either = False
    for match in _PIECE.finditer(text[:LONGEST_QUERY].translate(_QUOTES)):
        if match["word"] == "OR" and not match["minus"] and not match["field"]:
            either = bool(every)
            continue
        if match["field"]:
            filters = _narrowed(
                filters, match["field"].lower(), (match["phrase"] or match["word"] or "").strip(), problems
            )
            continue
        leaves = _leaves(match["phrase"], match["word"])
        if match["minus"]:
            never += leaves
        elif leaves and either:
            every[-1] = (*every[-1], leaves[0])
            every += [(leaf,) for leaf in leaves[1:]]
        else:
            every += [(leaf,) for leaf in leaves]
        either = False
    if len(text) > LONGEST_QUERY or len(every) + len(never) > _MOST_LEAVES:
        problems.append("the query is long: only its beginning was looked for")
    return Query(tuple(every[:_MOST_LEAVES]), tuple(never[:_MOST_LEAVES]), filters, tuple(problems))


def _leaves(phrase: str | None, word: str | None) -> list[Leaf]:
    if phrase is not None:
        found = list(terms(phrase))
        return [Leaf(_words(found))] if found else []
    assert word is not None
    is_prefix = word.endswith("*")
    found = list(terms(word))
    if not found:
        return []
    words = _words(found)
    if found[-1].is_run and len(found[-1].words) == 1:
        return [Leaf(words, is_prefix=True)]  # one character: some pair begins with it
    if is_prefix:
        return [Leaf(words, is_prefix=not found[-1].is_run)]
    if len(found) == 1 and not found[0].is_run:
        return [Leaf(words, raws=(found[0].raw,))]
    return [Leaf(words)]


def _words(found: Sequence[Term]) -> tuple[str, ...]:
    """The words of a phrase. The single character that ends a run stands there only when something follows."""
    words: list[str] = []
    for term in found:
        words += term.words
    last = found[-1]
    if last.is_run and len(last.words) > 1:
        words.pop()
    return tuple(words)


def _narrowed(filters: Filters, name: str, value: str, problems: list[str]) -> Filters:
    """Filters with one that the query names; those that are given already win."""
    match name:
        case "site":
            return replace(filters, site=filters.site or value)
        case "author":
            return replace(filters, author=filters.author or value)
        case "section":
            return replace(filters, section=filters.section or value)
        case "language" | "lang":
            return replace(filters, language=filters.language or value)
    span = span_of(value)
    if span is None:
        problems.append(f"{name}:{value} is no date (write 2026, 2026-11 or 2026-11-25): it was left out")
        return filters
    since = span[0] if name != "until" else None
    until = span[1] if name != "since" else None
    return replace(filters, since=filters.since or since, until=filters.until or until)


def span_of(value: str) -> tuple[datetime, datetime] | None:
    """First moment of a year, month or day, and the first after it; None for what is none.

    >>> [f"{moment:%Y-%m-%d}" for moment in span_of("2026-11") or ()]
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


def named(names: Iterable[str]) -> tuple[Leaf, ...]:
    """Any of these, to be found among the names. Empty where one of them has no words to find it by.

    >>> named(["Łukasz Müller"])
    (Leaf(words=('lukasz', 'muller'), is_prefix=False, ends=(), raws=(), of_names=True, is_loose=False),)
    """
    found = [list(terms(name)) for name in names]
    return tuple(Leaf(_words(one), of_names=True) for one in found) if all(found) else ()


def to_fts5(query: Query, languages: Iterable[str | None]) -> str | None:
    """The query as FTS5's MATCH takes it; None where it names nothing to look for."""
    spoken = tuple(languages)
    return _joined(query, lambda leaf: _fts5_leaf(leaf, spoken), " AND ", " OR ", " NOT ")


def _fts5_leaf(leaf: Leaf, languages: Sequence[str | None]) -> str:
    # Words hold no ASCII but letters and digits, so nothing in them can end the quotes.
    if leaf.ends:
        return "{headline dek body names} : (" + " OR ".join(_quoted(*leaf.words[:-1], end) for end in leaf.ends) + ")"
    phrase = _quoted(*leaf.words)
    if leaf.raws:
        return "(" + " OR ".join([phrase, *(f'"{stem}"' for stem in _stems(leaf, languages))]) + ")"
    if leaf.of_names:
        return "{names} : " + phrase
    return "{headline dek body names} : " + phrase + ("*" if leaf.is_prefix else "")


def _quoted(*words: str) -> str:
    return '"' + " ".join(words) + '"'


def loosened(query: Query) -> Query:
    """The query with its phrases as words that may stand anywhere: it finds what the query finds, and more.

    >>> to_tsquery(loosened(parse('"rare earth" -"earth metals"', Filters())), [])
    "((('rare' & 'earth'))) & !(('earth' <-> 'metals'))"
    """
    of_phrases = query.phrases
    every = (
        tuple(replace(leaf, is_loose=True) for leaf in leaves) if leaves in of_phrases else leaves
        for leaves in query.every
    )
    return replace(query, every=tuple(every))


def to_tsquery(query: Query, languages: Iterable[str | None]) -> str | None:
    """The query as PostgreSQL reads a tsquery; None where it names nothing to look for."""
    spoken = tuple(languages)
    return _joined(query, lambda leaf: _tsquery_leaf(leaf, spoken), " & ", " | ", " & !")


def _tsquery_leaf(leaf: Leaf, languages: Sequence[str | None]) -> str:
    if leaf.raws:
        stems = _stems(leaf, languages)
        either = [*leaf.words, *stems, *(f"={stem}" for stem in stems), f"={leaf.words[0]}"]
        return "(" + " | ".join(f"'{word}'" for word in dict.fromkeys(either)) + ")"
    phrase = (" & " if leaf.is_loose else " <-> ").join(f"'{word}'" for word in leaf.words)
    return f"({phrase}{':*' if leaf.is_prefix else ''})"


def _stems(leaf: Leaf, languages: Sequence[str | None]) -> list[str]:
    stems = set().union(*(stems_in(raw, languages) for raw in leaf.raws))
    return sorted(stem for stem in stems if stem and stem not in leaf.words)


def _joined(query: Query, show: Callable[[Leaf], str], both: str, either: str, without: str) -> str | None:
    if not query.every:
        return None
    wanted = both.join("(" + either.join(show(leaf) for leaf in leaves) + ")" for leaves in query.every)
    for leaf in query.never:
        wanted = f"({wanted}){without}({show(leaf)})"
    return wanted
