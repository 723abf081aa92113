"""/author/Tess Calloway: what one author wrote. Case and accents of the name do not matter."""

from fastapi import APIRouter, Response

from newsarchive.web.asked import Asked
from newsarchive.web.door import AtDoor
from newsarchive.web.named import named_page, page_of

router = APIRouter(include_in_schema=False)


@router.get("/author/{name:path}")
def author(door: AtDoor, name: str) -> Response:
    """All articles with that name in their byline."""
    asked = Asked.of({"byline": name, "page": page_of(door)})
    printed = door.index.spellings(asked.byline)
    title = printed[0] if printed else name
    return named_page(door, kind="author", title=title, also=printed[1:], asked=asked)
