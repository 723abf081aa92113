"""/timegate/https://news.example/a: leads to the capture nearest to the time that Accept-Datetime names (RFC 7089)."""

from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from newsarchive.web.context import AtDoor
from newsarchive.web.memento import memento_uri, nearest, timegate_links
from newsarchive.web.responses.http_dates import read_http_date
from newsarchive.web.wb_url import asked_url

router = APIRouter(include_in_schema=False)

VARY = "accept-datetime"


@router.get("/timegate/{url:path}")
def timegate(request: Request, door: AtDoor) -> Response:
    """To the capture nearest to a moment; without one to the newest (RFC 7089 4.5.3: the moment is the present)."""
    url = asked_url(request, "/timegate/")
    moment = _accepted(request.headers.get("accept-datetime")) or door.now
    line = nearest(door.index, url, moment)
    links = timegate_links(door, line.url if line else url, line.fetched_at if line else None)
    if line is None:
        raise HTTPException(404, f"The archive holds no capture of {url}", headers={"vary": VARY, "link": links})
    location = memento_uri(door, line.url, line.fetched_at)
    return Response(status_code=302, headers={"location": location, "vary": VARY, "link": links})


def _accepted(value: str | None) -> datetime | None:
    """The moment that Accept-Datetime names; 400 where it is none (RFC 7089 4.5.2)."""
    if value is None:
        return None
    moment = read_http_date(value)
    if moment is None:
        raise HTTPException(
            400, "Accept-Datetime wants a date such as Sun, 01 Mar 2026 06:00:00 GMT", headers={"vary": VARY}
        )
    return moment
