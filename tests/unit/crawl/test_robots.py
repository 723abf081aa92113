import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.crawl.robots import ALLOW_ALL, MAX_SIZE, Robots, RobotsResponse, RobotsRules, parse_rules

AGENT = "newsarchive/1.0 (+mailto:a@b.example)"
SITE = "https://news.example"


def block(body: bytes, head: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def rules(text: str | bytes, head: str = "") -> RobotsRules:
    body = text.encode() if isinstance(text, str) else text
    return parse_rules(RobotsResponse(status=200, block=block(body, head)), AGENT)


@pytest.mark.parametrize(("status", "allows"), [
    (200, True), (204, True), (301, True), (401, True), (403, True), (404, True), (410, True),
    (429, False), (500, False), (503, False), (None, False),
])  # fmt: skip
def test_a_status_without_a_body_decides_alone(status: int | None, allows: bool) -> None:
    """RFC 9309, 2.3.1: unavailable (4xx) allows all, unreachable (5xx, no response) nothing; 429 is like 5xx."""
    found = parse_rules(RobotsResponse(status=status, block=block(b"")), AGENT)
    assert (found.allows(f"{SITE}/a"), found.unreachable is None) == (allows, allows)


def test_the_longest_match_wins_and_our_group_counts() -> None:
    """The rules of our user agent's own group count, not those of other groups."""
    found = rules(
        "User-agent: *\nDisallow: /\n\nUser-agent: NewsArchive\nDisallow: /a\nAllow: /a/b\nCrawl-delay: 2.5\n"
        "User-agent: news\nDisallow: /c\n"
    )
    verdicts = {path: found.allows(SITE + path) for path in ("/", "/a", "/a/x", "/a/b", "/c", "/robots.txt")}
    assert verdicts == {"/": True, "/a": False, "/a/x": False, "/a/b": True, "/c": True, "/robots.txt": True}
    assert found.delay == 2.5


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize("truncated", [None, "length", "time", "disconnect"])
def test_a_file_of_any_size_is_read_up_to_the_limit(coding: str, truncated: str | None) -> None:
    """RFC 9309, 2.5: the rules of its first 500 KiB hold. A rule that is cut in two does not."""
    line = b"Disallow: /secret/with-a-long-path\n"
    body = b"User-agent: *\nDisallow: /first\n" + line * (11_000_000 // len(line))
    head = f"Content-Encoding: {coding}\r\n" if coding else ""
    sent = gzip.compress(body, 1) if coding else body
    found = parse_rules(RobotsResponse(status=200, block=block(sent, head), truncated=truncated), AGENT)
    assert found.unreachable is None
    assert [found.allows(SITE + path) for path in ("/first", "/second", "/secret/with")] == [False, True, True]


def test_a_request_rate_is_a_delay_too() -> None:
    """The longer one of Crawl-delay and Request-rate counts, an hour at most."""
    assert rules("User-agent: *\nCrawl-delay: 1\nRequest-rate: 1/10\n").delay == 10
    assert rules("User-agent: *\nCrawl-delay: 999999\n").delay == 3600


def test_a_coded_file_with_a_byte_order_mark_is_parsed() -> None:
    """The rules of a gzipped file that begins with a BOM are found."""
    body = gzip.compress(b"\xef\xbb\xbfUser-agent: *\nDisallow: /a\n")
    assert not rules(body, "Content-Encoding: gzip\r\n").allows(f"{SITE}/a")


def test_the_first_500_kib_are_read() -> None:
    """RFC 9309, 2.5: rules in the first 500 KiB count, however long the file."""
    filler = "# a comment\n" * 40_000
    assert len(filler) < MAX_SIZE
    found = rules(f"User-agent: *\n{filler}Disallow: /a\n{filler}Disallow: /b\n")
    assert (found.allows(f"{SITE}/a"), found.allows(f"{SITE}/b")) == (False, True)


@pytest.mark.parametrize(
    ("truncated", "allows"), [(None, False), ("length", False), ("time", False), ("disconnect", False)]
)
def test_an_incomplete_file_disallows_everything(truncated: str | None, allows: bool) -> None:
    """A file cut at our size limit is parsed; another incomplete one counts as unreachable."""
    found = parse_rules(
        RobotsResponse(status=200, block=block(b"User-agent: *\nDisallow: /a\n"), truncated=truncated), AGENT
    )
    assert (found.allows(f"{SITE}/a"), found.unreachable is None) == (allows, truncated in (None, "length"))


def test_a_file_that_cannot_be_decoded_allows_all() -> None:
    """It has no rules that could be parsed."""
    assert rules(b"\x1f\x8b\x08garbage", "Content-Encoding: gzip\r\n").allows(f"{SITE}/a")


@given(st.binary(max_size=300))
def test_any_file_has_rules(body: bytes) -> None:
    """Never an exception."""
    assert isinstance(rules(body).allows(f"{SITE}/a"), bool)


def test_rules_are_valid_for_a_day() -> None:
    """For their scheme, host and port only; an unreachable file is requested again sooner."""
    time = 0.0
    robots = Robots(AGENT, clock=lambda: time)
    assert robots.get_rules(f"{SITE}/a") is None
    assert robots.url_to_fetch(f"{SITE}/a") == f"{SITE}/robots.txt"
    assert robots.record_response(f"{SITE}/a", RobotsResponse(status=404)) is ALLOW_ALL
    assert (robots.get_rules(f"{SITE}/b"), robots.get_rules("http://news.example/b")) == (ALLOW_ALL, None)
    time = 86_399
    assert robots.get_rules(f"{SITE}/b") is ALLOW_ALL
    time = 86_401
    assert robots.get_rules(f"{SITE}/b") is None
    robots.record_response(f"{SITE}/a", RobotsResponse(status=503))
    time += 3_601
    assert robots.get_rules(f"{SITE}/b") is None


def test_redirects_in_a_circle_end_at_once() -> None:
    """A site that redirects all to one page, itself included, is asked twice, not six times."""
    robots = Robots(AGENT)
    wait = RobotsResponse(status=302, redirect_url=f"{SITE}/wait")
    assert robots.url_to_fetch(SITE) == f"{SITE}/robots.txt"
    assert robots.record_response(SITE, wait) is None
    assert robots.url_to_fetch(SITE) == f"{SITE}/wait"
    assert robots.record_response(SITE, wait) is ALLOW_ALL


def test_redirects_are_followed_five_times() -> None:
    """The sixth redirect means that there is no file (RFC 9309, 2.3.1.2); other schemes are not followed."""
    robots = Robots(AGENT)
    for hop in range(5):
        robots.url_to_fetch(SITE)
        answer = RobotsResponse(status=302, redirect_url=f"https://{hop}.example/robots.txt")
        assert robots.record_response(SITE, answer) is None
        assert robots.url_to_fetch(SITE) == f"https://{hop}.example/robots.txt"
    assert robots.record_response(SITE, RobotsResponse(status=302, redirect_url=f"{SITE}/x")) is ALLOW_ALL
    assert (
        Robots(AGENT).record_response(SITE, RobotsResponse(status=301, redirect_url="ftp://news.example/")) is ALLOW_ALL
    )
