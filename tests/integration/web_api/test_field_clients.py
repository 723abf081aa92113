"""Standard clients, unmodified, against the APIs on a socket."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import cdx_toolkit  # type: ignore[import-untyped]  # ships no types
import memento_client  # type: ignore[import-untyped]  # ships no types
import pytest
from cdx_toolkit import myrequests

# What cdx_toolkit reads records with leaves temporary files to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")

STORY = "http://news.example/2026/03/01/harbour-wall"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Remove the delay of cdx_toolkit between requests, which spares public archives."""
    monkeypatch.setitem(myrequests.retry_info, "127.0.0.1", {"next_fetch": 1, "minimum_interval": 0.0})
    yield
    gc.collect()


@pytest.fixture(params=["/cdx", "/cdx/search/cdx"])
def toolkit(request: pytest.FixtureRequest, address: str) -> cdx_toolkit.CDXFetcher:
    """cdx_toolkit against each CDX dialect, with payloads by the raw API."""
    return cdx_toolkit.CDXFetcher(source=f"{address}{request.param}", wb=f"{address}/web")


def stamps(captures: object) -> list[str]:
    """Return the times of captures without their common part."""
    assert isinstance(captures, Iterator | list)
    return [capture["timestamp"][8:12] for capture in captures]


def test_cdx_toolkit_lists(toolkit: cdx_toolkit.CDXFetcher) -> None:
    """By URL, by time, by filter, by wildcard, page by page; a URL that is not there is an empty list."""
    assert stamps(toolkit.get(STORY)) == ["0600", "0610", "0620", "0630"]
    assert stamps(toolkit.iter(STORY)) == ["0600", "0610", "0620", "0630"]
    assert stamps(toolkit.iter(STORY, from_ts="202603010605", to="202603010625")) == ["0610", "0620"]
    assert len(list(toolkit.iter("news.example/2026/*"))) == 5
    assert len(list(toolkit.iter("*.news.example"))) == 11
    assert list(toolkit.iter("http://nobody.example/")) == []
    assert stamps(toolkit.get(STORY, limit=2)) == ["0600", "0610"]
    assert toolkit.get_size_estimate("news.example/*", as_pages=True) == 1


def test_cdx_toolkit_filters(address: str) -> None:
    """In the dialect of pywb, and by closeness."""
    toolkit = cdx_toolkit.CDXFetcher(source=f"{address}/cdx")
    assert stamps(toolkit.get(STORY, filter=["=statuscode:304"])) == ["0620"]
    assert stamps(toolkit.get(STORY, filter=["!~mimetype:text/.*"])) == ["0610", "0620"]
    assert stamps(toolkit.get(STORY, closest="20260301061100", limit=1)) == ["0610"]


def test_cdx_toolkit_reads_payloads_by_the_raw_api(toolkit: cdx_toolkit.CDXFetcher) -> None:
    """A response and a revisit alike."""
    texts = [capture.text for capture in toolkit.get(STORY)]
    assert [("The wall holds" in text, "The wall falls" in text) for text in texts] == [(True, False)] * 3 + [
        (False, True)
    ]


def test_cdx_toolkit_reads_records_from_the_files(address: str) -> None:
    """By offset and length out of /warcs/, as from Common Crawl."""
    toolkit = cdx_toolkit.CDXFetcher(source=f"{address}/cdx", warc_download_prefix=f"{address}/warcs")
    record = toolkit.get(STORY)[3].fetch_warc_record()
    assert record.rec_headers.get_header("WARC-Target-URI") == STORY
    assert b"The wall falls" in record.content_stream().read()


def test_memento_client_finds_the_closest(address: str) -> None:
    """Through the TimeGate; links to first, last, previous and next."""
    client = memento_client.MementoClient(timegate_uri=f"{address}/timegate/", check_native_timegate=False)
    try:
        # Given a memento's own address it need not ask the live site, which is not there.
        first = f"{address}/web/20260301060000id_/{STORY}"
        found = client.get_memento_info(first, datetime(2026, 3, 1, 6, 12))  # noqa: DTZ001 - it takes naive ones only
    finally:
        client.session.close()
    assert found["original_uri"] == STORY
    closest = found["mementos"]["closest"]
    assert (closest["uri"][0].partition("/web/")[2][:14], closest["datetime"]) == (
        "20260301061000",
        datetime(2026, 3, 1, 6, 10),  # noqa: DTZ001
    )
    assert found["mementos"]["first"]["uri"] == [f"{address}/web/20260301060000/{STORY}"]
    assert found["mementos"]["last"]["uri"] == [f"{address}/web/20260301063000/{STORY}"]


def test_memento_cli_lists_all(address: str) -> None:
    """It finds the TimeMap by a capture's own Link header, and takes entries with rel "memento" alone."""
    script = Path(sys.executable).with_name("memento")
    asked = [str(script), "list", f"{address}/web/20260301060000id_/{STORY}"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=True)
    assert [line.split(" ")[:2] for line in done.stdout.splitlines()] == [
        ["2026-03-01", f"06:{minute}:00"] for minute in ("00", "10", "20", "30")
    ]
