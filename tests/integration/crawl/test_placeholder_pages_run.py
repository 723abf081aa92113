"""Law 5: a placeholder page is recorded, classified and counted, and never becomes a version of the article."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from storage.index.queries.articles import iter_captures
from storage.index.queries.export import iter_export_lines
from storage.index.views.articles import CaptureFilters
from tests.in_process import run_in_process

PAGES = Path(__file__).parents[2] / "pages"
STORY = "/news/2311/lift-bridge-closes-to-lorries"
PARAGRAPHS = [
    f"Paragraph {number} of the story says at some length what the harbour board decided on Monday, why it did so, and "
    "what the people who live beside the quay think of it, which is not much."
    for number in range(12)
]
HEAD = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{headline} | The Courier</title>'
    '<meta property="og:type" content="article"><meta property="og:title" content="{headline}">'
    '<link rel="canonical" href="{url}"><script type="application/ld+json">{data}</script></head>'
)


def article(url: str, headline: str, paragraphs: list[str], *, free: bool = True, after: str = "") -> bytes:
    """Return a page with a story, complete or in part."""
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": headline,
        "datePublished": "2026-05-19T06:00:00Z",
        "isAccessibleForFree": free,
    }
    head = HEAD.format(headline=headline, url=url, data=json.dumps(data))
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"{head}<body><main><article><h1>{headline}</h1>{body}{after}</article></main></body></html>".encode()


def front(url: str) -> bytes:
    """Return a front page that lists the story among others."""
    links = "".join(
        f'<article><h2><a href="/news/{number}/a-story-of-some-kind-{number}">A story of some kind {number}</a></h2>'
        "</article>"
        for number in range(2301, 2311)
    )
    mine = f'<article><h2><a href="{url}">Lift bridge closes to lorries</a></h2></article>'
    return f"<html><head><title>The Courier</title></head><body><main>{mine}{links}</main></body></html>".encode()


def sent(body: bytes, status: int = 200) -> bytes:
    """Return a response as bytes."""
    head = (
        f"HTTP/1.1 {status} Whatever\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def stand_ins(url: str) -> dict[str, list[bytes]]:
    """Return placeholder pages, by their expected outcome."""
    opening = PARAGRAPHS[:1]
    wall = '<div class="paywall"><p>Subscribe to continue reading. Already a subscriber? Log in.</p></div>'
    return {
        "challenge": [sent((PAGES / "challenge" / "page.html").read_bytes(), status) for status in (200, 403, 503)],
        "consent_wall": [sent((PAGES / "consent-wall" / "page.html").read_bytes())],
        "paywall_stub": [sent(article(url, "Lift bridge closes to lorries", opening, free=False, after=wall))],
        "soft_404": [sent((PAGES / "soft-404" / "page.html").read_bytes())],
    }


class Paper:
    """A site of one story, and an archive of it."""

    def __init__(self, server: Any, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.url = f"{server.base}{STORY}"
        folder.mkdir()
        (folder / "newsarchive.toml").write_text(
            'contact = "tests@localhost"\ndelay = "0s"\n'
            f'[[site]]\nname = "courier"\nurl = "{server.base}/"\nallow_private = true\n'
        )
        server.say("/", sent(front(self.url)))

    def run(self, *words: str) -> str:
        """Run a command."""
        done = run_in_process(*words, "--archive", self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def crawl(self, answer: bytes) -> None:
        """Fetch the story while the site sends this, whatever the schedule says."""
        self.server.say(STORY, answer)
        asked = len(self.server.of(STORY))
        if asked:
            index = sqlite3.connect(self.folder / "index.sqlite3")
            index.execute(
                "UPDATE frontier SET due_at = '2020-01-01' WHERE url_id IN (SELECT id FROM urls WHERE url = ?)",
                (self.url,),
            )
            index.execute("DELETE FROM host_backoff")
            index.commit()
            index.close()
        self.run("crawl")
        assert len(self.server.of(STORY)) > asked

    def told(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The versions of the story, and what its captures were taken for."""
        with Archive.open(self.folder) as archive:
            outcomes = [
                str(one.outcome)
                for one in archive.index.stream(iter_captures, CaptureFilters(url=self.url), order="oldest")
            ]
            return list(archive.index.stream(iter_export_lines, all_versions=True)), outcomes


@pytest.fixture
def paper(server: Any, tmp_path: Path) -> Paper:
    """A site of one story."""
    return Paper(server, tmp_path / "archive")


@pytest.mark.slow
def test_a_placeholder_page_is_no_version(paper: Paper) -> None:
    """A complete story, then each kind of placeholder, then the edited story: two versions; all are recorded."""
    whole = article(paper.url, "Lift bridge closes to lorries", PARAGRAPHS)
    paper.crawl(sent(whole))
    first, _ = paper.told()
    assert len(first) == 1
    expected = ["article"]
    for outcome, answers in stand_ins(paper.url).items():
        for answer in answers:
            paper.crawl(answer)
            expected.append(outcome)
            versions, outcomes = paper.told()
            assert outcomes == expected
            assert [line["body"] for line in versions] == [first[0]["body"]]
    paper.crawl(sent(article(paper.url, "Lift bridge stays open", PARAGRAPHS)))
    versions, outcomes = paper.told()
    assert [line["headline"] for line in versions] == ["Lift bridge closes to lorries", "Lift bridge stays open"]
    assert outcomes == [*expected, "article"]
    for command in ("rebuild", "reextract"):
        paper.run(command, *(["--all"] if command == "reextract" else []))
        assert paper.told() == (versions, outcomes)


def test_a_stub_is_no_article_until_it_is_complete(paper: Paper) -> None:
    """It is recorded and counted as a stub, and not searchable; once it is complete it becomes the first version."""
    stub = stand_ins(paper.url)["paywall_stub"][0]
    paper.crawl(stub)
    assert paper.told() == ([], ["paywall_stub"])
    assert "Lift bridge" not in paper.run("search", "bridge")
    assert json.loads(paper.run("status", "--json"))["sites"][0]["outcomes"]["paywall_stub"] == 1
    paper.crawl(sent(article(paper.url, "Lift bridge closes to lorries", PARAGRAPHS)))
    versions, outcomes = paper.told()
    assert [line["versions"] for line in versions] == [1]
    assert outcomes == ["paywall_stub", "article"]
