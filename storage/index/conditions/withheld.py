"""Names of withheld articles on the pages of others: URLs, link texts and headlines, and the text without them.

headlines of withheld articles --------------------------------+--> TextMask: WITHHELD in place of each
page --links--> withheld URLs --> texts of these links --------'
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import unquote

from sqlalchemy import and_, not_, select

from storage.article_fields import ArticleFields
from storage.grouping import group_pairs
from storage.index.conditions.visibility import select_withheld_articles, visible_targets
from storage.index.engine.statements import IDS, build_query, fetch_by_ids, find_by_ids, load_statements
from storage.index.reader import ReadScope
from storage.index.schema.tables import CaptureGroupRow, LinkRow, SiteHostRow, SiteRow, UrlRow, VersionRow
from storage.urls import strip_www, surt, url_host

WITHHELD = "[withheld]"
"""Text in place of a headline or link text that is withheld."""
_MOST_HEADLINES = 5_000  # newest withheld articles whose headlines are looked for in texts that have no link to them
_MIN_WORDS = 3
"""Words (characters of Chinese and Japanese) of the shortest name that is replaced: "here" names no article."""
_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")
_CUT = re.compile(r"(?:\u2026|\.\.\.)\W*$")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[\u3002\uff01\uff1f])")
_MIN_SENTENCE = 8  # words of the shortest sentence that is looked for
_OPENING = 3  # paragraphs of a version whose sentences are looked for
_EMBEDDED = re.compile(r"https?://[^\s&]+", re.IGNORECASE)

_PRINTED_FIELDS = ("text", "headline", "caption", "credit", "alt", "name")
"""Fields of an article's parts that hold printed text."""

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
            words = tuple(word.casefold() for word in WORD.findall(text.partition("://")[2] or text))
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
        if not self.names:
            return text
        found = list(WORD.finditer(text))
        words = tuple(each[0].casefold() for each in found)
        kept: list[str] = []
        end, number, is_cut = 0, 0, _CUT.search(text)
        while number < len(words):
            candidates = self.names.get(words[number : number + 2], ())
            parts = [(words[number : number + len(name)], name) for name in candidates]
            if is_cut:
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
        """Return an article without the names in its text, dek, captions, tags and other parts."""

        def mask(part: Any) -> Any:
            printed = {name: getattr(part, name, None) for name in _PRINTED_FIELDS}
            return replace(part, **{name: self.apply(text) for name, text in printed.items() if text})

        if not self.names:
            return article
        return replace(
            article,
            tags=tuple(tag for tag in article.tags if not self.names_withheld(tag)),
            dek=article.dek and self.apply(article.dek),
            image_caption=article.image_caption and self.apply(article.image_caption),
            all_paragraphs=tuple(map(mask, article.all_paragraphs)),
            media=tuple(map(mask, article.media)),
            entities=tuple(map(mask, article.entities)),
            live_updates=tuple(map(mask, article.live_updates)),
        )


def load_mask(scope: ReadScope, names: Iterable[str] = ()) -> TextMask:
    """Return the mask of the newest withheld headlines, and of further names."""
    if not scope.exclude:
        return TextMask()
    withheld = VersionRow.article_id.in_(select_withheld_articles(scope))
    newest = select(VersionRow.headline).where(withheld).order_by(VersionRow.id.desc()).limit(_MOST_HEADLINES)
    return TextMask().extend({*scope.connection.scalars(newest), *names})


def load_names(scope: ReadScope, urls: Collection[str]) -> dict[str, set[str]]:
    """Return what a text that names these withheld URLs may not have: the URL, headlines, and sentences of teasers."""
    rows = fetch_by_ids(scope.connection, _OPENINGS, {key for url in urls for key in _spellings(url)}, opening=_OPENING)
    names = {(row.urlkey, row.headline) for row in rows}
    texts = {(row.urlkey, text) for row in rows for text in (row.dek, row.text) if text}
    sentences = {(key, each) for key, text in texts for each in _SENTENCE_END.split(text)}
    found = group_pairs(names | {(key, each) for key, each in sentences if len(WORD.findall(each)) >= _MIN_SENTENCE})
    return {url: {url, *(name for key in _spellings(url) for name in found.get(key, ()))} for url in urls}


_OPENINGS = build_query(load_statements("storage.index.conditions", "openings.sql")["openings"], ["ids"])


def load_text_masks(scope: ReadScope, version_ids: Sequence[int]) -> dict[int, TextMask]:
    """Return the mask of each version, with the links of its page that lead to withheld URLs."""
    if not scope.exclude or not version_ids:
        return dict.fromkeys(version_ids, TextMask())
    links = scope.connection.execute(
        select(VersionRow.id, LinkRow.anchor, UrlRow.url)
        .join(CaptureGroupRow, CaptureGroupRow.capture_id == VersionRow.capture_id)
        .join(LinkRow, LinkRow.group_id == CaptureGroupRow.group_id)
        .join(UrlRow, UrlRow.id == LinkRow.url_id)
        .where(VersionRow.id.in_(version_ids))
    ).all()
    names = load_names(scope, find_withheld_urls(scope, {row.url for row in links}))
    named = group_pairs((row.id, text) for row in links if row.url in names for text in (row.anchor, *names[row.url]))
    mask = load_mask(scope)
    return {version_id: mask.extend(named.get(version_id, ())) for version_id in version_ids}


def find_withheld_urls(scope: ReadScope, urls: Iterable[str]) -> frozenset[str]:
    """Return which of these URLs no page may name.

    The decision is by urlkey, for all spellings of a URL. One with parameters is withheld with that without them, and
    one that holds another, such as a button to share a page, with that.
    """
    if not scope.exclude:
        return frozenset()
    named = {url: (url, *_EMBEDDED.findall(unquote(url)[1:])) for url in urls}
    keys = {url: [key for each in inside for key in _spellings(each)] for url, inside in named.items()}
    query = select(UrlRow.urlkey).where(UrlRow.urlkey.in_(IDS), not_(and_(*visible_targets(scope))))
    withheld = find_by_ids(scope.connection, query, {key for each in keys.values() for key in each})
    of_sites = select(SiteHostRow.host).join(SiteRow, SiteRow.id == SiteHostRow.site_id)
    names = sorted(scope.exclude.hidden)
    hosts = scope.connection.scalars(of_sites.where(SiteRow.name.in_(names))) if names else ()
    hidden = tuple(f".{strip_www(host)}" for host in hosts)  # and hosts below them
    return frozenset(
        url
        for url, each in keys.items()
        if any(key.startswith(scope.exclude.urlkeys) for key in each)
        or not withheld.isdisjoint(each)
        or any(f".{strip_www(url_host(inner))}".endswith(hidden) for inner in named[url])
    )


def _spellings(url: str) -> tuple[str, str]:
    """Return the urlkey of a URL, and that without its parameters, which may be those of a feed's readers."""
    key = surt(url)
    return key, key.partition("?")[0]
