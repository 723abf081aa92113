"""Names of withheld articles on the pages of others: URLs, link texts and headlines, and the text without them.

headlines of withheld articles --------------------------------+--> TextMask: WITHHELD in place of each
page --links--> withheld URLs --> texts of these links --------'
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import unquote

from sqlalchemy import Connection, and_, not_, select

from storage.article_fields import ArticleFields
from storage.grouping import group_pairs
from storage.index.conditions.visibility import select_withheld_articles, visible_targets
from storage.index.engine.statements import IDS, find_by_ids
from storage.index.schema.tables import CaptureGroupRow, CaptureRow, LinkRow, SiteHostRow, SiteRow, UrlRow, VersionRow
from storage.index.views.exclusions import Exclusions
from storage.urls import strip_www, surt, url_host

WITHHELD = "[withheld]"
"""Text in place of a headline or link text that is withheld."""
_MOST_HEADLINES = 5_000  # newest withheld articles whose headlines are looked for in texts that have no link to them
_MIN_WORDS = 3
"""Words (characters of Chinese and Japanese) of the shortest name that is replaced: "here" names no article."""
_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")
_EMBEDDED = re.compile(r"https?://[^\s&]+", re.IGNORECASE)

F = TypeVar("F", bound=ArticleFields)


@dataclass(frozen=True, slots=True)
class TextMask:
    """Replaces the names of withheld articles in texts, whatever their case, spacing and punctuation."""

    names: Mapping[tuple[str, ...], frozenset[tuple[str, ...]]] = field(default_factory=dict)
    """Names as words, by their first two words."""
    ends: Mapping[tuple[str, ...], frozenset[tuple[str, ...]]] = field(default_factory=dict)
    """The same by their last two words."""

    def extend(self, texts: Iterable[str]) -> "TextMask":
        """Return a mask of these headlines, link texts and URLs too."""
        names, ends = dict(self.names), dict(self.ends)
        for text in texts:
            words = tuple(word.casefold() for word in _WORD.findall(text.partition("://")[2] or text))
            if len(words) >= _MIN_WORDS:
                names[words[:2]] = names.get(words[:2], frozenset()) | {words}
                ends[words[-2:]] = ends.get(words[-2:], frozenset()) | {words}
        return TextMask(names, ends)

    def apply(self, text: str) -> str:
        """Return a text without the names; in an excerpt, which begins or ends with an ellipsis, without their parts.

        >>> mask = TextMask().extend(["The harbour is closed"])
        >>> [mask.apply(text) for text in ("\u201cThe HARBOUR is closed\u201d!", "\u2026is closed. The harbour\u2026")]
        ['\u201c[withheld]\u201d!', '\u2026[withheld]. [withheld]\u2026']
        """
        found = list(_WORD.finditer(text)) if self.names else []
        words = tuple(each[0].casefold() for each in found)
        kept: list[str] = []
        end, number = 0, 0
        while number < len(words):
            candidates = self.names.get(words[number : number + 2], ())
            parts = [(words[number : number + len(name)], name) for name in candidates]
            if text.endswith("\u2026"):
                parts += [(part, name[: len(part)]) for part, name in parts]
            if number == 0 and text.startswith("\u2026"):
                cut = ((size, self.ends.get(words[size - 2 : size], ())) for size in range(2, len(words) + 1))
                parts += [(words[:size], name[-size:]) for size, names in cut for name in names]
            size = max((len(part) for part, name in parts if part == name), default=0)
            if size:
                kept += (text[end : found[number].start()], WITHHELD)
                end = found[number + size - 1].end()
            number += size or 1
        return "".join((*kept, text[end:]))

    def names_withheld(self, text: str) -> bool:
        """Return whether a name is in a text."""
        return self.apply(text) != text

    def apply_to_article(self, article: F) -> F:
        """Return an article without the names in its text, dek, captions and tags."""
        return replace(
            article,
            tags=tuple(tag for tag in article.tags if not self.names_withheld(tag)),
            dek=article.dek and self.apply(article.dek),
            image_caption=article.image_caption and self.apply(article.image_caption),
            all_paragraphs=tuple(replace(each, text=self.apply(each.text)) for each in article.all_paragraphs),
        )


def load_mask(
    connection: Connection, exclude: Exclusions, urls: Iterable[str] = (), anchors: Iterable[str] = ()
) -> TextMask:
    """Return the mask of withheld articles; also of these withheld URLs and of the texts of links to them."""
    if not exclude:
        return TextMask()
    addresses = set(urls)
    newest = connection.scalars(
        select(VersionRow.headline)
        .where(VersionRow.article_id.in_(select_withheld_articles(connection, exclude)))
        .order_by(VersionRow.id.desc())
        .limit(_MOST_HEADLINES)
    )
    captured = (
        select(VersionRow.headline)
        .join(CaptureRow, CaptureRow.article_id == VersionRow.article_id)
        .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    )
    keys = {key for url in addresses for key in _spellings(url)}
    named = find_by_ids(connection, captured.where(UrlRow.urlkey.in_(IDS)).distinct(), keys)
    return TextMask().extend({*newest, *named, *addresses, *anchors})


def load_text_masks(connection: Connection, exclude: Exclusions, version_ids: Sequence[int]) -> dict[int, TextMask]:
    """Return the mask of each version, with the links of its page that lead to withheld URLs."""
    if not exclude or not version_ids:
        return dict.fromkeys(version_ids, TextMask())
    links = connection.execute(
        select(VersionRow.id, LinkRow.anchor, UrlRow.url)
        .join(CaptureGroupRow, CaptureGroupRow.capture_id == VersionRow.capture_id)
        .join(LinkRow, LinkRow.group_id == CaptureGroupRow.group_id)
        .join(UrlRow, UrlRow.id == LinkRow.url_id)
        .where(VersionRow.id.in_(version_ids))
    ).all()
    withheld = find_withheld_urls(connection, exclude, {row.url for row in links})
    named = group_pairs((row.id, row.anchor) for row in links if row.url in withheld)
    mask = load_mask(connection, exclude, withheld)
    return {version_id: mask.extend(named.get(version_id, ())) for version_id in version_ids}


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
    query = select(UrlRow.urlkey).where(UrlRow.urlkey.in_(IDS), not_(and_(*visible)))
    withheld = find_by_ids(connection, query, {key for each in keys.values() for key in each})
    of_sites = select(SiteHostRow.host).join(SiteRow, SiteRow.id == SiteHostRow.site_id)
    hosts = connection.scalars(of_sites.where(SiteRow.name.in_(sorted(exclude.hidden)))) if exclude.hidden else ()
    hidden = tuple(f".{strip_www(host)}" for host in hosts)  # and hosts below them
    return frozenset(
        url
        for url, each in keys.items()
        if any(key.startswith(exclude.urlkeys) for key in each)
        or not withheld.isdisjoint(each)
        or any(f".{strip_www(url_host(inner))}".endswith(hidden) for inner in named[url])
    )


def _spellings(url: str) -> tuple[str, str]:
    """Return the urlkey of a URL, and that without its parameters, which may be those of a feed's readers."""
    key = surt(url)
    return key, key.partition("?")[0]
