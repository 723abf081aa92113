"""Names of withheld articles on the pages of others: URLs, link texts and headlines, and the text without them.

page --links--> withheld URLs --> headlines of their articles --+--> TextMask: WITHHELD in place of each
          '---> texts of these links ---------------------------'
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

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
    visible = visible_targets(connection, exclude)
    if not visible:
        return masks
    anchors: defaultdict[int, list[str]] = defaultdict(list)
    targets: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for row in connection.execute(
        select(VersionRow.id, LinkRow.url_id, LinkRow.anchor, UrlRow.url)
        .join(CaptureGroupRow, CaptureGroupRow.capture_id == VersionRow.capture_id)
        .join(LinkRow, LinkRow.group_id == CaptureGroupRow.group_id)
        .join(UrlRow, UrlRow.id == LinkRow.url_id)
        .where(VersionRow.id.in_(version_ids), not_(and_(*visible)))
    ):
        anchors[row.id].append(row.anchor)
        targets[row.id][row.url_id] = row.url
    headlines = _load_headlines(connection, {url_id for each in targets.values() for url_id in each})
    for version_id, urls in targets.items():
        named = [headline for url_id in urls for headline in headlines.get(url_id, ())]
        masks[version_id] = TextMask.build(anchors[version_id], named, urls.values())
    return masks


def _load_headlines(connection: Connection, url_ids: Collection[int]) -> dict[int, set[str]]:
    """Return the headlines of the articles that were captured at URLs, or have them, by URL."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    captured = select(CaptureRow.url_id, VersionRow.headline).join(
        VersionRow, VersionRow.article_id == CaptureRow.article_id
    )
    named = select(ArticleRow.url_id, VersionRow.headline).join(VersionRow, VersionRow.article_id == ArticleRow.id)
    for some in _batch(sorted(url_ids)):
        for query, column in ((captured, CaptureRow.url_id), (named, ArticleRow.url_id)):
            for url_id, headline in connection.execute(query.where(column.in_(some)).distinct()):
                found[url_id].add(headline)
    return found


def find_withheld_urls(connection: Connection, exclude: Exclusions, urls: Iterable[str]) -> frozenset[str]:
    """Return which of these URLs no page may name. The decision is by urlkey: for all spellings of a URL."""
    if not exclude:
        return frozenset()
    keys = {url: surt(url) for url in urls}
    withheld = {url for url, key in keys.items() if exclude.urlkeys and key.startswith(exclude.urlkeys)}
    visible = visible_targets(connection, exclude)
    known: dict[str, bool] = {}
    for some in _batch(sorted(set(keys.values()))):
        of_keys = UrlRow.urlkey.in_(some)
        known |= dict.fromkeys(connection.scalars(select(UrlRow.urlkey).where(of_keys, *visible)), True)
        known |= dict.fromkeys(connection.scalars(select(UrlRow.urlkey).where(of_keys, not_(and_(*visible)))), False)
    hosts = _load_site_hosts(connection, {*exclude.hidden, *(name for name, _ in exclude.embargoes)})
    for url, key in keys.items():
        # A URL that the index does not have may be one of an article, with other parameters.
        if not known.get(key, strip_www(url_host(url)) not in hosts):
            withheld.add(url)
    return frozenset(withheld)


def load_mask_of_urls(connection: Connection, _exclude: Exclusions, urls: Collection[str]) -> TextMask:
    """Return the mask of withheld URLs: themselves, and the headlines of their articles."""
    ids: list[int] = []
    for some in _batch(sorted({surt(url) for url in urls})):
        ids += connection.scalars(select(UrlRow.id).where(UrlRow.urlkey.in_(some)))
    headlines = _load_headlines(connection, ids)
    return TextMask.build((), {each for some in headlines.values() for each in some}, urls)


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


def _load_site_hosts(connection: Connection, names: Collection[str]) -> frozenset[str]:
    of_sites = select(SiteHostRow.host).join(SiteRow, SiteRow.id == SiteHostRow.site_id)
    hosts = connection.scalars(of_sites.where(SiteRow.name.in_(sorted(names)))) if names else ()
    return frozenset(map(strip_www, hosts))


def _batch(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]
