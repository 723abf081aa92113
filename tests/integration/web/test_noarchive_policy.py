"""noarchive, of a robots meta element or an X-Robots-Tag header, is noted; a site's setting has it obeyed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.index.queries.export import iter_export_lines
from storage.model import CrawlRun
from storage.warc.record import HTTP_RESPONSE, build_member, new_record_id, warc_date

SITE = '[[site]]\nname = "news"\nurl = "https://news.example/"\nnoarchive = "{}"'


def article(url: str, headline: str, head: str = "") -> dict[str, object]:
    data = json.dumps({"@type": "NewsArticle", "headline": headline, "datePublished": "2026-03-01T08:00:00Z"})
    filler = "The town council met on Tuesday evening and discussed the budget for the coming year at some length. "
    text = "".join(f"<p>{headline} {n}. {filler * 2}</p>" for n in range(4))
    markup = (
        f'<html><head><title>{headline}</title>{head}<link rel="canonical" href="{url}">'
        f'<script type="application/ld+json">{data}</script></head><body><article><h1>{headline}</h1>{text}</article>'
    )
    return {"url": url, "body": markup.encode()}


@pytest.mark.parametrize(("policy", "shown"), [("note", ["header", "meta", "plain"]), ("obey", ["plain"])])
def test_noarchive_is_noted_or_obeyed_by_site(
    archive_of: Callable[..., Archive], policy: str, shown: list[str]
) -> None:
    """Obeyed, the article is kept and withheld like one that is blocked."""
    meta = '<meta name="robots" content="noarchive">'
    archive = archive_of(
        article("https://news.example/a/plain", "Plain story opens"),
        article("https://news.example/a/meta", "Meta story opens", meta),
        article("https://news.example/a/header", "Header story opens")
        | {"headers": {"X-Robots-Tag": "noarchive, unavailable_after: 25 Jun 2030"}},
        config=SITE.format(policy),
    )
    archive.index.begin_crawl(
        CrawlRun(id="1", sites=tuple(site.to_site() for site in archive.config.sites), started_at=archive.now())
    )
    noted = {line["url"].rpartition("/")[2]: line["noarchive"] for line in archive.index.stream(iter_export_lines)}
    assert noted == {"plain": False, "meta": True, "header": True}
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000") as client:
        listed = [json.loads(line)["url"] for line in client.get("/search.jsonl").text.splitlines()]
        assert sorted(url.rpartition("/")[2] for url in listed) == shown
        captured = client.get("/cdx?url=news.example&matchType=domain").text
        assert sorted(name for name in noted if f"/a/{name}" in captured) == shown


URL, ASKS = "https://news.example/a/later", '<meta name="robots" content="noarchive">'
FIRST = datetime(2026, 3, 1, 6, tzinfo=UTC)


def revisit(at: datetime, header: str = "", *, of: datetime = FIRST, is_copy: bool = False) -> bytes:
    """Return the record of a 304 to a capture, or that of a response with the same bytes."""
    block = f"HTTP/1.1 {'200 OK' if is_copy else '304 Not Modified'}\r\n{header}\r\n".encode()
    profile = "identical-payload-digest" if is_copy else "server-not-modified"
    fields = (
        ("WARC-Record-ID", f"<{new_record_id()}>"), ("WARC-Date", warc_date(at)), ("WARC-Target-URI", URL),
        ("WARC-Profile", f"http://netpreserve.org/warc/1.1/revisit/{profile}"),
        ("WARC-Refers-To-Target-URI", URL), ("WARC-Refers-To-Date", warc_date(of)), ("Content-Type", HTTP_RESPONSE),
    )  # fmt: skip
    return build_member("revisit", fields, block)


@pytest.mark.parametrize(
    ("later", "is_shown"),
    [
        ([], True),
        ([ASKS], False),
        ([ASKS, "<!-- x -->"], True),
        (["<!-- x -->", ASKS], False),
        ([ASKS, "304"], False),
        (["304"], True),
        (["X-Robots-Tag: noarchive\r\n"], False),
        (["X-Robots-Tag: otherbot: noarchive\r\n"], True),
        (["X-Robots-Tag: maxbot: noarchive\r\n"], True),
        (["X-Robots-Tag: otherbot: none, googlebot: noarchive\r\n"], False),
        (["X-Robots-Tag: noarchive\r\n", "<!-- x -->"], True),
        ([ASKS, "<!-- x -->", "again 1"], False),
        ([ASKS, "<!-- x -->", "again 1", "<!-- y -->"], True),
        ([ASKS, "<!-- x -->", "again 0"], True),
    ],
)
def test_the_newest_reading_asks(
    archive_of: Callable[..., Archive], tmp_path: Path, later: list[str], is_shown: bool
) -> None:
    """The newest page decides, with the same text or another, or a 304 that asks; a page that does not ask ends it.

    So does one with the bytes of an earlier page that asked.
    """
    archive = archive_of(article(URL, "A later story") | {"at": FIRST}, config=SITE.format("obey"))
    archive.index.begin_crawl(
        CrawlRun(id="1", sites=tuple(site.to_site() for site in archive.config.sites), started_at=archive.now())
    )
    files = list[Path]()
    for number, each in enumerate(later, 1):
        at = FIRST.replace(hour=6 + number)
        files.append(tmp_path / f"{number}.warc.gz")
        if each.startswith("<"):
            archive_of(article(URL, "A later story", each) | {"at": at})
            files[-1] = max(tmp_path.glob("others-*.warc.gz"))
        elif each.startswith("again"):
            files[-1].write_bytes(revisit(at, of=FIRST.replace(hour=6 + int(each[-1])), is_copy=True))
        else:
            files[-1].write_bytes(revisit(at, each.removeprefix("304")))
    archive.import_files(files[::-1])
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000") as client:
        assert bool(client.get("/search.jsonl").text) is is_shown
        assert (client.get(f"/cdx?url={URL}").status_code == 200) is is_shown
