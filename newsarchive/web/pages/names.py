"""Pages of a name: an author, a tag, a section. All its articles, newest first, and how many there are by year."""

from dataclasses import dataclass

from fastapi import HTTPException, Response

from newsarchive.web.context import Door
from newsarchive.web.search_params import MOST_PAGES, SIZE, Asked
from storage.index.queries.taxonomy import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """Articles of one year."""

    year: int
    articles: int
    href: str
    width: float
    """Of its bar, of 100."""


def named_page(
    door: Door, *, kind: str, title: str, asked: Asked, also: tuple[str, ...] = (), site: str | None = None
) -> Response:
    """The page of what a search by that name finds; 404 where the archive has no article of it.

    `also` are other ways in which the name is printed. `asked` is the search; its page is the page of the list.
    """
    if not title.strip():
        # A search by no name would find everything.
        raise HTTPException(404, f"Which {kind}? The address names none.")
    filters = asked.filters
    tally = door.index.tally(filters)
    if not tally.total:
        raise HTTPException(404, f"The archive has no article of the {kind} {title[:200]}.")
    return door.page(
        "named.html",
        etag=True,
        kind=kind,
        title=title,
        also=also,
        site=site,
        asked=asked,
        tally=tally,
        years=_years(tally, asked),
        lines=door.index.articles(filters, limit=SIZE, offset=asked.offset),
        size=SIZE,
        shown_of=min(tally.total, SIZE * MOST_PAGES),
    )


def page_of(door: Door) -> str:
    """The page that the address asks for."""
    return door.request.query_params.get("page", "")


def _years(tally: Tally, asked: Asked) -> tuple[Year, ...]:
    most = max(count for _, count in tally.years)
    return tuple(
        Year(year=year, articles=count, href=asked.narrowed("year", f"{year:04}"), width=round(100 * count / most, 1))
        for year, count in tally.years
    )
