"""/author/Tess Calloway: what one author wrote. Case and accents of the name do not matter."""

from fastapi import APIRouter, Response

from newsarchive.web.context import AtDoor
from newsarchive.web.pages.names import named_page, page_of
from newsarchive.web.search_params import Asked

router = APIRouter(include_in_schema=False)


@router.get("/author/{name:path}")
def author(door: AtDoor, name: str) -> Response:
    """All articles with that name in their byline."""
    asked = Asked.of({"byline": name, "page": page_of(door)})
    printed = door.index.spellings(asked.byline)
    title = printed[0] if printed else name
    return named_page(door, kind="author", title=title, also=printed[1:], asked=asked)
