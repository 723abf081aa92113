"""Articles, versions and captures as queries return them; filters and exclusions. Times are aware and UTC."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias, get_args

from storage.article_fields import ArticleFields
from storage.model import Link, LinkGroup, Outcome, RecordPlace, RefersTo, UrlKind
from storage.observations import MetadataEvent, ObservedSpan
from storage.page_date import PageDate
from storage.urls import surt

AnyOf: TypeAlias = str | tuple[str, ...] | None
"""One value, or several of which one has to match; None: any."""


def list_values(values: AnyOf) -> tuple[str, ...]:
    """Return the values of a filter.

    >>> list_values("news"), list_values(("news", "other")), list_values(None)
    (('news',), ('news', 'other'), ())
    """
    return (values,) if isinstance(values, str) else values or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Conditions on articles. A field that is None sets no condition; of several values one has to match."""

    site: AnyOf = None
    """A site's name."""
    since: datetime | None = None
    """Dated then or later. The date of an article is its publication date; without one, its first capture."""
    until: datetime | None = None
    """Dated before then."""
    author: str | None = None
    """Part of an author's name; case and accents are ignored."""
    byline: AnyOf = None
    """Full name of an author; case and accents are ignored."""
    section: AnyOf = None
    """Name of a section; case and accents are ignored."""
    language: AnyOf = None
    """Primary subtag, such as "en"."""
    tag: AnyOf = None
    """A tag, as printed."""
    agency: AnyOf = None
    """A news agency that the article names, by any of its names."""
    corrected: bool | None = None
    """True: with a correction, editor's note or retraction; False: without one."""
    edited: bool | None = None
    """True: the version is not the first text of its article; False: it is."""
    changed: tuple[str, ...] | None = None
    """Kinds of change that made the version, or fields of its article's metadata that changed; all of them."""
    query: str | None = None
    """Search query."""
    newest_only: bool = False
    """True: search the newest text of each article only."""
    articles: tuple[int, ...] | None = None
    """Ids of articles."""

    @property
    def selects_texts(self) -> bool:
        """True if texts are filtered, which needs a search; not sites and dates alone."""
        return replace(self, site=None, since=None, until=None, articles=None) != EVERYTHING

    @property
    def selects_articles(self) -> bool:
        """True unless all articles of a site, or of the archive, are selected."""
        return replace(self, site=None) != EVERYTHING


EVERYTHING = Filters()

Order: TypeAlias = Literal["newest", "rank", "longest", "edits"]
"""Order of results: by date, by how well they match, by number of words, by number of later texts."""
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFilters:
    """Conditions on captures. A field that is None sets no condition."""

    url: str | None = None
    site: str | None = None
    article_id: int | None = None
    outcome: AnyOf = None
    crawl: str | None = None
    warc: str | None = None
    since: datetime | None = None
    """Fetched then or later."""
    until: datetime | None = None
    """Fetched before then."""


ALL_CAPTURES = CaptureFilters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Sites, URLs and times that are left out of all answers, counts and facets, as if they were not archived."""

    hidden: frozenset[str] = frozenset()
    """Names of sites that are left out as a whole."""
    urlkeys: tuple[str, ...] = ()
    """Prefixes of SURT forms: captures of such URLs, and articles that have or were read from one, are left out."""
    noarchive: frozenset[str] = frozenset()
    """Names of sites whose articles are left out if one of their versions asks not to be archived."""
    embargoes: tuple[tuple[str, datetime], ...] = ()
    """By site: captures and articles after that time are left out, and later versions of older articles too."""

    def __bool__(self) -> bool:
        """Return False if nothing is left out."""
        return bool(self.hidden or self.urlkeys or self.noarchive or self.embargoes)

    def excludes(self, url: str, site: str | None = None) -> bool:
        """Return True if captures of a URL, of a site, are left out whatever their time.

        >>> Exclusions(urlkeys=("example,news)/secret/",)).excludes("http://www.news.example/secret/a")
        True
        """
        return site in self.hidden or bool(self.urlkeys and surt(url).startswith(self.urlkeys))

    def name_url(self, url: str | None) -> str | None:
        """Return a URL that is not blocked; None for one that is."""
        return None if url is None or (self.urlkeys and self.excludes(url)) else url


NO_EXCLUSIONS = Exclusions()
"""Nothing is left out: for the command line and the crawl."""


class TextSegment(NamedTuple):
    """Part of a snippet or headline; `is_match` for words that were searched for."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """An article that a search found, with its newest matching version. Example: `next(archive.search("harbour"))`."""

    article_id: int
    version_id: int
    number: int
    """Of that version, from 1."""
    versions: int
    """Number of versions of the article."""
    matching: int
    """Number of these that match."""
    site: str
    url: str
    """Canonical."""
    headline: tuple[TextSegment, ...]
    snippet: tuple[TextSegment, ...]
    """From the paragraphs as printed, cut at word boundaries; "\u2026" marks omitted text."""
    dek: str | None
    authors: tuple[str, ...]
    section: str | None
    language: str | None
    published: PageDate | None
    first_seen: datetime
    state: str
    """live, gone or moved."""
    captured: datetime | None = None
    """The version's first capture."""
    image: str | None = None
    """URL of the lead image."""
    image_caption: str | None = None
    papers: int = 0
    """Number of other sites that have a matching copy of the text, where copies are folded."""
    copies: tuple["StoryCopy", ...] = ()
    """The first of these copies, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCopy:
    """An article of another site with the same text as one that was found."""

    article_id: int
    site: str
    url: str
    """Canonical."""
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of a search."""

    total: int
    """Number of matching articles; where copies are folded, without these."""
    articles: int = 0
    """Number of matching articles, copies included."""
    hits: tuple[SearchHit, ...]
    problems: tuple[str, ...] = ()
    """Parts of the query that were not understood, and how they were interpreted: messages for the user."""
    suggestion: str | None = None
    """If nothing was found, a query with other words that may have been meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView(Link):
    """One link of a group."""

    article_id: int | None
    """The archived article that it leads to, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGroupView(LinkGroup):
    """A group of links on a page, in order."""

    links: tuple[LinkView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureView:
    """One capture of one URL. Example: `next(archive.captures()).status`."""

    id: int
    url: str
    urlkey: str
    site: str
    record_id: str
    place: RecordPlace
    kind: str
    """response, revisit or resource."""
    fetched_at: datetime
    date: str
    """WARC-Date, verbatim."""
    status: int | None
    mime: str | None
    payload_digest: str | None
    payload_size: int
    truncated: str | None
    outcome: Outcome
    reason: str
    title: str | None
    """Title of the page or feed; None for articles, which have a headline."""
    entries: int
    """Entries of a feed or sitemap; links of a listing."""
    redirect_url: str | None
    refers_to: RefersTo | None
    """The original, as the revisit record names it."""
    refers_to_id: int | None
    """Capture of the original, if archived."""
    crawl: str | None
    article_id: int | None
    version_id: int | None
    version_number: int | None = None
    """Number of the version that it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """A version in a list of versions."""

    id: int
    number: int
    headline: str
    digest: str
    first_seen: datetime
    last_seen: datetime
    """Last capture that shows it; between the two another text may have been seen: see `spans`."""
    captures: int
    changed: tuple[str, ...] = ()
    """Kinds of change from the text that was seen before it; empty for the first."""
    spans: tuple[ObservedSpan, ...] = ()
    """When it was seen, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView(ArticleFields):
    """One version of an article with its paragraphs and links."""

    id: int
    article_id: int
    number: int
    site: str
    site_title: str | None = None
    digest: str
    extractor: str | None = None
    """Version of the extractor that read it; None if unknown."""
    first_seen: datetime
    last_seen: datetime
    """Last capture that shows it; between the two another text may have been seen: see `spans`."""
    links: tuple[LinkGroupView, ...]
    capture: CaptureView
    """The first capture that shows this text."""
    changed: tuple[str, ...] = ()
    """Kinds of change from the text that was seen before it; empty for the first."""
    spans: tuple[ObservedSpan, ...] = ()
    """When it was seen, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """One article with its history."""

    id: int
    site: str
    url: str
    """Canonical."""
    state: str
    """live, gone or moved, by the newest capture of any of its URLs."""
    first_seen: datetime
    last_seen: datetime
    current: VersionView
    """Version that its newest capture shows."""
    versions: tuple[VersionLine, ...]
    """By number."""
    captures: tuple[CaptureView, ...]
    """Captures of all its URLs, oldest first."""
    history: tuple[ObservedSpan, ...] = ()
    """Spans of captures, oldest first."""
    metadata_changes: tuple[MetadataEvent, ...] = ()
    """Changes of dates, tags and the image address, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """An article in a list of articles."""

    id: int
    site: str
    url: str
    headline: str
    dek: str | None
    section: str | None
    published: PageDate | None
    first_seen: datetime
    state: str
    versions: int
    language: str | None = None

    @property
    def dated_at(self) -> datetime:
        """The time to sort by: of publication, or of the first capture."""
        return self.published.at if self.published else self.first_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A feed, sitemap or listing."""

    url: str
    site: str
    kind: UrlKind
    title: str | None
    entries: int
    """Number of entries in its newest readable capture."""
    first_seen: datetime
    last_seen: datetime
    last_changed: datetime
    """Time of the first capture with its present content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerplateView:
    """A paragraph that several articles of a site contain."""

    site: str
    text: str
    articles_seen: int
    articles: int
    """Articles of the site between the first and the last that contain it; at least thirty if there are so many."""
    first_seen: datetime
    last_seen: datetime
    verdict: bool
    """True if it is boilerplate: left out of bodies and of search."""

    @property
    def share(self) -> float:
        """Share of the site's articles in that time that contain it."""
        return self.articles_seen / max(self.articles, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcFileView:
    """One WARC file."""

    name: str
    state: str
    """open or closed."""
    crawl: str | None
    size: int | None
    sha256: str | None
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitResult:
    """Rows that one commit added."""

    known: int = 0
    """Captures that were in the index before."""
    versions: int = 0
    """New versions, first versions of new articles included."""
