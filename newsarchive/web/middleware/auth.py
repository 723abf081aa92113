"""Who may read: names with passwords (HTTP Basic) and tokens (Bearer), kept in newsarchive.toml as scrypt hashes.

scrypt:14:8:5:SALT:KEY        log2 of n, r, p; salt and key in base64
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from newsarchive.web.middleware.problem_details import answer
from newsarchive.web.middleware.rate_limit import Buckets, client_of
from newsarchive.web.serve_options import Serving

LOG_N, R, P = 14, 8, 5
"""16 MB and some 0.2 s for one try."""
ASK = {"www-authenticate": 'Basic realm="newsarchive", charset="UTF-8"'}
OPEN = ("/robots.txt",)
REMEMBERED = 1_000
AT_ONCE = 2
TRIES_PER_SECOND, TRIES = 0.2, 10.0
"""Wrong passwords that one client may try."""


def hashed(secret: str, salt: bytes | None = None) -> str:
    """What newsarchive.toml keeps of a password or token."""
    salt = secrets.token_bytes(16) if salt is None else salt
    return f"scrypt:{LOG_N}:{R}:{P}:{_b64(salt)}:{_b64(_key(secret, salt, LOG_N, R, P))}"


def is_secret(secret: str, kept: str) -> bool:
    """True where the hash was made of that password or token.

    >>> is_secret("open sesame", hashed("open sesame")), is_secret("sesame", hashed("open sesame"))
    (True, False)
    """
    try:
        _, log_n, r, p, salt, key = kept.split(":")
        made = _key(secret, base64.b64decode(salt), int(log_n), int(r), int(p))
        return hmac.compare_digest(made, base64.b64decode(key))
    except (ValueError, binascii.Error):
        return False


def _key(secret: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    room = 128 * r * ((1 << log_n) + p + 2) + (1 << 20)
    return hashlib.scrypt(secret.encode("utf-8", "surrogatepass"), salt=salt, n=1 << log_n, r=r, p=p, maxmem=room)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


class Keyring:
    """Knows whose words are right. A hash takes long on purpose: right words are remembered, keyed."""

    def __init__(self, users: Mapping[str, str], tokens: Mapping[str, str]) -> None:
        self._users, self._tokens = users, tokens
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, str] = OrderedDict()

    def recall(self, words: str) -> str | None:
        """Whose an Authorization header is, where it was right before."""
        return self._known.get(self._mark(words))

    def check(self, words: str) -> str | None:
        """Whose an Authorization header is; None where it is wrong. Takes long."""
        scheme, _, rest = words.partition(" ")
        name = None
        if scheme.lower() == "basic":
            name = self._user(rest.strip())
        elif scheme.lower() == "bearer":
            name = next((name for name, kept in self._tokens.items() if is_secret(rest.strip(), kept)), None)
        if name is not None:
            self._known[self._mark(words)] = name
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return name

    def _user(self, encoded: str) -> str | None:
        try:
            name, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except ValueError:
            return None
        if not colon:
            return None
        # A name that is not there costs as long as one that is.
        kept = self._users.get(name, _NOBODY)
        return name if is_secret(password, kept) and name in self._users else None

    def _mark(self, words: str) -> bytes:
        return hmac.digest(self._secret, words.encode("utf-8", "surrogatepass"), "sha256")


_NOBODY = f"scrypt:{LOG_N}:{R}:{P}:{_b64(bytes(16))}:{_b64(bytes(64))}"
"""A hash that nothing makes."""


class Guard:
    """ASGI middleware: who is not known gets 401. `scope["state"]["reader"]` is the name of who is."""

    def __init__(self, app: ASGIApp, serving: Serving, clock: Callable[[], float]) -> None:
        self.app = app
        self.keyring = Keyring(serving.users, serving.tokens)
        self.wrong = Buckets(TRIES_PER_SECOND, TRIES)
        self.clock = clock
        self._places: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        words = request.headers.get("authorization", "")
        name = self.keyring.recall(words) if words else None
        if words and name is None:
            wait = self.wrong.take(client_of(scope), self.clock())
            if wait:
                headers = {"retry-after": str(int(wait) + 1)}
                refused = answer(
                    request,
                    429,
                    "Those were too many tries. Wait a while, then try again.",
                    headers,
                )
                await refused(scope, receive, send)
                return
            name = await self._checked(words)
        if name is None:
            refused = answer(request, 401, "This archive asks for a name and password, or for a token.", ASK)
            await refused(scope, receive, send)
            return
        scope.setdefault("state", {})["reader"] = name
        await self.app(scope, receive, send)

    async def _checked(self, words: str) -> str | None:
        if self._places is None:
            self._places = anyio.CapacityLimiter(AT_ONCE)  # belongs to the running loop
        return await to_thread.run_sync(self.keyring.check, words, limiter=self._places)
