"""Home: what came in, site by site."""

from fastapi import APIRouter, Response

from newsarchive.web.door import AtDoor

router = APIRouter()


@router.get("/")
def home(door: AtDoor) -> Response:
    """What came in, captures per day, health in one line."""
    return door.page("home.html", latest=door.index.articles(limit=20))
