"""/listing?url=: what stood on a front page or section page, and when; two of its captures held against each other.

at=20260301060504   the capture of that moment, or the newest before it       n=17   the 17th from the first
a=... b=...         what changed from one capture to the other
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from newsarchive.diff.listing_changes import Fate, items, steps
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.pages.durations import lasted
from newsarchive.web.pages.not_found import not_archived
from newsarchive.web.timestamps import behind, earliest, stamp
from newsarchive.web.wb_url import in_path, mended
from storage.index.views.history import ListingView
from storage.model import UrlKind

router = APIRouter(include_in_schema=False)

CHOICES = 400
"""Captures that a select offers; further ones are reached by the slider."""


@router.get("/listing")
def listing(
    door: AtDoor,
    url: Annotated[str, Query(max_length=8000)] = "",
    at: str = "",
    a: str = "",
    b: str = "",
    n: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """A listing at a moment, or between two."""
    if not url.strip():
        found = [each for each in door.index.sources() if each.kind is UrlKind.LISTING]
        return door.page("listings.html", listings=found)
    url = mended(url)
    if a or b:
        return _between(door, url, a, b)
    moment = door.index.nth_listing(url, n) if n else _moment(at)
    view = door.index.listing_at(url, moment)
    if view is None:
        return _none(door, url)
    stood = door.index.stood(url, (link.url for group in view.groups for link in group.links))
    return door.page(
        "listing.html",
        url=url,
        view=view,
        stood=stood,
        lasted=lasted,
        choices=_choices(door, url, view),
        compared=None,
        address_at=_address(view),
    )


def _between(door: Door, url: str, a: str, b: str) -> Response:
    newer = door.index.listing_at(url, _moment(b))
    if newer is None:
        return _none(door, url)
    older = door.index.listing_at(url, _moment(a) if a else newer.before)
    assert older is not None
    if older.capture.fetched_at > newer.capture.fetched_at:
        older, newer = newer, older
    told = steps(items(older.groups), items(newer.groups))
    return door.page(
        "listing_changes.html",
        url=url,
        older=older,
        newer=newer,
        told=told,
        gone=[step for step in told if step.fate is Fate.LEFT],
        counts={fate: sum(step.fate is fate for step in told) for fate in Fate},
        reworded=sum(step.reworded for step in told),
        choices=_choices(door, url, newer),
        address_at=_address(newer),
    )


def _address(view: ListingView) -> Callable[[datetime], str]:
    return lambda when: f"/web/{stamp(when)}/{in_path(view.capture.url)}"


def _moment(digits: str) -> datetime | None:
    """The last moment that a timestamp names, so that a day means all of it; None where none is given."""
    if not digits.strip():
        return None
    end, first = behind(digits.strip()), earliest(digits.strip())
    if end is None or first is None:
        raise HTTPException(400, f"{digits} is no timestamp: wants up to 14 digits, YYYYMMDDhhmmss.")
    return first if len(digits.strip()) == 14 else end


def _choices(door: Door, url: str, view: ListingView) -> tuple[datetime, ...]:
    """Captures to choose from: the newest, and the one that is shown."""
    found = door.index.listing_moments(url, limit=CHOICES)
    seen = {stamp(each): each for each in found}
    seen.setdefault(stamp(view.capture.fetched_at), view.capture.fetched_at)
    return tuple(sorted(seen.values(), reverse=True))


def _none(door: Door, url: str) -> Response:
    capture = door.index.nearest(url, door.now)
    if capture is None:
        return not_archived(door, url)
    return door.page("listing_none.html", status=404, url=url, capture=capture)
