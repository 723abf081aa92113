"""The crawl's log: a line an answer, in a file that begins anew when it is full. Several crawls may write to it.

text   2026-11-25T04:12:03Z example 14302 article https://news.example/a
JSON   {"at": "2026-11-25T04:12:03Z", "site": "example", "bytes": 14302, ...}
"""

import fcntl
import json
import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

LOG = logging.getLogger("newsarchive.crawl")
"""What crawls log to. `extra={"facts": {...}}` carries what a JSON line has besides the message."""
# Where no log is wanted, logging itself would print warnings on standard error; commands say there what is wrong.
LOG.addHandler(logging.NullHandler())


def log_to(path: Path, *, as_json: bool, size: int, keep: int) -> logging.Handler:
    """Have crawls log to a file; returns the handler, for `stop`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingLog(path, size, keep)
    handler.setFormatter(JsonLines() if as_json else TextLines())
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    return handler


def stop(handler: logging.Handler) -> None:
    """Log there no more."""
    LOG.removeHandler(handler)
    handler.close()
    LOG.propagate = True
    LOG.setLevel(logging.NOTSET)


class RotatingLog(WatchedFileHandler):
    """Appends to a file, and renames it when it is full: NAME, NAME.1 (the newest of the old), ... NAME.5."""

    def __init__(self, path: Path, size: int, keep: int) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self._path = path
        self._size = size
        self._keep = keep

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. A disk that takes none costs the line, never the crawl."""
        with suppress(OSError):
            self.reopenIfNeeded()
            if self.stream is not None and os.fstat(self.stream.fileno()).st_size >= self._size:
                self._rotate()
            logging.FileHandler.emit(self, record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Pass over it: under cron a complaint for each line would bury what matters."""

    def _rotate(self) -> None:
        """Move every file one on. Another crawl may be about to: whoever comes second finds it done."""
        with (self._path.parent / f".{self._path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._path.exists() and self._path.stat().st_size >= self._size:
                for number in range(self._keep, 0, -1):
                    older = self._path if number == 1 else self._numbered(number - 1)
                    with suppress(FileNotFoundError):
                        older.replace(self._numbered(number))
                if not self._keep:
                    self._path.unlink(missing_ok=True)
        self.reopenIfNeeded()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class TextLines(logging.Formatter):
    """One line an event, whatever stands in it."""

    def format(self, record: logging.LogRecord) -> str:
        """As text."""
        said = record.getMessage().encode("unicode_escape").decode("ascii") if _odd(record.getMessage()) else None
        return f"{_moment(record)} {said or record.getMessage()}"


class JsonLines(logging.Formatter):
    """One JSON object an event."""

    def format(self, record: logging.LogRecord) -> str:
        """As JSON."""
        facts = getattr(record, "facts", {})
        level = {} if record.levelno == logging.INFO else {"level": record.levelname.lower()}
        said = {"message": record.getMessage()} if not facts else {}
        return json.dumps({"at": _moment(record), **level, **facts, **said}, ensure_ascii=False, default=str)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _odd(text: str) -> bool:
    return not text.isprintable()
