"""The exact bytes: an HTTP/1.1 client that records what its sockets take and give.

    fetch() --> Twisted's Agent --> pool --> RecordingProtocol --> socket
                                               | one Attempt for each request written
                                               v
                              request and response as they were on the wire

Twisted asks again by itself where a pooled connection turns out dead; so one fetch can have two attempts. What stands
here on private names of Twisted and Scrapy is held by tests/integration/crawl/test_wire.py.
"""

# Twisted calls and is called by names like dataReceived, and is typed in parts only.
# ruff: noqa: N802, D102
# mypy: disallow-untyped-calls=False

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web.client import URI, Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers

from newsarchive.crawl.download.ciphers import iana_name
from newsarchive.crawl.download.parser import LenientParser
from storage.model import Discovery, Exchange

HEAD_LENGTH = 1_048_576
"""Bytes in all header lines together; what goes on for longer is cut there."""
IDLE = 30.0
"""Seconds for which an idle connection is kept."""
OURS = "unspecified"
"""WARC-Truncated of what was cut because the run was to stop: of its values the only one that blames nobody."""


@dataclass(slots=True, eq=False)
class Attempt:
    """One request written to one connection, and all that came back for it."""

    started_at: datetime
    peer: str | None
    sent: list[bytes] = field(default_factory=list)
    got: list[bytes] = field(default_factory=list)
    size: int = 0
    excess: int = 0
    """Bytes at the end that came after the end of the message: not part of it."""
    tls: str | None = None
    cipher: str | None = None
    whole: bool = False
    truncated: str | None = None

    def exchange(self, url: str, discovery: Discovery | None = None) -> Exchange:
        """What was on the wire, as the archive keeps it."""
        answer = b"".join(self.got)
        answer = answer[: len(answer) - self.excess]
        version = "http/1.0" if answer.startswith(b"HTTP/1.0") else "http/1.1"
        return Exchange(
            url=url,
            started_at=self.started_at,
            request=b"".join(self.sent),
            response=answer,
            peer=self.peer,
            protocols=(version, f"tls/{self.tls}") if self.tls else (version,),
            cipher=self.cipher,
            truncated=self.truncated if self.whole else self.truncated or "unspecified",
            discovery=discovery,
        )


@dataclass(slots=True, eq=False)
class Fetched:
    """What became of one fetch."""

    attempts: Sequence[Attempt]
    """Those that got an answer, or a part of one. At most one, save where a retried connection had begun to answer."""
    error: BaseException | None
    """Why there is no whole answer; None where there is one."""
    cut: bool = False
    """`Wire.stop` ended it: that is no fault of the host's."""


@dataclass(slots=True, eq=False)
class _Recording:
    """All attempts of one fetch, and the hand that can stop it."""

    limit: int
    now: Callable[[], datetime]
    attempts: list[Attempt] = field(default_factory=list)
    answer: Deferred[None] | None = None
    connection: "RecordingProtocol | None" = None
    stopped: str | None = None

    def stop(self, why: str) -> None:
        """Cut the exchange short; what came until now is its record. `why` is a value of WARC-Truncated."""
        if self.stopped is None and self.answer is not None:
            self.stopped = why
            self.answer.cancel()

    def drain(self, response: Any) -> Deferred[None]:
        """Let the body flow: the bytes are recorded below, so that here they are only waited for."""
        if self.attempts[-1].whole:  # 204, 304, Content-Length: 0
            return succeed(None)
        done: Deferred[None] = Deferred(self._hang_up)
        response.deliverBody(_Drain(done))
        return done

    def _hang_up(self, _: object) -> None:
        if self.connection is not None:
            self.connection.transport.abortConnection()


class _Drain(Protocol):
    def __init__(self, done: Deferred[None]) -> None:
        self._done = done

    def dataReceived(self, data: bytes) -> None:
        pass

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        if not self._done.called:
            self._done.callback(None)


class _RecordedHeaders(Headers):
    """Request headers that carry the recording from the agent down to the connection."""

    __slots__ = ("recording",)
    recording: _Recording

    def copy(self) -> "_RecordedHeaders":
        new = _RecordedHeaders(dict(self.getAllRawHeaders()))
        new.recording = self.recording
        return new


class _Tee:
    """A transport that remembers what is written to it."""

    def __init__(self, transport: Any, sent: list[bytes]) -> None:
        self._transport = transport
        self._sent = sent

    def write(self, data: bytes) -> None:
        self._sent.append(data)
        self._transport.write(data)

    def writeSequence(self, data: Sequence[bytes]) -> None:
        self.write(b"".join(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class RecordingProtocol(HTTP11ClientProtocol):
    """One connection. Bytes are recorded before they are parsed, so also where they cannot be."""

    transport: Any
    _attempt: Attempt | None = None
    _recording: _Recording | None = None

    def request(self, request: Any) -> Any:
        recording: _Recording = request.headers.recording
        self._recording = recording
        self._attempt = attempt = Attempt(recording.now(), getattr(self.transport.getPeer(), "host", None))
        recording.attempts.append(attempt)
        recording.connection = self
        write_to = request.writeTo
        request.writeTo = lambda transport: write_to(_Tee(transport, attempt.sent))
        try:
            answer = super().request(request)
        finally:
            del request.writeTo  # Twisted may write this request to another connection
        if self._parser is not None:
            # Twisted names its parser's class in the middle of all that.
            self._parser.__class__ = LenientParser
        return answer

    def dataReceived(self, data: bytes) -> None:
        attempt, recording = self._attempt, self._recording
        if attempt is None or recording is None:
            # The server speaks unasked: to Twisted's parser that is an error of ours, to the archive nothing at all.
            self.transport.loseConnection()
            return
        if recording.stopped:
            return
        if not attempt.got:
            self._see_tls(attempt)
        attempt.got.append(data)
        attempt.size += len(data)
        limit = recording.limit if self._in_body() else min(recording.limit, HEAD_LENGTH)
        if attempt.size > limit:
            attempt.excess = attempt.size - limit
            recording.stop("length")
            return
        super().dataReceived(data)
        if self._parser is None and not attempt.whole:
            attempt.truncated = "unspecified"  # no HTTP, or none that Twisted knows: it hung up

    def _in_body(self) -> bool:
        """Whether the head of the answer is behind us, as far as the parser has come."""
        return self._parser is None or self._parser.state not in ("STATUS", "HEADER")

    def _see_tls(self, attempt: Attempt) -> None:
        handle: Any = getattr(self.transport, "getHandle", lambda: None)()
        if hasattr(handle, "get_cipher_name"):
            attempt.tls = str(handle.get_protocol_version_name()).removeprefix("TLSv")
            attempt.tls += "" if "." in attempt.tls else ".0"
            attempt.cipher = iana_name(handle.get_cipher_name())

    def _finishResponse(self, rest: bytes) -> None:
        """Twisted's parser has seen the end of the message; `rest` is what came behind it."""
        attempt, self._attempt = self._attempt, None
        self._recording = None  # its bytes would stay in memory for as long as the connection is idle
        if attempt is not None:
            attempt.whole, attempt.excess = True, len(rest)
        super()._finishResponse(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        attempt = self._attempt
        super().connectionLost(reason)
        self._attempt = self._recording = None
        # A body that ends with the connection is whole if the connection ended in good order.
        if attempt is not None and attempt.truncated is None and not (attempt.whole and reason.check(ConnectionDone)):
            attempt.truncated = "disconnect"


class _Factory:
    """Builds the pool's connections (the shape that HTTPConnectionPool calls)."""

    noisy = False

    def __init__(self, quiescent: Callable[[Any], None], _metadata: str) -> None:
        self._quiescent = quiescent

    def doStart(self) -> None:
        """Nothing to start."""

    def doStop(self) -> None:
        """Nothing to stop."""

    def buildProtocol(self, _address: object) -> RecordingProtocol:
        """A protocol for a new connection."""
        return RecordingProtocol(self._quiescent)


class Wire:
    """Fetches URLs and says exactly what was sent and received."""

    def __init__(self, reactor: Any, endpoints: Any, *, now: Callable[[], datetime]) -> None:
        self._reactor = reactor
        self._now = now
        pool: Any = HTTPConnectionPool(reactor)
        pool._factory = _Factory  # noqa: SLF001 - the hook that Scrapy's own handler uses
        pool.cachedConnectionTimeout = IDLE
        self._pool = pool
        self._agent = Agent.usingEndpointFactory(reactor, endpoints, pool)
        self._under_way: set[_Recording] = set()

    async def fetch(self, url: str, headers: Sequence[tuple[str, str]], *, seconds: float, limit: int) -> Fetched:
        """GET a URL, for at most so long and so many bytes. Never raises for what the network does."""
        recording = _Recording(limit, self._now)
        target = url.encode("ascii")
        recording.answer = answer = self._agent.request(b"GET", target, _headers(target, headers, recording))
        answer.addCallback(recording.drain)
        timer = asyncio.get_running_loop().call_later(seconds, recording.stop, "time")
        self._under_way.add(recording)
        try:
            await maybe_deferred_to_future(answer)
        except Exception as problem:  # noqa: BLE001 - Twisted's errors have no common root
            error: BaseException | None = problem
        else:
            error = None
        finally:
            self._under_way.discard(recording)
            recording.connection = None
            timer.cancel()
        return _fetched(recording, error)

    def stop(self) -> None:
        """Cut short what is under way."""
        for recording in list(self._under_way):
            recording.stop(OURS)

    async def close(self) -> None:
        """Let go of idle connections, and wait a second at most for their good-bye."""
        closed = self._pool.closeCachedConnections()
        timer = self._reactor.callLater(1, closed.cancel)
        try:
            await maybe_deferred_to_future(closed)
        except CancelledError:
            pass
        finally:
            if timer.active():
                timer.cancel()


def _headers(target: bytes, headers: Sequence[tuple[str, str]], recording: _Recording) -> _RecordedHeaders:
    made = _RecordedHeaders()
    made.recording = recording
    made.addRawHeader(b"Host", _host(*target.split(b"/", 3)[:3:2]))
    for name, value in headers:
        made.addRawHeader(name.encode("ascii"), value.encode("latin-1", "replace"))
    return made


@lru_cache(maxsize=4096)
def _host(scheme: bytes, authority: bytes) -> bytes:
    """The Host header for an authority: its port is left out where it is the scheme's own (RFC 9110, 7.2)."""
    uri = URI.fromBytes(b"%b//%b/" % (scheme, authority))
    host = b"[%b]" % uri.host if b":" in uri.host else uri.host
    standard = (uri.scheme, uri.port) in ((b"http", 80), (b"https", 443))
    return host if standard else b"%b:%d" % (host, uri.port)


def _fetched(recording: _Recording, error: BaseException | None) -> Fetched:
    """Sort what was recorded. An attempt that got no byte, as on a pooled connection that was dead, is no record."""
    answered = [attempt for attempt in recording.attempts if attempt.got]
    if recording.stopped:
        for attempt in answered:
            if not attempt.whole:
                attempt.truncated = recording.stopped
    return Fetched(answered, error, cut=recording.stopped == OURS)
