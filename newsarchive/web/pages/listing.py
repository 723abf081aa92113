"""/listing?url=: the links on a front page or section page over time, and the changes between two captures.

at=2026-03-01T06:05   the capture at that time (UTC), or the newest before it; also as a timestamp, 20260301060504
a=... b=...           changes from the capture at one time to that at the other
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from newsarchive.diff.listing_changes import LinkFate, compare_listings, listing_links
from newsarchive.urls.wb_url import ensure_scheme, timestamp_end
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.pages.calendar import render_not_archived
from storage.index.queries.listings import get_link_presence, get_listing, list_listing_times
from storage.index.queries.status import list_sources
from storage.index.queries.timeline import find_nearest_capture
from storage.model import UrlKind

router = APIRouter()

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MAX_LISTINGS = 1_000
MAX_OF_DAY = 300
"""Captures of one day that are listed; more than one every five minutes are not."""


@router.get("/listing")
def listing(
    context: Context, url: Annotated[str, Query(max_length=8000)] = "", at: str = "", a: str = "", b: str = ""
) -> Response:
    """Return a listing at a time, or the changes between two times."""
    if not url.strip():
        found = [each for each in context.index.ask(list_sources) if each.kind is UrlKind.LISTING]
        return context.render("listings.html", listings=found[:MAX_LISTINGS], others=len(found[MAX_LISTINGS:]))
    url = ensure_scheme(url)
    if a or b:
        return _render_changes(context, url, a, b)
    asked = _parse_time(at)
    if (view := context.index.ask(get_listing, url, asked)) is None:
        return _render_not_listing(context, url)
    then = view.capture.fetched_at
    day = then.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    presence = context.index.ask(get_link_presence, url, (link.url for group in view.groups for link in group.links))
    return context.render(
        "listing.html", url=url, view=view, presence=presence, day=day,
        times_of_day=context.index.ask(list_listing_times, url, since=day, until=day + DAY, limit=MAX_OF_DAY)[::-1],
        hour_after=view.after and max(asked or then, then) + HOUR,
        day_before=view.before and max(view.first, then - DAY),
        day_after=view.after and min(view.last, max(view.after, then + DAY)),
    )  # fmt: skip


def _render_changes(context: RequestContext, url: str, a: str, b: str) -> Response:
    if (newer := context.index.ask(get_listing, url, _parse_time(b))) is None:
        return _render_not_listing(context, url)
    older = context.index.ask(get_listing, url, _parse_time(a) if a else newer.before)
    assert older is not None
    if older.capture.fetched_at > newer.capture.fetched_at:
        older, newer = newer, older
    changes = compare_listings(listing_links(older.groups), listing_links(newer.groups))
    return context.render(
        "listing_changes.html", url=url, older=older, newer=newer, changes=changes,
        removed=[step for step in changes if step.fate is LinkFate.LEFT],
        counts={fate: sum(step.fate is fate for step in changes) for fate in LinkFate},
        headlines_changed=sum("headline" in step.changed for step in changes),
    )  # fmt: skip


def _parse_time(text: str) -> datetime | None:
    """Return the last moment of the period that a time names, so that a day includes its captures; None if empty."""
    digits = re.sub(r"[-T:\sZ]", "", text)
    end = timestamp_end(digits)
    if digits and end is None:
        raise HTTPException(400, f"{text} is not a time: write 2026-03-01T06:05, or a timestamp of up to 14 digits.")
    return end and end - timedelta(microseconds=1)


def _render_not_listing(context: RequestContext, url: str) -> Response:
    capture = context.index.ask(find_nearest_capture, url, context.now)
    if capture is None:
        return render_not_archived(context, url)
    return context.render("not_a_listing.html", status=404, url=url, capture=capture)
