"""Serves a newsroom on loopback: a thread a connection, every byte accounted for."""

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

from newsarchive.demo.clock import Clock
from newsarchive.demo.control import Control
from newsarchive.demo.log import Log, Logged
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.wire import Answer, Request, Then

_BACKLOG = 256
_MAX_HEAD = 65_536
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Server:
    """A newsroom that listens. Use it as a context manager, or call `close`."""

    def __init__(
        self, newsroom: Newsroom, listener: socket.socket, clock: Clock, log: Log | None, tls: ssl.SSLContext | None
    ) -> None:
        self.newsroom = newsroom
        self.clock = clock
        self.delay = 0.0
        """Seconds that pass before each answer, as on a slow site; may be set at any time."""
        self.host, self.port = listener.getsockname()[:2]
        self.scheme = "https" if tls else "http"
        self._listener = listener
        self._log = log
        self._tls = tls
        self._control: Control | None = None
        self._numbers = itertools.count(1)
        self._open: dict[int, tuple[socket.socket, threading.Thread]] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._accept, name="newsroom", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the front page's address."""
        return f"{self.scheme}://{self.host}:{self.port}/"

    def open_control(self, port: int = 0) -> int:
        """Let other processes set the clock through a port of its own (see control.py); return the port."""
        self._control = Control(self.clock, self.host, port)
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
        """Serve one connection to its end."""
        connection = plain
        try:
            if self._tls:
                connection = self._tls.wrap_socket(plain, server_side=True)
            Conversation(self, connection, number).run()
        except OSError:
            pass  # the client went away; what was exchanged is in the log
        finally:
            with self._lock:
                self._open.pop(number, None)
            with contextlib.suppress(OSError):
                connection.close()

    def note(self, logged: Logged) -> None:
        """Write an exchange to the log, if one is kept."""
        if self._log:
            self._log.write(logged)


class Stream(Protocol):
    """What a conversation needs of a socket."""

    def recv(self, size: int, /) -> bytes:
        """Return some bytes; none at the end."""
        ...

    def send(self, data: memoryview, /) -> int:
        """Take some bytes; return how many."""
        ...

    def setsockopt(self, level: int, name: int, value: bytes, /) -> None:
        """Set an option of the socket."""
        ...


class Conversation:
    """The exchanges of one connection."""

    def __init__(self, server: Server, stream: Stream, number: int) -> None:
        self._server = server
        self._stream = stream
        self._number = number
        self._read = bytearray()

    def run(self) -> None:
        """Answer requests until one side has had enough."""
        for served, raw in enumerate(self._requests()):
            request = parse_request(raw)
            if request is None:
                self._send("", raw, Answer(data=_BAD_REQUEST))
                return
            origin = f"{self._server.scheme}://{request.get('host') or f'{self._server.host}:{self._server.port}'}"
            if self._server.delay:
                time.sleep(self._server.delay)
            answer = self._server.newsroom.answer(origin, request, self._server.clock.now())
            if answer.fresh_only and served:
                self._note(origin + request.target, raw, b"", complete=False)
                return
            self._send(origin + request.target, raw, answer)
            if answer.then is not Then.KEEP:
                self._end(answer.then)
                return

    def _end(self, then: Then) -> None:
        """Do what makes the end of the connection; it is closed afterwards."""
        if then is Then.RESET:
            self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        while then is Then.HANG and self._stream.recv(65_536):
            pass

    def _requests(self) -> Iterator[bytes]:
        """Yield whole requests, head and body; note one that breaks off."""
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
        """Read on; at the end, note what there is of a request that will never be whole."""
        try:
            piece = self._stream.recv(65_536)
        except OSError:
            piece = b""
        self._read += piece
        if not piece and self._read:
            self._note("", bytes(self._read), b"", complete=False)
        return piece

    def _send(self, url: str, raw: bytes, answer: Answer) -> None:
        """Send an answer, and note exactly how much of it the system took."""
        view = memoryview(answer.data)
        sent = 0
        try:
            while sent < len(view):
                sent += self._stream.send(view[sent : sent + 262_144])
        finally:
            self._note(url, raw, bytes(view[:sent]), complete=sent == len(view))

    def _note(self, url: str, request: bytes, response: bytes, *, complete: bool) -> None:
        self._server.note(
            Logged(
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
    r"""Return a request; None where it is none.

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
    """Return how many bytes of body follow a request's head."""
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
) -> Server:
    """Begin to serve; return at once.

    Port 0 takes a free one (`server.port`). Absolute URLs in pages carry the name that clients ask for (Host), so one
    server plays many sites. `log` is a file for read_log.
    """
    listener = socket.create_server((host, port), backlog=_BACKLOG)
    return Server(newsroom, listener, clock or Clock(), Log(log) if log else None, tls)
