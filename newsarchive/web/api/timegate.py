"""/timegate/https://news.example/a: redirects to the capture nearest to Accept-Datetime (RFC 7089)."""

from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from newsarchive.web.context import Context
from newsarchive.web.memento import memento_uri, nearest_capture, timegate_links
from newsarchive.web.responses.conditional import parse_http_date
from newsarchive.web.wb_url import archived_url

router = APIRouter(include_in_schema=False)

VARY = "accept-datetime"


@router.get("/timegate/{url:path}")
def timegate(request: Request, context: Context) -> Response:
    """Redirect to the capture nearest to a time; by default to the newest (RFC 7089 4.5.3)."""
    url = archived_url(request, "/timegate/")
    time = _parse_accept_datetime(request.headers.get("accept-datetime")) or context.now
    line = nearest_capture(context.index, url, time)
    links = timegate_links(context, line.url if line else url, line.fetched_at if line else None)
    if line is None:
        raise HTTPException(404, f"The archive has no capture of {url}", headers={"vary": VARY, "link": links})
    location = memento_uri(context, line.url, line.fetched_at)
    return Response(status_code=302, headers={"location": location, "vary": VARY, "link": links})


def _parse_accept_datetime(value: str | None) -> datetime | None:
    """Parse Accept-Datetime; 400 if it is invalid (RFC 7089 4.5.2)."""
    if value is None:
        return None
    time = parse_http_date(value)
    if time is None:
        raise HTTPException(
            400, "Accept-Datetime must be a date such as Sun, 01 Mar 2026 06:00:00 GMT", headers={"vary": VARY}
        )
    return time
