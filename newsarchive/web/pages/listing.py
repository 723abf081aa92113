"""/listing?url=: the links on a front page or section page over time, and the changes between two captures.

at=20260301060504   the capture at that time, or the newest before it         n=17   the 17th capture
a=... b=...         changes from one capture to the other
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from newsarchive.diff.listing_changes import LinkFate, compare_listings, listing_links
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.pages.calendar import render_not_archived
from newsarchive.web.timestamps import format_timestamp, timestamp_end, timestamp_start
from newsarchive.web.wb_url import ensure_scheme
from storage.index.queries.listings import get_link_presence, get_listing, get_nth_listing_time, list_listing_times
from storage.index.queries.status import list_sources
from storage.index.queries.timeline import find_nearest_capture
from storage.index.views.history import ListingView
from storage.model import UrlKind

router = APIRouter(include_in_schema=False)

MAX_CHOICES = 400
"""Captures offered by a select field; the slider reaches the others."""


@router.get("/listing")
def listing(
    context: Context,
    url: Annotated[str, Query(max_length=8000)] = "",
    at: str = "",
    a: str = "",
    b: str = "",
    n: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Return a listing at a time, or the changes between two times."""
    if not url.strip():
        found = [each for each in context.index.ask(list_sources) if each.kind is UrlKind.LISTING]
        return context.render("listings.html", listings=found)
    url = ensure_scheme(url)
    if a or b:
        return _render_changes(context, url, a, b)
    time = context.index.ask(get_nth_listing_time, url, n) if n else _parse_time(at)
    view = context.index.ask(get_listing, url, time)
    if view is None:
        return _render_not_listing(context, url)
    presence = context.index.ask(get_link_presence, url, (link.url for group in view.groups for link in group.links))
    return context.render(
        "listing.html", url=url, view=view, presence=presence, choices=_list_choices(context, url, view)
    )


def _render_changes(context: RequestContext, url: str, a: str, b: str) -> Response:
    newer = context.index.ask(get_listing, url, _parse_time(b))
    if newer is None:
        return _render_not_listing(context, url)
    older = context.index.ask(get_listing, url, _parse_time(a) if a else newer.before)
    assert older is not None
    if older.capture.fetched_at > newer.capture.fetched_at:
        older, newer = newer, older
    changes = compare_listings(listing_links(older.groups), listing_links(newer.groups))
    return context.render(
        "listing_changes.html",
        url=url,
        older=older,
        newer=newer,
        changes=changes,
        removed=[step for step in changes if step.fate is LinkFate.LEFT],
        counts={fate: sum(step.fate is fate for step in changes) for fate in LinkFate},
        headlines_changed=sum(step.headline_changed for step in changes),
        choices=_list_choices(context, url, newer),
    )


def _parse_time(digits: str) -> datetime | None:
    """Return the end of the period that a timestamp names, so that a day includes its captures; None if empty."""
    given = digits.strip()
    time = timestamp_start(given) if len(given) == 14 else timestamp_end(given)
    if given and time is None:
        raise HTTPException(400, f"{digits} is not a timestamp (up to 14 digits, YYYYMMDDhhmmss).")
    return time


def _list_choices(context: RequestContext, url: str, view: ListingView) -> tuple[datetime, ...]:
    """Return capture times to choose from: the newest, and the current one."""
    found = context.index.ask(list_listing_times, url, limit=MAX_CHOICES)
    seen = {format_timestamp(each): each for each in found}
    seen.setdefault(format_timestamp(view.capture.fetched_at), view.capture.fetched_at)
    return tuple(sorted(seen.values(), reverse=True))


def _render_not_listing(context: RequestContext, url: str) -> Response:
    capture = context.index.ask(find_nearest_capture, url, context.now)
    if capture is None:
        return render_not_archived(context, url)
    return context.render("not_a_listing.html", status=404, url=url, capture=capture)
