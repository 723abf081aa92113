from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import MutableHeaders

from newsarchive.access.access_rules import AccessRules
from newsarchive.config.schema import ServeConfig
from newsarchive.web.middleware.security import HEADERS, add_default_headers, parse_host
from newsarchive.web.serve_options import ServeOptions
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
def test_an_archive_is_not_exposed_by_accident(
    host: str, public: bool, auth: bool, users: dict[str, str], is_right: bool
) -> None:
    """Beyond loopback either --public or --auth is required, and --auth requires users."""
    options = ServeOptions(host=host, public=public, auth=auth, users=users)
    if is_right:
        assert replace(options.validate(), allowed_hosts=frozenset(), rate_limited=False) == options
    else:
        with pytest.raises(ConfigError):
            options.validate()


def test_a_private_archive_accepts_its_own_host_names_only() -> None:
    """On loopback other host names are refused; beyond it any name is accepted and the rate limit applies."""
    private = ServeOptions(public_url="https://morgue.example").validate()
    assert private.allowed_hosts == {"localhost", "127.0.0.1", "::1", "morgue.example"}
    assert not private.rate_limited
    assert replace(private, trusted_proxies=("127.0.0.1",)).validate().rate_limited
    public = ServeOptions(host="0.0.0.0", public=True).validate()
    assert not public.allowed_hosts
    assert public.rate_limited


@pytest.mark.parametrize(
    ("url", "site", "is_shown"),
    [
        ("https://news.example/a", "news", True),
        ("https://www.news.example/private/a", "news", False),
        ("http://news.example/PRIVATE/a", "news", False),
        ("https://news.example/privateer", "news", True),
        ("https://sub.other.example/", "other", False),
        ("https://hidden.example/", "hidden", False),
        ("https://held.example/", "held", True),
    ],
)
def test_access_rules(url: str, site: str, is_shown: bool) -> None:
    """Captures are excluded by URL in any spelling, and by site; all others are shown."""
    rules = AccessRules(
        blocked=("example,news)/private/", "example,other,"),
        hidden=frozenset({"hidden"}),
        embargoes=(("held", timedelta(days=7)),),
    )
    assert rules.exclusions(NOW).excludes(url, site) is not is_shown
    assert rules.exclusions(NOW).embargoes == (("held", NOW - timedelta(days=7)),)


def test_headers_of_a_response_are_kept() -> None:
    """A policy of the handler is neither weakened nor repeated; other responses get the default."""
    headers = MutableHeaders({"Content-Security-Policy": "sandbox", "content-type": "text/html"})
    bare = MutableHeaders()
    add_default_headers(headers)
    assert headers.getlist("content-security-policy") == ["sandbox"]
    add_default_headers(bare)
    assert dict(bare) == HEADERS


MALFORMED = (
    "", ":", ":80", "[", "[::1", "a:b:c", "\x00", "127.0.0.1:80@evil.example", "evil.example@127.0.0.1", "127.0.0.1:x",
    "127.0.0.1/evil.example", "127.0.0.1 evil.example", "127.0.0.1,evil.example", "localhost#", "localhost\\evil",
    "[::1]evil.example", "localhost..", "-", "loc\u0430lhost", "http://localhost",
)  # fmt: skip


@pytest.mark.parametrize("header", MALFORMED)
def test_malformed_host_headers_name_no_host(header: str) -> None:
    """Only a name or an address, with or without a port, is a host (RFC 9110 7.2)."""
    assert parse_host(header) is None


@pytest.mark.parametrize("header", ["localhost", "LOCALHOST:80", "localhost.:8000", "localhost:"])
def test_forms_of_one_host_are_the_same(header: str) -> None:
    """Case, port and the dot of the root change nothing."""
    assert parse_host(header) == "localhost"


def test_tokens_hashed_as_passwords_are_refused() -> None:
    """Each of them would cost every wrong attempt a slow hash; the error names the command that makes better ones."""
    kept = {"feed": "scrypt:14:8:5:AAAA:AAAA"}
    with pytest.raises(ConfigError, match="--new-token"):
        ServeOptions(auth=True, tokens=kept).validate()
    ServeOptions(tokens=kept).validate()


@pytest.mark.parametrize(
    ("changes", "is_warned"),
    [
        ({"host": "0.0.0.0"}, True),
        ({"host": "0.0.0.0", "public_url": "http://morgue.example"}, True),
        ({"host": "0.0.0.0", "public_url": "https://morgue.example"}, False),
        ({"host": "0.0.0.0", "trusted_proxies": ("192.0.2.9",)}, False),
        ({"host": "0.0.0.0", "cert": Path("chain.pem")}, False),
        ({"host": "0.0.0.0", "auth": False, "public": True}, False),
        ({}, False),
    ],
)
def test_auth_without_tls_is_warned_of(changes: dict[str, Any], is_warned: bool) -> None:
    """Where others can connect and nothing tells of an encrypted way, passwords and pages can be read on the way."""
    assert replace(ServeOptions(auth=True), **changes).sends_secrets_in_clear is is_warned


def test_the_command_line_comes_before_the_settings() -> None:
    """An option that is not given leaves what newsarchive.toml says."""
    config = ServeConfig(workers=3, port=81)
    options = [ServeOptions.from_config(config, workers=given, port=None) for given in (None, 2)]
    assert [(each.workers, each.port) for each in options] == [(3, 81), (2, 81)]
