"""Sets the clock of a newsroom that runs in another process. Listens on a port of its own, never on the site's.

GET  /clock                        {"at": "2026-05-04T08:00:00+00:00"}
POST /clock  {"at": "2026-..."}    go there
POST /clock  {"advance": 3600}     go on by so many seconds
"""

import json
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from newsarchive.demo.clock import Clock


class Control:
    """The control port of one newsroom."""

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
            self._tell(200 if self.path == "/clock" else 404)

        def do_POST(self) -> None:
            wish = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                _move(clock, json.loads(wish))
            except (ValueError, TypeError, KeyError):
                self._tell(400)
            else:
                self._tell(200)

        def _tell(self, status: int) -> None:
            body = json.dumps({"at": clock.now().isoformat()}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


def _move(clock: Clock, wish: dict[str, Any]) -> None:
    if "at" in wish:
        clock.set(datetime.fromisoformat(wish["at"]))
    else:
        clock.advance(timedelta(seconds=float(wish["advance"])))
