"""Heads of responses, parsed by our parser."""

# Twisted is typed in parts only.
# mypy: disallow-untyped-calls=False

import random
from typing import Any

import pytest
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web._newclient import HTTPClientParser, Request, TransportProxyProducer
from twisted.web.http_headers import Headers

from newsarchive.crawl.download.client import LenientParser, describe_tls_error

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = (
    OK + b"Server: a\r\nContent-Length: 3\r\nX-Empty:\r\n\r\nabcrest",
    OK + b"content-length:3\r\nSET-cookie: a=1\r\nset-cookie: b=2\r\n\r\nabc",
    OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    OK + b"Content-Length: three\r\n\r\nabc",
    OK + b"Content-Length: +3\r\n\r\nabc",
    OK + b"Content-Length : 3\r\n\r\nabc",
    OK + b"X-Content-Length: 9\r\nContent-Length: 0\r\n\r\nrest",
    OK + b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n3\r\nabc\r\n0\r\n\r\nrest",
    OK + b"Transfer-Encoding:  Chunked \r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    OK + b"Transfer-Encoding: zip\r\n\r\nabc",
    OK + b"Transfer-Encoding: gzip, chunked\r\n\r\nabc",
    OK + b"Connection: close\r\n\r\nabc",
    OK + b"Connection: Keep-Alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 1\r\n\r\na",
    OK + b"\r\nabc",
    OK + b"no colon\r\nContent-Length: 3\r\n\r\nabc",
    OK + b"X-Folded: a\r\n Content-Length: 9\r\nContent-Length: 3\r\n\r\nabc",
    OK + b"X: a\rContent-Length: 9\r\nContent-Length: 3\r\n\r\nabc",
    OK + b"X: a\nContent-Length: 3\r\n\r\nabc",
    OK + b"X: caf\xe9\x00\r\nContent-Length: 3\x0b\r\n\r\nabc",
    OK + b"X\x80: a\r\nContent-Length: 3\r\n\r\nabc",
    OK + b": a\r\nContent-Length: 3\r\n\r\nabc",
    OK + b"X: " + b"x" * 262_141 + b"\r\nContent-Length: 3\r\n\r\nabc",
    OK + b"X: " + b"x" * 262_142 + b"\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
    b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.0 200 Fine,  thanks \r\n\r\nabc",
    b"HTTP/1.1  200 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/2 200\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 2000 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\nrest",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 101 Switching\r\n\r\nabc",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"\r\n" + OK + b"Content-Length: 3\r\n\r\nabc",
)
DAMAGE = (b"", b"\r", b"\n", b"\r\n", b":", b" ", b"1", b"\xff")


class _Taken(Protocol):
    def __init__(self) -> None:
        self.body = b""
        self.ended = ""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.body += data

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        self.ended = repr(reason and reason.type)


class _Transport:
    disconnecting = False

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.calls.append(name)


def parse(data: bytes, size: int) -> dict[str, Any]:
    """Return what a parser makes of a response that arrives in pieces of a size."""
    transport, taker = _Transport(), _Taken()
    rest: list[bytes] = []
    request: Any = Request._construct(b"GET", b"/", Headers({"host": ["a"]}), None)
    parser: Any = HTTPClientParser(request, rest.append)
    parser.makeConnection(TransportProxyProducer(transport))
    parser.__class__ = LenientParser
    failed: list[Any] = []
    seen: list[Any] = []

    def answered(response: Any) -> None:
        seen.append((response.version, response.code, response.phrase, str(response.length)))
        response.deliverBody(taker)

    parser._responseDeferred.addCallbacks(answered, failed.append)
    raised = ""
    try:
        for at in range(0, len(data), size):
            parser.dataReceived(data[at : at + size])
            if rest:
                rest = [rest[0] + data[at + size :]]
                break
    except Exception as problem:  # noqa: BLE001 - the connection gives up then, whatever it is
        raised = repr(problem)
    control = dict(parser.connHeaders.getAllRawHeaders())
    return {
        "seen": seen, "body": taker.body, "ended": taker.ended, "rest": rest, "raised": raised, "control": control,
        "failed": bool(failed), "calls": transport.calls, "state": parser.state,
    }  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: repr(answer[:40]))
def test_a_head_is_parsed_the_same_in_one_piece_and_byte_by_byte(answer: bytes) -> None:
    """A head that is matched at once has the same result as one that is parsed line by line."""
    assert parse(answer, len(answer)) == parse(answer, 1 if len(answer) < 1_000 else 999)


def test_a_damaged_head_is_parsed_the_same_too() -> None:
    """Also if bytes of it are lost, doubled or exchanged."""
    chance = random.Random(5)
    short = [answer for answer in ANSWERS if len(answer) < 1_000]
    for _ in range(2_000):
        answer = bytearray(chance.choice(short))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(answer))
            answer[at : at + chance.randint(0, 2)] = chance.choice(DAMAGE)
        whole = bytes(answer)
        assert parse(whole, len(whole) or 1) == parse(whole, 1), whole


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("certificate verify failed", "its certificate is not trusted"),
        ("certificate of another host", "its certificate is for another host"),
        ("tlsv1 alert protocol version", "it speaks no version of TLS that is safe to use"),
        ("wrong version number", "it does not speak TLS on this port"),
        ("sslv3 alert handshake failure", "it accepts none of the encryption methods offered"),
        ("tlsv1 unrecognized name", "it has no certificate for this host name"),
        ("unexpected eof while reading", "it closed the connection during the TLS handshake"),
        ("something new", "the TLS connection failed"),
        ("", "the TLS connection failed"),
    ],
)
def test_tls_failures_say_what_happened_what_it_means_and_what_to_do(words: str, reason: str) -> None:
    """Whatever OpenSSL says, known or not."""
    said = describe_tls_error(words)
    assert said.startswith(reason)
    assert "nothing was fetched or archived" in said
    assert "again later" in said
    assert "certificate authorities" in said
