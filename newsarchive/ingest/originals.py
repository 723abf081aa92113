"""Where the record lies that a revisit stands for."""

from datetime import datetime, timedelta

from storage.errors import ArchiveError
from storage.index import Index
from storage.index.views.articles import CaptureFilters, CaptureView
from storage.model import RecordPlace, RefersTo
from storage.places import Places
from storage.warc.reader import read_record


class ArchivedOriginals:
    """Finds originals by the index, and reads their blocks from the archive's WARC files."""

    def __init__(self, index: Index, places: Places) -> None:
        self._index = index
        self._places = places

    def place_of(self, refers_to: RefersTo) -> RecordPlace | None:
        """Return the place of the original by record id, else by URL and date; None where it is not held."""
        found = self._index.capture_of_record(refers_to.record_id) if refers_to.record_id else None
        found = found or self._by_date(refers_to)
        return found.place if found and found.kind == "response" else None

    def block_at(self, place: RecordPlace) -> bytes:
        """Return the block of the record there; WarcError, StorageError or OSError where it cannot be read."""
        return read_record(self._places.file(place.warc), place.offset).block

    def _by_date(self, refers_to: RefersTo) -> CaptureView | None:
        if not refers_to.url or not refers_to.date:
            return None
        try:
            at = datetime.fromisoformat(refers_to.date)
        except ValueError:
            return None
        # The dates are compared as strings: that is what the two records share (WARC 1.1, 5.12).
        around = CaptureFilters(url=refers_to.url, since=at - timedelta(seconds=1), until=at + timedelta(seconds=1))
        return next((one for one in self._index.captures(around) if one.date == refers_to.date), None)


class OriginalsHere:
    """What revisits of a crawl may stand for where machines share an index: what this machine can read.

    The same payload under another URL is read from its original, at once and whenever it is read again. Where that lies
    on another machine's disk, it is kept here once more.
    """

    def __init__(self, index: Index, places: Places) -> None:
        self._index = index
        self._places = places
        self._here: set[str] = set()

    def by_digest(self, payload_digest: str) -> RefersTo | None:
        """The first whole 200 response with that payload that can be read here, or None."""
        if self._index.by_digest(payload_digest) is None:
            return None
        originals = self._index.all_by_digest(payload_digest)
        return next((original for original, warc in originals if self._has(warc)), None)

    def by_url(self, url: str) -> RefersTo | None:
        """The response that holds what the newest 200 answer of that URL showed: a 304 is understood without it."""
        return self._index.by_url(url)

    def _has(self, warc: str) -> bool:
        if warc not in self._here:
            try:
                self._places.look(warc)
            except (ArchiveError, OSError):
                return False
            self._here.add(warc)
        return True
