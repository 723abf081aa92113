"""The expected result of a complete crawl of the newsroom at a given time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from storage.article_parts import Image
from storage.model import BODY_ROLES, Access, Link, LinkGroup, LinkKind, Outcome, Paragraph, UrlKind
from tests.newsroom.article import ArticleState, ArticleSummary, amp_path, print_path
from tests.newsroom.newspaper import SECTIONS, PageTemplate
from tests.newsroom.pages import feeds, listing, metadata, other_pages
from tests.newsroom.site_view import CARD_AFTER, LinkBox, PageContent, SiteView


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedVersion:
    """One version of an article."""

    since: datetime
    """Time of its first appearance."""
    headline: str
    dek: str | None
    modified: datetime | None
    """Modification date on the page; None if it has none."""
    paragraphs: tuple[Paragraph, ...]
    """In reading order, corrections included; no captions, no boilerplate."""

    @property
    def body(self) -> tuple[Paragraph, ...]:
        """Return the paragraphs of the body."""
        return tuple(paragraph for paragraph in self.paragraphs if paragraph.role in BODY_ROLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedArticle:
    """One article with all of its versions so far."""

    url: str
    """Canonical URL at that time."""
    other_urls: tuple[str, ...]
    """Further URLs: an old one that redirects, AMP, print."""
    template: PageTemplate
    authors: tuple[str, ...]
    published: datetime
    date_only: bool
    """True: the page gives the day only; feeds and sitemaps have the time too."""
    section: str | None
    """None if the page does not give it."""
    tags: tuple[str, ...]
    language: str
    access: Access | None
    image: Image | None
    """As in its metadata; None without metadata."""
    live: bool
    encoding: str
    reached_by: frozenset[UrlKind]
    """Sources that link to it: FEED (also if only when it was new), SITEMAP, LISTING; empty: only related boxes do."""
    versions: tuple[ExpectedVersion, ...]
    """Distinct versions so far, oldest first, including those before any crawl."""
    current: ExpectedVersion
    """The current version."""
    link_groups: tuple[LinkGroup, ...]
    """Current groups: inline, related, latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPage:
    """A page that is not an article."""

    url: str
    outcome: Outcome
    links: tuple[str, ...] = ()
    """Articles of a listing, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSite:
    """Expected result at a given time."""

    articles: tuple[ExpectedArticle, ...]
    """Available articles, oldest first."""
    withdrawn: tuple[ExpectedArticle, ...]
    """Withdrawn articles."""
    pages: tuple[ExpectedPage, ...]
    """All linked pages that are not articles: listings, others, errors, feeds, sitemaps."""
    redirects: Mapping[str, str]
    """Old URLs with their targets."""
    disallowed: tuple[str, ...]
    """URLs that robots.txt disallows, though pages link to them."""

    def find_article(self, url: str) -> ExpectedArticle:
        """Return the article with that canonical URL."""
        return next(article for article in self.articles if article.url == url)


def expected_site(view: SiteView) -> ExpectedSite:
    """Return the expected result of a crawl."""
    summaries = [view.catalogue.summary(number) for number in range(view.count)]
    moved = [summary for summary in summaries if summary.path_at(view.at) != summary.path]
    return ExpectedSite(
        articles=tuple(
            _ExpectedArticleBuilder(summary, view).article()
            for summary in summaries
            if not summary.is_withdrawn(view.at)
        ),
        withdrawn=tuple(
            _ExpectedArticleBuilder(summary, view).article() for summary in summaries if summary.is_withdrawn(view.at)
        ),
        pages=tuple(_expected_pages(view)),
        redirects={view.url(summary.path): view.url(summary.path_at(view.at)) for summary in moved},
        disallowed=tuple(view.url(path) for path in (*other_pages.DRAFTS, other_pages.SEARCH)),
    )


class _ExpectedArticleBuilder:
    """Builds the expected result of one article."""

    def __init__(self, summary: ArticleSummary, view: SiteView) -> None:
        self.summary = summary
        self.view = view

    @cached_property
    def content(self) -> PageContent:
        return self.view.page_content(self.summary.number)

    def article(self) -> ExpectedArticle:
        summary, history, special = self.summary, self.content.history, self.summary.special
        tagged = summary.template in (PageTemplate.MODERN, PageTemplate.LONGFORM)
        image = Image(
            url=self.view.url(f"/media/{history.picture}.png"),
            caption=metadata.caption(history.picture) if summary.template is PageTemplate.MODERN else None,
        )
        return ExpectedArticle(
            url=self.view.url(self.content.path),
            other_urls=tuple(self.view.url(path) for path in self._other_paths()),
            template=summary.template,
            authors=history.authors,
            published=summary.published,
            date_only=summary.template is PageTemplate.CLASSIC,
            section=None if summary.template is PageTemplate.CLASSIC else summary.section.title,
            tags=history.tags if tagged else (),
            language=summary.language,
            access=(Access.PAYWALLED if special.paywalled else Access.FREE) if tagged else None,
            image=image if tagged else None,
            live=special.live,
            encoding=special.encoding,
            reached_by=self._link_sources(),
            versions=self._versions(),
            current=_expected_version(self.content.state),
            link_groups=tuple(self._groups()),
        )

    def _other_paths(self) -> list[str]:
        paths = [self.summary.path] if self.summary.path != self.content.path else []
        if self.summary.special.variants:
            paths += [amp_path(self.content.path), print_path(self.content.path)]
        return paths

    def _link_sources(self) -> frozenset[UrlKind]:
        special = self.summary.special
        kinds = {
            UrlKind.FEED: special.in_feeds,
            UrlKind.SITEMAP: special.in_sitemap,
            UrlKind.LISTING: special.in_listings,
        }
        return frozenset(kind for kind, reached in kinds.items() if reached)

    def _versions(self) -> tuple[ExpectedVersion, ...]:
        """Return each distinct version with its first appearance."""
        texts: dict[tuple[str, str | None, tuple[Paragraph, ...]], ExpectedVersion] = {}
        for state in self.content.history.states:
            if state.since <= self.view.at:
                version = _expected_version(state)
                texts.setdefault((version.headline, version.dek, version.body), version)
        return tuple(texts.values())

    def _groups(self) -> list[LinkGroup]:
        boxes = [box for box in (self.content.related_box, self.content.latest_box) if box and box.links]
        groups = [self._group(box) for box in boxes]
        if inline := self._inline():
            groups.insert(0, LinkGroup(kind=LinkKind.INLINE, label="", links=inline))
        return groups

    def _group(self, box: LinkBox) -> LinkGroup:
        links = tuple(Link(url=self.view.url(line.path), anchor=line.text) for line in box.links)
        return LinkGroup(kind=box.kind, label=box.label, links=links)

    def _inline(self) -> tuple[Link, ...]:
        """Return the links in running text and the read-also card, in reading order."""
        links = []
        for place, block in enumerate(self.content.state.blocks):
            if (card := self.content.read_also_link) and place == CARD_AFTER:
                links.append(Link(url=self.view.url(card.path), anchor=card.text))
            if block.anchor:
                target = self.view.catalogue.summary(block.target)
                links.append(Link(url=self.view.url(target.path), anchor=block.anchor))
        return tuple(links)


def _expected_version(state: ArticleState) -> ExpectedVersion:
    return ExpectedVersion(
        since=state.since,
        headline=state.headline,
        dek=state.dek,
        modified=state.modified,
        paragraphs=tuple(Paragraph(role=block.role, text=block.text) for block in state.blocks),
    )


def _expected_pages(view: SiteView) -> list[ExpectedPage]:
    """Return the pages that are not articles."""
    named = {
        "/about": Outcome.OTHER,
        "/contact": Outcome.OTHER,
        other_pages.MEMBERS: Outcome.PAYWALL_STUB,
        other_pages.SOFT_404: Outcome.SOFT_404,
        other_pages.DEAD_LINK: Outcome.GONE,
        "/feed.xml": Outcome.FEED,
        "/atom.xml": Outcome.FEED,
        "/robots.txt": Outcome.ROBOTS,
        **dict.fromkeys(("/sitemap.xml", *feeds.sitemap_paths(view)), Outcome.SITEMAP),
        **dict.fromkeys(listing.collection_paths(view), Outcome.LISTING),
    }
    listings = [_expected_listing("/", view.newest_articles()[: listing.ON_FRONT], view)]
    for section in SECTIONS:
        summaries = view.newest_articles(section)
        for number in range(1, listing.last_page(section, view) + 1):
            shown = summaries[(number - 1) * listing.PER_PAGE : number * listing.PER_PAGE]
            listings.append(_expected_listing(listing.page_path(section, number), shown, view))
    return [*listings, *(ExpectedPage(url=view.url(path), outcome=outcome) for path, outcome in named.items())]


def _expected_listing(path: str, summaries: Sequence[ArticleSummary], view: SiteView) -> ExpectedPage:
    links = tuple(view.url(summary.path_at(view.at)) for summary in summaries)
    return ExpectedPage(url=view.url(path), outcome=Outcome.LISTING, links=links)
