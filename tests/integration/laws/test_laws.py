"""The laws, checked on a whole crawl of the demo newsroom by the real command."""

import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastwarc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from newsarchive.archive import Archive
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import ALL_CAPTURES
from storage.model import Outcome
from storage.page_date import PageDate
from storage.warc.check import check_file
from storage.warc.payload import final_response_start, parse_message, split_message
from storage.warc.reader import read_records
from storage.warc.record import Record
from tests.newsroom.expected import ExpectedArticle
from tests.newsroom.hostile import HOSTILE_RESPONSES, HostileNewsroom

HOUR = timedelta(hours=1)


def all_records(folder: Path) -> list[Record]:
    """Every record of an archive's closed files."""
    return [record for path in sorted((folder / "warc").glob("*.warc.gz")) for record in read_records(path)]


@pytest.mark.parametrize(
    "tls", [pytest.param(False, id="http"), pytest.param(True, id="https", marks=pytest.mark.slow)]
)
def test_every_byte_sent_and_received_is_in_the_warc_files(
    request: pytest.FixtureRequest, build: Callable[..., Any], tls: bool
) -> None:
    """Exactness: each response and request record's block equals the server's log; a revisit's equals its head."""
    if tls:
        rig = build(tls=tls)
        rig.crawl()
        rig.crawl(rig.server.clock.advance(HOUR + timedelta(minutes=5)))
        exchanges = rig.exchanges()
    else:
        crawled = request.getfixturevalue("crawled")
        rig, exchanges = crawled.twice, crawled.first + crawled.second
    held = all_records(rig.folder)
    sent = Counter((one.url, one.response) for one in exchanges)
    taken = Counter((one.url, one.request) for one in exchanges)
    assert Counter((r.uri, r.block) for r in held if r.type == "request") == taken
    for record in (r for r in held if r.type == "response"):
        sent[record.uri, record.block] -= 1
    revisits = Counter((r.uri, r.block) for r in held if r.type == "revisit")
    left = +sent
    assert Counter((url, split_message(response)[0]) for url, response in left.elements()) == revisits
    assert revisits, "the second crawl brought nothing that had been seen before"
    assert min(sent.values()) == 0, "a response record holds what the server never sent"


@pytest.mark.slow
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_malformed_responses_are_stored_byte_for_byte(build: Callable[..., Any], tls: bool) -> None:
    """Exactness over hostile shapes: whole answers to the byte, cut ones as far as they came and named as cut."""
    shapes = {f"/{shape.name}": shape for shape in HOSTILE_RESPONSES}
    rig = build(tls=tls, newsroom=HostileNewsroom())
    settings = rig.folder / "newsarchive.toml"
    settings.write_text('timeout = "2s"\n' + settings.read_text())
    rig.crawl()
    held = {urlsplit(r.uri).path: r for r in all_records(rig.folder) if r.type in ("response", "revisit")}
    sent = {urlsplit(one.url).path: one.response for one in rig.exchanges()}
    for path, record in held.items():
        shape = shapes.get(path)
        whole = sent[path][final_response_start(sent[path]) :]
        if record.type == "revisit":
            assert record.block == split_message(whole)[0], path
        elif shape and not shape.is_complete:
            assert whole.startswith(record.block), path
            assert record.get("WARC-Truncated"), path
        elif path == "/garbage-after":
            assert whole.startswith(record.block), path
        else:
            assert record.block == whole, path
    assert {path for path, shape in shapes.items() if shape.is_complete} <= set(held)
    asked = b"".join(one.request for one in rig.exchanges())
    assert b", zstd" not in asked.lower(), "a file with an answer in it does not replay in other programs"
    with Archive.open(rig.folder) as archive:
        read = {urlsplit(each.url).path: each.outcome for each in archive.index.stream(iter_captures, ALL_CAPTURES)}
    assert {read[path] for path in ("/gzip", "/deflate", "/brotli", "/zstd")} == {Outcome.ARTICLE}
    assert rig.run("verify").returncode == 0


def test_independent_tools_read_every_file(crawled: Any) -> None:
    """gzip, warcio and FastWARC read what we write, and see the same records; our own check finds it sound."""
    assert crawled.twice.warcs()
    for path in crawled.twice.warcs():
        assert path.suffix == ".gz", f"{path.name} was left open"
        subprocess.run(["gzip", "-t", str(path)], check=True)
        own = [(record.type, record.id) for record in read_records(path)]
        with path.open("rb") as file:
            theirs = [(r.rec_type, r.rec_headers.get_header("WARC-Record-ID")) for r in ArchiveIterator(file)]
        assert theirs == [(type_, f"<{id_}>") for type_, id_ in own]
        with path.open("rb") as file:
            fast = [(str(r.record_type).rpartition(".")[2], r.record_id) for r in FastIterator(file, parse_http=False)]
        assert fast == [(type_, f"<{id_}>") for type_, id_ in own]
        assert check_file(path).problems == []


def test_every_article_is_discovered_once_and_read_correctly(crawled: Any) -> None:
    """Completeness: the articles are the newsroom's, each once, and each field is what the newsroom printed."""
    rig = crawled.once
    right = rig.server.newsroom.expected_site(crawled.opened, origin=rig.server.url.rstrip("/"))
    found = {str(article["canonical_url"]): article for article in rig.articles()}
    assert sorted(found) == sorted(article.url for article in right.articles)
    assert len(found) == len(rig.articles()), "an article was found twice"
    wrong = [line for article in right.articles for line in differences(article, found[article.url])]
    assert wrong == []


def differences(right: ExpectedArticle, found: dict[str, Any]) -> list[str]:
    """What an export line says that the newsroom did not."""
    current = right.current
    expected: dict[str, object] = {
        "headline": current.headline,
        "dek": current.dek,
        "authors": list(right.authors),
        "published": right.published.date().isoformat(),
        "section": right.section,
        "tags": list(right.tags),
        "language": right.language,
        "access": right.access,
        "body": "\n\n".join(paragraph.text for paragraph in current.body),
    }
    said: dict[str, object] = {name: found[name] for name in expected}
    said["published"] = PageDate.parse(found["published"]).at.date().isoformat()
    wrong = [
        f"{right.url} {name}: {said[name]!r} is not {expected[name]!r}"
        for name in expected
        if said[name] != expected[name]
    ]
    groups = {(g["kind"], g["label"], tuple(link["url"] for link in g["links"])) for g in found["links"]}
    wrong.extend(
        f"{right.url} has no {group.kind.value} group {group.label!r} as printed"
        for group in right.link_groups
        if (group.kind.value, group.label, tuple(link.url for link in group.links)) not in groups
    )
    return wrong


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_the_index_can_be_made_anew_from_the_files(
    request: pytest.FixtureRequest, build: Callable[..., Any], tmp_path: Path, database: str
) -> None:
    """Law 1: after crawls, `rebuild` into an empty index gives the same export lines, byte for byte."""
    if database == "sqlite":
        rig = request.getfixturevalue("crawled").copy(tmp_path / "copy")
    else:
        rig = build(index=request.getfixturevalue("postgres_url"))
        rig.crawl()
        rig.crawl(rig.server.clock.advance(HOUR))
    before = rig.lines()
    assert before
    done = rig.run("rebuild")
    assert done.returncode == 0, done.stderr
    assert rig.lines() == before


def test_the_next_crawl_asks_only_for_what_is_due(crawled: Any, tmp_path: Path) -> None:
    """An hour later: conditional requests, revisits, and what was edited becomes a version; the rest is left alone."""
    rig, later = crawled.copy(tmp_path / "copy"), crawled.later
    first, second = crawled.first, crawled.second
    validated = {one.url for one in first if b"\r\netag:" in one.response.lower()}
    # robots.txt is asked for whole: the crawl needs its text before anything else.
    again = [one for one in second if one.url in validated and not one.url.endswith("/robots.txt")]
    assert again
    assert [one.url for one in again if b"if-none-match:" not in one.request.lower()] == []
    answers = rig.server.newsroom.expected_site(later, origin=rig.server.url.rstrip("/"))
    edited = {a.url for a in answers.articles if later - HOUR < a.versions[-1].since and len(a.versions) > 1}
    versions = Counter(json.loads(line)["canonical_url"] for line in rig.lines())
    assert {url for url, count in versions.items() if count > 1} == edited
    before = len(rig.exchanges())
    rig.crawl(later)
    assert len(rig.exchanges()) - before <= 1, "nothing was due, and more than robots.txt was asked for"


@pytest.mark.slow
@pytest.mark.needs_program("wget")
def test_foreign_files_give_the_index_of_a_crawl(build: Callable[..., Any], tmp_path: Path) -> None:
    """A WARC that wget made of the newsroom imports to the same articles with the same fields."""
    rig = build()
    rig.crawl()
    ours = {str(a["canonical_url"]): a for a in rig.articles()}
    urls = tmp_path / "urls"
    urls.write_text("\n".join(str(a["url"]) for a in ours.values()))
    subprocess.run(
        ["wget", "--quiet", "--input-file", str(urls), "--warc-file", str(tmp_path / "theirs"), "-O", "/dev/null"],
        check=False,
        timeout=120,
        cwd=tmp_path,
    )
    other = build(name="other")
    done = other.run("import", str(tmp_path / "theirs.warc.gz"))
    assert done.returncode == 0, done.stderr
    theirs = {str(a["canonical_url"]): a for a in other.articles()}
    assert sorted(theirs) == sorted(ours)
    same = ("headline", "dek", "authors", "language", "section", "tags", "body", "links", "access", "image")
    for url, article in ours.items():
        assert {name: theirs[url][name] for name in same} == {name: article[name] for name in same}


def test_payload_digests_are_those_of_the_specification(crawled: Any) -> None:
    """WARC 1.1, 5.9: over the entity, chunk framing undone and content coding kept."""
    chunked = 0
    for record in (r for r in all_records(crawled.twice.folder) if r.type == "response"):
        chunked += b"transfer-encoding: chunked" in record.block.lower()[:2000]
        digest = hashlib.sha256(parse_message(record.block).body).hexdigest()
        assert record.get("WARC-Payload-Digest") == f"sha256:{digest}"
    assert chunked, "the newsroom sent nothing chunked"
