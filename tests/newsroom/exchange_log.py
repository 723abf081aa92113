"""A log of all bytes that the newsroom received and sent, one JSON line per exchange."""

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedExchange:
    """One exchange as the server saw it."""

    url: str
    """As requested; "" if the request was incomplete."""
    at: str
    """The newsroom's time, ISO 8601."""
    connection: int
    """Number of the connection, from 1."""
    request: bytes
    """All received bytes of the request."""
    response: bytes
    """All bytes sent; less than the response if the client disconnected."""
    complete: bool
    """True: the whole response was sent."""
    tls: bool = False


class ExchangeLog:
    """Writes exchanges to a file, flushed after each line. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="ascii")
        self._lock = threading.Lock()

    def write(self, logged: LoggedExchange) -> None:
        """Add one line."""
        line = json.dumps({
            "url": logged.url,
            "at": logged.at,
            "connection": logged.connection,
            "request": b64encode(logged.request).decode(),
            "response": b64encode(logged.response).decode(),
            "complete": logged.complete,
            "tls": logged.tls,
        })  # fmt: skip
        with self._lock:
            if not self._file.closed:
                self._file.write(line + "\n")
                self._file.flush()

    def close(self) -> None:
        """Close the file; later writes are ignored."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_log(path: Path) -> Iterator[LoggedExchange]:
    """Yield the exchanges of a log in the order in which they ended, without an incomplete last line."""
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if not line.endswith("\n"):
                return
            fields = json.loads(line)
            fields["request"] = b64decode(fields["request"])
            fields["response"] = b64decode(fields["response"])
            yield LoggedExchange(**fields)
