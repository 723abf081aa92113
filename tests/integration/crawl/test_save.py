"""`newsarchive save`: single pages, now."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.crawl.run import crawl
from newsarchive.crawl.save import clean_url, find_site, save
from storage.errors import ConfigError
from storage.index.queries.articles import iter_captures
from storage.index.queries.export import iter_export_lines
from storage.index.views.articles import CaptureFilters
from tests.in_process import run_in_process
from tests.rebuilding import rebuild

CONFIG = """
contact = "tests@localhost"
delay = "0s"
reader_processes = 1
commit_seconds = 0.1
[[site]]
name = "example"
url = "{url}/"
hours = "{hours}"
requisites = false
allow_private = true
"""
FACTS = '{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "The tide at the quay"}'
TEXT = "".join(
    f"<p>Boat {n} came in on the tide, and the harbour master noted wind, depth and the names of its {n + 2} hands in"
    f" her book, as she has done every morning for thirty years.</p>"
    for n in range(9)
)
STORY = (
    f'<!DOCTYPE html><html><head><title>The tide</title><script type="application/ld+json">{FACTS}</script>'
    f'<link rel="stylesheet" href="/style.css"></head><body><article><h1>The tide at the quay</h1>{TEXT}'
    '<p>The newspaper has told this <a href="/news/2026/another-story-of-the-harbour-12345">in a story that nobody'
    " asked for</a>, and will do so again.</p>"
    "</article></body></html>"
)


def reply(status: int, body: str = "", head: str = "", kind: str = "text/html") -> bytes:
    data = body.encode()
    fields = f"Content-Type: {kind}; charset=utf-8\r\n{head}Content-Length: {len(data)}\r\n\r\n"
    return f"HTTP/1.1 {status} X\r\n{fields}".encode() + data


@pytest.fixture
def folder(tmp_path: Path, server: Any) -> Path:
    server.say("/robots.txt", reply(200, "User-agent: *\nDisallow: /private\n", kind="text/plain"))
    server.say("/news/tide", reply(200, STORY))
    server.say("/style.css", reply(200, "p { background: url(/dot.png) }", kind="text/css"))
    server.say("/dot.png", reply(200, "dot", kind="image/png"))
    configure(tmp_path, server.base)
    return tmp_path


def configure(folder: Path, url: str, hours: str = "00:00-24:00") -> None:
    (folder / "newsarchive.toml").write_text(CONFIG.format(url=url, hours=hours))


@pytest.fixture
def opened(folder: Path) -> Iterator[Callable[[], Archive]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Archive.open(folder))


def paths(server: Any) -> list[str]:
    return [each.path for each in server.log]


def contents(archive: Archive) -> list[Any]:
    captures = sorted(
        archive.index.ask(lambda scope: list(iter_captures(scope))), key=lambda each: (each.fetched_at, each.url)
    )
    rows = [(each.url, each.site, each.outcome, each.version_number, each.crawl) for each in captures]
    return [
        archive.index.sites(),
        rows,
        sorted(archive.index.stream(iter_export_lines), key=lambda line: str(line["url"])),
    ]


def test_a_page_is_saved_with_its_requisites_alone(folder: Path, server: Any, opened: Callable[[], Archive]) -> None:
    """Neither the front page nor a linked article is requested; the requisites of a stylesheet are."""
    server.say("/news/tide", reply(200, STORY.replace("</head>", '<link rel="stylesheet" href="style2.css"></head>')))
    server.say("/news/style2.css", reply(200, "p {}", kind="text/css"))
    done = run_in_process("save", f"{server.base}/news/tide#top", "--archive", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{server.base}/news/tide: article 1: The tide at the quay; record in ")
    assert sorted(paths(server)) == ["/dot.png", "/news/style2.css", "/news/tide", "/robots.txt", "/style.css"]
    report = crawl(opened())
    assert report.run.counters["captures"] >= 2, "what the page links is due for the next crawl"
    assert "/news/2026/another-story-of-the-harbour-12345" in paths(server)
    assert paths(server).count("/news/tide") == 1


def test_saving_twice_makes_two_captures(folder: Path, server: Any, opened: Callable[[], Archive]) -> None:
    """A page that is not due is fetched all the same; a changed text is a version, an unchanged one is a revisit."""
    url = f"{server.base}/news/tide"
    for _ in range(2):
        done = run_in_process("save", url, "--archive", folder, "--json")
    (line,) = json.loads(done.stdout)
    assert (line["capture"]["kind"], line["saved"]) == ("revisit", True)
    assert line["text"].startswith("article 1, unchanged: The tide at the quay; record in ")
    server.say("/news/tide", reply(200, STORY.replace("Boat 3", "Boat 33")))
    assert run_in_process("save", url, "--archive", folder).returncode == 0
    assert paths(server).count("/news/tide") == 3
    archive = opened()
    captures = list(archive.index.stream(iter_captures, CaptureFilters(url=url)))
    assert [each.version_number for each in captures] == [2, 1, 1]


def test_redirects_are_followed_to_other_hosts_too(
    folder: Path, server: Any, second_server: Any, opened: Callable[[], Archive]
) -> None:
    """A redirect to an article that the archive has makes a new capture of it; one to another host, another run."""
    server.say("/short", reply(302, head="Location: /news/tide\r\n"))
    server.say("/away", reply(302, head=f"Location: {server.base}/round\r\n"))
    server.say("/round", reply(302, head=f"Location: {second_server.base}/news/far\r\n"))
    second_server.say("/news/far", reply(200, STORY))
    archive = opened()
    save(archive, [f"{server.base}/news/tide"])
    pages, runs = save(archive, [f"{server.base}/short"])
    assert (pages.follow(f"{server.base}/short"), len(runs)) == (f"{server.base}/news/tide", 1)
    assert paths(server).count("/news/tide") == 2
    pages, runs = save(archive, [f"{server.base}/away"])
    final = pages.follow(f"{server.base}/away")
    assert (final, final in pages.captures, len(runs)) == (f"{second_server.base}/news/far", False, 2)
    assert pages.postponed[final] == "its host has no public address", "no site allows it"


def test_a_redirect_loop_ends(folder: Path, server: Any) -> None:
    """Each URL is requested once."""
    server.say("/a", reply(302, head="Location: /b\r\n"))
    server.say("/b", reply(302, head="Location: /a\r\n"))
    done = run_in_process("save", f"{server.base}/a", "--archive", folder)
    assert done.returncode == 1
    assert sorted(paths(server)) == ["/a", "/b", "/robots.txt"]


def test_reasons_are_named(folder: Path, server: Any) -> None:
    """Each URL that was not saved is named, with exit code 1; an error of the server is kept."""
    base = server.base
    server.say("/gone", reply(410, "gone"))
    words = [f"{base}/private/a", f"{base}/gone", f"{base}/news/tide"]
    done = run_in_process("save", "-", "--archive", folder, stdin="\n".join(["", *words]))
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert f"{base}/private/a: not fetched: disallowed by robots.txt" in lines
    assert any(line.startswith(f"{base}/gone: gone (HTTP 410); record in ") for line in lines)
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == [words[2]]
    assert paths(server).count("/private/a") == 0


def test_an_unchanged_page_that_is_no_article_is_named_as_such(folder: Path, server: Any) -> None:
    """In words, not by the name of its outcome."""
    words = ("save", f"{server.base}/style.css", "--archive", folder)
    server.say("/style.css", reply(200, "p {}", 'ETag: "1"\r\n', kind="text/css"))
    assert run_in_process(*words).stdout.startswith(f"{server.base}/style.css: asset (text/css); record in ")
    server.say("/style.css", reply(304))
    assert run_in_process(*words).stdout.startswith(
        f"{server.base}/style.css: unchanged since the capture before; record in "
    )


def test_an_unreachable_host_is_named(folder: Path, server: Any) -> None:
    """The error of the connection is told."""
    server.close()
    done = run_in_process("save", f"{server.base}/news/tide", "--archive", folder)
    assert done.returncode == 1
    assert "not fetched: " in done.stderr
    assert "refused" in done.stderr


def test_a_page_of_an_unknown_host_gets_a_site_of_its_name(
    folder: Path, server: Any, second_server: Any, opened: Callable[[], Archive]
) -> None:
    """The site is not in newsarchive.toml, so no crawl asks for it; a rebuild gives the same (law 1)."""
    far = second_server.base
    second_server.say("/news/far", reply(200, STORY.replace("tide", "ebb")))
    archive = opened()
    # The run may connect to the loopback interface, as it is the host of the configured site too.
    pages, _ = save(archive, [f"{server.base}/news/tide", f"{far}/news/far"])
    assert set(pages.captures) == {f"{server.base}/news/tide", f"{far}/news/far"}
    name = far.removeprefix("http://")
    assert {site.name: site.url for site in archive.index.sites()} == {"example": f"{server.base}/", name: f"{far}/"}
    assert find_site(archive, f"{far}/news/next").name == name
    before = contents(archive)
    assert len(before[2]) == 2
    assert sorted(path for path in paths(second_server) if path != "/robots.txt") == ["/news/far", "/style.css"]
    asked = len(second_server.log)
    crawl(archive)
    save(archive, [f"{server.base}/news/tide"])
    assert len(second_server.log) == asked
    before = contents(archive)
    rebuild(archive)
    assert contents(archive) == before


def test_hours_and_budgets_do_not_count(folder: Path, server: Any, opened: Callable[[], Archive]) -> None:
    """A person asks now, whenever the site is crawled."""
    now = opened().now()
    begin = (now.hour + 3) % 24
    configure(folder, server.base, f"{begin:02}:00-{begin:02}:30")
    assert save(opened(), [f"{server.base}/news/tide"])[0].captures


def test_what_is_no_url_is_refused(folder: Path) -> None:
    """Nothing is fetched, and the message names it."""
    with pytest.raises(ConfigError, match="is not fetched"):
        clean_url("news.example/a")
    assert run_in_process("save", "-", "--archive", folder, stdin="a b").returncode == 2
    done = run_in_process("save", "-", "--archive", folder)
    assert (done.returncode, "no URL on standard input; nothing was saved" in done.stderr) == (2, True)
