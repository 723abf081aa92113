"""/tag/harbour: articles that carry a tag, as it is printed."""

from fastapi import APIRouter, Response

from newsarchive.web.context import AtDoor
from newsarchive.web.pages.names import named_page, page_of
from newsarchive.web.search_params import Asked

router = APIRouter(include_in_schema=False)


@router.get("/tag/{name:path}")
def tag(door: AtDoor, name: str) -> Response:
    """All articles with that tag."""
    asked = Asked.of({"tag": name, "page": page_of(door)})
    return named_page(door, kind="tag", title=asked.tag, asked=asked)
