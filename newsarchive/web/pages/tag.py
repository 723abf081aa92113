"""/tag/harbour: articles that carry a tag, as it is printed."""

from fastapi import APIRouter, Response

from newsarchive.web.asked import Asked
from newsarchive.web.door import AtDoor
from newsarchive.web.named import named_page, page_of

router = APIRouter(include_in_schema=False)


@router.get("/tag/{name:path}")
def tag(door: AtDoor, name: str) -> Response:
    """All articles with that tag."""
    asked = Asked.of({"tag": name, "page": page_of(door)})
    return named_page(door, kind="tag", title=asked.tag, asked=asked)
