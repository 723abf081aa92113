"""The newsroom's clock: stands still until it is set, or runs from a given time; and a port that sets it.

The port is not the site's; it serves other processes:

GET  /clock                        {"at": "2026-05-04T08:00:00+00:00"}
POST /clock  {"at": "2026-..."}    set the clock
POST /clock  {"advance": 3600}     advance it by so many seconds
"""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OPENS = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
"""Start of the clock, a Monday morning: time of the first crawl. Later events happen at fixed times after it."""


class Clock:
    """The newsroom's clock. Thread-safe."""

    def __init__(self, at: datetime = OPENS, *, runs: bool = False) -> None:
        self._lock = threading.Lock()
        self._runs = runs
        self._at = at
        self._since = time.monotonic()

    def now(self) -> datetime:
        """Return the time, aware and UTC."""
        with self._lock:
            if not self._runs:
                return self._at
            return self._at + timedelta(seconds=time.monotonic() - self._since)

    def set(self, at: datetime) -> None:
        """Set the time, forward or back."""
        if at.tzinfo is None:
            raise ValueError(f"{at.isoformat()} has no time zone; the newsroom's clock is UTC")
        with self._lock:
            self._at = at.astimezone(UTC)
            self._since = time.monotonic()

    def advance(self, by: timedelta) -> datetime:
        """Advance the clock; return the new time."""
        self.set(self.now() + by)
        return self.now()


class ClockServer:
    """An HTTP server that sets a clock."""

    def __init__(self, clock: Clock, host: str, port: int) -> None:
        self._server = ThreadingHTTPServer((host, port), _handler(clock))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def _handler(clock: Clock) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond(200 if self.path == "/clock" else 404)

        def do_POST(self) -> None:
            command = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                _set_clock(clock, json.loads(command))
            except (ValueError, TypeError, KeyError):
                self._respond(400)
            else:
                self._respond(200)

        def _respond(self, status: int) -> None:
            body = json.dumps({"at": clock.now().isoformat()}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    return Handler


def _set_clock(clock: Clock, command: dict[str, Any]) -> None:
    if "at" in command:
        clock.set(datetime.fromisoformat(command["at"]))
    else:
        clock.advance(timedelta(seconds=float(command["advance"])))
