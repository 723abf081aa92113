"""WARC files of one spider: in a folder, or in an archive, which indexes them when the spider has ended."""

import logging
import secrets
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrapy.settings import BaseSettings

from newsarchive.config.schema import FILE_NAME
from newsarchive.version import VERSION
from storage.callbacks import utc_now
from storage.model import CrawlRun, Discovery, Outcome, Reading, RefersTo, UrlKind
from storage.places import OPEN
from storage.urls import strip_www, url_host
from storage.warc import exchange, reader, repair, writer

log = logging.getLogger(__name__)
MAX_ORIGINALS = 100_000
"""Payloads of a run that revisits can refer to, about 60 MB; then the oldest is forgotten."""


class SpiderWarcs:
    """Opens, indexes and closes the files, and finds the originals of revisits. Blocks: called in threads."""

    def __init__(self, settings: BaseSettings, spider: str) -> None:
        archive = settings.get("NEWSARCHIVE_ARCHIVE")
        self.has_archive = bool(archive)
        self.folder = Path(archive or settings.get("NEWSARCHIVE_WARC_FOLDER") or "warc")
        """Folder of the archive, else of the WARC files."""
        self._info = {"software": f"newsarchive/{VERSION}", "description": f"Scrapy spider {spider}"}
        self._archive: Any = None
        self._archived: exchange.Originals | None = None
        self._known: dict[str, RefersTo] = {}

    def open(self) -> None:
        """Open or create the archive, or the folder, in which files left open are repaired."""
        into, options, began = self.folder, dict[str, Any](), utc_now()
        if self.has_archive:
            from newsarchive.archive import Archive  # takes longer than many a spider runs
            from newsarchive.ingest.originals import LocalOriginals

            exists = (self.folder / FILE_NAME).exists()
            self._archive = archive = Archive.open(self.folder) if exists else Archive.init(self.folder)
            into, self._archived = archive.config.warc_folder, LocalOriginals(archive.index, archive.places)
            options = {"machine": archive.places.machine, "chain": archive.places.chain}
            options |= {"size_limit": archive.config.warc_size, "age_limit": archive.config.warc_age.total_seconds()}
        else:
            into.mkdir(parents=True, exist_ok=True)
            for path in into.glob(f"*{OPEN}"):
                repair.repair_file(path)
        self._run = CrawlRun(id=f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}", sites=(), started_at=began)
        self.writer = writer.WarcWriter(into, run=self._run, info=self._info, originals=self, **options)

    def get_discovery(self, url: str, kind: UrlKind) -> Discovery:
        """Return the provenance of a URL, with the site to which its host belongs."""
        site = self._archive.index.find_site(url) if self._archive else None
        return Discovery(site=site.name if site else strip_www(url_host(url)) or "unknown", kind=kind)

    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        """Return a complete 200 response with that payload, of this run or the archive, or None."""
        known = self._known.get(payload_digest)
        return known or (self._archived.find_original_by_digest(payload_digest) if self._archived else None)

    def find_original_by_url(self, url: str) -> RefersTo | None:
        """Return the archive's newest 200 response of a URL, or None."""
        return self._archived.find_original_by_url(url) if self._archived else None

    def submit(self, record: reader.CaptureRecord) -> Future[Reading]:
        """Remember a written capture as an original."""
        capture, done = record.capture, Future[Reading]()
        is_whole = capture.kind == "response" and capture.status == 200 and not capture.truncated
        if is_whole and capture.payload_digest and capture.payload_size >= exchange.MIN_REVISIT_PAYLOAD:
            found = RefersTo(record_id=capture.record_id, url=capture.url, date=capture.date)
            self._known[capture.payload_digest] = found
            if len(self._known) > MAX_ORIGINALS:
                del self._known[next(iter(self._known))]
        done.set_result(Reading(outcome=Outcome.OTHER, reason="indexed at the end"))
        return done

    def close(self, outcome: str, captures: int) -> None:
        """Close the file; with an archive, index what its files hold beyond the index."""
        ended = replace(self._run, finished_at=utc_now(), outcome=outcome, counters={"captures": captures})
        self.writer.write_run_end(ended)
        self.writer.close()
        if self._archive:
            self._archive.close()
            # Opened anew: a rebuild may have replaced the index meanwhile.
            with type(self._archive).open(self.folder) as archive:
                found = archive.import_files([])
            log.info("%s: %d captures indexed", self.folder, found.recovered.captures)
            for problem in found.read.problems:
                log.warning("%s", problem)
