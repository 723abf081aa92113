"""A server with exact responses, which logs every byte that it sends and receives."""

import contextlib
import datetime as dt
import gzip
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Said:
    """A response: its bytes, and what happens to the connection after them."""

    data: bytes
    then: str = "keep"
    """keep, close, reset, hang, or "drop": close without a response if the connection was used before."""
    pause: float = 0.0
    """Before the response."""


@dataclass
class Logged:
    """One exchange as the server saw it."""

    path: str
    request: bytes
    response: bytes
    began: float
    """When the request was received, monotonic."""
    answered: float = 0.0
    """When the server began to send the response: no client has it sooner."""
    ended: float = 0.0


@dataclass
class WireServer:
    """Responds to each path by `answers`; a function there is called for each request."""

    context: ssl.SSLContext | None = None
    answers: dict[str, Said | Callable[[], Said]] = field(default_factory=dict)
    log: list[Logged] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._socket.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def say(self, path: str, data: bytes, then: str = "keep", pause: float = 0.0) -> None:
        """Set the response of a path."""
        self.answers[path] = Said(data, then, pause)

    def of(self, path: str) -> list[Logged]:
        """Return the requests of a path."""
        return [each for each in self.log if each.path == path]

    def close(self) -> None:
        """End it, with all connections that hang."""
        if self._over.is_set():
            return
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for connections
        self._socket.close()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(raw)
            connection = self.context.wrap_socket(raw, server_side=True) if self.context else raw
            stack.enter_context(connection)
            self._open.add(connection)
            stack.callback(self._open.discard, connection)
            served = 0
            while self._exchange(connection, served):
                served += 1

    def _exchange(self, connection: socket.socket, served: int) -> bool:
        request = b""
        while not is_whole(request):
            data = connection.recv(65536)
            if not data:
                return False
            request += data
        path = request.split(b" ", 2)[1].decode()
        said = self.answers.get(path.partition("?")[0], Said(reply(404, b"no")))
        said = said if isinstance(said, Said) else said()
        data = b"" if said.then == "drop" and served else said.data
        logged = Logged(path, request, data, time.monotonic())
        self.log.append(logged)
        self._over.wait(said.pause)
        logged.answered = time.monotonic()
        # In pieces, so that no client sees a message in one read.
        size = 1400 if len(data) < 200_000 else 65_536
        try:
            for at in range(0, len(data), size):
                connection.sendall(data[at : at + size])
        finally:
            logged.ended = time.monotonic()
        return self._after(said.then, connection, served)

    def _after(self, then: str, connection: socket.socket, served: int) -> bool:
        if then == "hang":
            self._over.wait(60)
        if then == "reset":
            time.sleep(0.2)  # let what was sent arrive before the reset discards it
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if then == "close" and self.context:
            with contextlib.suppress(OSError):
                connection.unwrap()  # type: ignore[attr-defined] # the close_notify of TLS
        return then == "keep" or (then == "drop" and not served)


def is_whole(request: bytes) -> bool:
    """Return True if a request has arrived with its body."""
    head, blank, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"\ncontent-length: *(\d+)", head.lower())
    return bool(blank) and len(body) >= int(length[1] if length else 0)


def reply(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Return a plain response."""
    lines = [f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def page(text: str = "a page", *headers: str) -> Said:
    """Return an HTML page, gzipped like most."""
    body = gzip.compress(f"<html><title>{text}</title><p>{text}</p></html>".encode(), mtime=0)
    return Said(reply(200, body, "Content-Type: text/html; charset=utf-8", "Content-Encoding: gzip", *headers))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file: Path = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture(scope="session")
def tls(certificate: Path) -> ssl.SSLContext:
    """The TLS context of a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def server() -> Iterator[WireServer]:
    """A server without TLS."""
    server = WireServer()
    yield server
    server.close()


@pytest.fixture
def second_server() -> Iterator[WireServer]:
    """Another server without TLS, at another port."""
    server = WireServer()
    yield server
    server.close()


@pytest.fixture(params=["http", "https"])
def either(request: pytest.FixtureRequest, tls: ssl.SSLContext) -> Iterator[WireServer]:
    """A server, once without and once with TLS."""
    server = WireServer(context=tls if request.param == "https" else None)
    yield server
    server.close()


@pytest.fixture
def said() -> Callable[[bytes], Said]:
    """Return the type of responses, for functions in `answers`."""
    return Said
