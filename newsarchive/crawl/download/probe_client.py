"""One answer by the standard library, for a look at a site: guarded as a crawl is, and bounded. Nothing is kept."""

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from newsarchive.crawl.download.ssrf import Guard, refusal
from storage.errors import PayloadError
from storage.warc.payload import Headers, decode_entity

SECONDS = 20.0
SIZE = 10_000_000
INFLATED = 50_000_000
PIECE = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, redirects followed."""

    url: str
    """Where it came from in the end."""
    status: int
    headers: Headers
    body: bytes
    """Codings undone."""


class Opener:
    """Fetches URLs one by one."""

    def __init__(self, user_agent: str, guard: Guard) -> None:
        self._agent = user_agent
        self._guard = guard
        # Not urllib's usual set: that opens ftp:, file: and data: too, and would follow a redirect to them.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            _Plain(guard), _Secure(guard), _Onward(), urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(), urllib.request.UnknownHandler(),
        ):  # fmt: skip
            self._opener.add_handler(handler)
        self._opener.addheaders = []

    def fetch(self, url: str) -> Answer | str:
        """The answer for a URL, whatever its status; or why there is none, in a few words."""
        if why := refusal(url):
            return why
        request = urllib.request.Request(  # noqa: S310 - refusal() lets only http and https pass
            url, headers={"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate, br"}
        )
        try:
            try:
                response: Any = self._opener.open(request, timeout=SECONDS)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                return _answer(response)
        except (OSError, http.client.HTTPException, PayloadError, ValueError) as problem:
            return _words(problem)


def _answer(response: Any) -> Answer:
    deadline = time.monotonic() + SECONDS
    pieces: list[bytes] = []
    size = 0
    while size < SIZE and time.monotonic() < deadline:
        piece = response.read1(PIECE) if hasattr(response, "read1") else response.read(PIECE)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    headers: Headers = tuple((name, value) for name, value in response.headers.items())
    body = decode_entity(b"".join(pieces), headers, INFLATED)
    return Answer(url=response.geturl(), status=response.status, headers=headers, body=body)


def _words(problem: BaseException) -> str:
    reason = getattr(problem, "reason", None) or problem
    if isinstance(reason, socket.gaierror):
        return "no such host"
    if isinstance(reason, TimeoutError):
        return f"no answer within {SECONDS:g} s"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({reason.verify_message})"
    return str(getattr(reason, "strerror", None) or reason) or type(reason).__name__


def addresses(host: str) -> list[str]:
    """The IP addresses that a host name leads to; empty where it leads nowhere."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _connect(guard: Guard, host: str, port: int, timeout: float) -> socket.socket:
    """Connect to an address that the guard allows: the one that was looked at, not the name once more."""
    found = addresses(host)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")
    allowed = [address for address in found if guard.allows(host, address)]
    if not allowed:
        raise OSError(guard.objection(host, found[0]))
    failure: OSError | None = None
    for address in allowed[:3]:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as problem:
            failure = problem
    assert failure is not None
    raise failure


class _Onward(urllib.request.HTTPRedirectHandler):
    """Follows redirects to where a crawl would go, and nowhere else."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Called by urllib."""
        if why := refusal(newurl):
            raise urllib.error.URLError(f"it redirects to {newurl[:200]}: {why}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _PlainConnection(http.client.HTTPConnection):
    guard: Guard

    def connect(self) -> None:
        self.sock = _connect(self.guard, self.host, self.port, SECONDS)


class _SecureConnection(http.client.HTTPSConnection):
    guard: Guard

    def connect(self) -> None:
        # A private address has no certificate that a public authority signed.
        private = self.guard.is_private(self.host)
        context = ssl._create_unverified_context() if private else ssl.create_default_context()  # noqa: S323, SLF001
        plain = _connect(self.guard, self.host, self.port, SECONDS)
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._kind: Any = type("Guarded", (_PlainConnection,), {"guard": guard})

    def http_open(self, req: urllib.request.Request) -> Any:
        """Called by urllib."""
        return self.do_open(self._kind, req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._kind: Any = type("Guarded", (_SecureConnection,), {"guard": guard})

    def https_open(self, req: urllib.request.Request) -> Any:
        """Called by urllib."""
        return self.do_open(self._kind, req)
