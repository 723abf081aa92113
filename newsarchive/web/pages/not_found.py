"""What is not archived: said as such, with what the archive has nearby. An index that cannot be reached is another
page (problems.py, 503): one is never said for the other.
"""

from datetime import datetime

from fastapi import Response

from newsarchive.web.context import Door
from newsarchive.web.timestamps import stamp
from newsarchive.web.wb_url import in_path
from storage.index.views.articles import CaptureView

NEARBY = 12


def not_archived(
    door: Door, url: str, moment: datetime | None = None, *, redirected: tuple[CaptureView, ...] = ()
) -> Response:
    """404 for a URL of which the archive has no capture. `redirected` are captures that led there."""
    around = door.index.around(url, limit=NEARBY)
    leads_back = bool(redirected) and door.index.nearest(url, redirected[0].fetched_at) is not None
    found = [(one, f"/web/{stamp(one.newest)}/{in_path(one.url)}") for one in around]
    return door.page(
        "missing.html", status=404, url=url, moment=moment, nearby=found, redirected=redirected, leads_back=leads_back
    )
