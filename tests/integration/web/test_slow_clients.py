"""Connections that their clients leave idle, half-sent or unread, with the server that `newsarchive serve` runs."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from newsarchive.archive import Archive
from newsarchive.web import connections
from newsarchive.web.app import create_app
from newsarchive.web.middleware.client_limits import ClientWorkMiddleware
from newsarchive.web.responses.streaming import ClosingStreamingResponse
from newsarchive.web.serve_options import RequestLimits, ServeOptions
from newsarchive.web.server import create_config
from tests.newsroom.certificate import create_certificate

Start = Callable[..., int]


@contextmanager
def running(app: object, options: ServeOptions) -> Iterator[int]:
    config = create_config(app, options)  # type: ignore[arg-type]
    config.port = 0
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(20)


@pytest.fixture
def start(paper: Archive) -> Iterator[Start]:
    """Starts servers of an archive, or of another application; gives their ports."""
    with ExitStack() as stack:
        yield lambda options=ServeOptions(), app=None: stack.enter_context(  # noqa: B008 - frozen
            running(app or create_app(paper, options), options)
        )


def open_client(port: int, sent: bytes = b"", address: str = "127.0.0.1") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(address, 0))
    client.sendall(sent)
    return client


def get(port: int, path: str = "/help", address: str = "127.0.0.1") -> bytes:
    with open_client(
        port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode(), address
    ) as client:
        return b"".join(iter(lambda: client.recv(1 << 16), b""))


HALF_SENT = (
    b"",
    b"GET /help HTTP/1.1\r\nHost: loc",
    b"POST /exports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nq=",
)


@pytest.mark.slow
@pytest.mark.parametrize("sent", HALF_SENT, ids=["idle", "headers", "body"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"], ids=["the same client", "another client"])
def test_idle_and_half_sent_requests_keep_nobody_out(start: Start, sent: bytes, address: str) -> None:
    """Not others, and not even the same client: the connection that has waited longest makes room."""
    port = start()
    with ExitStack() as stack:
        for _ in range(600):
            stack.enter_context(open_client(port, sent))
        assert get(port, address=address).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", HALF_SENT, ids=["idle", "headers", "body"])
def test_connections_of_many_clients_keep_nobody_out(
    start: Start, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Beyond the limit for all, one of the client with the most connections makes room."""
    monkeypatch.setattr("newsarchive.web.connections.MAX_CONNECTIONS", 60)
    port = start()
    with ExitStack() as stack:
        for number in range(200):
            stack.enter_context(open_client(port, sent, f"127.0.1.{number % 8}"))
        assert get(port, address="127.0.0.9").startswith(b"HTTP/1.1 200")


def test_bodies_of_many_clients_that_do_not_arrive_keep_nobody_out(start: Start) -> None:
    """A request is one of the limited number in progress once it is there."""
    port = start(ServeOptions(limits=RequestLimits(max_concurrent=8)))
    with ExitStack() as stack:
        for number in range(40):
            stack.enter_context(open_client(port, HALF_SENT[-1], f"127.0.1.{number % 20}"))
        assert get(port).startswith(b"HTTP/1.1 200")


def test_a_client_that_leaves_is_no_error_of_the_server(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """The log would grow by a traceback with each."""
    port = start()
    for _ in range(3):
        open_client(port, HALF_SENT[-1]).close()
        assert get(port).startswith(b"HTTP/1.1 200")
    assert [each for each in caplog.records if each.exc_info] == []


@pytest.mark.parametrize("path", ["/help", "/static/style.css", "/export.jsonl", "/nothing-here"])
def test_head_sends_no_body(start: Start, path: str) -> None:
    """The next response of a connection follows the headers."""
    asked = "{} HTTP/1.1\r\nHost: localhost\r\n{}\r\n".format
    sent = asked(f"HEAD {path}", "") + asked("GET /robots.txt", "Connection: close\r\n")
    with open_client(start(), sent.encode()) as client:
        received = b"".join(iter(lambda: client.recv(1 << 16), b""))
    _, following = received.split(b"\r\n\r\n", 1)
    assert following.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"User-agent:" in following


def test_a_body_of_two_lengths_is_refused(start: Start) -> None:
    """And its connection closed: a proxy before the server may have taken it for two requests."""
    lengths = b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    second = b"GET /help HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with open_client(start(), b"POST /exports HTTP/1.1\r\nHost: localhost\r\n" + lengths + second) as client:
        answers = b"".join(iter(lambda: client.recv(1 << 16), b""))
    assert answers.startswith(b"HTTP/1.1 400")
    assert answers.count(b"HTTP/1.1 ") == 1


def is_closed(client: socket.socket) -> bool:
    try:
        return not client.recv(1)
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("timeout", "sent"),
    [
        ("REQUEST_TIMEOUT", b""),
        ("REQUEST_TIMEOUT", b"GET / HTTP/1.1\r\nHost: l"),
        ("BODY_TIMEOUT", b"POST /exports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nq="),
    ],
    ids=["idle", "headers", "body"],
)
def test_slow_requests_are_closed(start: Start, monkeypatch: pytest.MonkeyPatch, timeout: str, sent: bytes) -> None:
    """Idle connections, half-sent headers and half-sent bodies end after their time."""
    monkeypatch.setattr(connections, timeout, 0.1)
    with open_client(start(), sent) as client:
        assert is_closed(client)


def test_single_bytes_do_not_prolong_the_time_for_a_request(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that sends a byte now and then has no more time than others."""
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT", 0.3)
    with open_client(start(), b"GET /") as client:
        client.settimeout(0.01)
        for _ in range(2000):
            try:
                client.sendall(b"x")
                if not client.recv(1):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("the connection stayed open")


async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a response that never ends."""
    await ClosingStreamingResponse(iter(lambda: bytes(1 << 16), b""))(scope, receive, send)


def test_clients_that_do_not_read_are_closed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that its client has stopped reading ends after its time, and so does its response."""
    monkeypatch.setattr(connections, "SEND_TIMEOUT", 0.2)
    limited = ClientWorkMiddleware(endless, RequestLimits(max_per_client=1))
    port = start(app=limited)
    with open_client(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        for _ in range(2000):
            if limited.active:
                break
            time.sleep(0.01)
        assert get(port).startswith(b"HTTP/1.1 503")
        for _ in range(2000):
            if not limited.active:
                return
            time.sleep(0.01)
    pytest.fail("the response did not end")


def test_requests_beyond_the_limit_get_a_page(start: Start) -> None:
    """503 as a page for people, with Retry-After; another client is answered."""
    limits = RequestLimits(max_per_client=2)
    entered, leave = threading.Semaphore(0), threading.Event()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wait":
            entered.release()
            await asyncio.to_thread(leave.wait)
        await PlainTextResponse("done")(scope, receive, send)

    port = start(app=ClientWorkMiddleware(wait, limits))
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(open_client(port, b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            entered.acquire(timeout=20)
        refused = get(port)
        other = get(port, address="127.0.0.2")
        leave.set()
    assert refused.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 10" in refused
    assert b"<h1" in refused
    assert other.startswith(b"HTTP/1.1 200")


FORM = b"POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"


def test_forms_are_requests_in_progress_once_they_are_there(start: Start) -> None:
    """Half-sent ones of a few clients keep nobody out; those that are answered count like other requests."""
    entered, leave, bodies = threading.Semaphore(0), threading.Event(), list[bytes]()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wait":
            bodies.append(await Request(scope, receive).body())
            entered.release()
            await asyncio.to_thread(leave.wait)
        await PlainTextResponse("done")(scope, receive, send)

    limited = ClientWorkMiddleware(wait, RequestLimits(max_per_client=8, max_concurrent=8))
    port = start(app=limited)
    with ExitStack() as stack:
        half = [stack.enter_context(open_client(port, FORM + b"q=", f"127.0.1.{n % 4}")) for n in range(60)]
        assert get(port).startswith(b"HTTP/1.1 200")
        assert limited.active.total() == 0
        for client in half[-8:]:
            client.sendall(b"ab")
            entered.acquire(timeout=20)
        assert bodies == [b"q=ab"] * 8
        assert limited.active.total() == 8
        for refused in (get(port), get(port, address="127.0.0.9")):
            assert refused.startswith(b"HTTP/1.1 503")
        with open_client(port, FORM + b"q=ab", "127.0.0.9") as client:
            assert client.recv(12) == b"HTTP/1.1 503"
        leave.set()
        for client in half[-8:]:
            assert client.recv(12) == b"HTTP/1.1 200"
        half[0].close()
        assert get(port).startswith(b"HTTP/1.1 200")


def test_a_form_that_is_too_long_is_refused(start: Start) -> None:
    """The answer is 413, with a stated length and without one, before all of the body has arrived."""
    port = start()
    head = b"POST /exports HTTP/1.1\r\nHost: localhost\r\n"
    for sent in (b"Content-Length: 900000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"):
        with open_client(port, head + sent + b"q=" + b"x" * 30_000) as client:
            assert client.recv(12) == b"HTTP/1.1 413"


@pytest.mark.slow
def test_tls_is_served_with_a_certificate(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS works; handshakes that are never finished keep nobody out and end after their time."""
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT", 2.0)
    made = create_certificate(tmp_path)
    port = start(ServeOptions(cert=made.certificate_file, key=made.key_file))
    trusting = ssl.create_default_context(cafile=made.certificate_file)
    with ExitStack() as stack:
        idle = [stack.enter_context(open_client(port, b"\x16\x03")) for _ in range(200)]
        with trusting.wrap_socket(open_client(port), server_hostname="localhost") as client:
            client.sendall(b"GET /help HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b"".join(iter(lambda: client.recv(1 << 16), b"")).startswith(b"HTTP/1.1 200")
        assert all(is_closed(each) for each in idle)
