"""/robots.txt for search engines and /opensearch.xml for browsers."""

from fastapi import APIRouter, Response

from newsarchive.web.context import Context
from newsarchive.web.jinja_env import TEMPLATES

router = APIRouter()

DISALLOW_ALL = "# Archived articles are the work of others.\nUser-agent: *\nDisallow: /\n"
# Captures and lists have no content of their own for search engines, and cost the archive most.
ALLOW_ARTICLES = (
    "User-agent: *\nDisallow: /web/\nDisallow: /cdx\nDisallow: /warcs/\nDisallow: /search\nDisallow: /calendar\n"
    "Disallow: /record/\nDisallow: /timegate/\nDisallow: /timemap/\nDisallow: /api/\nDisallow: /exports\n"
)


@router.get("/robots.txt", include_in_schema=False)
def robots(context: Context) -> Response:
    """Return robots.txt: search engines are excluded unless the owner allows them."""
    return Response(ALLOW_ARTICLES if context.options.allow_search_engines else DISALLOW_ALL, media_type="text/plain")


@router.get("/opensearch.xml", include_in_schema=False)
def opensearch(context: Context) -> Response:
    """Return the OpenSearch description for searching from a browser's address bar."""
    text = TEMPLATES.get_template("opensearch.xml").render(name=context.name, base_url=context.public_url)
    return Response(text, media_type="application/opensearchdescription+xml")
