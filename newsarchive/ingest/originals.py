"""Find the original records that revisits refer to."""

from contextlib import suppress
from datetime import datetime, timedelta

from storage.errors import ArchiveError
from storage.index import Index
from storage.index.queries.articles import get_capture_of_record, iter_captures
from storage.index.views.articles import CaptureFilters, CaptureView
from storage.index.write.revisits import select_originals
from storage.model import RecordPlace, RefersTo
from storage.places import Places
from storage.warc.reader import read_record


class ArchivedOriginals:
    """Finds originals in the index, and reads their blocks from the WARC files."""

    def __init__(self, index: Index, places: Places) -> None:
        self._index, self._places = index, places

    def find_place(self, refers_to: RefersTo) -> RecordPlace | None:
        """Return the place of the original by record id, else by URL and date; None if the archive lacks it."""
        found = self._index.ask(get_capture_of_record, refers_to.record_id) if refers_to.record_id else None
        found = found or self._find_by_date(refers_to)
        return found.place if found and found.kind == "response" else None

    def read_block(self, place: RecordPlace) -> bytes:
        """Return the block of the record there; WarcError, StorageError or OSError if it cannot be read."""
        return read_record(self._places.file(place.warc), place.offset).block

    def _find_by_date(self, refers_to: RefersTo) -> CaptureView | None:
        if not refers_to.url or not refers_to.date:
            return None
        try:
            at = datetime.fromisoformat(refers_to.date)
        except ValueError:
            return None
        # Dates are compared as strings: the two records share the same string (WARC 1.1, 5.12).
        around = CaptureFilters(url=refers_to.url, since=at - timedelta(seconds=1), until=at + timedelta(seconds=1))
        return next((one for one in self._index.stream(iter_captures, around) if one.date == refers_to.date), None)


class LocalOriginals:
    """Finds originals for revisits of a crawl where machines share an index: only those that this machine can read.

    A revisit under another URL is read from its original; if another machine has it, the payload is stored again.
    """

    def __init__(self, index: Index, places: Places) -> None:
        self._index, self._places = index, places
        self._here: set[str] = set()

    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        """Return the first complete 200 response with that payload that can be read here, or None."""
        originals = self._index.read(select_originals, payload_digest)
        return next((original for original, warc in originals if self._is_here(warc)), None)

    def find_original_by_url(self, url: str) -> RefersTo | None:
        """Return the response with the payload of the newest 200 answer of that URL, wherever it is stored."""
        return self._index.find_original_by_url(url)

    def _is_here(self, warc: str) -> bool:
        if warc not in self._here:
            with suppress(ArchiveError, OSError):
                self._places.stat(warc)
                self._here.add(warc)
        return warc in self._here
