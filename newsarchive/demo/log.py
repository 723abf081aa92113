"""What went over the newsroom's sockets, to the byte: one JSON line an exchange."""

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One exchange as the server saw it."""

    url: str
    """As asked for; "" where the request did not arrive whole."""
    at: str
    """The newsroom's time, ISO 8601."""
    connection: int
    """Number of the connection, from 1."""
    request: bytes
    """All that was received of the request."""
    response: bytes
    """All that the system took off our hands. Less than the whole answer where the client went away."""
    complete: bool
    """The whole answer was sent."""
    tls: bool = False


class Log:
    """Writes exchanges to a file, flushed line by line, from any thread."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="ascii")
        self._lock = threading.Lock()

    def write(self, logged: Logged) -> None:
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
        """Close the file; what is written later is lost without an error."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_log(path: Path) -> Iterator[Logged]:
    """Yield the exchanges of a log in the order in which they ended. A last line that is not whole is left out."""
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if not line.endswith("\n"):
                return
            fields = json.loads(line)
            fields["request"] = b64decode(fields["request"])
            fields["response"] = b64decode(fields["response"])
            yield Logged(**fields)
