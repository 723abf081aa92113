"""/author/NAME, /tag/NAME, /section/SITE/NAME: articles of an author, tag or section, with counts by year."""

from collections.abc import Sequence

from fastapi import APIRouter, HTTPException, Response

from newsarchive.web.context import Context, RequestContext
from newsarchive.web.search_params import MAX_PAGES, PAGE_SIZE, SearchParams
from storage.index.queries import aggregates, articles
from storage.index.search.matches import count_by_year_and_site

router = APIRouter()


@router.get("/author/{name:path}")
def author(context: Context, name: str) -> Response:
    """Return the page of an author. Case and accents of the name are ignored."""
    printed = context.index.ask(aggregates.list_author_spellings, SearchParams.from_query({"byline": name}).byline)
    return render_name_page(context, "author", printed or (name,), byline=name)


@router.get("/tag/{name:path}")
def tag(context: Context, name: str) -> Response:
    """Return the page of a tag, as printed."""
    return render_name_page(context, "tag", tag=name)


@router.get("/section/{site}/{name:path}")
def section(context: Context, site: str, name: str) -> Response:
    """Return the page of a site's section. Case and accents of the name are ignored."""
    return render_name_page(context, "section", site=site, section=name)


def render_name_page(context: RequestContext, kind: str, spellings: Sequence[str] = (), **given: str) -> Response:
    """Render the articles that a search by name finds; 404 if there are none. `spellings` are those printed, if known.

    `given` are parameters of the search.
    """
    params = SearchParams.from_query({**given, "page": context.request.query_params.get("page", "")})
    title = spellings[0] if spellings else str(getattr(params, kind))
    if not title.strip():
        # An empty name would match everything.
        raise HTTPException(404, f"The URL has no name of a {kind}.")
    tally = context.index.ask(count_by_year_and_site, params.filters)
    if not tally.total:
        raise HTTPException(404, f"The archive has no articles for the {kind} {title[:200]}.")
    return context.render(
        "name.html", etag=True, kind=kind, title=title, spellings=spellings[1:], params=params, tally=tally,
        lines=context.index.ask(articles.list_articles, params.filters, limit=PAGE_SIZE, offset=params.offset),
        size=PAGE_SIZE, shown_of=min(tally.total, PAGE_SIZE * MAX_PAGES),
    )  # fmt: skip
