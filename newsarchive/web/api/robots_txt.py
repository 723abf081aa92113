"""What the archive says of itself to programs: robots.txt for search engines, OpenSearch for browsers."""

from fastapi import APIRouter, Response

from newsarchive.web.context import AtDoor
from newsarchive.web.pages.jinja_env import TEMPLATES

router = APIRouter()

KEEP_OUT = "# Articles here are others' work, kept for study.\nUser-agent: *\nDisallow: /\n"
# Old captures and endless lists lead nowhere new, and cost the archive most.
COME_IN = (
    "User-agent: *\nDisallow: /web/\nDisallow: /cdx\nDisallow: /warcs/\nDisallow: /search\nDisallow: /calendar\n"
    "Disallow: /record/\nDisallow: /timegate/\nDisallow: /timemap/\nDisallow: /api/\nDisallow: /exports\n"
)


@router.get("/robots.txt", include_in_schema=False)
def robots(door: AtDoor) -> Response:
    """Search engines are kept out, unless the owner lets them in."""
    return Response(COME_IN if door.serving.crawlers else KEEP_OUT, media_type="text/plain")


@router.get("/opensearch.xml", include_in_schema=False)
def opensearch(door: AtDoor) -> Response:
    """Lets a browser search the archive from its address bar."""
    text = TEMPLATES.get_template("opensearch.xml").render(name=door.name, base_url=door.base_url)
    return Response(text, media_type="application/opensearchdescription+xml")
