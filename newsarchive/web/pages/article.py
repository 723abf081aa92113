"""/article/17: one archived article: text, versions, links to and from other articles, captures."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Response

from newsarchive.web.cite import Citation, bibtex, csl_json
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.pages.requisites import EMBED_TOKEN
from newsarchive.web.pages.visit_timeline import list_visits
from newsarchive.web.snapshot.replay_links import EmbedKind, ReplayLinks
from newsarchive.web.timestamps import format_timestamp
from newsarchive.web.wb_url import is_http_url
from storage.article_fields import ParagraphView
from storage.index.queries.articles import get_article, get_version
from storage.index.queries.links import list_backlinks, list_listing_placements
from storage.index.queries.similar import find_similar_articles
from storage.index.queries.timeline import select_archived_urls
from storage.index.views.articles import ArticleView, VersionView
from storage.model import Role

router = APIRouter(include_in_schema=False)

DATE_SOURCES = {
    "json-ld": "the page's structured data (JSON-LD)",
    "meta": "the page's metadata",
    "microdata": "the page's microdata",
    "time": "a time element on the page",
    "visible": "the visible page",
    "relative": "the visible page, counted back from the capture",
    "url": "its URL",
    "feed": "the site's feed",
    "sitemap": "the site's sitemap",
    "elsewhere": "a date elsewhere on the page",
    "title": "its title or description",
    "script": "the data of a script",
    "modified": "its last change; the page does not say when it was published",
}
"""Descriptions of the sources of dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphGroups:
    """Paragraphs of a version by their place on the page."""

    corrections: tuple[ParagraphView, ...]
    """Corrections, editor's notes and retractions: they are shown first, wherever the newspaper has them."""
    text: tuple[ParagraphView, ...]
    captions: tuple[ParagraphView, ...]
    folded: tuple[ParagraphView, ...]
    """Paragraphs outside the text: disclaimers, newsletter boxes, boilerplate."""


def split_paragraphs(paragraphs: Sequence[ParagraphView]) -> ParagraphGroups:
    """Group paragraphs by their place on the page."""
    corrections, text, captions, folded = [], [], [], []
    for paragraph in paragraphs:
        if paragraph.role is Role.CORRECTION:
            corrections.append(paragraph)
        elif paragraph.is_body:
            text.append(paragraph)
        elif paragraph.role is Role.CAPTION and not paragraph.boilerplate:
            captions.append(paragraph)
        else:
            folded.append(paragraph)
    return ParagraphGroups(
        corrections=tuple(corrections), text=tuple(text), captions=tuple(captions), folded=tuple(folded)
    )


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
        visits=list_visits(found),
        backlinks=context.index.ask(list_backlinks, article_id),
        placements=context.index.ask(list_listing_placements, article_id),
        similar=context.index.ask(find_similar_articles, shown.id),
        cite=_citation(context, shown),
        picture=_picture_url(context, shown),
        sources=DATE_SOURCES,
    )


@router.get("/article/{article_id:int}/cite.bib")
def cite_bib(context: Context, article_id: int, version: int | None = None) -> Response:
    """Return the citation as BibTeX."""
    citation = _load_citation(context, article_id, version)
    return Response(bibtex(citation), media_type="application/x-bibtex; charset=utf-8")


@router.get("/article/{article_id:int}/cite.json")
def cite_json(context: Context, article_id: int, version: int | None = None) -> Response:
    """Return the citation as CSL-JSON."""
    citation = _load_citation(context, article_id, version)
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


def _load_citation(context: RequestContext, article_id: int, number: int | None) -> Citation:
    found = get_article_or_404(context, article_id)
    return _citation(context, found.current if number is None else get_version_or_404(context, found, number))


def _citation(context: RequestContext, version: VersionView) -> Citation:
    return Citation(
        version=version, public_url=context.public_url, archive=context.name, site=version.site_title or version.site
    )
