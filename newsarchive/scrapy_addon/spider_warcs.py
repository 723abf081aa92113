"""WARC files of one spider: in a folder, or in an archive, which indexes them when the spider has ended."""

import logging
import secrets
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import scrapy
from scrapy.settings import BaseSettings

from newsarchive.config.schema import FILE_NAME
from newsarchive.version import VERSION
from storage.callbacks import utc_now
from storage.index.rows.site_registry import site_name_from_host
from storage.model import Capture, CrawlRun, Exchange, Outcome, Reading, RefersTo, RenderedPage
from storage.places import OPEN
from storage.warc.exchange import MIN_REVISIT_PAYLOAD, Originals
from storage.warc.reader import CaptureRecord
from storage.warc.repair import repair_file
from storage.warc.writer import WarcWriter

log = logging.getLogger(__name__)
MAX_ORIGINALS = 100_000
"""Payloads to which revisits can refer, about 60 MB; beyond it the oldest would be stored again."""
SYNC_INTERVAL = 1.0
"""Seconds after which written records are synced to the disk."""


class RunOriginals:
    """The payloads of a run, and then those of an archive."""

    def __init__(self, archived: Originals | None) -> None:
        self._archived = archived
        self._known: dict[str, RefersTo] = {}

    def add(self, capture: Capture) -> None:
        """Remember a capture, if revisits can refer to it."""
        is_whole = capture.kind == "response" and capture.status == 200 and not capture.truncated
        if is_whole and capture.payload_digest and capture.payload_size >= MIN_REVISIT_PAYLOAD:
            found = RefersTo(record_id=capture.record_id, url=capture.url, date=capture.date)
            self._known[capture.payload_digest] = found
            if len(self._known) > MAX_ORIGINALS:
                del self._known[next(iter(self._known))]

    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        """Return a complete 200 response with that payload, or None."""
        if (known := self._known.get(payload_digest)) is not None or self._archived is None:
            return known
        return self._archived.find_original_by_digest(payload_digest)

    def find_original_by_url(self, url: str) -> RefersTo | None:
        """Return the archive's newest 200 response of a URL, or None."""
        return self._archived.find_original_by_url(url) if self._archived else None


class SpiderWarcs:
    """Writes the exchanges of one spider. All but `get_site_name` is called in threads, one at a time."""

    _writer: WarcWriter
    _originals: RunOriginals

    def __init__(self, settings: BaseSettings, spider: str) -> None:
        self.archive: Any = None
        """The opened archive; None without."""
        self.folder = Path(settings.get("NEWSARCHIVE_ARCHIVE") or settings.get("NEWSARCHIVE_WARC_FOLDER") or "warc")
        """Folder of the archive, else of the WARC files."""
        self._is_archive = bool(settings.get("NEWSARCHIVE_ARCHIVE"))
        self._info = {
            "software": f"newsarchive/{VERSION} Scrapy/{scrapy.__version__}", "description": f"spider {spider}",
            "http-header-user-agent": str(settings["USER_AGENT"]),
            "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        }  # fmt: skip
        began = utc_now()
        self._run = CrawlRun(id=f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}", sites=(), started_at=began)
        self._counters: Counter[str] = Counter()
        self._synced_at = 0.0

    def open(self) -> None:
        """Open the archive, creating one if there is none, or the folder, in which files left open are repaired."""
        into, archived = self.folder, None
        options: dict[str, Any] = {}
        if self._is_archive:
            from newsarchive.archive import Archive  # takes longer than many a spider runs
            from newsarchive.ingest.originals import LocalOriginals

            has_archive = (self.folder / FILE_NAME).exists()
            self.archive = Archive.open(self.folder) if has_archive else Archive.init(self.folder)
            config, places = self.archive.config, self.archive.places
            into, archived = self.archive.warc_folder, LocalOriginals(self.archive.index, places)
            options = {"size_limit": config.warc_size, "age_limit": config.warc_age.total_seconds()}
            options |= {"machine": places.machine, "chain": places.chain}
        else:
            into.mkdir(parents=True, exist_ok=True)
            for path in sorted(into.glob(f"*{OPEN}")):
                repair_file(path)
        self._originals = RunOriginals(archived)
        self._writer = WarcWriter(into, run=self._run, info=self._info, originals=self._originals, **options)

    def get_site_name(self, url: str) -> str:
        """Return the name of the site that a URL belongs to."""
        site = self.archive.index.find_site(url) if self.archive else None
        return str(site.name) if site else site_name_from_host(url)

    def write(self, exchange: Exchange | RenderedPage) -> Capture:
        """Write one exchange."""
        capture = self._writer.write(exchange)
        self._counters.update(captures=1, bytes=len(exchange.response), revisits=int(capture.kind == "revisit"))
        return capture

    def submit(self, record: CaptureRecord) -> Future[Reading]:
        """Remember what was written, and sync it if it is time. The archive indexes it at the end."""
        self._originals.add(record.capture)
        if time.monotonic() - self._synced_at > SYNC_INTERVAL:
            self._writer.sync()
            self._synced_at = time.monotonic()
        done: Future[Reading] = Future()
        done.set_result(Reading(outcome=Outcome.OTHER, reason="not read yet"))
        return done

    def flush_soon(self) -> None:
        """Do nothing: there are no commits."""

    def close(self, outcome: str) -> None:
        """Close the file; with an archive, index what its files hold beyond the index."""
        counters = {name: count for name, count in self._counters.items() if count}
        try:
            self._writer.write_run_end(replace(self._run, finished_at=utc_now(), outcome=outcome, counters=counters))
            self._writer.close()
        finally:
            if self.archive is not None:
                self.archive.close()
        if self.archive is not None:
            # Opened anew: a rebuild may have replaced the index meanwhile.
            with type(self.archive).open(self.folder) as archive:
                result = archive.import_files([])
            found = result.recovered
            log.info("%s: %d captures indexed, %d article versions", self.folder, found.captures, found.versions)
            for problem in result.read.problems:
                log.warning("%s", problem)
