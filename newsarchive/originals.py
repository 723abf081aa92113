"""Where the record lies that a revisit stands for."""

from datetime import datetime, timedelta

from storage.index import Index
from storage.index.views import CaptureFilters, CaptureView
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
