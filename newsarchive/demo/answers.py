"""The right answers: what a whole crawl of the newsroom should have found, read and grouped at a moment."""

from dataclasses import dataclass
from datetime import datetime

from newsarchive.demo.desk import Draft, Template
from newsarchive.demo.edition import Box, Edition, Sheet
from storage.model import BODY_ROLES, Link, LinkGroup, LinkKind, Paragraph


@dataclass(frozen=True, slots=True, kw_only=True)
class RightVersion:
    """One text of an article."""

    since: datetime
    """From when readers see it."""
    headline: str
    dek: str | None
    modified: datetime | None
    """What the page says of its last change; None where it says nothing."""
    paragraphs: tuple[Paragraph, ...]
    """The body in reading order."""

    @property
    def body(self) -> tuple[Paragraph, ...]:
        """Return the paragraphs that make up the body."""
        return tuple(paragraph for paragraph in self.paragraphs if paragraph.role in BODY_ROLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class RightArticle:
    """One article with all of its texts so far."""

    url: str
    """Canonical."""
    authors: tuple[str, ...]
    published: datetime
    date_only: bool
    """The page prints the day without the hour; feeds and sitemaps have the moment."""
    section: str | None
    """None where the page does not say."""
    tags: tuple[str, ...]
    language: str
    template: Template
    versions: tuple[RightVersion, ...]
    """Oldest first; those that readers saw so far, also before a crawl came by."""
    link_groups: tuple[LinkGroup, ...]
    """As at the moment asked for: `inline` first, then related, then latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that is right at one moment."""

    articles: tuple[RightArticle, ...]
    """Oldest first."""

    def article(self, url: str) -> RightArticle:
        """Return the article with that canonical URL."""
        return next(article for article in self.articles if article.url == url)


def answers(edition: Edition) -> Answers:
    """Return the right answers of an edition."""
    return Answers(articles=tuple(_article(edition.sheet(number), edition) for number in range(edition.count)))


def _article(sheet: Sheet, edition: Edition) -> RightArticle:
    item = sheet.item
    classic = item.brief.section.template is Template.CLASSIC
    return RightArticle(
        url=edition.url(item.brief.path),
        authors=item.authors,
        published=item.brief.published,
        date_only=classic,
        section=None if classic else item.brief.section.title,
        tags=() if classic else item.tags,
        language=item.language,
        template=item.brief.section.template,
        versions=tuple(_version(draft) for draft in item.drafts if draft.since <= edition.at),
        link_groups=_groups(sheet, edition),
    )


def _version(draft: Draft) -> RightVersion:
    return RightVersion(
        since=draft.since,
        headline=draft.headline,
        dek=draft.dek,
        modified=draft.modified,
        paragraphs=tuple(Paragraph(role=block.role, text=block.text) for block in draft.blocks),
    )


def _groups(sheet: Sheet, edition: Edition) -> tuple[LinkGroup, ...]:
    boxes = [box for box in (sheet.related, sheet.latest) if box and box.lines]
    inline = [
        Link(url=edition.url(edition.desk.brief(block.target).path), anchor=block.anchor)
        for block in sheet.draft.blocks
        if block.anchor
    ]
    if card := sheet.read_also:
        inline.append(Link(url=edition.url(card.path), anchor=card.text))
    groups = [_group(box, edition) for box in boxes]
    if inline:
        groups.insert(0, LinkGroup(kind=LinkKind.INLINE, label="", links=tuple(inline)))
    return tuple(groups)


def _group(box: Box, edition: Edition) -> LinkGroup:
    links = tuple(Link(url=edition.url(line.path), anchor=line.text) for line in box.lines)
    return LinkGroup(kind=box.kind, label=box.label, links=links)
