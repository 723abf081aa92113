"""Laws 1 and 5 with real pages: an outage makes no article and no version, endless addresses make one article."""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.in_process import run_in_process

SUBJECTS = ("harbour", "bridge", "council", "ferry", "market", "library")
OUTAGE = (
    "<!DOCTYPE html><html lang='en'><head><title>Back soon</title></head><body><main><h1>We will be back soon</h1>"
    + "".join(
        f"<p>{text} Our engineers are working on it, and the site will return as soon as they are done with it.</p>" * 3
        for text in ("The site is under maintenance tonight.", "Thank you for your patience, dear reader.")
    )
    + "<p>Requested: {path} at 12:0{second}</p></main></body></html>"
)


def paragraphs(subject: str) -> list[str]:
    """Return the text of a story."""
    return [
        f"Paragraph {number} on the {subject} says what was decided on it on Monday, why the {subject} needs it, and "
        f"what the people who live beside the {subject} think of that, which is not much."
        for number in range(9)
    ]


def blocked(subject: str) -> list[str]:
    """Return the text that a site prints in place of a story, under its headline and with its metadata."""
    texts = ("This content is not available in your region.", "Readers in other places can go on reading it.")
    return [f"{text} We are working on it with our partners, and are sorry for it. " * 2 for text in texts] + [
        f"Reference: Plans for the {subject} are put off again, 12:0{len(subject)}."
    ]


def story(subject: str, links: str = "", *, is_blocked: bool = False) -> str:
    """Return the page of a story, without a canonical URL."""
    headline = f"Plans for the {subject} are put off again"
    data = {"@type": "NewsArticle", "headline": headline, "datePublished": "2026-05-19T06:00:00Z"}
    body = "".join(f"<p>{text}</p>" for text in (blocked if is_blocked else paragraphs)(subject))
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{headline}</title><script type='application/ld+json'>"
        f"{json.dumps(data)}</script></head><body><main><article><h1>{headline}</h1>{body}</article>"
        f"<aside><h2>Related</h2><ul>{links}</ul></aside></main></body></html>"
    )


def sent(page: str) -> bytes:
    """Return a response as bytes."""
    body = page.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Paper:
    """A site with a story on each subject, and an archive of it."""

    def __init__(self, server: Any, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.paths = {subject: f"/news/2311/plans-for-the-{subject}-put-off-again" for subject in SUBJECTS}
        folder.mkdir()
        (folder / "newsarchive.toml").write_text(
            f'contact = "tests@localhost"\ndelay = "0s"\n[[site]]\nname = "courier"\nurl = "{server.base}/"\n'
            "allow_private = true\n"
        )
        cards = "".join(
            f'<article><h2><a href="{path}">Plans for the {subject} are put off again</a></h2></article>'
            for subject, path in self.paths.items()
        )
        server.say("/", sent(f"<html><head><title>The Courier</title></head><body><main>{cards}</main></body></html>"))

    def crawl(self) -> None:
        """Fetch all pages, whatever the schedule says."""
        file = self.folder / "index.sqlite3"
        if file.exists():
            index = sqlite3.connect(file)
            index.execute("UPDATE frontier SET due_at = '2020-01-01' WHERE kind = 'article'")
            index.execute("DELETE FROM host_backoff")
            index.commit()
            index.close()
        self.run("crawl")

    def run(self, *words: str) -> str:
        """Run a command."""
        done = run_in_process(*words, "--archive", self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def archived(self) -> tuple[list[str], dict[str, int]]:
        """Return the headlines of all versions, and the number of captures by outcome."""
        lines = self.run("export", "--all-versions").splitlines()
        outcomes: Counter[str] = Counter(json.loads(self.run("status", "--json"))["sites"][0]["outcomes"])
        return sorted(json.loads(line)["headline"] for line in lines), dict(outcomes)


@pytest.mark.slow
@pytest.mark.parametrize("is_blocked", [True, False])
@pytest.mark.parametrize("at_first", [True, False])
def test_an_outage_makes_no_article_and_no_version(
    server: Any, tmp_path: Path, at_first: bool, is_blocked: bool
) -> None:
    """At the first look or later, with each article's headline and metadata or without; read again, the same."""
    paper = Paper(server, tmp_path / "archive")
    days = [
        {
            path: story(subject, is_blocked=True) if is_blocked else OUTAGE.format(path=path, second=number)
            for number, (subject, path) in enumerate(paper.paths.items())
        },
        {path: story(subject) for subject, path in paper.paths.items()},
    ]
    for day in days if at_first else [days[1], days[0], days[1]]:
        for path, page in day.items():
            server.say(path, sent(page))
        paper.crawl()
    headlines, outcomes = paper.archived()
    assert headlines == sorted(f"Plans for the {subject} are put off again" for subject in SUBJECTS)
    assert outcomes["soft_error"] == len(SUBJECTS)
    paper.run("rebuild")
    assert paper.archived() == (headlines, outcomes)
    paper.run("reextract", "--all")
    assert paper.archived() == (headlines, outcomes)


@pytest.mark.slow
def test_endless_addresses_of_one_story_are_one_article(server: Any, tmp_path: Path) -> None:
    """Related links lead to the same stories under other addresses each time."""
    paper = Paper(server, tmp_path / "archive")
    for subject, path in paper.paths.items():
        links = "".join(
            f'<li><a href="{other}?zx={subject}">Plans for the {name} are put off again</a></li>'
            for name, other in paper.paths.items()
        )
        server.say(path, sent(story(subject, links)))
        for other in SUBJECTS:
            server.say(f"{path}?zx={other}", sent(story(subject, links)))
    paper.crawl()
    headlines, outcomes = paper.archived()
    assert headlines == sorted(f"Plans for the {subject} are put off again" for subject in SUBJECTS)
    assert outcomes["article"] > 2 * len(SUBJECTS)
    assert "soft_error" not in outcomes
    paper.run("rebuild")
    assert paper.archived() == (headlines, outcomes)
