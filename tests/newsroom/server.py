"""An HTTP server for a newsroom: one thread per connection, every byte logged."""

import contextlib
import itertools
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from tests.newsroom.clock import Clock, ClockServer
from tests.newsroom.exchange_log import ExchangeLog, LoggedExchange
from tests.newsroom.http_messages import AfterResponse, Request, Response
from tests.newsroom.newsroom import Newsroom

_BACKLOG = 256
_MAX_HEAD = 65_536
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class NewsroomServer:
    """A running server. Use it as a context manager, or call `close`."""

    def __init__(
        self,
        newsroom: Newsroom,
        listener: socket.socket,
        clock: Clock,
        log: ExchangeLog | None,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.newsroom = newsroom
        self.clock = clock
        self.delay = 0.0
        """Seconds before each response, as on a slow site; may be set at any time."""
        self.host, self.port = listener.getsockname()[:2]
        self.scheme = "https" if tls else "http"
        self._listener = listener
        self._log = log
        self._tls = tls
        self._control: ClockServer | None = None
        self._numbers = itertools.count(1)
        self._open: dict[int, tuple[socket.socket, threading.Thread]] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._accept, name="newsroom", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """URL of the front page."""
        return f"{self.scheme}://{self.host}:{self.port}/"

    def open_control(self, port: int = 0) -> int:
        """Open a port through which other processes set the clock; return the port."""
        self._control = ClockServer(self.clock, self.host, port)
        return self._control.port

    def close(self) -> None:
        """Stop listening, end every connection, close the log."""
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)
        with self._lock:
            open_ones = list(self._open.values())
        for connection, _ in open_ones:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for _, thread in open_ones:
            thread.join(timeout=5)
        if self._control:
            self._control.close()
        if self._log:
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = next(self._numbers)
            thread = threading.Thread(target=self._serve, args=(number, plain), daemon=True)
            with self._lock:
                self._open[number] = plain, thread
            thread.start()

    def _serve(self, number: int, plain: socket.socket) -> None:
        """Serve one connection until it is closed."""
        connection = plain
        try:
            if self._tls:
                connection = self._tls.wrap_socket(plain, server_side=True)
            Connection(self, connection, number).run()
        except OSError:
            pass  # the client disconnected; the exchange is in the log
        finally:
            with self._lock:
                self._open.pop(number, None)
            with contextlib.suppress(OSError):
                connection.close()

    def log_exchange(self, logged: LoggedExchange) -> None:
        """Log an exchange, if there is a log."""
        if self._log:
            self._log.write(logged)


class Stream(Protocol):
    """The methods of a socket that a connection uses."""

    def recv(self, size: int, /) -> bytes:
        """Receive bytes; none at the end."""
        ...

    def send(self, data: memoryview, /) -> int:
        """Send bytes; return how many were accepted."""
        ...

    def setsockopt(self, level: int, name: int, value: bytes, /) -> None:
        """Set an option of the socket."""
        ...


class Connection:
    """The exchanges of one connection."""

    def __init__(self, server: NewsroomServer, stream: Stream, number: int) -> None:
        self._server = server
        self._stream = stream
        self._number = number
        self._read = bytearray()

    def run(self) -> None:
        """Answer requests until one side closes."""
        for served, raw in enumerate(self._requests()):
            request = parse_request(raw)
            if request is None:
                self._send("", raw, Response(data=_BAD_REQUEST))
                return
            origin = f"{self._server.scheme}://{request.get('host') or f'{self._server.host}:{self._server.port}'}"
            if self._server.delay:
                time.sleep(self._server.delay)
            response = self._server.newsroom.get_response(origin, request, self._server.clock.now())
            if response.first_request_only and served:
                self._log_bytes(origin + request.target, raw, b"", complete=False)
                return
            self._send(origin + request.target, raw, response)
            if response.after is not AfterResponse.KEEP:
                self._finish(response.after)
                return

    def _finish(self, after: AfterResponse) -> None:
        """End the connection in the given way; it is closed afterwards."""
        if after is AfterResponse.RESET:
            self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        while after is AfterResponse.HANG and self._stream.recv(65_536):
            pass

    def _requests(self) -> Iterator[bytes]:
        """Yield complete requests, head and body; log an incomplete one."""
        while True:
            while (end := self._read.find(b"\r\n\r\n")) < 0:
                piece = self._receive()
                if not piece or len(self._read) > _MAX_HEAD:
                    return
            length = end + 4 + content_length(bytes(self._read[:end]))
            while len(self._read) < length:
                if not self._receive():
                    return
            raw = bytes(self._read[:length])
            del self._read[:length]
            yield raw

    def _receive(self) -> bytes:
        """Receive more; at the end, log an incomplete request."""
        try:
            piece = self._stream.recv(65_536)
        except OSError:
            piece = b""
        self._read += piece
        if not piece and self._read:
            self._log_bytes("", bytes(self._read), b"", complete=False)
        return piece

    def _send(self, url: str, raw: bytes, response: Response) -> None:
        """Send a response, and log the bytes that were sent."""
        view = memoryview(response.data)
        sent = 0
        try:
            while sent < len(view):
                sent += self._stream.send(view[sent : sent + 262_144])
        finally:
            self._log_bytes(url, raw, bytes(view[:sent]), complete=sent == len(view))

    def _log_bytes(self, url: str, request: bytes, response: bytes, *, complete: bool) -> None:
        self._server.log_exchange(
            LoggedExchange(
                url=url,
                at=self._server.clock.now().isoformat(),
                connection=self._number,
                request=request,
                response=response,
                complete=complete,
                tls=self._server.scheme == "https",
            )
        )


def parse_request(raw: bytes) -> Request | None:
    r"""Parse a request; None if it is malformed.

    >>> parse_request(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    Request(method='GET', target='/a', headers=(('Host', 'x'),), version='HTTP/1.1')
    """
    line, *fields = raw.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != 3 or not words[1].startswith("/"):
        return None
    pairs = (field.partition(":") for field in fields)
    headers = tuple((name, value.strip()) for name, _, value in pairs)
    return Request(method=words[0], target=words[1], headers=headers, version=words[2])


def content_length(head: bytes) -> int:
    """Return the Content-Length of a request; 0 without one."""
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length" and value.strip().isdigit():
            return int(value)
    return 0


def serve(
    newsroom: Newsroom,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    clock: Clock | None = None,
    log: Path | None = None,
    tls: ssl.SSLContext | None = None,
) -> NewsroomServer:
    """Start a server and return at once.

    Port 0 takes a free one (`server.port`). Absolute URLs in pages have the host that the client requested, so that
    one server serves many sites. `log` is a file for read_log.
    """
    listener = socket.create_server((host, port), backlog=_BACKLOG)
    return NewsroomServer(newsroom, listener, clock or Clock(), ExchangeLog(log) if log else None, tls)
