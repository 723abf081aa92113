"""noarchive, of a robots meta element or an X-Robots-Tag header, is noted; a site's setting has it obeyed."""

import json
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.index.queries.export import iter_export_lines
from storage.model import CrawlRun

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
