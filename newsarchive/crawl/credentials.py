"""The owner's credentials in exchanges: each value is replaced by a placeholder of its length before it is recorded.

Request: Cookie, Authorization, Proxy-Authorization, and the body. Response of a site that is sent any: the values of
Set-Cookie; of every site for a spider of Scrapy's own, which sends all cookies again. The placeholder is a keyed hash:
equal values are recognised, and nobody can test a guess without the key.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from storage.model import Exchange
from storage.places.folder import write_atomic
from storage.urls import url_host
from storage.warc.payload import split_message

KEY_FILE = "credentials.key"
_SENT = re.compile(
    rb"^((?:cookie|authorization|proxy-authorization)[ \t]*:[ \t]*)([^\r\n]+)", re.IGNORECASE | re.MULTILINE
)
_SET = re.compile(rb"^(set-cookie[ \t]*:[^=;\r\n]*=)([^;\r\n]+)", re.IGNORECASE | re.MULTILINE)


class CredentialMask:
    """Replaces credentials in the exchanges of one run."""

    def __init__(self, folder: Path, sites: Iterable[str] | None = ()) -> None:
        """Build the mask; `sites`: those that are sent credentials, whatever they were sent so far; None: all."""
        self._file = folder / KEY_FILE
        self._key = b""
        self._sites = None if sites is None else set(sites)

    def apply(self, exchange: Exchange) -> Exchange:
        """Return the exchange as it is recorded."""
        head, blank, body = exchange.request.partition(b"\r\n\r\n")
        masked = _SENT.sub(self._replace, head)
        site = (exchange.discovery.site if exchange.discovery else "") or url_host(exchange.url)
        if self._sites is not None and (masked != head or body):
            self._sites.add(site)
        if self._sites is not None and site not in self._sites:
            return exchange
        content = split_message(exchange.response)[1]
        start = exchange.response[: len(exchange.response) - len(content)]
        return replace(
            exchange,
            request=masked + blank + self._placeholder(body),
            response=_SET.sub(self._replace, start) + content,
        )

    def _replace(self, found: re.Match[bytes]) -> bytes:
        return found[1] + self._placeholder(found[2])

    def _placeholder(self, value: bytes) -> bytes:
        if value and not self._key:
            if not self._file.exists():
                write_atomic(self._file, secrets.token_bytes(32), mode=0o600)
            self._key = self._file.read_bytes()
        texts = (b"%d:%b" % (number, value) for number in range(-(-len(value) // 64)))  # a digest has 64 digits
        digests = (hmac.new(self._key, text, hashlib.sha256).hexdigest().encode() for text in texts)
        return b"".join(digests)[: len(value)]
