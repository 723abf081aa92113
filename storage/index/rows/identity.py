"""The rule for identity, without SQL: which pages are one article, and which texts are none.

A page is what is captured under one canonical URL. Its texts are compared with those of other pages of the site, all
captures together, so that the order of captures makes no difference:

- A text of several pages without evidence of an article (its source's title, metadata, a date) is a soft error.
- So is a text that replaces different texts on several pages, whatever headline it has on each; and one without
  evidence that shares neither headline nor half of its text with any text of its page that has evidence.
- A page that had such a text before all others, by an hour, and has no other keeps it, with evidence and the same
  headline everywhere: it is an article's own.
- Pages whose texts are the same are one article with several addresses. They part when one has a text of its own.
- Pages that a permanent redirect or a canonical URL connects are one article if they share a text, edits apart.
"""

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from itertools import product
from operator import attrgetter
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from storage.grouping import group_by
from storage.model import Article, Discovery

T = TypeVar("T", bound=Hashable)
Page = tuple[int, int]
"""Site and canonical URL, by their ids."""

MAX_DATED_PAGES = 20
"""Most pages on which a printed date is evidence of an article; a text without any on more pages is a soft error."""
_MAX_DATED_PATHS = 2
_MIN_DATE_AGE = timedelta(days=2)  # age from which a printed date is not the time at which the page was sent
_SHARED_TEXT = 0.5  # share of the shorter text from which two texts are alike
_COMPARED = 10  # texts of a page with which each is compared, the next ones in time
_MIN_TITLE = 12  # characters from which a title may be part of a headline, or a headline part of a title
_MIN_REPLACED, _MIN_EVER_REPLACED = 2, 3
_MIN_LEAD = timedelta(hours=1)  # by which a page has its own text before the site sends it at other addresses
_OWN_SOURCES = frozenset({"json-ld", "meta", "microdata", "layout"})
_PRINTED_SOURCES = frozenset({"time", "visible"})


class Evidence(IntEnum):
    """Evidence, beside its text, that a page is an article."""

    NONE = 0
    METADATA = 1
    """JSON-LD or microdata of an article, or a publication date in the metadata."""
    SOURCE = 2
    """The page's headline is the title by which its source names it."""


def find_evidence(article: Article, discovery: Discovery) -> Evidence:
    """Return the evidence of one reading."""
    headline = _fold(article.headline)
    for title in (discovery.title, discovery.anchor):
        short, long = sorted((_fold(title or ""), headline), key=len)
        if short and (short == long or (len(short) >= _MIN_TITLE and short in long)):
            return Evidence.SOURCE
    has_date = article.published is not None and article.published.source in _OWN_SOURCES
    return Evidence.METADATA if article.declared or has_date else Evidence.NONE


def _fold(text: str) -> str:
    return "".join(re.findall(r"\w", text.casefold()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """A distinct text of a page."""

    version_id: int
    page: Page
    digest: bytes
    masked: bytes
    """Digest of the body without numbers, times, addresses and the headline."""
    evidence: Evidence
    headline: str
    published: datetime | None
    published_source: str | None
    first: tuple[datetime, str]
    """Time and record of the first capture that shows it."""

    @property
    def day(self) -> date | None:
        """Day of publication by the page itself."""
        own = self.published_source in _OWN_SOURCES or self.published_source in _PRINTED_SOURCES
        return self.published.date() if self.published and own else None

    @property
    def is_dated(self) -> bool:
        """The page prints a date that is not that of the capture."""
        is_printed = self.published_source in _PRINTED_SOURCES
        return is_printed and self.published is not None and self.first[0] - self.published > _MIN_DATE_AGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Pages to compare, complete: with all texts of each, and all pages that share one."""

    texts: Sequence[PageText]
    urls: Mapping[Page, str]
    """Canonical URLs."""
    moves: Collection[tuple[Page, Page]] = ()
    """Pages of which the first leads to the second, by permanent redirects or a canonical URL."""
    soft: Collection[bytes] = ()
    """Masked digests of soft errors of which not all pages are here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An article: the page whose URL it has, and the version that shows each text of its pages."""

    page: Page
    shown: Mapping[int, int]
    """Version ids, by those of the texts of all pages; the same for those that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Result of a comparison."""

    articles: tuple[Identity, ...]
    soft: frozenset[int]
    """Versions that are soft errors."""


_Alike = tuple[PageText, PageText, bool]  # two texts, and whether they share half of the shorter one
Lengths = Mapping[int, int]
LoadParagraphs = Callable[[Collection[int]], Mapping[int, Lengths]]
"""Returns the lengths of body paragraphs, by their ids, of each of these versions."""


def identify(comparison: Comparison, load_paragraphs: LoadParagraphs) -> Identities:
    """Return the articles and soft errors among the texts of some pages."""
    soft = {*_find_unproven(comparison), *_find_unlike(comparison.texts, load_paragraphs)}
    proven = [text for text in comparison.texts if text.version_id not in soft]
    # Pages that share a text with another page, or lead to another.
    connected = {page for move in comparison.moves for page in move}
    for key in (attrgetter("masked"), attrgetter("digest")):
        for sharing in group_by(proven, key).values():
            pages = {text.page for text in sharing}
            connected |= pages if len(pages) > 1 else set()
    compared = [text for text in proven if text.page in connected]
    alike = list(_find_alike(compared, comparison.moves, load_paragraphs))
    classes = _classify(compared, comparison, alike)
    replacing = set(_find_replacing(compared, alike))
    soft |= replacing
    groups = _group_pages([text for text in proven if text.version_id not in replacing], classes, comparison.moves)
    return Identities(articles=tuple(_identity(texts, comparison) for texts in groups), soft=frozenset(soft))


class DisjointSets(Generic[T]):
    """Disjoint sets, joined step by step."""

    def __init__(self) -> None:
        self._parents: dict[T, T] = {}

    def find(self, one: T) -> T:
        """Return the member that stands for the set of another."""
        parents = self._parents
        while (parent := parents.get(one, one)) != one:
            parents[one] = parents.get(parent, parent)
            one = parent
        return one

    def join(self, one: T, other: T) -> None:
        """Join the sets of two members."""
        self._parents[self.find(one)] = self.find(other)

    def join_all(self, members: Iterable[T]) -> None:
        """Join the sets of several members."""
        listed = list(members)
        for member in listed:
            self.join(member, listed[0])


def _find_unproven(comparison: Comparison) -> Iterator[int]:
    """Yield the versions whose text several pages have, without evidence of an article."""
    masked, same = group_by(comparison.texts, attrgetter("masked")), group_by(comparison.texts, attrgetter("digest"))
    proven = {key for text in comparison.texts if text.evidence for key in (text.masked, text.digest)}
    for text in comparison.texts:
        if text.masked in comparison.soft:
            yield text.version_id
        elif text.masked not in proven and text.digest not in proven:
            sharing = (*masked[text.masked], *same[text.digest])
            if len({one.page for one in sharing}) > 1 and not _is_dated(sharing, comparison):
                yield text.version_id


def _find_unlike(texts: Sequence[PageText], load_paragraphs: LoadParagraphs) -> Iterator[int]:
    """Yield the versions without evidence whose page has texts with evidence, all of them others."""
    for own in group_by(texts, attrgetter("page")).values():
        proven = [text for text in own if text.evidence]
        headlines = {text.headline.casefold() for text in proven}
        unproven = [
            text for text in own if not (text.evidence or text.is_dated or text.headline.casefold() in headlines)
        ]
        if not proven or not unproven:
            continue
        paragraphs = load_paragraphs({text.version_id for text in (*proven, *unproven)})
        for text in unproven:
            mine = paragraphs.get(text.version_id, {})
            if not any(_is_alike(mine, paragraphs.get(other.version_id, {})) for other in proven):
                yield text.version_id


def _is_alike(mine: Lengths, theirs: Lengths) -> bool:
    """Return whether two texts share half of the shorter one."""
    shared = sum(length for paragraph, length in mine.items() if paragraph in theirs)
    return bool(shared) and shared >= _SHARED_TEXT * min(sum(mine.values()), sum(theirs.values()))


def _is_dated(texts: Sequence[PageText], comparison: Comparison) -> bool:
    """Return whether one printed date is that of all pages with a text, and older than one of their captures."""
    pages = {text.page for text in texts}
    paths = {urlsplit(comparison.urls[page]).path for page in pages}
    are_few = len(pages) <= MAX_DATED_PAGES and len(paths) <= _MAX_DATED_PATHS
    return are_few and len({text.day for text in texts}) == 1 and any(text.is_dated for text in texts)


def _classify(texts: Sequence[PageText], comparison: Comparison, alike: Iterable[_Alike]) -> DisjointSets[int]:
    """Return the versions of texts in sets of those that are the same but for edits."""
    classes = DisjointSets[int]()
    for same in group_by(texts, lambda text: text.digest).values():
        parts = [same]
        if len({text.day for text in same if text.day}) > 1:
            # Daily items, such as puzzles, have the same text at another path under another date.
            by_path = group_by(same, lambda text: urlsplit(comparison.urls[text.page]).path)
            parts = [*by_path.values(), *group_by(same, lambda text: text.day).values()]
        for some in parts:
            classes.join_all(text.version_id for text in some)
    dated = (text for text in texts if text.day)
    for some in group_by(dated, lambda text: (text.masked, text.headline, text.published)).values():
        classes.join_all(text.version_id for text in some)
    for one, other, _ in alike:
        classes.join(one.version_id, other.version_id)
    return classes


def _find_alike(
    texts: Sequence[PageText], moves: Collection[tuple[Page, Page]], load_paragraphs: LoadParagraphs
) -> Iterator[_Alike]:
    """Yield texts that follow each other on a page, or of which one page leads to the other's, if they are alike."""
    by_page = group_by(sorted(texts, key=lambda text: text.first), lambda text: text.page)
    pairs = [
        (one, other)
        for own in by_page.values()
        for place, one in enumerate(own)
        for other in own[place + 1 : place + 1 + _COMPARED]
    ]
    for source, target in moves:
        pairs += product(by_page.get(source, ())[-_COMPARED:], by_page.get(target, ())[:_COMPARED])
    paragraphs = load_paragraphs({text.version_id for pair in pairs for text in pair}) if pairs else {}
    for one, other in pairs:
        mine, theirs = paragraphs.get(one.version_id, {}), paragraphs.get(other.version_id, {})
        if (is_shared := _is_alike(mine, theirs)) or one.headline.casefold() == other.headline.casefold():
            yield one, other, is_shared


def _find_replacing(texts: Sequence[PageText], alike: Iterable[_Alike]) -> Iterator[int]:
    """Yield the versions whose text replaces different texts on several pages.

    Where the source's title names the text, and not just the page, it belongs to the page nevertheless, as on a page
    that had it first and has no other: an article's own, which the site also sends for articles that it has deleted.
    """
    # Texts by their bodies, edits apart; `headed` are those that pages print under headlines of their own.
    bodies, headed = DisjointSets[int](), set[int]()
    for some in (*group_by(texts, attrgetter("masked")).values(), *group_by(texts, attrgetter("digest")).values()):
        bodies.join_all(text.version_id for text in some)
        if len({text.page for text in some}) > 1 and len({text.headline.casefold() for text in some}) > 1:
            headed.update(text.version_id for text in some)
    for one, other, is_shared in alike:
        if is_shared or headed.isdisjoint((one.version_id, other.version_id)):
            bodies.join(one.version_id, other.version_id)
    pages: dict[int, set[Page]] = {}
    of_page: dict[Page, dict[int, tuple[datetime, str]]] = {}
    for text in sorted(texts, key=attrgetter("first")):
        own = bodies.find(text.version_id)
        pages.setdefault(own, set()).add(text.page)
        of_page.setdefault(text.page, {}).setdefault(own, text.first)
    replacing: set[int] = set()
    homes: set[Page] = set()  # pages that had a replacing text first, and have no other
    for own, its_pages in pages.items():
        same, ever, earlier = DisjointSets[int](), set[int](), set[int]()
        for page in sorted(its_pages) if len(its_pages) > 1 else ():
            firsts = of_page[page]
            # Texts of as many pages are of the same kind: several such texts, or one section's newest articles.
            others = [one for one in firsts if one != own and len(pages[one]) < len(its_pages)]
            same.join_all(sorted(others))
            ever.update(others)
            earlier.update(one for one in others if firsts[one] < firsts[own])
        # Different texts on two pages, or on three whatever came first.
        if len(set(map(same.find, earlier))) >= _MIN_REPLACED or len(set(map(same.find, ever))) >= _MIN_EVER_REPLACED:
            replacing.add(own)
            (first, home), (second, _), *_ = sorted((of_page[page][own], page) for page in its_pages)
            homes |= {home} if len(of_page[home]) == 1 and second[0] - first[0] >= _MIN_LEAD else set()
    for text in texts:
        is_own = text.evidence is Evidence.SOURCE or (text.evidence and text.page in homes)
        if bodies.find(text.version_id) in replacing and (text.version_id in headed or not is_own):
            yield text.version_id


def _group_pages(
    texts: Sequence[PageText], classes: DisjointSets[int], moves: Collection[tuple[Page, Page]]
) -> list[list[PageText]]:
    """Return the texts of pages that are one article each."""
    by_page = group_by(texts, lambda text: text.page)
    of_page = {page: frozenset(classes.find(text.version_id) for text in own) for page, own in by_page.items()}
    joined = DisjointSets[Page]()
    for pages in group_by(of_page, of_page.__getitem__).values():
        joined.join_all(pages)
    for source, target in moves:
        if of_page.get(source, frozenset()) & of_page.get(target, frozenset()):
            joined.join(source, target)
    return list(group_by(texts, lambda text: joined.find(text.page)).values())


def _identity(texts: Sequence[PageText], comparison: Comparison) -> Identity:
    pages = {text.page for text in texts}
    leaving = {source for source, target in comparison.moves if source in pages and target in pages}
    firsts = {page: min(text.first for text in own) for page, own in group_by(texts, lambda text: text.page).items()}
    # The page that others lead to, without a query, captured first.
    head = min(
        pages, key=lambda page: (page in leaving, "?" in comparison.urls[page], firsts[page], comparison.urls[page])
    )
    shown: dict[int, int] = {}
    for same in group_by(texts, lambda text: text.digest).values():
        first = min(same, key=lambda text: text.first)
        shown |= {text.version_id: first.version_id for text in same}
    return Identity(page=head, shown=shown)
