"""/article/17: one archived article: text, versions, links to and from other articles; and comparisons."""

from dataclasses import replace
from itertools import groupby

from fastapi import APIRouter, Response

from newsarchive.diff.articles import Comparison, RowKind, choose_versions, compare_versions
from newsarchive.export.citations import BIBLIOGRAPHIES
from newsarchive.maintenance.rfc3161 import find_tokens
from newsarchive.urls.wb_url import format_timestamp, is_http_url
from newsarchive.web.context import ROWS, Context
from newsarchive.web.pages.snapshot import EMBED_TOKEN
from newsarchive.web.snapshot.replay_links import EmbedKind, ReplayLinks
from storage.article_fields import ParagraphView
from storage.article_parts import Media, MediaKind
from storage.index.queries import articles, links, similar, timeline
from storage.index.views.articles import VersionView
from storage.model import Role

_MAX_LABEL = 30  # characters between a caption and its credit


router = APIRouter()


def split_text(version: VersionView) -> dict[str, list[ParagraphView | Media]]:
    """Group the paragraphs of a version by their place on the page, its media among those of the text.

    Corrections, editor's notes and retractions are shown first, wherever the newspaper has them; disclaimers, boxes of
    newsletters and boilerplate, which are outside the text, are folded. So are captions of no picture.
    """
    groups: dict[str, list[ParagraphView | Media]] = {"corrections": [], "text": [], "captions": [], "folded": []}
    # The caption of the lead picture may be in the page's data alone.
    lead = {each for each in version.media if each.url == version.image and not each.caption}
    media = [replace(each, caption=version.image_caption) if each in lead else each for each in version.media]
    above, captioned = 0, tuple(media)
    for each in version.all_paragraphs:
        while media and media[0].place <= above:
            groups["text"].append(media.pop(0))
        above += not each.boilerplate
        is_caption = each.role is Role.CAPTION and not each.boilerplate
        if is_caption and (each.text == version.image_caption or any(_is_caption_of(m, each.text) for m in captioned)):
            continue
        place = "text" if each.is_body else "captions" if is_caption else "folded"
        groups["corrections" if each.role is Role.CORRECTION else place].append(each)
    groups["text"] += media
    return groups


def _is_caption_of(media: Media, text: str) -> bool:
    """Return whether a text is all shown with a medium: its caption, its credit, or both with a label between them."""
    caption, credit = media.caption or "", media.credit or ""
    if f" {text} " in f" {caption} " or text == credit:
        return True
    rest = text.removeprefix(caption).rstrip(" .)]") if text.startswith(caption) else ""
    return bool(credit) and rest.endswith(credit) and len(rest) - len(credit) < _MAX_LABEL


@router.get("/article/{article_id:int}")
def article(context: Context, article_id: int, version: int | None = None) -> Response:
    """Return the page of the newest version, or of the version with a number."""
    found = context.find(articles.get_article, article_id, what=NO_ARTICLE)
    shown = found.current if version is None else context.find_version(found, version)
    kind = EmbedKind.THUMBNAIL if context.shows_thumbnails else EmbedKind.IMAGE
    urls = ReplayLinks(timestamp=format_timestamp(shown.capture.fetched_at), token=EMBED_TOKEN)
    pictures = {shown.image or "", *(each.url for each in shown.media if each.kind is MediaKind.IMAGE)}
    caption = shown.image_caption
    is_lead = (one.url == shown.image or (caption and _is_caption_of(one, caption)) for one in shown.media)
    archived = context.index.ask(timeline.select_archived_urls, filter(is_http_url, pictures))
    return context.render(
        "article.html", etag=True, article=found, version=shown, parts=split_text(shown),
        backlinks=context.index.ask(links.list_backlinks, article_id),
        placements=context.index.ask(links.list_article_placements, article_id),
        similar=context.index.ask(similar.find_similar_articles, shown.id), cite=next(context.cite([shown])),
        has_text=any(each.is_body for each in shown.all_paragraphs), lead=None if any(is_lead) else shown.image,
        pictures={url: urls.embed_url(url, kind) for url in archived},
        tokens=find_tokens(context.archive.config, shown.capture.place.warc),
    )  # fmt: skip


@router.get("/article/{article_id:int}/cite.bib")
@router.get("/article/{article_id:int}/cite.ris")
@router.get("/article/{article_id:int}/cite.json")
def cite(context: Context, article_id: int, version: int | None = None) -> Response:
    """Return the citation as BibTeX, RIS or CSL-JSON."""
    found = context.find(articles.get_article, article_id, what=NO_ARTICLE)
    shown = found.current if version is None else context.find_version(found, version)
    suffix = context.request.url.path.rpartition("cite.")[2].replace("json", "csl.json")
    return Response("".join(BIBLIOGRAPHIES[suffix](context.cite([shown]))), media_type=ROWS[suffix])


# /article/17/compare?a=1&b=2: two versions of an article, by paragraph and word.

NO_ARTICLE = "article with this id. Ids change when the index is rebuilt; permalinks do not."
CONTEXT_ROWS = 1
"""Unchanged paragraphs shown on each side of a change; the others are folded."""


@router.get("/article/{article_id:int}/compare")
def compare(context: Context, article_id: int, a: int | None = None, b: int | None = None) -> Response:
    """Compare two versions; by default the newest two."""
    article = context.find(articles.get_article, article_id, what=NO_ARTICLE)
    numbers = sorted(line.number for line in article.versions)
    first, second = choose_versions(numbers, a, b)
    older, newer = context.find_version(article, first), context.find_version(article, second)
    found = compare_versions(older, newer)
    # Numbers may have gaps: versions that are not published keep theirs.
    return context.render(
        "compare.html", etag=True, article=article, older=older, newer=newer,
        before=max((number for number in numbers if number < first), default=None),
        after=min((number for number in numbers if number > second), default=None), found=found,
        folded=find_folds(found),
    )  # fmt: skip


def find_folds(found: Comparison) -> list[tuple[bool, int, int]]:
    """Return ranges of rows as (folded, begin, end), the end exclusive.

    Runs of more than two unchanged paragraphs away from a change are folded.
    """
    changed = [at for at, row in enumerate(found.rows) if row.kind is not RowKind.SAME]
    shown = {at + step for at in changed for step in range(-CONTEXT_ROWS, CONTEXT_ROWS + 1)}
    runs = [list(run) for _, run in groupby(range(len(found.rows)), shown.__contains__)]
    return [(run[0] not in shown and len(run) > 2, run[0], run[-1] + 1) for run in runs]
