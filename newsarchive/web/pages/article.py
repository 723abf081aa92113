"""/article/17: one article as the archive has it: its text, its versions, what it pointed to and what pointed to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Response

from newsarchive.web.cite import Citation, bibtex, csl_json
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.hrefs import is_web
from newsarchive.web.language_names import language_name
from newsarchive.web.pages.requisites import SEAL
from newsarchive.web.pages.visit_timeline import looks
from newsarchive.web.snapshot.replay_links import Around, Kind
from newsarchive.web.timestamps import stamp
from storage.index.views.articles import ArticleView, ParagraphView, VersionView
from storage.model import Role

router = APIRouter(include_in_schema=False)

IN_TEXT = frozenset({Role.CORRECTION})
"""Shown where they stand though they are no part of the body."""
SOURCES = {
    "json-ld": "the page's structured data (JSON-LD)",
    "meta": "the page's meta data",
    "microdata": "the page's microdata",
    "time": "a time element on the page",
    "visible": "the visible page",
    "url": "its address",
    "feed": "the site's feed",
    "sitemap": "the site's sitemap",
}
"""Where a date comes from, for reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A version's paragraphs, as they are shown."""

    text: tuple[ParagraphView, ...]
    captions: tuple[ParagraphView, ...]
    folded: tuple[ParagraphView, ...]
    """What is no part of the text: disclaimers, newsletter boxes, what the site prints under every article."""


def parts(paragraphs: Sequence[ParagraphView]) -> Parts:
    """Sort paragraphs by where they are shown."""
    text, captions, folded = [], [], []
    for paragraph in paragraphs:
        if paragraph.is_body or (paragraph.role in IN_TEXT and not paragraph.boilerplate):
            text.append(paragraph)
        elif paragraph.role is Role.CAPTION and not paragraph.boilerplate:
            captions.append(paragraph)
        else:
            folded.append(paragraph)
    return Parts(text=tuple(text), captions=tuple(captions), folded=tuple(folded))


@router.get("/article/{article_id:int}")
def article(door: AtDoor, article_id: int, version: int | None = None) -> Response:
    """The newest version, or the one asked for by number."""
    found = article_of(door, article_id)
    shown = found.current if version is None else version_of(door, found, version)
    return door.page(
        "article.html",
        etag=True,
        article=found,
        version=shown,
        parts=parts(shown.paragraphs),
        looks=looks(found),
        pointed_from=door.index.pointed_from(article_id),
        standings=door.index.standings(article_id),
        copies=door.index.copies(shown.id),
        cite=_citation(door, shown),
        picture=_picture(door, shown),
        sources=SOURCES,
        is_web=is_web,
        language_name=language_name,
    )


@router.get("/article/{article_id:int}/cite.bib")
def cite_bib(door: AtDoor, article_id: int, version: int | None = None) -> Response:
    """The citation as BibTeX."""
    citation = _asked_citation(door, article_id, version)
    return Response(bibtex(citation), media_type="application/x-bibtex; charset=utf-8")


@router.get("/article/{article_id:int}/cite.json")
def cite_json(door: AtDoor, article_id: int, version: int | None = None) -> Response:
    """The citation as CSL-JSON."""
    citation = _asked_citation(door, article_id, version)
    return Response(csl_json(citation), media_type="application/vnd.citationstyles.csl+json")


def article_of(door: Door, article_id: int) -> ArticleView:
    """The article of that number; 404 where the archive has none."""
    found = door.index.article(article_id)
    if found is None:
        raise HTTPException(
            404, "The archive has no article of that number. Numbers are made anew with the index: permalinks stay."
        )
    return found


def version_of(door: Door, article: ArticleView, number: int) -> VersionView:
    """The version of that number; 404 where the article has none."""
    if number == article.current.number:
        return article.current
    ids = {line.number: line.id for line in article.versions}
    found = door.index.version(ids[number]) if number in ids else None
    if found is None:
        raise HTTPException(404, f"This article has no version {number}, only {', '.join(map(str, ids))}.")
    return found


def _picture(door: Door, version: VersionView) -> str | None:
    """Where the archive has the article's picture; None where it has none."""
    if not version.image or not is_web(version.image) or version.image not in door.index.held([version.image]):
        return None
    return Around(stamp=stamp(version.capture.fetched_at), seal=SEAL).embedded(version.image, Kind.IMAGE)


def _asked_citation(door: Door, article_id: int, number: int | None) -> Citation:
    found = article_of(door, article_id)
    return _citation(door, found.current if number is None else version_of(door, found, number))


def _citation(door: Door, version: VersionView) -> Citation:
    return Citation(version=version, base_url=door.base_url, archive=door.name, site=version.site_title or version.site)
