"""404 for a URL that is not archived, with nearby captures. If the index is unavailable, that is a 503 instead."""

from datetime import datetime

from fastapi import Response

from newsarchive.web.context import RequestContext
from newsarchive.web.timestamps import format_timestamp
from newsarchive.web.wb_url import quote_url
from storage.index.queries.timeline import find_nearest_capture, list_nearby_urls
from storage.index.views.articles import CaptureView

NEARBY = 12


def render_not_archived(
    context: RequestContext, url: str, time: datetime | None = None, *, redirected: tuple[CaptureView, ...] = ()
) -> Response:
    """Render a 404 for a URL without captures. `redirected` are captures that redirect to it."""
    around = context.index.ask(list_nearby_urls, url, limit=NEARBY)
    is_loop = bool(redirected) and context.index.ask(find_nearest_capture, url, redirected[0].fetched_at) is not None
    found = [(one, f"/web/{format_timestamp(one.newest)}/{quote_url(one.url)}") for one in around]
    return context.render(
        "not_archived.html", status=404, url=url, time=time, nearby=found, redirected=redirected, is_loop=is_loop
    )
