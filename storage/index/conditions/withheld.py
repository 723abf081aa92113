"""Names of withheld articles on the pages of others: URLs, link texts and headlines, and the text without them.

page --links--> withheld URLs --> headlines of their articles --+--> TextMask: WITHHELD in place of each
          '---> texts of these links ---------------------------'
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import unquote

from sqlalchemy import Connection, and_, not_, select

from storage.article_fields import ArticleFields, ParagraphView
from storage.index.conditions.visibility import visible_targets
from storage.index.schema.tables import (
    ArticleRow,
    CaptureGroupRow,
    CaptureRow,
    LinkRow,
    SiteHostRow,
    SiteRow,
    UrlRow,
    VersionRow,
)
from storage.index.views.exclusions import Exclusions
from storage.urls import strip_www, surt, url_host

WITHHELD = "[withheld]"
"""Text in place of a headline or link text that is withheld."""
_AT_ONCE = 400
_MIN_PHRASE = 15
"""Bytes of the shortest link text that is replaced in running text: "here" and "this report" name no article."""

_EMBEDDED = re.compile(r"https?://[^\s&]+", re.IGNORECASE)

F = TypeVar("F", bound=ArticleFields)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TextMask:
    """Replaces the names of withheld articles in texts; false if there are none."""

    pattern: re.Pattern[str] | None = None

    @classmethod
    def build(cls, anchors: Iterable[str], headlines: Iterable[str] = (), urls: Iterable[str] = ()) -> "TextMask":
        """Return a mask of link texts, headlines and URLs."""
        long = {each for each in anchors if len(each.encode()) >= _MIN_PHRASE}
        addresses = {each.partition("://")[2] or each for each in urls}
        phrases = {" ".join(each.split()) for each in {*long, *headlines, *addresses}} - {""}
        longest_first = sorted(phrases, key=lambda each: (-len(each), each))
        joined = "|".join(r"\s+".join(map(re.escape, each.split(" "))) for each in longest_first)
        return cls(re.compile(joined, re.IGNORECASE) if joined else None)

    def __bool__(self) -> bool:
        """Return False if nothing is replaced."""
        return self.pattern is not None

    def apply(self, text: str) -> str:
        """Return a text without the names.

        >>> TextMask.build(["The harbour is closed"]).apply("Read: the  harbour is closed!")
        'Read: [withheld]!'
        """
        return text if self.pattern is None else self.pattern.sub(WITHHELD, text)

    def apply_to_paragraphs(self, paragraphs: Iterable[ParagraphView]) -> tuple[ParagraphView, ...]:
        """Return paragraphs without the names."""
        return tuple(replace(each, text=self.apply(each.text)) for each in paragraphs)

    def apply_to_article(self, article: F) -> F:
        """Return an article without the names in its text, dek and captions."""
        if not self:
            return article
        return replace(
            article,
            dek=article.dek and self.apply(article.dek),
            image_caption=article.image_caption and self.apply(article.image_caption),
            all_paragraphs=self.apply_to_paragraphs(article.all_paragraphs),
        )


_NO_MASK = TextMask()


def load_text_masks(connection: Connection, exclude: Exclusions, version_ids: Sequence[int]) -> dict[int, TextMask]:
    """Return the mask of each version, from the links of its page that lead to withheld URLs."""
    masks = dict.fromkeys(version_ids, _NO_MASK)
    if not exclude or not version_ids:
        return masks
    links = connection.execute(
        select(VersionRow.id, LinkRow.url_id, LinkRow.anchor, UrlRow.url)
        .join(CaptureGroupRow, CaptureGroupRow.capture_id == VersionRow.capture_id)
        .join(LinkRow, LinkRow.group_id == CaptureGroupRow.group_id)
        .join(UrlRow, UrlRow.id == LinkRow.url_id)
        .where(VersionRow.id.in_(version_ids))
    ).all()
    withheld = find_withheld_urls(connection, exclude, {row.url for row in links})
    named = [row for row in links if row.url in withheld]
    headlines = _load_headlines(connection, {row.url for row in named})
    for version_id in {row.id for row in named}:
        mine = [row for row in named if row.id == version_id]
        printed = [headline for row in mine for headline in headlines.get(surt(row.url), ())]
        masks[version_id] = TextMask.build((row.anchor for row in mine), printed, (row.url for row in mine))
    return masks


def load_mask_of_urls(
    connection: Connection, _exclude: Exclusions, urls: Collection[str], anchors: Iterable[str] = ()
) -> TextMask:
    """Return the mask of withheld URLs: themselves, the texts of links to them, and the headlines of their articles."""
    headlines = _load_headlines(connection, urls)
    return TextMask.build(anchors, {each for some in headlines.values() for each in some}, urls)


def _load_headlines(connection: Connection, urls: Iterable[str]) -> dict[str, set[str]]:
    """Return the headlines of the articles that were captured at URLs, or have them, by urlkey."""
    keys = {key for url in urls for key in _spellings(url)}
    found: defaultdict[str, set[str]] = defaultdict(set)
    captured = (
        select(UrlRow.urlkey, VersionRow.headline)
        .join(CaptureRow, CaptureRow.url_id == UrlRow.id)
        .join(VersionRow, VersionRow.article_id == CaptureRow.article_id)
    )
    named = (
        select(UrlRow.urlkey, VersionRow.headline)
        .join(ArticleRow, ArticleRow.url_id == UrlRow.id)
        .join(VersionRow, VersionRow.article_id == ArticleRow.id)
    )
    for some in _batch(sorted(keys)):
        for query in (captured, named):
            for key, headline in connection.execute(query.where(UrlRow.urlkey.in_(some)).distinct()):
                found[key].add(headline)
    return found


def find_withheld_urls(connection: Connection, exclude: Exclusions, urls: Iterable[str]) -> frozenset[str]:
    """Return which of these URLs no page may name.

    The decision is by urlkey, for all spellings of a URL. One with parameters is withheld with that without them, and
    one that holds another, such as a button to share a page, with that.
    """
    if not exclude:
        return frozenset()
    named = {url: (url, *_EMBEDDED.findall(unquote(url)[1:])) for url in urls}
    keys = {url: [key for each in inside for key in _spellings(each)] for url, inside in named.items()}
    visible = visible_targets(connection, exclude)
    withheld: set[str] = set()
    for some in _batch(sorted({key for each in keys.values() for key in each})):
        withheld |= set(connection.scalars(select(UrlRow.urlkey).where(UrlRow.urlkey.in_(some), not_(and_(*visible)))))
    hidden = _load_hosts(connection, exclude.hidden)
    return frozenset(
        url
        for url, each in keys.items()
        if any(key.startswith(exclude.urlkeys) for key in each)
        or not withheld.isdisjoint(each)
        or any(_is_below(url_host(inner), hidden) for inner in named[url])
    )


def _spellings(url: str) -> tuple[str, str]:
    """Return the urlkey of a URL, and that without its parameters, which may be those of a feed's readers."""
    key = surt(url)
    return key, key.partition("?")[0]


def _load_hosts(connection: Connection, sites: Collection[str]) -> frozenset[str]:
    of_sites = select(SiteHostRow.host).join(SiteRow, SiteRow.id == SiteHostRow.site_id)
    hosts = connection.scalars(of_sites.where(SiteRow.name.in_(sorted(sites)))) if sites else ()
    return frozenset(map(strip_www, hosts))


def _is_below(host: str, hosts: Collection[str]) -> bool:
    """Return True if a host is one of these, or a host below one of them."""
    labels = strip_www(host).split(".")
    return any(".".join(labels[begin:]) in hosts for begin in range(len(labels)))


def find_withheld_headlines(
    connection: Connection, exclude: Exclusions, site_id: int, texts: Collection[str]
) -> frozenset[str]:
    """Return which of these texts are headlines of withheld articles of a site."""
    visible = visible_targets(connection, exclude)
    if not visible or not texts:
        return frozenset()
    withheld = (
        select(VersionRow.headline)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .where(ArticleRow.site_id == site_id, VersionRow.headline.in_(texts), not_(and_(*visible)))
    )
    return frozenset(connection.scalars(withheld))


def _batch(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]
