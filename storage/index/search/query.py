"""The query language: parses what users type.

    rare earth             both words              rare OR earth      either
    "rare earth"           the phrase              -earth             not the word (NOT earth too)
    (rare OR earth) metal  groups                  headline:(a OR b)  either in the headline
    tari*  *iff  t*f       any letters             tarif~1            one letter differs
    rare near/5 earth      at most five words between them, in either order
    headline:tariff        in the headline (dek: and url: too)
    site:x author:y        filters (section: language: agency: since: until: too); of site:x site:z either
    date:2026-01..2026-03  dated in these months   versions:newest    newest texts only
    is:corrected           with a correction       changed:byline     versions that such a change made

Any text is a valid query: parts without a meaning are taken as words, and reported.
"""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from storage.index.fulltext.fields import MOST_BETWEEN
from storage.index.text.analyzer import Term, split_terms
from storage.index.views.articles import EVERYTHING, Filters, list_values
from storage.observations import ChangeKind, MetadataField
from storage.page_date import parse_date_range

_PIECE = re.compile(
    r"(?P<minus>-|(?-i:NOT)\s+)?(?:(?P<field>site|author|section|language|lang|agency|since|until|date|is|changed|versions|headline|dek|url):)?"
    r'(?:(?P<open>\()|(?P<close>\))|"(?P<phrase>[^"]*)"?|(?P<word>[^\s"()]+(?:\([^\s"()]*\)[^\s"()]*)*))',
    re.IGNORECASE,
)
_NEAR = re.compile(r"near/(\d{1,4})", re.IGNORECASE)
_FUZZY = re.compile(r"(?P<word>[^~]+)~1?")
_LETTER = "\ua66e"
"""A letter of no text, in place of an asterisk, for the analyser."""
_QUOTES = str.maketrans("\u201c\u201d\u201e\u00ab\u00bb\uff02", '""""""')
LONGEST_QUERY = 1000
_MOST_LEAVES = 64
_MOST_LEVELS = 20  # of parentheses in each other: of 1,200 the engine ends the process


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """A word, phrase or pattern to search for."""

    words: tuple[str, ...]
    """Folded; several are a phrase. An asterisk stands for any letters."""
    typed: tuple[str, ...] = ()
    """The word as typed, for stemming. Empty for phrases, patterns and unspaced scripts, which are not stemmed."""
    field: str = "all"
    """Part of the document: all, headline, dek or url."""
    is_fuzzy: bool = False
    """One letter may differ."""
    between: int | None = None
    """At most so many other words between the two words, which may be in either order."""

    @property
    def has_wildcard(self) -> bool:
        """True for a pattern."""
        return any("*" in word for word in self.words)

    @property
    def is_pattern(self) -> bool:
        """True for a pattern or a fuzzy word."""
        return self.is_fuzzy or self.has_wildcard

    @property
    def leaves(self) -> tuple["SearchTerm", ...]:
        """The term itself, which is a part of a query as what stands in parentheses is."""
        return (self,)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """All of `every` (each an alternative of its parts), and none of `never`. What stands in parentheses is a query."""

    every: tuple[tuple["SearchTerm | SearchQuery", ...], ...] = ()
    never: tuple["SearchTerm | SearchQuery", ...] = ()
    filters: Filters = EVERYTHING
    problems: tuple[str, ...] = ()

    @property
    def leaves(self) -> tuple[SearchTerm, ...]:
        """The terms that are marked in hits."""
        return tuple(leaf for either in self.every for part in either for leaf in part.leaves)


def parse_query(text: str, filters: Filters) -> SearchQuery:
    """Parse a query. Filters in the text are added to those given, which take precedence.

    >>> query = parse_query('rare OR "earth" -metal*', Filters())
    >>> [[leaf.words for leaf in either] for either in query.every], query.never[0].words
    ([[('rare',), ('earth',)]], ('metal*',))
    """
    parser = _Parser(filters)
    plain = text[:LONGEST_QUERY].translate(_QUOTES)
    if plain.count('"') % 2:
        parser.problems.append('a quotation mark (") is not closed: all that follows it is one phrase')
    for match in _PIECE.finditer(plain):
        parser.add(match)
    return parser.finish(is_cut=len(text) > LONGEST_QUERY)


@dataclass(slots=True)
class _Group:
    """Terms within an open pair of parentheses, or of the whole query."""

    field: str = ""
    is_wanted: bool = True
    every: list[tuple[SearchTerm | SearchQuery, ...]] = dataclasses.field(default_factory=list)
    never: list[SearchTerm | SearchQuery] = dataclasses.field(default_factory=list)
    is_alternative: bool = False
    between: int | None = None


class _Parser:
    """Takes the pieces of a query one by one."""

    def __init__(self, filters: Filters) -> None:
        self.filters = self._given = filters
        self.problems: list[str] = []
        self._groups = [_Group()]
        self._leaves = 0

    def add(self, match: re.Match[str]) -> None:
        """Add one piece."""
        name, word, is_wanted = (match["field"] or "").lower(), match["word"] or "", not match["minus"]
        group, is_operator = self._groups[-1], is_wanted and not name
        name = name or group.field
        if match["open"]:
            if len(self._groups) > _MOST_LEVELS:
                self.problems.append(f"Of parentheses in each other {_MOST_LEVELS} are the most: others were ignored")
            else:
                self._groups.append(_Group(name, is_wanted=is_wanted))
        elif match["close"]:
            self._close()
        elif is_operator and word in ("OR", "AND"):
            group.is_alternative = word == "OR" and bool(group.every)
        elif is_operator and group.every and (near := _NEAR.fullmatch(word)):
            group.between = int(near[1])
        elif name and name not in _TEXT_FIELDS:
            if (len(self._groups) > 1 and name != group.field) or group.is_alternative:
                self.problems.append(f"{name}: stands for the whole query, also in parentheses and after OR")
            self._add_filter(name, (match["phrase"] or word).strip(), is_wanted=is_wanted)
        elif leaf := _parse_leaf(match["phrase"], word):
            if not name and (unknown := _UNKNOWN_FIELD.match(word)):
                self.problems.append(f"{unknown[0]} is no field of a query: its name was searched for as a word")
            self._leaves += 1
            if self._leaves <= _MOST_LEAVES:
                self._add(replace(leaf, field=name or leaf.field), is_wanted=is_wanted)

    def _close(self) -> None:
        if len(self._groups) == 1:
            self.problems.append("a closing parenthesis has no opening one: it was ignored")
            return
        group = self._groups.pop()
        match tuple(group.every), tuple(group.never):
            case ((part,),), ():
                self._add(part, is_wanted=group.is_wanted)
            case every, never if every or never:
                self._add(SearchQuery(every, never), is_wanted=group.is_wanted)

    def _add(self, part: SearchTerm | SearchQuery, *, is_wanted: bool) -> None:
        group, between = self._groups[-1], self._groups[-1].between
        group.between = None
        if not is_wanted:
            group.never.append(part)
        elif between is not None:
            self._join_near(group, between, part)
        elif group.is_alternative:
            group.every[-1] = (*group.every[-1], part)
        else:
            group.every.append((part,))
        group.is_alternative = False

    def _join_near(self, group: _Group, between: int, second: SearchTerm | SearchQuery) -> None:
        """Replace the term before near/5 by one for both words."""
        both = [
            part
            for part in (group.every[-1][-1], second)
            if isinstance(part, SearchTerm) and part.typed and not part.is_fuzzy
        ]
        if len(both) < 2 or both[0].field != both[1].field or both[0].words == both[1].words:
            self.problems.append(f"near/{between} stands between two different words: both were searched for anywhere")
            group.every.append((second,))
            return
        if between > MOST_BETWEEN:
            self.problems.append(f"near/{between} was searched for as near/{MOST_BETWEEN}, which is the most")
        near = SearchTerm((*both[0].words, *both[1].words), field=both[0].field, between=min(between, MOST_BETWEEN))
        group.every[-1] = (*group.every[-1][:-1], near)

    def _add_filter(self, name: str, value: str, *, is_wanted: bool) -> None:
        """Add a filter; those that are set already take precedence."""
        filters, name, folded = self.filters, "language" if name == "lang" else name, value.lower()
        if not is_wanted and name != "is":
            self.problems.append(f"-{name}: is not understood: it was ignored")
            return
        if (name, folded) == ("is", "corrected"):
            self.filters = replace(filters, corrected=is_wanted)
        elif name == "is" and folded in ("edited", "changed"):
            self.filters = replace(filters, edited=is_wanted)
        elif name == "changed" and folded in CHANGES:
            self.filters = replace(filters, changed=tuple(dict.fromkeys((*(filters.changed or ()), folded))))
        elif name in ("is", "changed"):
            known = "corrected or edited" if name == "is" else ", ".join(CHANGES)
            meant = f"{'' if is_wanted else '-'}{name}:{folded}"
            self.problems.append(f"{meant} is not understood (write {name}: and one of {known}): it was ignored")
        elif name == "versions":
            if folded not in ("newest", "all"):
                self.problems.append(f"versions:{value} is not understood (write versions:newest or versions:all)")
            self.filters = replace(filters, newest_only=folded == "newest")
        elif name in ("since", "until", "date"):
            self._add_dates(name, value)
        elif not getattr(self._given, name):
            found = list_values(getattr(filters, name))
            if name == "author" and found:
                self.problems.append("author: stands twice: only the first was searched for")
            else:
                added: dict[str, Any] = {name: (*found, value) if found else value}
                self.filters = replace(filters, **added)

    def _add_dates(self, name: str, value: str) -> None:
        first, _, last = value.partition("..") if name == "date" else (value, "", "")
        begin, end = parse_date_range(first), parse_date_range(last or first)
        if begin is None or end is None:
            self.problems.append(f"{name}:{value} is not a date (write 2026, 2026-11 or 2026-11-25): it was ignored")
            return
        since = self.filters.since or (begin[0] if name != "until" else None)
        until = self.filters.until or (end[1] if name != "since" else None)
        self.filters = replace(self.filters, since=since, until=until)

    def finish(self, *, is_cut: bool) -> SearchQuery:
        """Return the query."""
        if len(self._groups) > 1:
            self.problems.append("a parenthesis is not closed: it extends to the end")
        while len(self._groups) > 1:
            self._close()
        if is_cut or self._leaves > _MOST_LEAVES:
            self.problems.append("The query is too long: only its beginning was searched for")
        whole = self._groups[0]
        return SearchQuery(tuple(whole.every), tuple(whole.never), self.filters, tuple(self.problems))


_TEXT_FIELDS = ("headline", "dek", "url")
_UNKNOWN_FIELD = re.compile(r"[^\W\d]+:(?=[^/\s])")


def _parse_leaf(phrase: str | None, word: str) -> SearchTerm | None:
    if phrase is not None:
        found = list(split_terms(phrase))
        return SearchTerm(_leaf_words(found)) if found else None
    fuzzy = _FUZZY.fullmatch(word)
    found = list(split_terms((fuzzy["word"] if fuzzy else word).replace("*", _LETTER)))
    # An asterisk beside an unspaced script stands alone, and says nothing: any word contains a part of it.
    found = [term for term in found if term.words[0].strip(_LETTER)]
    if not found:
        return None
    words = tuple(one.replace(_LETTER, "*") for one in _leaf_words(found))
    if found[-1].is_run and len(found[-1].words) == 1:
        return SearchTerm((*words[:-1], words[-1] + "*"))  # one character: the beginning of some bigram
    if len(found) == 1 and not found[0].is_run and "*" not in words[0]:
        return SearchTerm(words, is_fuzzy=True) if fuzzy else SearchTerm(words, typed=(found[0].raw,))
    return SearchTerm(words)


def _leaf_words(found: Sequence[Term]) -> tuple[str, ...]:
    """Return the words of a phrase. The last character of a run is a term of its own only at the end of the run."""
    words: list[str] = []
    for term in found:
        words += term.words
    last = found[-1]
    if last.is_run and len(last.words) > 1:
        words.pop()
    return tuple(words)


CHANGES = (*(kind.value for kind in ChangeKind), *(field.value for field in MetadataField))
"""What `changed:` can be asked for: kinds of change that make a version, and fields of the metadata."""
