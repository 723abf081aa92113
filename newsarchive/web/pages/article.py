"""Timeline of the visits to an article: which of them found a new version."""

from collections.abc import Sequence
from math import log2

from fastapi import APIRouter, HTTPException, Response

from newsarchive.diff.articles import Comparison, RowKind, compare_versions
from newsarchive.maintenance.time_stamps import find_tokens
from newsarchive.web.cite import Citation, bibtex, csl_json
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.pages.snapshot import EMBED_TOKEN
from newsarchive.web.snapshot.replay_links import EmbedKind, ReplayLinks
from newsarchive.web.timestamps import format_timestamp
from newsarchive.web.wb_url import is_http_url
from storage.article_fields import ParagraphView
from storage.index.queries.articles import get_article, get_version
from storage.index.queries.links import list_backlinks, list_listing_placements
from storage.index.queries.similar import find_similar_articles
from storage.index.queries.timeline import select_archived_urls
from storage.index.views.articles import ArticleView, CaptureView, VersionView
from storage.model import Role

WIDTH = 300
_MARGIN = 8


def list_visits(captures: Sequence[CaptureView]) -> list[tuple[CaptureView, bool, float]]:
    """Return each capture, True if it shows another version than the one before, and its position on the line.

    The scale is logarithmic: changes are most frequent in the first hours.
    """
    since = [log2(1 + (each.fetched_at - captures[0].fetched_at).total_seconds() / 900) for each in captures]
    longest = max(since, default=0.0) or 1.0
    visits: list[tuple[CaptureView, bool, float]] = []
    before: int | None = None
    for capture, at in zip(captures, since, strict=True):
        number = capture.version_number
        x = round(_MARGIN + (WIDTH - 2 * _MARGIN) * at / longest, 1)
        visits.append((capture, before is not None and number not in (None, before), x))
        before = number or before
    return visits


# /article/17: one archived article: text, versions, links to and from other articles, captures.

router = APIRouter(include_in_schema=False)


def split_paragraphs(paragraphs: Sequence[ParagraphView]) -> dict[str, list[ParagraphView]]:
    """Group paragraphs by their place on the page.

    Corrections, editor's notes and retractions are shown first, wherever the newspaper has them; disclaimers, boxes of
    newsletters and boilerplate, which are outside the text, are folded.
    """
    groups: dict[str, list[ParagraphView]] = {"corrections": [], "text": [], "captions": [], "folded": []}
    for paragraph in paragraphs:
        if paragraph.role is Role.CORRECTION:
            place = "corrections"
        elif paragraph.is_body:
            place = "text"
        else:
            place = "captions" if paragraph.role is Role.CAPTION and not paragraph.boilerplate else "folded"
        groups[place].append(paragraph)
    return groups


@router.get("/article/{article_id:int}")
def article(context: Context, article_id: int, version: int | None = None) -> Response:
    """Return the page of the newest version, or of the version with a number."""
    found = get_article_or_404(context, article_id)
    shown = found.current if version is None else get_version_or_404(context, found, version)
    return context.render(
        "article.html",
        etag=True,
        article=found,
        version=shown,
        parts=split_paragraphs(shown.all_paragraphs),
        visits=list_visits(found.captures),
        backlinks=context.index.ask(list_backlinks, article_id),
        placements=context.index.ask(list_listing_placements, article_id),
        similar=context.index.ask(find_similar_articles, shown.id),
        cite=_citation(context, shown),
        picture=_picture_url(context, shown),
        tokens=find_tokens(context.archive.warc_folder, shown.capture.place.warc),
    )


@router.get("/article/{article_id:int}/cite.bib")
@router.get("/article/{article_id:int}/cite.json")
def cite(context: Context, article_id: int, version: int | None = None) -> Response:
    """Return the citation as BibTeX or CSL-JSON."""
    found = get_article_or_404(context, article_id)
    shown = found.current if version is None else get_version_or_404(context, found, version)
    citation = _citation(context, shown)
    if context.request.url.path.endswith(".bib"):
        return Response(bibtex(citation), media_type="application/x-bibtex; charset=utf-8")
    return Response(csl_json(citation), media_type="application/vnd.citationstyles.csl+json")


def get_article_or_404(context: RequestContext, article_id: int) -> ArticleView:
    """Return the article with an id; 404 if there is none."""
    found = context.index.ask(get_article, article_id)
    if found is None:
        raise HTTPException(
            404, "The archive has no article with this id. Ids change when the index is rebuilt; permalinks do not."
        )
    return found


def get_version_or_404(context: RequestContext, article: ArticleView, number: int) -> VersionView:
    """Return the version with a number; 404 if there is none."""
    if number == article.current.number:
        return article.current
    ids = {line.number: line.id for line in article.versions}
    found = context.index.ask(get_version, ids[number]) if number in ids else None
    if found is None:
        raise HTTPException(404, f"This article has no version {number}, only {', '.join(map(str, ids))}.")
    return found


def _picture_url(context: RequestContext, version: VersionView) -> str | None:
    """Return the URL of the article's archived picture; None if it is not archived."""
    if (
        not version.image
        or not is_http_url(version.image)
        or version.image not in context.index.ask(select_archived_urls, [version.image])
    ):
        return None
    return ReplayLinks(timestamp=format_timestamp(version.capture.fetched_at), token=EMBED_TOKEN).embed_url(
        version.image, EmbedKind.IMAGE
    )


def _citation(context: RequestContext, version: VersionView) -> Citation:
    return Citation(
        version=version, public_url=context.public_url, archive=context.name, site=version.site_title or version.site
    )


# /article/17/compare?a=1&b=2: two versions of an article, by paragraph and word.

CONTEXT_ROWS = 1
"""Unchanged paragraphs shown on each side of a change; the others are folded."""


@router.get("/article/{article_id:int}/compare")
def compare(context: Context, article_id: int, a: int | None = None, b: int | None = None) -> Response:
    """Compare two versions; by default the newest two."""
    article = get_article_or_404(context, article_id)
    numbers = sorted(line.number for line in article.versions)
    newest = b if b is not None else numbers[-1]
    oldest = a if a is not None else max((number for number in numbers if number < newest), default=newest)
    first, second = sorted((oldest, newest))
    older, newer = get_version_or_404(context, article, first), get_version_or_404(context, article, second)
    found = compare_versions(older, newer)
    # Numbers may have gaps: versions that are not published keep theirs.
    return context.render(
        "compare.html",
        etag=True,
        article=article,
        older=older,
        newer=newer,
        before=max((number for number in numbers if number < first), default=None),
        after=min((number for number in numbers if number > second), default=None),
        found=found,
        folded=find_folds(found),
    )


def find_folds(found: Comparison) -> list[tuple[bool, int, int]]:
    """Return ranges of rows as (folded, begin, end), the end exclusive.

    Runs of more than two unchanged paragraphs away from a change are folded.
    """
    shown = [False] * len(found.rows)
    for at, row in enumerate(found.rows):
        if row.kind is not RowKind.SAME:
            for near in range(max(0, at - CONTEXT_ROWS), min(len(shown), at + CONTEXT_ROWS + 1)):
                shown[near] = True
    ranges: list[tuple[bool, int, int]] = []
    begin = 0
    for at in range(1, len(shown) + 1):
        if at == len(shown) or shown[at] != shown[begin]:
            ranges.append((not shown[begin] and at - begin > 2, begin, at))
            begin = at
    return ranges
