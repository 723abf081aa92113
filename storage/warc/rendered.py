"""The records of a page that a browser drew.

    response (the document, kind "part")   ... and what else the browser asked for
    resource (the markup as it was drawn)  <--WARC-Concurrent-To-->  metadata (how the URL was found, who drew it)

A resource (WARC 1.1, 6.4) has no protocol of its own, and none is made up: no server ever sent these bytes.
"""

from collections.abc import Callable

from storage.model import Drawn, RecordPlace
from storage.warc.exchange import Group
from storage.warc.provenance import discovery_fields
from storage.warc.record import WARC_FIELDS, Fields, Record, member, sha256, warc_date, warc_fields, written

HTML = "text/html; charset=utf-8"
_NOWHERE = RecordPlace(warc="", offset=0, length=0)


def group_of_drawn(drawn: Drawn, new_id: Callable[[], str], info_id: str) -> Group:
    """Make the records of a page that was drawn."""
    own, beside = f"<{new_id()}>", f"<{new_id()}>"
    date = warc_date(drawn.started_at)
    digest = sha256(drawn.response)
    fields: Fields = (
        ("WARC-Record-ID", own),
        ("WARC-Date", date),
        ("WARC-Target-URI", drawn.url),
        ("WARC-Concurrent-To", beside),
        ("WARC-Warcinfo-ID", f"<{info_id}>"),
        ("WARC-Block-Digest", digest),
        ("WARC-Payload-Digest", digest),
        ("Content-Type", HTML),
    )
    found = warc_fields([*discovery_fields(drawn.discovery), ("drawn-by", drawn.by)])
    told: Fields = (
        ("WARC-Record-ID", beside),
        ("WARC-Date", date),
        ("WARC-Target-URI", drawn.url),
        ("WARC-Concurrent-To", own),
        ("WARC-Warcinfo-ID", f"<{info_id}>"),
        ("WARC-Block-Digest", sha256(found)),
        ("Content-Type", WARC_FIELDS),
    )
    members = (member("resource", fields, drawn.response, dense=True), member("metadata", told, found))
    record = Record(place=_NOWHERE, type="resource", headers=written(fields), block=drawn.response)
    return Group(members=members, record=record)
