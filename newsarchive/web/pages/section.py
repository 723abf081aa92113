"""/section/lantern/Long reads: a section of a site. Case and accents of its name do not matter."""

from fastapi import APIRouter, Response

from newsarchive.web.context import AtDoor
from newsarchive.web.pages.names import named_page, page_of
from newsarchive.web.search_params import Asked

router = APIRouter(include_in_schema=False)


@router.get("/section/{site}/{name:path}")
def section(door: AtDoor, site: str, name: str) -> Response:
    """All articles of that section."""
    asked = Asked.of({"site": site, "section": name, "page": page_of(door)})
    return named_page(door, kind="section", title=asked.section, asked=asked, site=site)
