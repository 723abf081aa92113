"""Takedown: nothing of an article is left, nothing else changes, and nothing brings it back."""

import gzip
import json
import random
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.cli.app import run
from newsarchive.cli.crawl import print_due_urls
from newsarchive.maintenance import takedown
from newsarchive.maintenance.takedown import Takedown
from newsarchive.web.app import create_app
from storage.errors import NotFound
from storage.index import Index
from storage.index.frontier.url_queue import find_urls
from storage.index.maintenance.replace_index import prepare_replacement
from storage.index.queries.articles import find_article_id, iter_captures
from storage.index.queries.export import iter_export_lines
from storage.index.search.results import search_articles
from storage.index.write.replace_readings import RereadFilter
from storage.model import DiscoveredUrl, Discovery, UrlKind
from storage.places.transfer import BucketTransfer
from storage.warc.check import check_file
from storage.warc.reader import read_records
from storage.warc.record import HTTP_REQUEST, HTTP_RESPONSE, WARC_FIELDS, build_member, new_record_id, sha256, warc_date
from storage.warc.tombstones import LIST, MARK, digest_url, find_spans, load_takedowns, replace_spans
from tests.rebuilding import rebuild

AT = datetime(2026, 3, 1, 6, tzinfo=UTC)
GONE, KEPT = "https://news.example/a/gone.html", "https://news.example/a/kept.html"
SHARED = "The town council met on Tuesday evening and discussed the budget for the coming year at length. "


def page(url: str, headline: str, word: str) -> bytes:
    data = json.dumps({"@type": "NewsArticle", "headline": headline})
    body = "".join(f"<p>{word} {n}. {SHARED}</p>" for n in range(4))
    return (
        f'<html lang="en"><head><title>{headline}</title><link rel="canonical" href="{url}">'
        f'<script type="application/ld+json">{data}</script></head>'
        f"<body><article><h1>{headline}</h1>{body}<p>{SHARED * 3}</p></article></body></html>"
    ).encode()


def write_pages(file: Path) -> Path:
    """Write both articles with requests, and a page of the second that was captured again, as a revisit."""
    members: list[bytes] = []
    for number, (url, headline, word) in enumerate(
        [(KEPT, "Town opens a garden", "gardener"), (GONE, "Doctor zanzibarian is named", "zanzibarian")] * 2
    ):
        body = page(url, headline, word)
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
        record_id, at = new_record_id(), AT.replace(hour=6 + number)
        same: list[tuple[str, str | None]] = [("WARC-Target-URI", url), ("WARC-Date", warc_date(at))]
        fields = [
            ("WARC-Record-ID", f"<{record_id}>"), *same, ("WARC-Block-Digest", sha256(block)),
            ("WARC-Payload-Digest", sha256(body)), ("Content-Type", HTTP_RESPONSE),
        ]  # fmt: skip
        asked = f"GET {url} HTTP/1.1\r\n\r\n".encode()
        request = [
            ("WARC-Record-ID", f"<{new_record_id()}>"), *same, ("WARC-Concurrent-To", f"<{record_id}>"),
            ("Content-Type", HTTP_REQUEST),
        ]  # fmt: skip
        members += [build_member("response", fields, block), build_member("request", request, asked)]
    file.write_bytes(b"".join(members))
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """An archive of both articles, with an export of them."""
    Archive.init(tmp_path / "morgue").close()
    if request.param == "postgresql":
        toml = tmp_path / "morgue" / "newsarchive.toml"
        toml.write_text(f'index = "{request.getfixturevalue("postgres_url")}"\n{toml.read_text()}')
    with Archive.open(tmp_path / "morgue") as opened:
        opened.import_files([write_pages(tmp_path / "pages.warc.gz")])
        (tmp_path / "morgue" / "exports").mkdir()
        (tmp_path / "morgue" / "batch" / "readings").mkdir(parents=True)
        (tmp_path / "morgue" / "batch" / "readings" / "a").write_text("zanzibarian")
        (tmp_path / "morgue" / "exports" / "1.jsonl").write_text("zanzibarian")
        (tmp_path / "morgue" / "crawl.log").write_text(f"one {KEPT}\ntwo {GONE}\n")
        yield opened


def read_everything(archive: Archive) -> str:
    """Return all bytes of the archive's WARC files and other files, with SQLite's, and all texts of its index."""
    parts = []
    for file in sorted(archive.folder.rglob("*")):
        if file.is_file():
            data = file.read_bytes()
            parts.append(gzip.decompress(data) if file.suffix == ".gz" else data)
    with archive.index._database.read_transaction() as connection:
        tables = "paragraphs", "versions", "urls", "link_groups", "frontier", "articles"
        rows = [str(connection.execute(text(f"SELECT * FROM {table}")).all()) for table in tables]
    return b"".join(parts).decode("latin-1") + "".join(rows)


def describe(archive: Archive) -> tuple[list[Any], list[Any]]:
    captures = [(each.url, each.record_id, each.place) for each in archive.index.stream(iter_captures, order="oldest")]
    return captures, list(archive.index.stream(iter_export_lines, all_versions=True))


def test_a_takedown_leaves_nothing_and_changes_nothing_else(archive: Archive, tmp_path: Path) -> None:
    """Not in files, index, search, exports or logs; other records stay where they are, and rebuild agrees."""
    before, lines = describe(archive)
    assert "zanzibarian" in read_everything(archive)
    report = archive.takedown([GONE], "court order 7", dry_run=False)[-1]
    assert "zanzibarian" not in read_everything(archive)
    assert GONE not in read_everything(archive)
    assert "court order 7" in read_everything(archive)
    assert report.records == 4
    assert report.copies == ["exports/1.jsonl", "batch/readings/a"]
    archive.index.update_search()
    assert archive.index.ask(search_articles, "zanzibarian").total == 0
    after = describe(archive)
    assert after[0] == [each for each in before if each[0] != GONE]
    # What the two shared is no boilerplate of one article: the text is that of a rebuild, below.
    same = ("url", "headline", "versions", "history", "capture")
    kept = [line for line in lines if line["url"] != GONE]
    assert [[line[name] for name in same] for line in after[1]] == [[line[name] for name in same] for line in kept]
    assert not archive.verify(deep=True).damaged
    rebuild(archive)
    assert describe(archive) == after


@pytest.mark.slow
def test_a_takedown_leaves_no_deleted_rows_on_the_disk(tmp_path: Path) -> None:
    """The search folder is made anew, and the log of SQLite is emptied; where a reader prevents that, it is said."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive, Archive.open(tmp_path / "morgue") as served:
        archive.import_files([write_pages(tmp_path / "pages.warc.gz")])
        archive.index.update_search()
        before = {path.name for path in (archive.folder / "search").rglob("*.term")}
        with served.index._database.read_transaction() as connection:
            connection.execute(text("SELECT count(*) FROM articles"))
            left = archive.takedown([GONE], "court", dry_run=False)[-1].unreachable
        assert any("index.sqlite3-wal, until the processes that read the index now end" in line for line in left)
        assert before.isdisjoint(path.name for path in (archive.folder / "search").rglob("*.term"))
        assert archive.index.erase_deleted() == ""
        assert "zanzibarian" not in read_everything(archive)


@pytest.mark.slow
def test_import_and_rebuild_of_an_old_file_do_not_bring_it_back(archive: Archive, tmp_path: Path) -> None:
    """Neither its bytes into the archive's files nor its rows into the index; other records are imported."""
    archive.takedown([GONE], "wrong name", dry_run=False)
    archive.import_files([write_pages(tmp_path / "backup.warc.gz")])
    assert "zanzibarian" not in read_everything(archive)
    assert len(describe(archive)[0]) == 4
    # The import of the same records twice is no damage.
    backup = tmp_path / "backup.warc.gz"
    backup.write_bytes(backup.read_bytes() + build_member("warcinfo", [], b""))
    archive.import_files([backup])
    assert not archive.verify().damaged
    # A file put back by hand, past `import`.
    write_pages(archive.config.warc_folder / "old.warc.gz")
    rebuild(archive)
    assert archive.index.ask(find_article_id, GONE) is None
    assert len(describe(archive)[0]) == 6


def test_a_dry_run_names_what_would_go_and_changes_nothing(archive: Archive) -> None:
    """Not even the list of takedowns; an unknown URL is an error."""
    before = read_everything(archive)
    plan = archive.takedown(["http://www.News.example/a/gone.html"], "x", dry_run=True)[0].plan
    assert plan.urls == [GONE]
    assert len(plan.record_ids) == 2
    assert read_everything(archive) == before
    with pytest.raises(NotFound):
        archive.takedown(["https://news.example/unknown"], "x", dry_run=False)


OWN, ALSO = "https://img.example/gone-portrait.png", "https://img.example/logo.png"
PART = "https://news.example/api/text?id=17"
FRONT, FEED = "https://news.example/", "https://news.example/feed.xml"


def write_rendered(file: Path) -> Path:
    """Write both articles with an image of each alone and one of both, a subresource of the rendering, and a front page
    and a feed that name them.
    """
    gone, kept = ('<img src="%s"><img src="/kept.png">', '<img src="%s"><link rel=stylesheet href="/a.css">')
    images = {GONE: f'<img src="{OWN}">' + gone % ALSO, KEPT: kept % ALSO}
    pages = {
        url: ("text/html", page(url, headline, word).replace(b"</article>", images[url].encode() + b"</article>"))
        for url, headline, word in ((KEPT, "Town opens a garden", "gardener"), (GONE, "Doctor is named", "zanzibarian"))
    }
    links = "".join(
        f'<li><a href="{url}">{text} and more of it in the paper</a></li>'
        for url, text in (("/a/gone.html", "Zanzibarian doctor"), ("/a/kept.html", "Garden"), ("/b", "B"), ("/c", "C"))
    )
    item = f"<item><title>Doctor zanzibarian</title><link>{GONE}</link></item>"
    pages |= {
        OWN: ("image/png", b"\x89PNG zanzibarian"),
        ALSO: ("image/png", b"\x89PNG logo"),
        "https://news.example/kept.png": ("image/png", b"\x89PNG kept"),
        "https://news.example/a.css": ("text/css", b"p { background: url(kept.png) }"),
        PART: ("application/json", b'{"text": "zanzibarian"}'),
        FRONT: ("text/html", f"<html><body><h1>Paper</h1><ul>{links * 3}</ul></body></html>".encode()),
        FEED: ("application/rss+xml", f"<rss version='2.0'><channel>{item}</channel></rss>".encode()),
    }
    members: list[bytes] = []
    for number, (url, (mime, body)) in enumerate(pages.items()):
        block = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\n\r\n".encode() + body
        record_id, at = new_record_id(), warc_date(AT.replace(minute=number))
        named: list[tuple[str, str | None]] = [("WARC-Target-URI", url), ("WARC-Date", at)]
        digests = [("WARC-Block-Digest", sha256(block)), ("WARC-Payload-Digest", sha256(body))]
        fields = [("WARC-Record-ID", f"<{record_id}>"), *named, *digests, ("Content-Type", HTTP_RESPONSE)]
        members.append(build_member("response", fields, block))
        if url == PART:
            via = f"site: news\r\nkind: part\r\nvia: {GONE}\r\nviaKind: article\r\n".encode()
            fields = [("WARC-Record-ID", f"<{new_record_id()}>"), *named, ("WARC-Concurrent-To", f"<{record_id}>")]
            members.append(build_member("metadata", [*fields, ("Content-Type", WARC_FIELDS)], via))
    file.write_bytes(b"".join(members))
    return file


@pytest.mark.parametrize("listings", [False, True])
def test_what_the_article_alone_embeds_goes_with_it(tmp_path: Path, *, listings: bool) -> None:
    """Its image and the subresource of its rendering; what others use stays; front page and feed if that is wanted."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_rendered(tmp_path / "pages.warc.gz")])
        plan = archive.takedown([GONE], "court", dry_run=True, listings=listings)[0].plan
        assert plan.urls == [OWN, GONE]
        assert plan.kept[:2] == [
            f"{ALSO}, which other pages may use", "https://news.example/kept.png, which other pages may use",
        ]  # fmt: skip
        assert any("2 records of front pages, feeds" in line for line in plan.kept) is not listings
        report = archive.takedown([GONE], "court", dry_run=False, listings=listings)[-1]
        assert report.unreachable[: len(plan.kept)] == plan.kept
        removed = {GONE, OWN, PART, *((FRONT, FEED) if listings else ())}
        assert {url for url, _, _ in describe(archive)[0]}.isdisjoint(removed)
        assert len(describe(archive)[0]) == 9 - len(removed)
        assert ("zanzibarian" in read_everything(archive).lower()) is not listings
        assert not archive.verify(deep=True).damaged
        after = describe(archive)
        rebuild(archive)
        assert describe(archive) == after


def write_styled(file: Path) -> Path:
    """Write both articles with a stylesheet of each and one of both; that of the removed one imports another."""
    sheets = '<link rel=stylesheet href="/%s.css"><link rel=stylesheet href="/both.css">'
    named = {"gone": ("gone-doctor", "@import 'deeper.css'; "), "deeper": ("deep-doctor", ""), "kept": ("garden", "")}
    pages = {
        url: ("text/html", page(url, headline, word).replace(b"</article>", (sheets % name).encode() + b"</article>"))
        for url, headline, word, name in (
            (KEPT, "Town opens a garden", "gardener", "kept"),
            (GONE, "Doctor is named", "zanzibarian", "gone"),
        )
    }
    for name, (image, before) in named.items():
        css = f"{before}p {{ background: url({image}.png) }} b {{ background: url(both-used.png) }}"
        pages[f"https://news.example/{name}.css"] = ("text/css", css.encode())
        pages[f"https://news.example/{image}.png"] = ("image/png", b"\x89PNG " + name.encode())
    pages["https://news.example/both.css"] = ("text/css", b"i { background: url(shared-star.png) }")
    for image in ("both-used", "shared-star"):
        pages[f"https://news.example/{image}.png"] = ("image/png", b"\x89PNG both")
    members = []
    for number, (url, (mime, body)) in enumerate(pages.items()):
        block = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\n\r\n".encode() + body
        fields = [("WARC-Record-ID", f"<{new_record_id()}>"), ("WARC-Target-URI", url)]
        fields += [("WARC-Date", warc_date(AT.replace(minute=number))), ("Content-Type", HTTP_RESPONSE)]
        members.append(build_member("response", fields, block))
    file.write_bytes(b"".join(members))
    return file


def test_what_a_removed_stylesheet_alone_names_goes_with_it(tmp_path: Path) -> None:
    """Also by way of another that it imports; not what a stylesheet of others names."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_styled(tmp_path / "pages.warc.gz")])
        removed = {"a/gone.html", "gone.css", "deeper.css", "gone-doctor.png", "deep-doctor.png"}
        plan = archive.takedown([GONE], "court", dry_run=True)[0].plan
        assert {url.removeprefix("https://news.example/") for url in plan.urls} == removed
        shared = ("both-used.png", "both.css")
        assert plan.kept == [f"https://news.example/{name}, which other pages may use" for name in shared]
        archive.takedown([GONE], "court", dry_run=False)
        left = {url.removeprefix("https://news.example/") for url, _, _ in describe(archive)[0]}
        assert left == {"a/kept.html", "kept.css", "both.css", "garden.png", "both-used.png", "shared-star.png"}
        assert not archive.verify(deep=True).damaged


def test_what_interrupted_work_left_goes_too(archive: Archive, tmp_path: Path) -> None:
    """Bytes that a crash cut off, files that were not finished, and an index that was not: they are named."""
    whole = (tmp_path / "pages.warc.gz").read_bytes()
    left = ["a.warc.gz.fetching", "import-b.warc.gz.part", "c.warc.gz.torn-4"]
    for name in left:
        (archive.config.warc_folder / name).write_bytes(whole)
    (archive.folder / "index.sqlite3.rebuilding").write_bytes(b"zanzibarian")
    report = archive.takedown([GONE], "court", dry_run=False)[-1]
    assert report.copies[2:] == ["index.sqlite3.rebuilding", *(f"warc/{name}" for name in left)]
    assert not any((archive.folder / name).exists() for name in report.copies)


def test_an_index_that_a_rebuild_did_not_finish_goes_too(archive: Archive) -> None:
    """On PostgreSQL it is in a schema of its own, which holds nothing more."""
    replacement, found = prepare_replacement(archive.config.index), Discovery(site="news", kind=UrlKind.ARTICLE)
    replacement.clear()
    with closing(Index.open(replacement.address)) as unfinished:
        unfinished.add_urls([DiscoveredUrl(url=GONE, discovery=found, due_at=AT, priority=0)])
    (archive.folder / "rebuild.json").write_text("{}")
    archive.takedown([GONE], "court", dry_run=False)
    with closing(Index.open(replacement.address)) as made_anew:
        assert made_anew.read(find_urls, [GONE]) == []


def test_what_an_unreadable_page_may_embed_stays(tmp_path: Path) -> None:
    """An article can be removed while a file with other pages is missing, but nothing that these may embed."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_rendered(tmp_path / "pages.warc.gz")])
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page(KEPT, "Town opens", "gardener")
        named = [
            ("WARC-Target-URI", KEPT),
            ("WARC-Date", warc_date(AT.replace(day=9))),
            ("Content-Type", HTTP_RESPONSE),
        ]
        fields = [("WARC-Record-ID", f"<{new_record_id()}>"), *named]
        (tmp_path / "later.warc.gz").write_bytes(build_member("response", fields, block))
        (lost,) = archive.import_files([tmp_path / "later.warc.gz"]).adopted[0].files
        lost.unlink()
        plan = archive.takedown([GONE], "court", dry_run=True)[0].plan
        assert plan.urls == [GONE]
        assert f"{OWN}, which other pages may use" in plan.kept


def test_log_lines_of_other_articles_stay(archive: Archive) -> None:
    """Also where their URLs begin with that of the article; a folder that is named as a log is none."""
    kept = f"one {GONE}x\ntwo {GONE}/gallery\nthree {GONE}.pdf\n"
    gone = f"four {GONE}\nfive {GONE}?page=2 200\nsix <{GONE}/>\n"
    (archive.folder / "old.logs").mkdir()
    (archive.folder / "old.logs" / "crawl.log.1").write_text(kept + gone)
    archive.takedown([GONE], "court", dry_run=False)
    assert (archive.folder / "old.logs" / "crawl.log.1").read_text() == kept


@pytest.mark.parametrize("put", ["imported", "by hand"])
def test_records_that_were_removed_alone_do_not_return(tmp_path: Path, put: str) -> None:
    """An old copy of the file brings back neither the front page nor the subresource, imported or put there."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_rendered(tmp_path / "pages.warc.gz")])
        archive.takedown([GONE], "court", dry_run=False, listings=True)
        after = describe(archive)[0]
        old = tmp_path / "old.warc.gz"
        old.write_bytes((tmp_path / "pages.warc.gz").read_bytes() + build_member("warcinfo", [], b""))
        if put == "imported":
            archive.import_files([old])
            assert b"anzibarian" not in b"".join(
                gzip.decompress(f.read_bytes()) for f in archive.config.warc_folder.glob("*.gz")
            )
        else:
            old.rename(archive.config.warc_folder / "old.warc.gz")
            rebuild(archive)
        assert {url for url, _, _ in describe(archive)[0]} == {url for url, _, _ in after}


def test_records_that_a_second_file_has_are_removed_from_it_too(archive: Archive, tmp_path: Path) -> None:
    """Such as a WACZ that was exported and imported again: the index knows one place of each record."""
    assert run(["export", "-o", str(tmp_path / "all.wacz"), "-A", str(archive.folder)]) == 0
    archive.import_files([tmp_path / "all.wacz"])
    assert len(list(archive.config.warc_folder.glob("*.gz"))) == 2
    (report,) = archive.takedown([GONE], "court", dry_run=False)
    assert len(report.plan.files) == 2
    assert "anzibarian" not in read_everything(archive)
    assert {url for url, _, _ in describe(archive)[0]} == {KEPT}


@pytest.mark.slow
def test_the_copies_that_were_made_are_named(archive: Archive, tmp_path: Path) -> None:
    """Files of `export`, receipts, and what readers of the browser got, also after a rebuild; not those of others."""
    folder, numbers = str(archive.folder), [str(archive.index.ask(find_article_id, url)) for url in (GONE, KEPT)]
    for number in numbers:
        assert run(["export", "--article", number, "-o", str(tmp_path / f"{number}.wacz"), "-A", folder]) == 0
        assert run(["proof", number, "-o", str(tmp_path / f"{number}.zip"), "-A", folder]) == 0
    assert run(["export", "--since", "2026-02-01", "-o", str(tmp_path / "all.jsonl"), "-A", folder]) == 0
    with TestClient(create_app(archive), base_url="http://localhost") as reader:
        assert [reader.get(f"/article/{number}.warc.gz").status_code for number in numbers] == [200, 200]
        reader.post("/exports", data={"format": "csv"})
        reader.app.state.exports.wait()  # type: ignore[attr-defined]
    with (archive.folder / "exports.jsonl").open("a") as file:
        file.write('{"at": "2026-0')
    assert (
        run(["export", "-o", str(tmp_path / "last.csv"), "--withheld", "-A", folder]) == 0
    )  # the line before is incomplete
    rebuild(archive)
    named = archive.takedown([GONE], "court", dry_run=True)[0].plan.given_out
    assert [re.sub(r"of .{16} UTC", "AT", line) for line in named] == [
        f"WACZ AT, {tmp_path}/{numbers[0]}.wacz", f"receipt AT, {tmp_path}/{numbers[0]}.zip",
        f"JSONL AT, {tmp_path}/all.jsonl, since 2026-02-01 00:00:00+00:00",
        "WARC AT, sent to a reader of the browser", "CSV AT, made for a reader of the browser",
        f"CSV with what is withheld AT, {tmp_path}/last.csv",
    ]  # fmt: skip
    assert GONE not in (archive.folder / "exports.jsonl").read_text()
    assert (archive.folder / "exports.jsonl").stat().st_mode & 0o777 == 0o640


@pytest.mark.slow
def test_a_lost_list_is_made_again_from_the_tombstones(archive: Archive, tmp_path: Path) -> None:
    """Neither an import nor a rebuild brings the article back, and a later takedown adds to the restored list."""
    archive.takedown([GONE], "court order", dry_run=False)
    before = (archive.folder / LIST).read_text()
    (archive.folder / LIST).unlink()
    archive.import_files([write_pages(tmp_path / "backup.warc.gz")])
    assert archive.index.ask(find_article_id, GONE) is None
    assert [json.loads(line)["url_sha256"] for line in before.splitlines()] == [
        json.loads(line)["url_sha256"] for line in (archive.folder / LIST).read_text().splitlines()
    ]
    (archive.folder / LIST).unlink()
    write_pages(archive.config.warc_folder / "old.warc.gz")
    rebuild(archive)
    assert archive.index.ask(find_article_id, GONE) is None
    (archive.folder / LIST).unlink()
    archive.takedown([KEPT], "court order", dry_run=False)
    assert load_takedowns(archive.folder, archive.places) == {digest_url(GONE), digest_url(KEPT)}


def test_what_only_reads_does_not_write_a_lost_list(archive: Archive) -> None:
    """`verify --deep`, `crawl --dry-run` and a dry run of `reextract` obey the tombstones; a crawl writes the list."""
    archive.takedown([GONE], "court order", dry_run=False)
    (archive.folder / LIST).unlink()
    assert not archive.verify(deep=True).damaged
    print_due_urls(archive, (), archive.now)
    archive.reextract(RereadFilter(extractor="none"), dry_run=True)
    assert load_takedowns(archive.folder, archive.places) == {digest_url(GONE)}
    assert not (archive.folder / LIST).exists()
    with archive.ingestor() as ingestor:
        assert ingestor.taken_down == {digest_url(GONE)}
        archive.recover(ingestor)
    assert digest_url(GONE) in (archive.folder / LIST).read_text()


def test_a_restored_list_has_records_that_were_removed_alone_by_their_ids(tmp_path: Path) -> None:
    """Front page and feed are crawled as before; adjacent records of several URLs are all named."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_rendered(tmp_path / "pages.warc.gz")])
        archive.takedown([GONE], "court", dry_run=False, listings=True)
        before = load_takedowns(archive.folder, archive.places)
        (archive.folder / LIST).unlink()
        assert load_takedowns(archive.folder, archive.places) == before
        load_takedowns(archive.folder, archive.places, restores=True)
        assert len((archive.folder / LIST).read_text().splitlines()) == len(before)
        assert before > {digest_url(GONE), digest_url(OWN)}
        assert before.isdisjoint({digest_url(FRONT), digest_url(FEED)})
        assert len(before) == 5


def test_a_dry_run_counts_what_is_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Records, with the same words; those that --listings adds are counted without it, revisits included."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        file = write_rendered(tmp_path / "pages.warc.gz")
        (front,) = (each.id for each in read_records(file) if each.uri == FRONT)
        same = [
            ("WARC-Target-URI", FRONT),
            ("WARC-Date", warc_date(AT.replace(hour=9))),
            ("Content-Type", HTTP_RESPONSE),
        ]
        profile = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
        refers = [("WARC-Profile", profile), ("WARC-Refers-To", f"<{front}>")]
        revisit_id = new_record_id()
        revisit = build_member(
            "revisit", [("WARC-Record-ID", f"<{revisit_id}>"), *same, *refers], b"HTTP/1.1 304 X\r\n\r\n"
        )
        asked = [("WARC-Record-ID", f"<{new_record_id()}>"), *same[:2], ("WARC-Concurrent-To", f"<{revisit_id}>")]
        asked_member = build_member("request", [*asked, ("Content-Type", HTTP_REQUEST)], b"GET / HTTP/1.1\r\n\r\n")
        file.write_bytes(file.read_bytes() + revisit + asked_member)
        archive.import_files([file])
        (narrow,), (wide,) = (archive.takedown([GONE], "x", dry_run=True, listings=each) for each in (False, True))
        assert (narrow.records, wide.records) == (4, 8)
        assert narrow.plan.kept[-1].startswith("4 records of front pages, feeds and sitemaps")
    words = ["takedown", GONE, "--reason", "x", "--listings", "-A", str(tmp_path / "morgue")]
    said = [
        (run(words + more), capsys.readouterr().out.partition(":")[2].splitlines()[0])[1] for more in ([], ["--yes"])
    ]
    assert said[0] == said[1] == " 8 records in 1 WARC file, of:"


class Killed(BaseException):
    """Stands for kill -9 at a step."""


def die(*_: object) -> None:
    raise Killed


STEPS = ("replace_spans", "replace_durably", "write_atomic", "add_takedowns", "_rewrite", "_delete_copies")


@pytest.mark.parametrize("mend", ["the next start", "verify --repair"])
def test_a_kill_between_link_and_swap_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mend: str) -> None:
    """File, chain and index agree after the next start, or `verify --repair`, and the next takedown goes on from there.

    A file of that name without a link in the chain stays out.
    """
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_pages(tmp_path / "pages.warc.gz")])

        with monkeypatch.context() as patched:
            patched.setattr(takedown, "replace_durably", die)
            with pytest.raises(Killed):
                archive.takedown([GONE], "court order", dry_run=False)
        (file,) = archive.config.warc_folder.glob("*.gz")
        assert archive.verify().damaged
        forged = file.with_name("import-other.warc.gz.takedown")
        forged.write_bytes(b"forged")
        if mend == "the next start":
            archive.seal()
            assert not archive.verify().chain.problems
        else:
            assert not archive.verify(repair=True).chain.problems
        assert b"zanzibarian" not in gzip.decompress(file.read_bytes())
        assert forged.exists()
        archive.takedown([GONE], "court order", dry_run=False)
        assert [each[0] for each in describe(archive)[0]] == [KEPT, KEPT]
        assert not archive.verify(deep=True).damaged


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_takedown_that_was_killed_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    """Killed before or after any step, the files are whole, and the next run ends as an undisturbed one."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_pages(tmp_path / "pages.warc.gz")])
        holder = takedown if hasattr(takedown, step) else Takedown
        original = getattr(holder, step)

        def dying(*arguments: Any, **options: Any) -> None:
            if when == "after":
                original(*arguments, **options)
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(holder, step, dying)
            with pytest.raises(Killed):
                archive.takedown([GONE], "court order", dry_run=False)
        assert not [problem for file in archive.verify().files for problem in file.problems if "digest" in str(problem)]
        archive.takedown([GONE], "court order", dry_run=False)
        assert "zanzibarian" not in read_everything(archive)
        assert not (archive.folder / "takedown.json").exists()
        assert load_takedowns(archive.folder, archive.places) == {digest_url(GONE)}
        assert [each[0] for each in describe(archive)[0]] == [KEPT, KEPT]
        assert not archive.verify(deep=True).damaged


def test_a_takedown_reaches_the_bucket(tmp_path: Path) -> None:
    """The object is replaced; a file that only the bucket has is not left in the folder."""
    (tmp_path / "bucket").mkdir()
    Archive.init(tmp_path / "morgue").close()
    toml = tmp_path / "morgue" / "newsarchive.toml"
    toml.write_text(f'bucket = "file://{tmp_path}/bucket"\nkeep_local = "0s"\n{toml.read_text()}')
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_pages(tmp_path / "pages.warc.gz")])
        archive.upload()
        assert not list(archive.config.warc_folder.glob("*.gz"))
        report = archive.takedown([GONE], "court order", dry_run=False)[-1]
        assert [line.partition(",")[0] for line in report.unreachable] == ["downloads"]
        assert not list(archive.config.warc_folder.glob("*.gz"))
        (stored,) = (tmp_path / "bucket").glob("*.gz")
        assert b"zanzibarian" not in gzip.decompress(stored.read_bytes())
        assert not archive.verify(deep=True).damaged


def test_a_takedown_that_was_killed_between_the_objects_uploads_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket has the file again, though its size is that of the deleted one."""
    (tmp_path / "bucket").mkdir()
    Archive.init(tmp_path / "morgue").close()
    toml = tmp_path / "morgue" / "newsarchive.toml"
    toml.write_text(f'bucket = "file://{tmp_path}/bucket"\n{toml.read_text()}')
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_pages(tmp_path / "pages.warc.gz")])
        archive.upload()
        with monkeypatch.context() as patched:
            patched.setattr(BucketTransfer, "upload", die)
            with pytest.raises(Killed):
                archive.takedown([GONE], "court order", dry_run=False)
        assert not list((tmp_path / "bucket").glob("*.gz"))
        archive.takedown([KEPT], "court order", dry_run=False)
        (stored,) = (tmp_path / "bucket").glob("*.gz")
        assert b"zanzibarian" not in gzip.decompress(stored.read_bytes())
        assert not archive.verify(deep=True).damaged


def test_each_rewritten_file_is_linked(tmp_path: Path) -> None:
    """With both digests and the reason."""
    Archive.init(tmp_path / "morgue").close()
    with Archive.open(tmp_path / "morgue") as archive:
        archive.import_files([write_pages(tmp_path / "pages.warc.gz")])
        work = Takedown(folder=archive.folder, places=archive.places, index=archive.index)
        work.run(work.make_plan([GONE], "court order", AT))
        (file,) = archive.config.warc_folder.glob("*.gz")
        imported, link = archive.places.chain.load().links[-2:]
    assert (link.reason, link.note, link.file) == ("takedown", "court order", file.name)
    assert f"sha256:{link.sha256}" == sha256(file.read_bytes())
    assert link.was == imported.sha256


def test_a_tombstone_fits_records_of_every_size(tmp_path: Path) -> None:
    """Files stay sound, records behind it stay in place, and it has the time, the reason and the URL's digest."""
    chance = random.Random(7)
    file = tmp_path / "sizes.warc.gz"
    urls = [
        f"https://news.example/{size}" for size in (0, 1, 40, 300, 700, 5_000, 70_000, 140_000, 1_000_000, 20_000_000)
    ]
    members = []
    for url in urls:
        block = chance.randbytes(int(url.rpartition("/")[2]))
        for target in (url, "https://news.example/kept"):
            fields = [
                ("WARC-Record-ID", f"<{new_record_id()}>"),
                ("WARC-Target-URI", target),
                ("WARC-Date", warc_date(AT)),
            ]
            members.append(build_member("resource", fields, block))
    file.write_bytes(b"".join(members))
    kept = [each.place for each in read_records(file) if each.uri.endswith("kept")]
    reason = "a long reason, " * 30
    count, spans = find_spans(file, lambda record: digest_url(record.uri) if record.uri in urls else "")
    assert count == len(urls)
    before = file.read_bytes()
    replace_spans(file, spans, reason, AT).replace(file)
    after, kept_bytes = file.read_bytes(), 0
    for begin, end in [*((begin, end) for begin, end, _ in spans), (len(before), len(before))]:
        assert after[kept_bytes:begin] == before[kept_bytes:begin]
        kept_bytes = end
    assert len(after) == len(before)
    records = list(read_records(file))
    assert [each.place for each in records if each.type == "resource"] == kept
    stones = [each for each in records if each.type == "metadata"]
    assert [f"{MARK}: {digest_url(url)}".encode() in each.block for url, each in zip(urls, stones, strict=True)]
    assert all(each.get("WARC-Date") == warc_date(AT) for each in stones)
    assert not check_file(file).problems
    assert len(file.read_bytes()) == sum(map(len, members))


def test_the_command_removes_only_with_yes(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It takes a number, a URL or a file of URLs, and says what it cannot reach."""
    listed = tmp_path / "urls.txt"
    listed.write_text(f"{GONE}\n")
    folder = str(archive.folder)
    assert run(["takedown", str(listed), "--reason", "court", "-A", folder]) == 0
    assert "Nothing was changed" in capsys.readouterr().out
    assert "zanzibarian" in read_everything(archive)
    number = str(archive.index.ask(find_article_id, GONE))
    assert run(["takedown", number, "--reason", "court", "--yes", "-A", folder]) == 0
    shown = capsys.readouterr().out
    assert "Removed: 4 records in 1 WARC file" in shown
    assert "Not reached: downloads" in shown
    assert "zanzibarian" not in read_everything(archive)
    assert run(["takedown", GONE, "--reason", "court", "--yes", "-A", folder]) == 4
    assert "nothing was removed. To look for the URL of an article: newsarchive search" in capsys.readouterr().err
