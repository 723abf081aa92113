"""Contract of the recording client: an Exchange has the bytes of the server's log."""

import gc
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from newsarchive.crawl import event_loop
from newsarchive.crawl.download.client import Attempt, FetchResult, RecordingClient
from newsarchive.crawl.download.connect import GuardedEndpoints, NotPublicError
from newsarchive.urls.ssrf import AddressGuard
from storage.model import Exchange
from tests.integration.crawl.wire_forms import BODY, CUT, OK, WHOLE, chunked, sized

BEGAN = datetime(2026, 11, 25, 1, 2, 3, 4, UTC)


def fetch(server: Any, *paths: str, seconds: float = 10, limit: int = 10_000_000) -> list[FetchResult]:
    """Fetch paths one after another through one pool."""

    async def main() -> list[FetchResult]:
        reactor = event_loop.reactor()
        wire = RecordingClient(reactor, GuardedEndpoints(reactor, AddressGuard({"127.0.0.1"})), now=lambda: BEGAN)
        try:
            headers = [("User-Agent", "newsarchive/1 (+mailto:a@b.example)"), ("Accept-Encoding", "gzip")]
            return [await wire.fetch(server.base + path, headers, seconds=seconds, limit=limit) for path in paths]
        finally:
            await wire.close()

    return event_loop.run(main())


def only(fetched: FetchResult, url: str = "https://news.example/") -> Exchange:
    (attempt,) = fetched.attempts
    return attempt.exchange(url)


def say_all(server: Any) -> None:
    for name, (data, then) in WHOLE.items():
        server.say(f"/{name}", data, then)
    for name, (data, then, _) in CUT.items():
        server.say(f"/{name}", data, then)


def test_complete_exchanges_are_recorded_to_the_byte(either: Any) -> None:
    """Request and response of each exchange equal the server's log, in any form, without and with TLS."""
    say_all(either)
    exchanges = [
        only(fetched, name) for name, fetched in zip(WHOLE, fetch(either, *(f"/{name}" for name in WHOLE)), strict=True)
    ]
    logged = [either.of(f"/{name}")[0] for name in WHOLE]
    tls = ("tls/1.3",) if either.context else ()
    assert exchanges == [
        Exchange(
            url=name,
            started_at=BEGAN,
            request=seen.request,
            response=seen.response,
            peer="127.0.0.1",
            protocols=("http/1.0" if name == "http10" else "http/1.1", *tls),
            cipher="TLS_AES_256_GCM_SHA384" if either.context else None,
        )
        for name, seen in zip(WHOLE, logged, strict=True)
    ]


def test_the_request_is_exact(server: Any) -> None:
    """Host first, then the given headers in their order, and nothing else."""
    say_all(server)
    (fetched,) = fetch(server, "/plain?a=%20b")
    assert only(fetched).request == (
        b"GET /plain?a=%%20b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: newsarchive/1 (+mailto:a@b.example)\r\n"
        b"Accept-Encoding: gzip\r\n\r\n" % server.port
    )


@pytest.mark.parametrize("name", CUT)
def test_incomplete_responses_are_recorded_in_part(either: Any, name: str) -> None:
    """The bytes received are recorded, with the reason why the response ended."""
    say_all(either)
    (fetched,) = fetch(either, f"/{name}", seconds=1.2)
    exchange = only(fetched)
    data, _, why = CUT[name]
    assert (exchange.response, exchange.truncated) == (data, why)


@pytest.mark.parametrize("name", ["length", "chunks"])
def test_size_is_limited_to_the_byte(either: Any, name: str) -> None:
    """A longer response is cut at the limit and marked as truncated."""
    body = b"x" * 900_000
    data = sized(OK, body) if name == "length" else OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body)
    either.say("/big", data)
    (fetched,) = fetch(either, "/big", limit=200_000)
    assert (only(fetched).response, only(fetched).truncated) == (data[:200_000], "length")


@pytest.mark.parametrize(("name", "then"), [("closed", "close"), ("silent", "hang")])
def test_no_response_is_not_recorded(either: Any, name: str, then: str) -> None:
    """Without a byte there is no attempt, but an error."""
    either.say(f"/{name}", b"", then)
    (fetched,) = fetch(either, f"/{name}", seconds=0.5)
    assert (list(fetched.attempts), fetched.error is not None) == ([], True)


def test_a_closed_pooled_connection_is_not_recorded(either: Any) -> None:
    """Twisted retries if an idle connection is closed; only the attempt with a response is recorded."""
    say_all(either)
    either.say("/flaky", WHOLE["plain"][0], "drop")
    _, fetched = fetch(either, "/plain", "/flaky")
    assert [each.response for each in either.of("/flaky")] == [b"", WHOLE["plain"][0]]
    assert only(fetched).response == WHOLE["plain"][0]


def test_bytes_after_a_message_are_not_recorded(either: Any) -> None:
    """They are part neither of this record nor of the next one."""
    either.say("/extra", sized(OK, b"abc") + b"GARBAGE")
    either.say("/next", sized(OK, b"next"))
    extra, after = fetch(either, "/extra", "/next")
    assert (only(extra).response, only(after).response) == (sized(OK, b"abc"), sized(OK, b"next"))


def test_connections_are_reused(either: Any) -> None:
    """Requests to a host share its connection."""
    say_all(either)
    fetch(either, "/plain", "/gzip", "/chunked", "/304", "/204")
    assert either.connections == 1


def test_private_addresses_are_refused(server: Any) -> None:
    """No connection is made to an address that is not public, whatever the host name."""

    async def main() -> list[FetchResult]:
        reactor = event_loop.reactor()
        wire = RecordingClient(reactor, GuardedEndpoints(reactor, AddressGuard()), now=lambda: BEGAN)
        hosts = ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433")
        return [await wire.fetch(f"http://{host}:{server.port}/", (), seconds=5, limit=1000) for host in hosts]

    errors = [type(fetched.error) for fetched in event_loop.run(main())]
    assert (set(errors), server.connections) == ({NotPublicError}, 0)


@pytest.mark.parametrize("either", ["https"], indirect=True)
def test_certificates_are_verified(either: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate without a trusted signature is refused, except for private hosts."""

    class Open(AddressGuard):
        def refusal_reason(self, host: str, address: str) -> None:
            return None

    async def main() -> FetchResult:
        reactor = event_loop.reactor()
        return await RecordingClient(reactor, GuardedEndpoints(reactor, Open()), now=lambda: BEGAN).fetch(
            either.base + "/", (), seconds=5, limit=1000
        )

    fetched = event_loop.run(main())
    assert (list(fetched.attempts), "certificate verify failed" in repr(fetched.error)) == ([], True)
    assert either.log == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    either.say("/", sized(OK, b"trusted"))
    assert only(event_loop.run(main())).response == sized(OK, b"trusted")


def test_an_idle_connection_keeps_no_bytes(either: Any) -> None:
    """The bytes of an exchange are freed after it: a thousand hosts have a thousand idle connections."""
    either.say("/a", b"HTTP/1.1 103 Early Hints\r\n\r\n" + sized(OK, BODY), "keep")
    either.say("/cut", OK + b"Content-Length: 9000\r\n\r\n" + BODY[:3000], "hang")

    async def main() -> int:
        reactor = event_loop.reactor()
        wire = RecordingClient(reactor, GuardedEndpoints(reactor, AddressGuard({"127.0.0.1"})), now=lambda: BEGAN)
        try:
            await wire.fetch(either.base + "/cut", [], seconds=10, limit=2000)
            await wire.fetch(either.base + "/a", [], seconds=10, limit=10_000_000)
            gc.collect()
            return sum(type(each) is Attempt for each in gc.get_objects())
        finally:
            await wire.close()

    assert event_loop.run(main()) == 0


def answer_in_plain_text(listener: socket.socket) -> None:
    """Send an HTTP response to each connection at once, as servers do that are spoken to in TLS on port 80."""
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(65_536)


def test_a_host_name_without_tls_is_a_failure_and_no_error() -> None:
    """Twisted refuses a name with an underscore before it connects."""
    (fetched,) = fetch(SimpleNamespace(base="https://my_news.invalid"), "/")
    assert (fetched.attempts, fetched.describe_error()) == ([], "no valid host name")


def test_a_tls_failure_is_a_sentence() -> None:
    """It says what happened, what it means for the archive, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_in_plain_text, args=(listener,))
        thread.start()
        (fetched,) = fetch(SimpleNamespace(base=f"https://127.0.0.1:{listener.getsockname()[1]}"), "/")
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    said = fetched.describe_error()
    assert said.startswith("it does not speak TLS on this port (OpenSSL: ")
    assert "nothing was fetched or archived" in said
    assert "again later" in said
