import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.crawl.robots import EVERYTHING, READ, Robots, RobotsAnswer, Rules, read_rules

AGENT = "newsarchive/1.0 (+mailto:a@b.example)"
SITE = "https://news.example"


def block(body: bytes, head: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def rules(text: str | bytes, head: str = "") -> Rules:
    body = text.encode() if isinstance(text, str) else text
    return read_rules(RobotsAnswer(status=200, block=block(body, head)), AGENT)


@pytest.mark.parametrize(("status", "allows"), [
    (200, True), (204, True), (301, True), (401, True), (403, True), (404, True), (410, True),
    (429, False), (500, False), (503, False), (None, False),
])  # fmt: skip
def test_a_status_without_rules_decides_alone(status: int | None, allows: bool) -> None:
    """RFC 9309, 2.3.1: unavailable (4xx) allows all, unreachable (5xx, silence) nothing; 429 is no answer either."""
    found = read_rules(RobotsAnswer(status=status, block=block(b"")), AGENT)
    assert (found.allows(f"{SITE}/a"), found.closed is None) == (allows, allows)


def test_the_longest_match_wins_and_our_group_counts() -> None:
    """Rules of our own group, the most specific of them; those of others are theirs."""
    found = rules(
        "User-agent: *\nDisallow: /\n\nUser-agent: NewsArchive\nDisallow: /a\nAllow: /a/b\nCrawl-delay: 2.5\n"
        "User-agent: news\nDisallow: /c\n"
    )
    verdicts = {path: found.allows(SITE + path) for path in ("/", "/a", "/a/x", "/a/b", "/c", "/robots.txt")}
    assert verdicts == {"/": True, "/a": False, "/a/x": False, "/a/b": True, "/c": True, "/robots.txt": True}
    assert found.delay == 2.5


def test_a_request_rate_is_a_delay_too() -> None:
    """The longer of Crawl-delay and Request-rate counts, an hour at most."""
    assert rules("User-agent: *\nCrawl-delay: 1\nRequest-rate: 1/10\n").delay == 10
    assert rules("User-agent: *\nCrawl-delay: 999999\n").delay == 3600


def test_codings_and_byte_order_marks_are_undone() -> None:
    """Rules are found in a gzipped file that begins with a BOM."""
    body = gzip.compress(b"\xef\xbb\xbfUser-agent: *\nDisallow: /a\n")
    assert not rules(body, "Content-Encoding: gzip\r\n").allows(f"{SITE}/a")


def test_the_first_500_kib_are_read() -> None:
    """RFC 9309, 2.5: rules in the first 500 KiB count, however long the file."""
    filler = "# a comment\n" * 40_000
    assert len(filler) < READ
    found = rules(f"User-agent: *\n{filler}Disallow: /a\n{filler}Disallow: /b\n")
    assert (found.allows(f"{SITE}/a"), found.allows(f"{SITE}/b")) == (False, True)


@pytest.mark.parametrize(
    ("truncated", "allows"), [(None, False), ("length", False), ("time", False), ("disconnect", False)]
)
def test_a_part_is_no_licence(truncated: str | None, allows: bool) -> None:
    """A file cut at our size limit is read; one that broke off is as good as none, for now."""
    found = read_rules(
        RobotsAnswer(status=200, block=block(b"User-agent: *\nDisallow: /a\n"), truncated=truncated), AGENT
    )
    assert (found.allows(f"{SITE}/a"), found.closed is None) == (allows, truncated in (None, "length"))


def test_what_cannot_be_decoded_has_no_rules() -> None:
    """A body that is not what its header says allows all: it has no rules that could be parsed."""
    assert rules(b"\x1f\x8b\x08garbage", "Content-Encoding: gzip\r\n").allows(f"{SITE}/a")


@given(st.binary(max_size=300))
def test_no_file_is_too_odd(body: bytes) -> None:
    """Whatever stands there, there are rules."""
    assert isinstance(rules(body).allows(f"{SITE}/a"), bool)


def test_an_authority_is_asked_once_a_day() -> None:
    """Rules hold for a day, for their scheme, host and port only; a file that could not be had is asked for sooner."""
    time = 0.0
    robots = Robots(AGENT, clock=lambda: time)
    assert robots.rules(f"{SITE}/a") is None
    assert robots.wanted(f"{SITE}/a") == f"{SITE}/robots.txt"
    assert robots.learn(f"{SITE}/a", RobotsAnswer(status=404)) is EVERYTHING
    assert (robots.rules(f"{SITE}/b"), robots.rules("http://news.example/b")) == (EVERYTHING, None)
    time = 86_399
    assert robots.rules(f"{SITE}/b") is EVERYTHING
    time = 86_401
    assert robots.rules(f"{SITE}/b") is None
    robots.learn(f"{SITE}/a", RobotsAnswer(status=503))
    time += 3_601
    assert robots.rules(f"{SITE}/b") is None


def test_redirects_are_followed_five_times() -> None:
    """The sixth redirect is taken as "there is none" (RFC 9309, 2.3.1.2); other schemes are not followed."""
    robots = Robots(AGENT)
    for hop in range(5):
        robots.wanted(SITE)
        answer = RobotsAnswer(status=302, redirect_url=f"https://{hop}.example/robots.txt")
        assert robots.learn(SITE, answer) is None
        assert robots.wanted(SITE) == f"https://{hop}.example/robots.txt"
    assert robots.learn(SITE, RobotsAnswer(status=302, redirect_url=f"{SITE}/x")) is EVERYTHING
    assert Robots(AGENT).learn(SITE, RobotsAnswer(status=301, redirect_url="ftp://news.example/")) is EVERYTHING
