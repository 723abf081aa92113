"""HTTP/1.1 client that records the exact bytes that its sockets send and receive.

    fetch() --> Twisted's Agent --> pool --> RecordingProtocol --> socket
                                               | one Attempt for each request written
                                               v
                              request and response as they were on the wire

Twisted retries by itself if a pooled connection turns out to be closed, so one fetch can have two attempts. The use of
private names of Twisted and Scrapy is tested by tests/integration/crawl/test_recording_client.py.
"""

# Twisted calls and is called by names like dataReceived, and is typed in parts only.
# ruff: noqa: N802, D102
# mypy: disallow-untyped-calls=False

import asyncio
import re
import tomllib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from OpenSSL import SSL
from scrapy.utils.defer import maybe_deferred_to_future
from service_identity import VerificationError
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost, DNSLookupError
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS, HTTP11ClientProtocol, HTTPClientParser
from twisted.web.client import URI, Agent, FileBodyProducer, HTTPConnectionPool
from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError, maxChunkSizeLineLength
from twisted.web.http_headers import Headers

from newsarchive.crawl.download.connect import NotPublicError
from storage.model import Discovery, Exchange

GET = ("GET", b"")
"""Method and body of most requests."""
MAX_HEAD_SIZE = 1_048_576
"""Bytes of all header lines together; a longer head is cut there."""
MAX_LINE_LENGTH = 262_144
"""Bytes of one header line. Twisted's 16,384 are less than the Content-Security-Policy of some sites."""
IDLE_TIMEOUT = 30.0
"""Seconds for which an idle connection is kept."""
INTERRUPTED = "unspecified"
"""WARC-Truncated of a response that was cut because the run stops: the only value that blames neither side."""
_LENGTHS = re.compile(rb"[ \t]*[0-9]{1,18}[ \t]*(?:,[ \t]*[0-9]{1,18}[ \t]*)*")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,16}")
FOLD = (b" ", b"\t")
"""Beginning of a line that continues the previous one."""

_HEAD = re.compile(
    rb"(HTTP/1\.[01] [2-9]\d\d(?: [^\r\n]*+)?)\r\n"  # status line
    rb"((?:[\w!#$%&'*+.^`|~-]++:[^\r\n]*+\r\n)*+)\r\n"  # header lines
)
"""The whole head of a final response that conforms to RFC 9112: no bare line feeds, folded lines or odd names."""
_FRAMING = re.compile(
    rb"^(%b):(.*)\r$" % b"|".join(sorted(HTTPClientParser.CONNECTION_CONTROL_HEADERS)), re.IGNORECASE | re.MULTILINE
)
"""Header lines that decide where the response ends and whether the connection is kept: all that is needed here."""


@dataclass(slots=True, eq=False)
class Attempt:
    """One request written to one connection, and the bytes received for it."""

    started_at: datetime
    peer: str | None
    sent: list[bytes] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    size: int = 0
    excess: int = 0
    """Bytes received after the end of the message: not part of it."""
    tls: str | None = None
    cipher: str | None = None
    whole: bool = False
    truncated: str | None = None

    def exchange(self, url: str, discovery: Discovery | None = None) -> Exchange:
        """Return the exchange as the archive records it."""
        response = b"".join(self.received)
        response = response[: len(response) - self.excess]
        version = "http/1.0" if response.startswith(b"HTTP/1.0") else "http/1.1"
        return Exchange(
            url=url,
            started_at=self.started_at,
            request=b"".join(self.sent),
            response=response,
            peer=self.peer,
            protocols=(version, f"tls/{self.tls}") if self.tls else (version,),
            cipher=self.cipher,
            truncated=self.truncated if self.whole else self.truncated or "unspecified",
            discovery=discovery,
        )


@dataclass(slots=True, eq=False)
class FetchResult:
    """Result of one fetch."""

    attempts: Sequence[Attempt]
    """Those with a response, or part of one. At most one, unless a retried connection had begun to respond."""
    error: BaseException | None
    """Reason why there is no complete response; None if there is one."""
    interrupted: bool = False
    """`RecordingClient.stop` ended it, which is not the host's fault."""
    timeout: float | None = None
    """Seconds after which it timed out; None if it did not."""

    @property
    def _cause(self) -> Any:
        reasons = getattr(self.error, "reasons", None)
        return reasons[0].value if reasons else self.error  # Twisted wraps the error

    @property
    def is_blocked(self) -> bool:
        """True if the host has no public address."""
        return isinstance(self._cause, NotPublicError)

    def describe_error(self) -> str:
        """Return why there was no response, in a few words."""
        if self.timeout is not None:
            return f"no response within {self.timeout:g} s"
        match self._cause:
            case DNSLookupError():
                reason = "no such host"
            case VerificationError():
                reason = describe_tls_error("certificate of another host")
            case ConnectionDone() | ConnectionLost():
                reason = "the server closed the connection"
            case SSL.Error(args=(errors,)):
                reason = describe_tls_error(" ".join(str(each[-1]) for each in errors))
            case UnicodeError():
                reason = "no valid host name"
            case NotPublicError(args=(words,)):
                reason = str(words)
            case error:
                reason = str(error or "no response") or type(error).__name__
        return " ".join(reason.split()).rstrip(".")


@dataclass(slots=True, eq=False)
class Recording:
    """All attempts of one fetch, and the way to stop it."""

    limit: int
    """Bytes of a response."""
    now: Callable[[], datetime]
    attempts: list[Attempt] = field(default_factory=list)
    response: Deferred[Any] | None = None
    """Set by who sends the request; cancelled by `stop`."""
    connection: "RecordingProtocol | None" = None
    stopped: str | None = None
    """Value of WARC-Truncated; bytes that are received later are not recorded."""

    def stop(self, reason: str) -> None:
        """Cut the exchange: what was received is its record. `reason` is a value of WARC-Truncated."""
        if self.stopped is None and self.response is not None:
            self.stopped = reason
            self.response.cancel()

    def drain(self, response: Any) -> Deferred[None]:
        """Wait for the end of the body: its bytes are recorded by the protocol."""
        if self.attempts[-1].whole:  # 204, 304, Content-Length: 0
            return succeed(None)
        done: Deferred[None] = Deferred(
            lambda _: self.connection.transport.abortConnection() if self.connection else None
        )
        response.deliverBody(_Drain(done))
        return done


class _Drain(Protocol):
    def __init__(self, done: Deferred[None]) -> None:
        self._done = done

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        if not self._done.called:
            self._done.callback(None)


class RecordedHeaders(Headers):
    """Request headers that carry the recording from the agent down to the connection."""

    __slots__ = ("recording",)
    recording: Recording
    """Recording of the exchange."""

    def copy(self) -> "RecordedHeaders":
        new = RecordedHeaders(dict(self.getAllRawHeaders()))
        new.recording = self.recording
        return new


class _Tee:
    """A transport that records what is written to it."""

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
    """One connection. Bytes are recorded before they are parsed, so even if they cannot be parsed."""

    transport: Any
    _attempt: Attempt | None = None
    parser: type[HTTPClientParser]
    """Reads responses: LenientParser, unless a subclass names another."""
    _recording: Recording | None = None
    _closed: Failure | None = None
    """Reason for which the connection below TLS ended."""

    def connectionMade(self) -> None:
        super().connectionMade()
        if hasattr(self.transport, "getHandle") and hasattr(self.transport, "wrappedProtocol"):
            lose = self.transport.connectionLost

            def note_reason(reason: Failure) -> None:
                self._closed = reason
                lose(reason)

            self.transport.connectionLost = note_reason

    def request(self, request: Any) -> Any:
        recording: Recording = request.headers.recording
        self._recording = recording
        self._attempt = attempt = Attempt(recording.now(), getattr(self.transport.getPeer(), "host", None))
        recording.attempts.append(attempt)
        recording.connection = self
        write_to = request.writeTo
        request.writeTo = lambda transport: write_to(_Tee(transport, attempt.sent))
        try:
            response = super().request(request)
        finally:
            del request.writeTo  # Twisted may write this request to another connection
        if self._parser is not None:
            # Twisted names its parser's class in the middle of a long method.
            self._parser.__class__ = self.parser
        return response

    def dataReceived(self, data: bytes) -> None:
        attempt, recording = self._attempt, self._recording
        if attempt is None or recording is None:
            # Bytes without a request: Twisted's parser would raise an error, and there is nothing to record.
            self.transport.loseConnection()
            return
        if recording.stopped:
            return
        if not attempt.received:
            handle: Any = getattr(self.transport, "getHandle", lambda: None)()
            if hasattr(handle, "get_cipher_name"):
                attempt.tls = str(handle.get_protocol_version_name()).removeprefix("TLSv")
                attempt.tls += "" if "." in attempt.tls else ".0"
                attempt.cipher = iana_cipher_name(handle.get_cipher_name())
        attempt.received.append(data)
        attempt.size += len(data)
        is_in_head = self._parser is not None and self._parser.state in (STATUS, HEADER)
        limit = min(recording.limit, MAX_HEAD_SIZE) if is_in_head else recording.limit
        if attempt.size > limit:
            attempt.excess = attempt.size - limit
            recording.stop("length")
            return
        super().dataReceived(data)
        if self._parser is None and not attempt.whole:
            attempt.truncated = "unspecified"  # not HTTP, or none that Twisted knows: it closed the connection

    def _finishResponse(self, rest: bytes) -> None:
        """Record the end of the message; `rest`: bytes received after it. Called by Twisted's parser."""
        attempt, self._attempt = self._attempt, None
        self._recording = None  # its bytes would stay in memory while the connection is idle
        if attempt is not None:
            attempt.whole, attempt.excess = True, len(rest)
        super()._finishResponse(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        attempt = self._attempt
        super().connectionLost(reason)
        self._attempt = self._recording = None
        # A body that ends with the connection is complete if the connection was closed cleanly. Many servers close it
        # without the message that TLS prescribes for that, which all browsers accept.
        closed = self._closed or reason
        if attempt is not None and attempt.truncated is None and not (attempt.whole and closed.check(ConnectionDone)):
            attempt.truncated = "disconnect"


class ConnectionFactory(Factory):
    """Creates the pool's connections, with the interface that HTTPConnectionPool expects."""

    noisy = False
    connection_class: type[RecordingProtocol] = RecordingProtocol

    def __init__(self, quiescent: Callable[[Any], None], _metadata: str) -> None:
        self._quiescent = quiescent

    def buildProtocol(self, _address: object) -> RecordingProtocol:
        return self.connection_class(self._quiescent)


class RecordingClient:
    """Fetches URLs and returns exactly what was sent and received."""

    def __init__(self, reactor: Any, endpoints: Any, *, now: Callable[[], datetime]) -> None:
        self._now = now
        pool: Any = HTTPConnectionPool(reactor)
        pool._factory = ConnectionFactory  # noqa: SLF001 - the hook that Scrapy's own handler uses
        pool.cachedConnectionTimeout = IDLE_TIMEOUT
        self._pool = pool
        self._agent = Agent.usingEndpointFactory(reactor, endpoints, pool)
        self._in_progress: set[Recording] = set()

    async def fetch(
        self, url: str, headers: Sequence[tuple[str, str]], *, seconds: float, limit: int, sent: tuple[str, bytes] = GET
    ) -> FetchResult:
        """Request an ASCII URL, for at most so long and so many bytes. Network errors are in the result, not raised."""
        recording = Recording(limit, self._now)
        target = url.encode("ascii")
        fields = RecordedHeaders()
        fields.recording = recording
        fields.addRawHeader(b"Host", _host(*target.split(b"/", 3)[:3:2]))
        for name, value in headers:
            fields.addRawHeader(name.encode("ascii"), value.encode("latin-1", "replace"))
        body = FileBodyProducer(BytesIO(sent[1])) if sent[1] else None
        # The agent raises for a host name that TLS rejects, such as one with an underscore.
        response = maybeDeferred(self._agent.request, sent[0].encode("ascii"), target, fields, body)
        recording.response = response
        response.addCallback(recording.drain)
        timer = asyncio.get_running_loop().call_later(seconds, recording.stop, "time")
        self._in_progress.add(recording)
        error: BaseException | None = None
        try:
            await maybe_deferred_to_future(response)
        except Exception as problem:  # noqa: BLE001 - Twisted's errors have no common base
            error = problem
        finally:
            self._in_progress.discard(recording)
            recording.connection = None
            timer.cancel()
        for attempt in recording.attempts:
            if recording.stopped and not attempt.whole:
                attempt.truncated = recording.stopped
        # A closed pooled connection received nothing.
        answered = [attempt for attempt in recording.attempts if attempt.received]
        timeout = seconds if recording.stopped == "time" else None
        return FetchResult(answered, error, interrupted=recording.stopped == INTERRUPTED, timeout=timeout)

    def stop(self) -> None:
        """Cut the fetches in progress."""
        for recording in list(self._in_progress):
            recording.stop(INTERRUPTED)

    async def close(self) -> None:
        """Close idle connections, and wait for that a second at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(maybe_deferred_to_future(self._pool.closeCachedConnections()), 1)


@lru_cache(maxsize=4096)
def _host(scheme: bytes, authority: bytes) -> bytes:
    """Return the Host header for an authority, without the scheme's default port (RFC 9110, 7.2)."""
    uri = URI.fromBytes(b"%b//%b/" % (scheme, authority))
    host = b"[%b]" % uri.host if b":" in uri.host else uri.host
    standard = (uri.scheme, uri.port) in ((b"http", 80), (b"https", 443))
    return host if standard else b"%b:%d" % (host, uri.port)


class LenientChunks(_ChunkedTransferDecoder):
    """Chunked coding as browsers read it: with blanks around sizes, any extension, and bare line feeds."""

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        line = self._take_line(maxChunkSizeLineLength)
        if line is None:
            return False
        size = line.partition(b";")[0].strip(b" \t")
        if not _HEX.fullmatch(size):
            raise _MalformedChunkedDataError(f"{size!r} is not the size of a chunk")
        self.length = int(size, 16)
        self.state = "BODY" if self.length else "TRAILER"
        return True

    def _dataReceived_CRLF(self) -> bool:
        if self._buffer == b"\r":
            return False
        end = 1 + self._buffer.startswith(b"\r")
        if self._buffer[end - 1 : end] != b"\n":
            raise _MalformedChunkedDataError("a chunk is longer than its size")
        del self._buffer[:end]
        self.state = "CHUNK_LENGTH"
        return True

    def _dataReceived_TRAILER(self) -> bool:
        line = self._take_line(self._maxTrailerHeadersSize)
        if line == b"":
            self.state = "FINISHED"
            rest = bytes(self._buffer)
            self._buffer.clear()
            self.finishCallback(rest)
        return bool(line)

    def _take_line(self, most: int) -> bytes | None:
        """Remove a line from the buffer and return it without its end; None if it has not arrived whole."""
        end = self._buffer.find(b"\n", self._start)
        if max(end, len(self._buffer) if end < 0 else 0) > most:
            raise _MalformedChunkedDataError(f"a line between chunks has more than {most:,} bytes")
        self._start = len(self._buffer) if end < 0 else 0
        if end < 0:
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line


class LenientParser(HTTPClientParser):
    """Reads what browsers read and Twisted's own parser rejects; what was received is recorded as it came.

    Header lines without a colon are skipped, as are a Content-Length that is no number and the transfer coding
    "identity". Blanks before a colon and in the status line, and the case of its "HTTP", do not matter.

    A conforming head that arrives in one piece, as nearly all do, is matched at once and not line by line. It has no
    state of its own, so that an instance that Twisted has created can become one.
    """

    MAX_LENGTH = MAX_LINE_LENGTH
    fields = _FRAMING
    """Which header lines of a conforming head are parsed."""
    _transferDecoders: dict[bytes, Any] = {b"chunked": LenientChunks}  # noqa: N815, RUF012 - of Twisted

    def dataReceived(self, data: bytes) -> None:
        if self.state == STATUS and not self._buffer and (head := _HEAD.match(data, 0, MAX_LINE_LENGTH)):
            self._everReceivedData = True
            self._buffer = data[head.end() :]
            self.statusReceived(head[1])
            self.state = HEADER
            for name, value in self.fields.findall(head[2]):
                self.headerReceived(name, value.strip())
            self.allHeadersReceived()
            data = b""
        super().dataReceived(data)

    def statusReceived(self, status: bytes) -> None:
        version, *rest = status.split(None, 2) or [status]
        version = version.upper() if b"." in version else version.upper() + b".0"
        super().statusReceived(b" ".join((version, *rest)))

    def headerReceived(self, name: bytes, value: bytes) -> None:
        name = name.rstrip(b" \t").lower()
        # No others are needed here, and Twisted refuses some names.
        if self.isConnectionControlHeader(name):
            super().headerReceived(name, value)

    def allHeadersReceived(self) -> None:
        named = b",".join(self.connHeaders.getRawHeaders(b"transfer-encoding", [])).lower()
        codings = {coding.strip() for coding in named.split(b",")}
        lengths = b",".join(self.connHeaders.getRawHeaders(b"content-length", []))
        if lengths and not _LENGTHS.fullmatch(lengths):
            # The connection's end is the body's, unless it is chunked.
            self.connHeaders.removeHeader(b"content-length")
        if b"chunked" in codings:
            self.connHeaders.setRawHeaders(b"transfer-encoding", [b"chunked"])
        elif codings <= {b"", b"identity"}:
            self.connHeaders.removeHeader(b"transfer-encoding")
        super().allHeadersReceived()

    def lineReceived(self, line: bytes) -> None:
        before = self._partialHeader
        if before and not line.startswith(FOLD) and not any(b":" in part for part in before):
            self._partialHeader = None
        super().lineReceived(line)


RecordingProtocol.parser = LenientParser

_TLS_REASONS = tomllib.loads(files("newsarchive.crawl.download").joinpath("tls_errors.toml").read_text("utf-8"))
"""By words of OpenSSL's messages."""


def describe_tls_error(words: str) -> str:
    """Return a sentence on a failed TLS handshake: what happened, what it means for the archive, and what to do.

    >>> describe_tls_error("tlsv1 unrecognized name").partition(";")[0]
    'it has no certificate for this host name (OpenSSL: tlsv1 unrecognized name)'
    """
    reason = next((meaning for part, meaning in _TLS_REASONS.items() if part in words), "the TLS connection failed")
    return (
        f"{reason} (OpenSSL: {words or 'no reason given'}); nothing was fetched or archived from it. The URL is tried "
        "again later; if a web browser can open it, check this machine's clock and its certificate authorities"
    )


_CIPHER_SUITES = tomllib.loads(files("newsarchive.crawl.download").joinpath("cipher_suites.toml").read_text("utf-8"))


def iana_cipher_name(name: str | None) -> str | None:
    """Return IANA's name of a cipher suite, as WARC-Cipher-Suite demands; None if it is unknown.

    OpenSSL has names of its own for the suites up to TLS 1.2.

    >>> iana_cipher_name("ECDHE-RSA-AES128-GCM-SHA256"), iana_cipher_name("TLS_AES_256_GCM_SHA384")
    ('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384')
    >>> iana_cipher_name("AES256-SHA"), iana_cipher_name("GOST2012-GOST8912")
    ('TLS_RSA_WITH_AES_256_CBC_SHA', None)
    >>> iana_cipher_name("ECDHE-ECDSA-CHACHA20-POLY1305")
    'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'
    """
    return name if name is None or name.startswith("TLS_") else _CIPHER_SUITES.get(name)
