"""The owner's credentials are recorded as placeholders of their length; every other byte is as on the wire."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.crawl.credentials import KEY_FILE, CredentialMask
from storage.model import Exchange

RESPONSE = (
    b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=topsecret; Path=/; HttpOnly\r\nset-cookie:b=\r\nX-Note: Set-Cookie: sid=shown"
    b"\r\n\r\nSet-Cookie: sid=body\r\n\r\nAuthorization: body"
)


def exchange(request: bytes, url: str = "https://news.example/a") -> Exchange:
    return Exchange(url=url, started_at=datetime(2026, 3, 1, tzinfo=UTC), request=request, response=RESPONSE)


@pytest.mark.parametrize("name", [b"Cookie", b"cookie", b"Authorization", b"PROXY-AUTHORIZATION"])
def test_credentials_become_placeholders_of_equal_length(tmp_path: Path, name: bytes) -> None:
    """The values alone: names, spaces, attributes of cookies and bodies stay."""
    sent = (
        b"GET /a HTTP/1.1\r\nHost: news.example\r\n"
        + name
        + b": a=hunter2; b="
        + b"long" * 40
        + b"\r\nAccept: */*\r\n\r\n"
    )
    masked = CredentialMask(tmp_path).apply(exchange(sent))
    assert len(masked.request) == len(sent)
    assert len(masked.response) == len(RESPONSE)
    assert b"hunter2" not in masked.request
    assert b"longlong" not in masked.request
    assert masked.request.startswith(b"GET /a HTTP/1.1\r\nHost: news.example\r\n" + name + b": ")
    assert masked.request.endswith(b"\r\nAccept: */*\r\n\r\n")
    begin = RESPONSE.index(b"topsecret")
    assert b"topsecret" not in masked.response
    assert masked.response[:begin] == RESPONSE[:begin]
    assert masked.response[begin + 9 :] == RESPONSE[begin + 9 :]


def test_the_body_of_a_login_becomes_a_placeholder(tmp_path: Path) -> None:
    """And the cookies that the site sets from then on."""
    mask = CredentialMask(tmp_path)
    head = b"POST /login HTTP/1.1\r\nContent-Length: 16\r\n\r\n"
    masked = mask.apply(exchange(head + b"user=u&password=p"))
    assert masked.request.startswith(head)
    assert len(masked.request) == len(head) + 17
    assert b"password" not in masked.request
    later = mask.apply(exchange(b"GET /a HTTP/1.1\r\n\r\n"))
    assert later.request == b"GET /a HTTP/1.1\r\n\r\n"
    assert b"topsecret" not in later.response


def test_exchanges_without_credentials_are_recorded_as_they_are(tmp_path: Path) -> None:
    """Set-Cookie of other sites included, and no key is made."""
    mask = CredentialMask(tmp_path)
    plain = exchange(b"GET /?cookie:=1 HTTP/1.1\r\nHost: x\r\nX-Cookie: shown\r\n\r\n", "https://other.example/")
    assert mask.apply(plain) is plain
    assert not (tmp_path / KEY_FILE).exists()
    mask.apply(exchange(b"GET / HTTP/1.1\r\nCookie: a=1\r\n\r\n"))
    assert mask.apply(plain) is plain


def test_the_placeholder_is_a_keyed_hash(tmp_path: Path) -> None:
    """The same value is the same placeholder in one archive, and another one elsewhere; the key is the owner's."""
    (tmp_path / "other").mkdir()
    sent = exchange(b"GET / HTTP/1.1\r\nCookie: session=0123456789\r\n\r\n")
    one, again = CredentialMask(tmp_path).apply(sent), CredentialMask(tmp_path).apply(sent)
    assert one == again
    assert CredentialMask(tmp_path / "other").apply(sent).request != one.request
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
