"""Closed WARC files on their way into the bucket, and out of the folder when their time there is over.

The files themselves say what is to be done: what is closed, lies in the folder, and was not found whole in the bucket
is uploaded, at the next run where this one cannot. So nothing is lost by a crash, and nothing has to be remembered.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from newsarchive.config.units import about
from storage.errors import BucketRefused, BucketUnreachable, BytesDiffer, IndexFailure, StorageError
from storage.places import Bucket, Places, WarcFile
from storage.places.transfer import Carrier

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds for which a running crawl asks nothing of a bucket that did not answer, or did not let it in."""
Digests = Callable[[], Mapping[str, str]]
"""What the index knows of closed files: sha256 by name."""
Tell = Callable[[int, int, str], None]
"""Is told how many bytes of how many are done, and the file that is next."""


def untold(done: int, total: int, name: str) -> None:
    """Tell nobody."""


@dataclass(slots=True, kw_only=True)
class Uploaded:
    """What was done, and what was not."""

    uploaded: list[str] = field(default_factory=list)
    freed: list[str] = field(default_factory=list)
    """Files that left the folder: they are in the bucket."""
    waiting: int = 0
    """Files that are still to be uploaded."""
    problems: list[str] = field(default_factory=list)


def waiting(places: Places) -> tuple[WarcFile, ...]:
    """Closed files of the folder that were not found whole in the bucket yet; none without a bucket. Asks no server."""
    if places.bucket is None:
        return ()
    noted = Carrier(places.folder, places.bucket).noted()
    return tuple(
        file
        for file in places.local()
        if not file.is_open and (file.name not in noted or noted[file.name].size != file.size)
    )


def waiting_words(files: tuple[WarcFile, ...]) -> str:
    """What waits, in words."""
    size = about(sum(file.size for file in files))
    what = f"{len(files):,} WARC files ({size}) wait" if len(files) != 1 else f"1 WARC file ({size}) waits"
    return f"{what} to be uploaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """How files of an archive come into its bucket."""

    places: Places
    digests: Digests
    keep: timedelta | None
    """How long a file stays in the folder after that, from when it was written last; None: for good."""
    now: datetime

    def run(self, tell: Tell = untold) -> Uploaded:
        """Upload what waits, and free what has lain here long enough.

        Never raises for what a bucket or disk refuses.
        """
        done = Uploaded()
        if self.places.bucket is None:
            return done
        carrier = Carrier(self.places.folder, self.places.bucket)
        try:
            self._upload(carrier, self._gone(self.places.bucket, carrier), done, tell)
            self._free(carrier, done)
            carrier.tidy(lambda: {file.name for file in self.places.local()})
        except StorageError as problem:
            # It would say the same of the next file, after as long a wait.
            done.problems.append(str(problem))
        left = waiting(self.places)
        done.waiting = len(left)
        if left and done.problems:
            done.problems.append(f"{waiting_words(left)}; the next crawl does it, or: newsarchive places --upload")
        return done

    def _digests(self) -> Mapping[str, str]:
        with suppress(IndexFailure):
            return self.digests()
        return {}  # an index that is away keeps no file from safety; what is compared is folder and bucket

    def _gone(self, bucket: Bucket, carrier: Carrier) -> set[str]:
        """Files of the folder that were in the bucket and are there no more, or as others: they are uploaded again."""
        there = {stored.name: stored.size for stored in bucket.files()}
        return {name for name, noted in carrier.noted().items() if there.get(name) != noted.size}

    def _upload(self, carrier: Carrier, gone: set[str], done: Uploaded, tell: Tell) -> None:
        unsent = {file.name for file in waiting(self.places)}
        files = [f for f in self.places.local() if not f.is_open and (f.name in unsent or f.name in gone)]
        digests = self._digests() if files else {}
        total, sent = sum(file.size for file in files), 0
        for file in files:
            tell(sent, total, file.name)
            try:
                if carrier.upload(file.name, digests.get(file.name)):
                    done.uploaded.append(file.name)
            except BytesDiffer as problem:
                done.problems.append(str(problem))
            except OSError as problem:
                done.problems.append(
                    f"{file.name} cannot be read ({problem.strerror}), and was not uploaded. "
                    "To see what is wrong with it: newsarchive verify"
                )
            sent += file.size
        tell(total, total, "")

    def _free(self, carrier: Carrier, done: Uploaded) -> None:
        if self.keep is None:
            return
        noted = carrier.noted()
        for file in self.places.local():
            if file.is_open or file.name not in noted:
                continue
            written = datetime.fromtimestamp(noted[file.name].written_ns / 1e9, tz=UTC)
            if self.now - written < self.keep:
                continue
            try:
                if carrier.free(file.name, noted[file.name]):
                    done.freed.append(file.name)
            except BytesDiffer as problem:
                done.problems.append(str(problem))
            except OSError as problem:
                done.problems.append(
                    f"{file.name} cannot be read ({problem.strerror}), and stays in the folder. "
                    "To see what is wrong with it: newsarchive verify"
                )


class Uploader:
    """Uploads the files of a running crawl behind its back, each as it is closed."""

    def __init__(self, places: Places, keep: timedelta | None = None) -> None:
        self._carrier = Carrier(places.folder, places.bucket) if places.bucket else None
        # A file whose time here is none goes at once: a crawl of days must not fill the disk. Others can wait.
        self._is_freeing = keep == timedelta()
        self._names: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_hurried = False
        self._again_at = 0.0

    def add(self, name: str, sha256: str) -> None:
        """Take a file that was closed, and whose captures are in the index."""
        if self._carrier is None:
            return
        self._names.put((name, sha256))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="uploads", daemon=True)
            self._thread.start()

    def hurry(self, stop: Callable[[], None]) -> Callable[[], None]:
        """Make a stop one that leaves what is to be uploaded to the next run."""

        def stop_at_once() -> None:
            self._is_hurried = True
            stop()

        return stop_at_once

    def finish(self, rest: Callable[[], Uploaded]) -> list[str]:
        """Wait for what is under way, then upload the rest; returns what is wrong, in words.

        What failed behind the crawl's back is no loss: it is part of the rest.
        """
        if self._is_hurried:
            return []
        if self._thread is not None:
            self._names.put(None)
            self._thread.join()
            self._thread = None
        return rest().problems

    def _work(self) -> None:
        while (taken := self._names.get()) is not None:
            # Each file would wait as long for a bucket that is away, and the end of the crawl for all of them.
            if time.monotonic() < self._again_at:
                continue
            assert self._carrier is not None
            try:
                if self._carrier.upload(*taken) and self._is_freeing:
                    self._carrier.free(taken[0])
            except (BucketUnreachable, BucketRefused) as problem:
                self._again_at = time.monotonic() + PATIENCE
                log.info("%s is uploaded later: %s", taken[0], problem)
            except (StorageError, OSError) as problem:
                log.info("%s is uploaded later: %s", taken[0], problem)
            except Exception:
                log.exception("%s is uploaded later", taken[0])
