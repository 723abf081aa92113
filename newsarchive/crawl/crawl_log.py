"""Log of crawls: a line per response, in a file that is rotated when it is full. Several crawls may write to it.

text   2026-11-25T04:12:03Z example 14302 article https://news.example/a
JSON   {"at": "2026-11-25T04:12:03Z", "site": "example", "bytes": 14302, ...}
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from storage.errors import StorageError

LOG = logging.getLogger("newsarchive.crawl")
"""Logger of crawls. `extra={"facts": {...}}` has the fields of a JSON line."""
# Without a handler, logging would print warnings on standard error, where commands report problems themselves.
LOG.addHandler(logging.NullHandler())


@contextmanager
def log_to_file(path: Path, *, as_json: bool, size: int, keep: int) -> Iterator[None]:
    """Log crawls to a file while the block runs; StorageError if it cannot be written."""
    with StorageError.replace_os_errors("log-not-written", path=path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingLog(path, size, keep)
    handler.setFormatter(CrawlLines(as_json=as_json))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        handler.close()
        LOG.setLevel(logging.NOTSET)


class RotatingLog(WatchedFileHandler):
    """Appends to a file, and renames it when it is full: NAME, NAME.1 (the newest old one), ... NAME.5."""

    def __init__(self, path: Path, size: int, keep: int) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self._path = path
        self._size = size
        self._keep = keep

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. A full disk costs the line, not the crawl."""
        with suppress(OSError):
            self.reopenIfNeeded()
            if self.stream is not None and os.fstat(self.stream.fileno()).st_size >= self._size:
                self._rotate()
            logging.FileHandler.emit(self, record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Ignore it: under cron, a message for each line would hide what matters."""

    def _rotate(self) -> None:
        """Rename every file, unless another crawl has just done so."""
        with (self._path.parent / f".{self._path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._path.exists() and self._path.stat().st_size >= self._size:
                for number in range(self._keep, 0, -1):
                    older = self._path if number == 1 else self._path_of(number - 1)
                    with suppress(FileNotFoundError):
                        older.replace(self._path_of(number))
                if not self._keep:
                    self._path.unlink(missing_ok=True)
        self.reopenIfNeeded()

    def _path_of(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class CrawlLines(logging.Formatter):
    """One line of text or JSON for each event."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; in text, control characters are escaped."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        message = record.getMessage()
        if not self._as_json:
            return f"{at} {message if message.isprintable() else message.encode('unicode_escape').decode('ascii')}"
        level = {} if record.levelno == logging.INFO else {"level": record.levelname.lower()}
        facts = getattr(record, "facts", {}) or {"message": message}
        return json.dumps({"at": at, **level, **facts}, ensure_ascii=False, default=str)
