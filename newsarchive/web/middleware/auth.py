"""Authentication: users with passwords (HTTP Basic) and tokens (Bearer), stored in newsarchive.toml as hashes.

scrypt:14:8:5:SALT:KEY      a password: log2 of n, r, p; salt and key in base64
sha256:HEX                  a token, which is random: no guessing finds it, so that its hash may be fast
"""

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping

import anyio
from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from newsarchive.web.middleware.client_limits import TokenBuckets, client_key
from newsarchive.web.middleware.problem_details import HttpMiddleware, edit_headers, problem_response
from newsarchive.web.serve_options import ServeOptions

LOG_N, R, P = 14, 8, 5
"""16 MB and about 0.2 s per attempt."""
CHALLENGE = {"www-authenticate": 'Basic realm="newsarchive", charset="UTF-8"'}
PUBLIC_PATHS = ("/robots.txt", "/static/")
"""Beginnings of paths: without its style sheet the page with the 401 could hardly be read."""
MAX_CACHED = 1_000
MAX_PARALLEL = 2
FAILURES_PER_SECOND, MAX_FAILURES = 0.2, 10.0
"""Limit on failed attempts of one client."""


def hash_secret(secret: str, salt: bytes | None = None) -> str:
    """Return the hash of a password for newsarchive.toml."""
    salt = secrets.token_bytes(16) if salt is None else salt
    return f"scrypt:{LOG_N}:{R}:{P}:{_b64(salt)}:{_b64(_derive_key(secret, salt, LOG_N, R, P))}"


def create_token() -> tuple[str, str]:
    """Return a new token and its hash for newsarchive.toml."""
    token = secrets.token_urlsafe(32)
    return token, hash_token(token)


def hash_token(token: str) -> str:
    """Return the hash of a token."""
    return f"sha256:{hashlib.sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()}"


def verify_secret(secret: str, kept: str) -> bool:
    """Return True if the hash is that of the password.

    >>> [verify_secret(secret, hash_secret("open sesame")) for secret in ("open sesame", "sesame")]
    [True, False]
    """
    try:
        _, log_n, r, p, salt, key = kept.split(":")
        derived = _derive_key(secret, base64.b64decode(salt), int(log_n), int(r), int(p))
        return hmac.compare_digest(derived, base64.b64decode(key))
    except ValueError:
        return False


def _derive_key(secret: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    room = 128 * r * ((1 << log_n) + p + 2) + (1 << 20)
    return hashlib.scrypt(secret.encode("utf-8", "surrogatepass"), salt=salt, n=1 << log_n, r=r, p=p, maxmem=room)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


class Authenticator:
    """Checks credentials. A hash is slow on purpose: valid Authorization headers are cached under a keyed digest."""

    def __init__(self, users: Mapping[str, str], tokens: Mapping[str, str]) -> None:
        self._users = users
        self._tokens = {kept: name for name, kept in tokens.items() if kept.startswith("sha256:")}
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, str] = OrderedDict()

    def cached_user(self, header: str) -> str | None:
        """Return the user of an Authorization header that was valid before, or None."""
        return self._known.get(self._cache_key(header))

    def authenticate(self, header: str) -> str | None:
        """Return the user of an Authorization header; None if it is invalid. Slow."""
        scheme, _, rest = header.partition(" ")
        name = None
        if scheme.lower() == "basic":
            name = self._check_basic(rest.strip())
        elif scheme.lower() == "bearer":
            # Looked up by its hash, whose timing tells nothing about the token.
            name = self._tokens.get(hash_token(rest.strip()))
        if name is not None:
            self._known[self._cache_key(header)] = name
            while len(self._known) > MAX_CACHED:
                self._known.popitem(last=False)
        return name

    def _check_basic(self, encoded: str) -> str | None:
        try:
            name, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except ValueError:
            return None
        # An unknown user takes as long as a known one.
        is_valid = colon and verify_secret(password, self._users.get(name, _DUMMY_HASH))
        return name if is_valid and name in self._users else None

    def _cache_key(self, header: str) -> bytes:
        return hmac.digest(self._secret, header.encode("utf-8", "surrogatepass"), "sha256")


_DUMMY_HASH = f"scrypt:{LOG_N}:{R}:{P}:{_b64(bytes(16))}:{_b64(bytes(64))}"
"""Hash that no password has."""


def make_private(headers: MutableHeaders) -> None:
    """Forbid shared caches to keep a response."""
    rest = [part for part in headers.get("cache-control", "").split(", ") if part not in {"", "public"}]
    headers["cache-control"] = ", ".join(dict.fromkeys(("private", *rest)))


class AuthMiddleware(HttpMiddleware):
    """ASGI middleware: 401 without valid credentials, 429 after too many wrong ones."""

    def __init__(self, app: ASGIApp, options: ServeOptions, clock: Callable[[], float]) -> None:
        super().__init__(app)
        self.authenticator = Authenticator(options.users, options.tokens)
        self.failures = TokenBuckets(FAILURES_PER_SECOND, MAX_FAILURES)
        self.clock = clock
        self._limiter = anyio.CapacityLimiter(MAX_PARALLEL)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(PUBLIC_PATHS):
            await self.app(scope, receive, send)
            return
        request, wait = Request(scope), 0.0
        header = request.headers.get("authorization", "")
        name = self.authenticator.cached_user(header) if header else None
        if header and name is None and not (wait := self.failures.take(client_key(scope), self.clock())):
            name = await to_thread.run_sync(self.authenticator.authenticate, header, limiter=self._limiter)
            if name is not None:
                # Each process verifies a password for itself.
                self.failures.take(client_key(scope), self.clock(), tokens=-1.0)
        if name is not None:
            scope.setdefault("state", {})["reader"] = name
            await self.app(scope, receive, edit_headers(send, make_private))
            return
        detail = "This archive requires a user name and password, or a token."
        answer = problem_response(request, 401, detail, CHALLENGE)
        if wait:
            detail, retry_after = "Too many failed attempts. Wait a while.", {"retry-after": str(int(wait) + 1)}
            answer = problem_response(request, 429, detail, retry_after)
        await answer(scope, receive, send)
