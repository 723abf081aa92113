"""Laws 1 and 5 on both databases: what browsers read is read, and an outage costs few requests and no article."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.crawl import politeness
from newsarchive.crawl.run import crawl
from tests.integration.crawl.test_soft_errors_run import SUBJECTS, Paper, sent, story

BEGIN = datetime(2026, 5, 19, 8, tzinfo=UTC)
NO_LENGTH = b"Content-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n"
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "lower case": lambda body: b"http/1.1 200 ok\r\n" + NO_LENGTH + body,
    "version without minor": lambda body: b"HTTP/2 200\r\n" + NO_LENGTH + body,
    "identity": lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n" + NO_LENGTH + body,
    "nonsense length": lambda body: b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n" + NO_LENGTH + body,
    "blank before colon": lambda body: b"HTTP/1.1 200 OK\r\nContent-Length : %d\r\n" % len(body) + NO_LENGTH + body,
    "line feeds": lambda body: (b"HTTP/1.1 200 OK\r\n" + NO_LENGTH).replace(b"\r\n", b"\n") + body,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def paper(request: pytest.FixtureRequest, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    """A site with six stories, and an archive of it in each database."""
    monkeypatch.setattr(politeness, "MAX_WAIT", 0.5)  # the clock stands still in a run: nothing is waited for
    paper = Paper(server, tmp_path / "archive")
    settings = paper.folder / "newsarchive.toml"
    index = "" if request.param == "sqlite" else f'index = "{request.getfixturevalue("postgres_url")}"\n'
    settings.write_text(f"{index}requisites = false\nreader_processes = 1\n{settings.read_text()}")
    for subject, path in paper.paths.items():
        server.say(path, sent(story(subject)))
    return paper


def crawl_at(paper: Paper, hours: float) -> Counter[str]:
    """Crawl at a time; return the requests by path."""
    before, now = len(paper.server.log), BEGIN + timedelta(hours=hours)
    with Archive.open(paper.folder, now=lambda: now) as archive:
        crawl(archive)
    return Counter(each.path for each in paper.server.log[before:])


def test_a_page_is_read_in_any_form_that_browsers_read(paper: Paper) -> None:
    """Not only recorded: each is an article."""
    for (subject, path), form in zip(paper.paths.items(), FORMS.values(), strict=True):
        head, _, body = sent(story(subject)).partition(b"\r\n\r\n")
        assert head
        paper.server.say(path, form(body), "close")
    crawl_at(paper, 0)
    headlines, _ = paper.archived()
    assert headlines == sorted(f"Plans for the {subject} are put off again" for subject in SUBJECTS)


@pytest.mark.slow
def test_the_page_of_an_outage_is_no_source_for_ever(paper: Paper) -> None:
    """The front page redirects to it for a day. It is visited ever more seldom; the front page as before."""
    crawl_at(paper, 0)
    front = paper.server.answers["/"]
    moved = b"HTTP/1.1 302 Found\r\nLocation: /sorry\r\nContent-Length: 0\r\n\r\n"
    for path in ("/", *paper.paths.values()):
        paper.server.say(path, moved)
    paper.server.say("/sorry", sent("<html><head><title>Sorry</title></head><body><h1>Sorry</h1></body></html>"))
    for hours in range(6, 24, 6):
        crawl_at(paper, hours)
    paper.server.answers["/"] = front
    for subject, path in paper.paths.items():
        paper.server.say(path, sent(story(subject)))
    later: Counter[str] = Counter()
    for hours in range(24, 24 * 8, 6):
        later += crawl_at(paper, hours)
    assert later["/"] >= 20
    assert 1 <= later["/sorry"] <= 8
    headlines, _ = paper.archived()
    assert len(headlines) == len(SUBJECTS)


def test_an_article_that_only_a_listing_names_is_late_by_two_days_at_most_after_an_outage(paper: Paper) -> None:
    """Its URL has the form of the site's articles. Menu pages of another form are fetched no more often for that."""
    crawl_at(paper, 0)
    offline = sent("<title>Offline</title><h1>You are offline</h1><p>Please try again later; it may be the line.</p>")
    late, menu = paper.paths["harbour"].replace("harbour", "signal-box"), "/imprint"
    cards = "".join(
        f"<article><h2><a href='{path}'>Plans that are put off again</a></h2></article>"
        for path in (late, *paper.paths.values())
    )
    body = f"<main>{cards}</main><footer><nav><a href='{menu}'>Imprint</a></nav></footer>"
    paper.server.say("/", sent(f"<html><head><title>The Courier</title></head><body>{body}</body></html>"))
    paper.server.say(late, offline)
    paper.server.say(menu, sent("<title>Imprint</title><h1>Imprint</h1><p>The publisher is the town itself.</p>"))
    for hours in (6, 18, 32):
        crawl_at(paper, hours)
    paper.server.say(late, sent(story("signal box")))
    requests: Counter[str] = Counter()
    for hours in range(36, 32 + 51, 9):
        requests += crawl_at(paper, hours)
    assert len(paper.archived()[0]) == len(SUBJECTS) + 1
    assert requests[menu] == 0
    assert requests[late] >= 1
