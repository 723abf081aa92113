"""What the index answers with: frozen nouns, ready to be shown or written out. Times are aware and UTC."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from storage.index.views.exclusions import NOTHING, Exclusions
from storage.model import BODY_ROLES, Access, LinkKind, Outcome, RecordPlace, RefersTo, Role, UrlKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which articles are meant. What is None does not narrow anything."""

    site: str | None = None
    """A site's name."""
    since: datetime | None = None
    """Dated then or later. An article is dated by its publication; where it names none, by when it was first seen."""
    until: datetime | None = None
    """Dated before then."""
    author: str | None = None
    """A part of an author's name; case and accents do not matter."""
    byline: str | None = None
    """An author's whole name; case and accents do not matter."""
    section: str | None = None
    """A section's name; case and accents do not matter."""
    language: str | None = None
    """Primary subtag, such as "en"."""
    tag: str | None = None
    """A tag, as printed."""
    query: str | None = None
    """Words as in a search."""
    articles: tuple[int, ...] | None = None
    """Ids of articles: no others."""
    exclude: Exclusions = NOTHING
    """What is left out, whatever else is asked for. A Reader puts its own here."""

    @property
    def names_articles(self) -> bool:
        """True where some articles are meant, and not all of a site or of the archive."""
        return replace(self, site=None, exclude=NOTHING) != EVERYTHING


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFilters:
    """Which captures are meant. What is None does not narrow anything."""

    url: str | None = None
    urlkey: str | None = None
    """SURT form, such as "org,example)/news/"."""
    urlkey_prefix: str | None = None
    """Start of the SURT form."""
    site: str | None = None
    article_id: int | None = None
    outcome: Outcome | None = None
    crawl: str | None = None
    warc: str | None = None
    since: datetime | None = None
    """Fetched then or later."""
    until: datetime | None = None
    """Fetched before then."""
    exclude: Exclusions = NOTHING
    """What is left out, whatever else is asked for. A Reader puts its own here."""


ALL_CAPTURES = CaptureFilters()


class Segment(NamedTuple):
    """A piece of a snippet or headline; `is_match` where it is what was searched for."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One article that a search found, by its newest version that matches."""

    article_id: int
    version_id: int
    number: int
    """Of that version, from 1."""
    versions: int
    """How many the article has."""
    matching: int
    """How many of them match, among those that were looked at."""
    site: str
    url: str
    """Canonical."""
    headline: tuple[Segment, ...]
    snippet: tuple[Segment, ...]
    """From the real paragraphs, cut at word boundaries; "\u2026" stands where text was left out."""
    dek: str | None
    authors: tuple[str, ...]
    section: str | None
    language: str | None
    published: datetime | None
    first_seen: datetime
    state: str
    """live, gone or moved."""
    captured: datetime | None = None
    """The version's first capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of a search."""

    total: int
    """Articles that match; at least so many where `exact` is False."""
    exact: bool
    """False where counting stopped at the window's end."""
    hits: tuple[Hit, ...]
    problems: tuple[str, ...] = ()
    """What of the query was not understood and how it was taken, in words for its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphView:
    """One paragraph of a version, in reading order."""

    role: Role
    text: str
    boilerplate: bool
    """The site prints it under so many articles that it is none of this one's text."""

    @property
    def is_body(self) -> bool:
        """True where it belongs to the article's own text."""
        return self.role in BODY_ROLES and not self.boilerplate


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """One link of a group."""

    url: str
    anchor: str
    article_id: int | None
    """The article it leads to, where the archive holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGroupView:
    """Links that stand together on a page, in order."""

    kind: LinkKind
    label: str
    links: tuple[LinkView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureView:
    """One capture: what the archive holds of one URL at one moment."""

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
    """WARC-Date to the character."""
    status: int | None
    mime: str | None
    payload_digest: str | None
    payload_size: int
    truncated: str | None
    outcome: Outcome
    reason: str
    title: str | None
    """The page's or feed's own name for itself; None for articles, whose headline says it."""
    entries: int
    """Of a feed or sitemap; links of a listing."""
    redirect_url: str | None
    refers_to: RefersTo | None
    """As the revisit record names its original."""
    refers_to_id: int | None
    """The original's capture, where the archive holds it."""
    crawl: str | None
    article_id: int | None
    version_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """A version in a list of versions."""

    id: int
    number: int
    headline: str
    digest: str
    first_seen: datetime
    last_seen: datetime
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One text of an article, whole."""

    id: int
    article_id: int
    number: int
    site: str
    url: str
    """Where its first capture was made."""
    canonical_url: str
    headline: str
    dek: str | None
    authors: tuple[str, ...]
    published: datetime | None
    published_source: str | None
    modified: datetime | None
    modified_source: str | None
    section: str | None
    tags: tuple[str, ...]
    language: str | None
    image: str | None
    image_caption: str | None
    access: Access | None
    live: bool
    noarchive: bool
    digest: str
    extractor: str | None = None
    """Version of the code that read it; None where that was not noted."""
    first_seen: datetime
    last_seen: datetime
    paragraphs: tuple[ParagraphView, ...]
    """All of them, boilerplate marked."""
    link_groups: tuple[LinkGroupView, ...]
    capture: CaptureView
    """The first that showed this text."""
    site_title: str | None = None
    """What the site calls itself."""

    @property
    def body(self) -> str:
        """The article's own text, a blank line between paragraphs."""
        return "\n\n".join(paragraph.text for paragraph in self.paragraphs if paragraph.is_body)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """One article with its history."""

    id: int
    site: str
    url: str
    """Canonical."""
    state: str
    """live, gone or moved: by the newest capture of any of its URLs."""
    first_seen: datetime
    last_seen: datetime
    current: VersionView
    """What its newest capture showed."""
    versions: tuple[VersionLine, ...]
    """By number."""
    captures: tuple[CaptureView, ...]
    """Of all its URLs, oldest first."""
    linked_from: tuple["ArticleLine", ...]
    """Articles whose versions link to it, newest first, not all where they are many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """An article in a list of articles."""

    id: int
    site: str
    url: str
    headline: str
    dek: str | None
    section: str | None
    published: datetime | None
    first_seen: datetime
    state: str
    versions: int
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A feed, sitemap or listing, and how it fares."""

    url: str
    site: str
    kind: UrlKind
    title: str | None
    entries: int
    """In its newest readable capture."""
    first_seen: datetime
    last_seen: datetime
    last_changed: datetime
    """The capture since which its content is what it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerplateView:
    """A paragraph that several articles of a site carry."""

    site: str
    text: str
    articles_seen: int
    articles: int
    """Articles of the site from the first that carries it to the last, thirty at least where it has so many."""
    first_seen: datetime
    last_seen: datetime
    verdict: bool
    """True: left out of bodies and of search."""

    @property
    def share(self) -> float:
        """Of the site's articles in its time, those that carry it."""
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
class Committed:
    """What one commit brought."""

    captures: int = 0
    known: int = 0
    """Captures that the index held already."""
    articles: int = 0
    """New ones."""
    versions: int = 0
    """New ones, first versions of new articles included."""
    found: int = 0
    """URLs that entered the frontier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What settling did."""

    resolved: int = 0
    """Revisits that found their original."""
    unread: tuple[str, ...] = ()
    """Record ids of revisits whose original, fetched under another URL, is held now but was not read under theirs:
    deliver them again with a reading."""
    learnt: int = 0
    """Paragraphs that became boilerplate."""
    unlearnt: int = 0
    """Paragraphs that no longer are."""
    refreshed: int = 0
    """Search documents that were written anew."""
