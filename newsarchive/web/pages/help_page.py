"""Help: how to search, the keyboard, what the archive is."""

from fastapi import APIRouter, Response

from newsarchive.version import VERSION
from newsarchive.web.context import AtDoor

router = APIRouter()


@router.get("/help", include_in_schema=False)
def manual(door: AtDoor) -> Response:
    """The page."""
    excluded = door.rules.exclusions(door.now)
    shown = (site.name for site in door.archive.config.sites if not excluded.leave_out(site.url, site.name))
    return door.page("help.html", version=VERSION, site=next(shown, "news.example"))
