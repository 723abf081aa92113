"""The recorded site that `newsarchive demo` archives."""

import gzip
import io
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from newsarchive.demo.site import RecordedPage, RecordedSite, load_recording, serve_demo_site
from tests.newsroom.record_demo import PLACE, record


def _without_compressed(page: RecordedPage | None) -> RecordedPage | None:
    """Leave out what zlib compressed: its output differs from build to build."""
    is_compressed = page is not None and page.mime in ("image/png", "application/gzip")
    return replace(page, body=b"", etag="") if page and is_compressed else page


def _comparable(site: RecordedSite) -> dict[str, list[RecordedPage | None]]:
    return {target: [_without_compressed(page) for page in pages] for target, pages in site.pages.items()}


def test_the_recording_is_what_the_newsroom_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package has the newsroom's present pages; `make demo-site` records them again."""
    packaged = load_recording()
    load_recording.cache_clear()
    # The newsroom reads its own files with the function that is replaced below.
    recording = record()

    class Recorded:
        def joinpath(self, name: str) -> "Recorded":
            assert name == PLACE.name
            return self

        def open(self, mode: str) -> object:
            assert mode == "rb"
            return io.BytesIO(recording)

    monkeypatch.setattr("newsarchive.demo.site.resources.files", lambda _: Recorded())
    made = load_recording()
    load_recording.cache_clear()
    assert _comparable(packaged) == _comparable(made)
    assert (packaged.origin, packaged.times, packaged.not_found) == (made.origin, made.times, made.not_found)


def test_the_site_changes_with_its_time() -> None:
    """A page is served as it was at the site's time, under the server's own address; unchanged pages answer 304."""
    with serve_demo_site() as demo:
        connection = HTTPConnection(urlsplit(demo.url).netloc)

        def get(target: str, **headers: str) -> tuple[int, bytes, str | None]:
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
            return response.status, response.read(), response.headers["ETag"]

        assert demo.time == demo.site.times[0]
        status, first, etag = get("/")
        assert status == 200
        assert b"lantern.example" not in first
        assert get("/", **{"If-None-Match": etag or ""})[:2] == (304, b"")
        assert gzip.decompress(get("/", **{"Accept-Encoding": "gzip"})[1]) == first
        demo.advance()
        assert demo.time - demo.site.times[0] == timedelta(minutes=90)
        assert get("/")[1] != first
        articles = get("/sitemaps/articles-1.xml.gz")[1]
        assert demo.url.encode() in gzip.decompress(articles)
        assert get("/no-such-page")[0] == 404
        demo.advance()
        with pytest.raises(IndexError):
            demo.advance()
        connection.close()
