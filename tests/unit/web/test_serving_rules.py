from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.web.access_rules import Rules
from newsarchive.web.middleware.security import HEADERS, host_name, with_defaults
from newsarchive.web.serve_options import Serving
from storage.errors import ConfigError

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("host", "public", "auth", "users", "is_right"),
    [
        ("127.0.0.1", False, False, {}, True),
        ("::1", False, False, {}, True),
        ("localhost", False, True, {"ada": "scrypt:"}, True),
        ("127.0.0.1", False, True, {}, False),
        ("0.0.0.0", False, False, {}, False),
        ("", False, False, {}, False),
        ("192.0.2.1", False, False, {}, False),
        ("0.0.0.0", True, False, {}, True),
        ("0.0.0.0", False, True, {"ada": "scrypt:"}, True),
        ("0.0.0.0", True, True, {}, False),
    ],
)
def test_nobody_is_let_in_by_accident(
    host: str, public: bool, auth: bool, users: dict[str, str], is_right: bool
) -> None:
    """Beyond this machine the owner says who may read; and who asks for names has some."""
    serving = Serving(host=host, public=public, auth=auth, users=users)
    if is_right:
        assert replace(serving.checked(), hosts=frozenset(), limited=False) == serving
    else:
        with pytest.raises(ConfigError):
            serving.checked()


def test_a_private_archive_answers_to_its_own_names_alone() -> None:
    """On loopback a foreign host name is a trick; beyond it any name may be the archive's, and clients are counted."""
    private = Serving(base_url="https://morgue.example").checked()
    assert private.hosts == {"localhost", "127.0.0.1", "::1", "morgue.example"}
    assert not private.limited
    assert replace(private, proxies=("127.0.0.1",)).checked().limited
    public = Serving(host="0.0.0.0", public=True).checked()
    assert not public.hosts
    assert public.limited


@pytest.mark.parametrize(
    ("url", "site", "age", "is_shown"),
    [
        ("https://news.example/a", "news", 0, True),
        ("https://www.news.example/private/a", "news", 0, False),
        ("http://news.example/PRIVATE/a", "news", 0, False),
        ("https://news.example/privateer", "news", 0, True),
        ("https://sub.other.example/", "other", 0, False),
        ("https://hidden.example/", "hidden", 99, False),
        ("https://held.example/", "held", 6, False),
        ("https://held.example/", "held", 7, True),
    ],
)
def test_rules_say_what_is_shown(url: str, site: str, age: int, is_shown: bool) -> None:
    """By address however it is written, by site, and by age; all else is shown."""
    rules = Rules(
        blocked=("example,news)/private/", "example,other,"),
        hidden=frozenset({"hidden"}),
        embargoes=(("held", timedelta(days=7)),),
    )
    assert rules.allows(url, NOW - timedelta(days=age), NOW, site=site) is is_shown


def test_what_an_answer_says_itself_stays() -> None:
    """A door's own policy is not weakened or doubled; all others get the usual one."""
    own = [(b"Content-Security-Policy", b"sandbox"), (b"content-type", b"text/html")]
    headers = with_defaults(own, HEADERS)
    assert [value for name, value in headers if name.lower() == b"content-security-policy"] == [b"sandbox"]
    assert {name for name, _ in with_defaults([], HEADERS)} == {name for name, _ in HEADERS}


@pytest.mark.parametrize("header", ["", ":", "[", "[::1", "a:b:c", "\x00"])
def test_no_host_header_breaks_anything(header: str) -> None:
    """What is no host is nobody's name."""
    assert isinstance(host_name(header), str)
