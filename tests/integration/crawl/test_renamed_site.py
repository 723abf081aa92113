"""A site that gets another name in newsarchive.toml, and one that other archives name otherwise."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.cli import app
from newsarchive.config.schema import SiteConfig
from newsarchive.config.toml_file import add_site, load_config
from newsarchive.crawl.run import crawl
from storage.callbacks import utc_now
from storage.index.frontier.url_queue import next_due_by_site
from storage.index.queries.articles import list_articles
from tests.in_process import run_in_process
from tests.newsroom import NewsroomServer, serve
from tests.newsroom.http_messages import Request, Response
from tests.newsroom.newsroom import Newsroom
from tests.rebuilding import rebuild

SETTINGS = """contact = "tests@localhost"
delay = "0s"
reader_processes = 1
commit_seconds = 0.1
requisites = false

[[site]]
name = "{name}"  # as readers know it
url = "{url}"
allow_private = true
"""


class OneStory(Newsroom):
    """A front page, and the story that it links."""

    def get_response(self, origin: str, request: Request, at: datetime) -> Response:
        del at
        link = f'<h3><a href="{origin}/story-1">Harbour office reports on the tide at the north quay</a></h3>'
        text = "".join(
            f"<p>Boat {n} came in on the tide, and the harbour master noted wind, depth and the names of"
            f" its {n + 2} hands in her book, as she has done every morning for thirty years.</p>"
            for n in range(9)
        )
        facts = '{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "The tide at the quay",'
        facts += '"datePublished": "2026-05-04T06:00:00Z"}'
        story = f'<title>The tide at the quay</title><script type="application/ld+json">{facts}</script>'
        story += f"<article><h1>The tide at the quay</h1>{text}</article>"
        body = {"/": f"<title>Latest</title><h1>Latest</h1>{link}", "/story-1": story}.get(request.target)
        if body is None:
            return Response(data=b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        data = f"<!DOCTYPE html><html><body>{body}</body></html>".encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(data)}\r\n\r\n"
        return Response(data=head.encode() + data)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NewsroomServer]:
    with serve(OneStory(articles=60), log=tmp_path / "log.jsonl") as opened:
        yield opened


def archive_at(folder: Path, server: NewsroomServer, name: str) -> Archive:
    """Return an archive of the newsroom, crawled once, under a name."""
    folder.mkdir()
    (folder / "newsarchive.toml").write_text(SETTINGS.format(name=name, url=server.url))
    archive = Archive.open(folder)
    crawl(archive)
    return archive


def contents(archive: Archive) -> list[Any]:
    """Return what law 1 compares: sites, and articles with their site and versions."""
    lines = archive.index.ask(list_articles, limit=9)
    return [archive.index.sites(), sorted((line.site, line.url, line.versions) for line in lines)]


def test_a_renamed_site_keeps_everything_and_is_crawled_on(tmp_path: Path, server: NewsroomServer) -> None:
    """Its articles and due URLs are handed over, the run says so once, and a rebuild agrees."""
    archive = archive_at(tmp_path / "archive", server, "harbour")
    file = archive.folder / "newsarchive.toml"
    file.write_text(file.read_text().replace('name = "harbour"', 'name = "quay"'))
    archive.config = load_config(archive.folder)
    report = crawl(archive, now=lambda: utc_now() + timedelta(days=2))
    assert [note for note in report.notes if "harbour is called quay now" in note]
    assert report.run.counters["captures"] >= 2
    assert '# as readers know it\nformer_names = ["harbour"]\n' in file.read_text()
    assert list(archive.index.read(next_due_by_site, ["harbour", "quay"])) == ["quay"]
    live = contents(archive)
    assert [(site, url) for site, url, _ in live[1]] == [("quay", f"{server.url.rstrip('/')}/story-1")]
    rebuild(archive)
    assert contents(archive) == live
    again = crawl(archive, now=lambda: utc_now() + timedelta(days=9))
    assert not [note for note in again.notes if "is called" in note]
    archive.close()


def test_an_import_from_an_archive_with_another_name_asks_once_and_then_works(
    tmp_path: Path, server: NewsroomServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal it is refused, with the way out; what was agreed is kept, and a rebuild agrees."""
    archive_at(tmp_path / "theirs", server, "gazette").close()
    archive_at(tmp_path / "ours", server, "harbour").close()
    ours = str(tmp_path / "ours")
    files = [str(path) for path in (tmp_path / "theirs" / "warc").glob("*.warc.gz*")]
    assert app.run(["import", *files, "--archive", ours]) != 0
    assert "newsarchive import --yes" in re.sub(r"\s+", " ", capsys.readouterr().err)
    assert app.run(["import", *files, "--yes", "--archive", ours]) == 0
    assert app.run(["import", *files, "--archive", ours]) == 0, "it asks once"
    with Archive.open(tmp_path / "ours") as archive:
        assert archive.config.former_names == {"gazette": "harbour"}
        live = contents(archive)
        rebuild(archive)
        assert contents(archive) == live
    assert [site for site, *_ in live[1]] == ["harbour"]


def test_a_site_is_renamed_by_a_command(tmp_path: Path, server: NewsroomServer) -> None:
    """The next crawl hands everything over; a rebuild before it agrees."""
    archive_at(tmp_path / "archive", server, "harbour").close()
    done = run_in_process("rename-site", "harbour", "quay", "--archive", tmp_path / "archive")
    assert (done.returncode, done.stderr) == (0, "")
    assert "handed over by the next crawl: newsarchive crawl quay" in done.stdout
    with Archive.open(tmp_path / "archive") as archive:
        report = crawl(archive, now=lambda: utc_now() + timedelta(days=2))
        assert [site.name for site in archive.index.sites()] == ["quay"]
        live = contents(archive)
        rebuild(archive)
        assert contents(archive) == live
    assert report.run.counters["captures"] >= 2
    assert [note for note in report.notes if "harbour is called quay now" in note]


def test_a_removed_site_keeps_its_articles(tmp_path: Path, server: NewsroomServer) -> None:
    """Nothing more is fetched of it; a rebuild keeps it, and `add` takes it up again."""
    folder = tmp_path / "archive"
    archive_at(folder, server, "harbour").close()
    done = run_in_process("remove-site", "harbour", "--archive", folder)
    assert done.returncode == 0
    assert "Its articles are kept, and nothing more of it is fetched. To crawl it again" in done.stdout
    assert run_in_process("remove-site", "harbour", "--archive", folder).returncode == 2
    assert run_in_process("crawl", "--archive", folder).returncode == 2
    assert run_in_process("rebuild", "--archive", folder).returncode == 0
    assert "harbour" in run_in_process("search", "harbour", "--archive", folder).stdout
    add_site(folder, SiteConfig(name="quay", url=server.url, allow_private=True))
    with Archive.open(folder) as archive:
        report = crawl(archive, now=lambda: utc_now() + timedelta(days=2))
        assert [site for site, *_ in contents(archive)[1]] == ["quay"]
    assert [note for note in report.notes if "harbour is called quay now" in note]
