"""The right answers: what a whole crawl of the newsroom should have found, read and grouped at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from newsarchive.demo.article import Brief, Draft, amp_path, print_path
from newsarchive.demo.edition import CARD_AFTER, Box, Edition, Sheet
from newsarchive.demo.pages import listing, machine, metadata, plain
from newsarchive.demo.sections import SECTIONS, Template
from storage.model import (
    BODY_ROLES,
    Access,
    Image,
    Link,
    LinkGroup,
    LinkKind,
    Outcome,
    Paragraph,
    UrlKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RightVersion:
    """One text of an article."""

    since: datetime
    """From when readers see it first."""
    headline: str
    dek: str | None
    modified: datetime | None
    """What the page says of its last change; None where it says nothing."""
    paragraphs: tuple[Paragraph, ...]
    """In reading order, a correction's note too; neither captions nor furniture."""

    @property
    def body(self) -> tuple[Paragraph, ...]:
        """Return the paragraphs that make up the body."""
        return tuple(paragraph for paragraph in self.paragraphs if paragraph.role in BODY_ROLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class RightArticle:
    """One article with all of its texts so far."""

    url: str
    """Canonical, as of the moment asked for."""
    other_urls: tuple[str, ...]
    """Further addresses: an old one that redirects, AMP, print."""
    template: Template
    authors: tuple[str, ...]
    published: datetime
    date_only: bool
    """The page prints the day without the hour; feeds and sitemaps have the moment."""
    section: str | None
    """None where the page does not say."""
    tags: tuple[str, ...]
    language: str
    access: Access | None
    image: Image | None
    """As its metadata names it; None where the page has no metadata."""
    live: bool
    encoding: str
    reached_by: frozenset[UrlKind]
    """What leads to it: FEED (or did, when it was new), SITEMAP, LISTING; none of these where only related lists do."""
    versions: tuple[RightVersion, ...]
    """The different texts that readers saw so far, oldest first, also from before a crawl came by."""
    current: RightVersion
    """What the page says now: the text of one of the versions."""
    link_groups: tuple[LinkGroup, ...]
    """As of now: `inline` first, then related, then latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RightPage:
    """A page that is no article."""

    url: str
    outcome: Outcome
    links: tuple[str, ...] = ()
    """The articles that a listing leads to, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that is right at one moment."""

    articles: tuple[RightArticle, ...]
    """Those that can be read, oldest first."""
    withdrawn: tuple[RightArticle, ...]
    """Those that once could."""
    pages: tuple[RightPage, ...]
    """All that links, feeds and sitemaps lead to besides articles: listings, others, errors, feeds, sitemaps."""
    redirects: Mapping[str, str]
    """Old addresses and where they lead."""
    disallowed: tuple[str, ...]
    """What robots.txt asks crawlers not to fetch, though pages lead there."""

    def article(self, url: str) -> RightArticle:
        """Return the article with that canonical URL."""
        return next(article for article in self.articles if article.url == url)


def answers(edition: Edition) -> Answers:
    """Return the right answers of an edition."""
    briefs = [edition.desk.brief(number) for number in range(edition.count)]
    moved = [brief for brief in briefs if brief.path_at(edition.at) != brief.path]
    return Answers(
        articles=tuple(_Marker(brief, edition).article() for brief in briefs if not brief.gone(edition.at)),
        withdrawn=tuple(_Marker(brief, edition).article() for brief in briefs if brief.gone(edition.at)),
        pages=tuple(_pages(edition)),
        redirects={edition.url(brief.path): edition.url(brief.path_at(edition.at)) for brief in moved},
        disallowed=tuple(edition.url(path) for path in (*plain.DRAFTS, plain.SEARCH)),
    )


class _Marker:
    """Marks one article: says what is right about it."""

    def __init__(self, brief: Brief, edition: Edition) -> None:
        self.brief = brief
        self.edition = edition

    @cached_property
    def sheet(self) -> Sheet:
        return self.edition.sheet(self.brief.number)

    def article(self) -> RightArticle:
        brief, item, special = self.brief, self.sheet.item, self.brief.special
        tagged = brief.template in (Template.MODERN, Template.LONGFORM)
        image = Image(
            url=self.edition.url(f"/media/{item.picture}.png"),
            caption=metadata.caption(item.picture) if brief.template is Template.MODERN else None,
        )
        return RightArticle(
            url=self.edition.url(self.sheet.path),
            other_urls=tuple(self.edition.url(path) for path in self._other_paths()),
            template=brief.template,
            authors=item.authors,
            published=brief.published,
            date_only=brief.template is Template.CLASSIC,
            section=None if brief.template is Template.CLASSIC else brief.section.title,
            tags=item.tags if tagged else (),
            language=brief.language,
            access=(Access.PAYWALLED if special.paywalled else Access.FREE) if tagged else None,
            image=image if tagged else None,
            live=special.live,
            encoding=special.encoding,
            reached_by=self._reached_by(),
            versions=self._versions(),
            current=_version(self.sheet.draft),
            link_groups=tuple(self._groups()),
        )

    def _other_paths(self) -> list[str]:
        paths = [self.brief.path] if self.brief.path != self.sheet.path else []
        if self.brief.special.variants:
            paths += [amp_path(self.sheet.path), print_path(self.sheet.path)]
        return paths

    def _reached_by(self) -> frozenset[UrlKind]:
        special = self.brief.special
        kinds = {
            UrlKind.FEED: special.in_feeds,
            UrlKind.SITEMAP: special.in_sitemap,
            UrlKind.LISTING: special.in_listings,
        }
        return frozenset(kind for kind, reached in kinds.items() if reached)

    def _versions(self) -> tuple[RightVersion, ...]:
        """Return each different text once, at its first appearance."""
        texts: dict[tuple[str, str | None, tuple[Paragraph, ...]], RightVersion] = {}
        for draft in self.sheet.item.drafts:
            if draft.since <= self.edition.at:
                version = _version(draft)
                texts.setdefault((version.headline, version.dek, version.body), version)
        return tuple(texts.values())

    def _groups(self) -> list[LinkGroup]:
        boxes = [box for box in (self.sheet.related, self.sheet.latest) if box and box.lines]
        groups = [self._group(box) for box in boxes]
        if inline := self._inline():
            groups.insert(0, LinkGroup(kind=LinkKind.INLINE, label="", links=inline))
        return groups

    def _group(self, box: Box) -> LinkGroup:
        links = tuple(Link(url=self.edition.url(line.path), anchor=line.text) for line in box.lines)
        return LinkGroup(kind=box.kind, label=box.label, links=links)

    def _inline(self) -> tuple[Link, ...]:
        """Return links in running text, and the read-also card, in reading order."""
        links = []
        for place, block in enumerate(self.sheet.draft.blocks):
            if (card := self.sheet.read_also) and place == CARD_AFTER:
                links.append(Link(url=self.edition.url(card.path), anchor=card.text))
            if block.anchor:
                target = self.edition.desk.brief(block.target)
                links.append(Link(url=self.edition.url(target.path), anchor=block.anchor))
        return tuple(links)


def _version(draft: Draft) -> RightVersion:
    return RightVersion(
        since=draft.since,
        headline=draft.headline,
        dek=draft.dek,
        modified=draft.modified,
        paragraphs=tuple(Paragraph(role=block.role, text=block.text) for block in draft.blocks),
    )


def _pages(edition: Edition) -> list[RightPage]:
    """Return the pages that are no articles."""
    named = {
        "/about": Outcome.OTHER,
        "/contact": Outcome.OTHER,
        plain.MEMBERS: Outcome.PAYWALL_STUB,
        plain.SOFT_404: Outcome.SOFT_404,
        plain.DEAD_LINK: Outcome.GONE,
        "/feed.xml": Outcome.FEED,
        "/atom.xml": Outcome.FEED,
        "/robots.txt": Outcome.ROBOTS,
        **dict.fromkeys(("/sitemap.xml", *machine.sitemap_paths(edition)), Outcome.SITEMAP),
        **dict.fromkeys(listing.collection_paths(edition), Outcome.LISTING),
    }
    listings = [_listing("/", edition.newest()[: listing.ON_FRONT], edition)]
    for section in SECTIONS:
        briefs = edition.newest(section)
        for number in range(1, listing.last_page(section, edition) + 1):
            shown = briefs[(number - 1) * listing.PER_PAGE : number * listing.PER_PAGE]
            listings.append(_listing(listing.page_path(section, number), shown, edition))
    return [*listings, *(RightPage(url=edition.url(path), outcome=outcome) for path, outcome in named.items())]


def _listing(path: str, briefs: Sequence[Brief], edition: Edition) -> RightPage:
    links = tuple(edition.url(brief.path_at(edition.at)) for brief in briefs)
    return RightPage(url=edition.url(path), outcome=Outcome.LISTING, links=links)
