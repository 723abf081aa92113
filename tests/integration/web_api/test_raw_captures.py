import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.concurrency import HeavyRequests

STORY = "http://news.example/2026/03/01/harbour-wall"
RAW = "/web/20260301060000id_/" + STORY


def test_the_digest_covers_the_body(client: TestClient) -> None:
    """Content coding kept, chunked coding removed: the payload digest of the index is that of the body."""
    line = json.loads(client.get("/cdx", params={"url": STORY, "output": "json", "limit": "1"}).text)
    with client.stream("GET", RAW, headers={"accept-encoding": "gzip"}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.status_code == 200
    assert f"sha256:{hashlib.sha256(body).hexdigest()}" == line["digest"]
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"]
    assert b"<h1>The wall holds</h1>" in gzip.decompress(body)


def test_a_client_without_gzip_gets_the_body_decoded(client: TestClient) -> None:
    """A coding that the client does not accept is removed from body and headers."""
    answer = client.get(RAW, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert b"<h1>The wall holds</h1>" in answer.content


def test_archived_headers_are_renamed(client: TestClient) -> None:
    """Archived headers such as cookies are renamed; only Content-Type is kept."""
    headers = client.get(RAW).headers
    assert headers["x-archive-orig-set-cookie"] == "a=1, b=2"
    assert "set-cookie" not in headers
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_capture_has_memento_headers(client: TestClient) -> None:
    """Memento-Datetime and links to the captures around it (RFC 7089)."""
    headers = client.get(RAW.replace("060000", "061000")).headers
    assert headers["memento-datetime"] == "Sun, 01 Mar 2026 06:10:00 GMT"
    base = "http://127.0.0.1:8000"
    assert headers["link"].split(", <") == [
        f'<{STORY}>; rel="original"',
        f'{base}/timegate/{STORY}>; rel="timegate"',
        f'{base}/timemap/link/{STORY}>; rel="timemap"; type="application/link-format"',
        f'{base}/web/20260301060000/{STORY}>; rel="first prev memento"; datetime="Sun, 01 Mar 2026 06:00:00 GMT"',
        f'{base}/web/20260301061000/{STORY}>; rel="memento"; datetime="Sun, 01 Mar 2026 06:10:00 GMT"',
        f'{base}/web/20260301062000/{STORY}>; rel="next memento"; datetime="Sun, 01 Mar 2026 06:20:00 GMT"',
        f'{base}/web/20260301063000/{STORY}>; rel="last memento"; datetime="Sun, 01 Mar 2026 06:30:00 GMT"',
    ]


@pytest.mark.parametrize(
    ("time", "word", "look"), [("061000", "holds", "second"), ("062000", "holds", None), ("063000", "falls", None)]
)
def test_revisits_have_their_originals_body(client: TestClient, time: str, word: str, look: str | None) -> None:
    """Same payload: own headers; a 304: headers and status of the response that it confirms."""
    answer = client.get(f"/web/20260301{time}id_/{STORY}")
    assert answer.status_code == 200
    assert f"The wall {word}" in answer.text
    assert answer.headers.get("x-archive-orig-x-look") == look


def test_another_time_redirects_to_the_nearest_capture(client: TestClient) -> None:
    """By a relative URL, which is right behind any proxy."""
    for digits, found in (("2026", "060000"), ("20260301061600", "062000"), ("2027", "063000")):
        answer = client.get(f"/web/{digits}id_/{STORY}")
        assert (answer.status_code, answer.headers["location"]) == (302, f"/web/20260301{found}id_/{STORY}")
        assert "memento-datetime" not in answer.headers


def test_redirects_and_errors_are_what_they_were(client: TestClient) -> None:
    """The archived status; a redirect leads into the archive, at the same time."""
    moved = client.get("/web/20260301060018id_/http://news.example/old")
    assert (moved.status_code, moved.headers["location"]) == (301, f"/web/20260301060018id_/{STORY}")
    gone = client.get("/web/20260301060024id_/http://news.example/gone")
    assert (gone.status_code, gone.text) == (404, "<p>Nothing here</p>")
    assert "memento-datetime" in gone.headers


def test_urls_are_unchanged(client: TestClient) -> None:
    """Percent-encoding and query are kept; a slash that a proxy merged is restored."""
    chinese = client.get("/web/20260301060030id_/http://news.example/%E6%B8%AF%E5%8F%A3")
    assert (chinese.status_code, "A harbour" in chinese.text) == (200, True)
    assert client.get(f"/web/20260301061030id_/{STORY}?from=feed").status_code == 200
    assert client.get(f"/web/20260301060000id_/{STORY.replace('//', '/')}").status_code == 200


def test_missing_captures_are_404_and_invalid_timestamps_400(client: TestClient) -> None:
    """Neither a 500, nor an empty page."""
    assert client.get("/web/2026id_/http://nobody.example/").status_code == 404
    assert client.get(f"/web/soonid_/{STORY}").status_code == 400


def test_an_archived_script_becomes_no_service_worker(client: TestClient) -> None:
    """A request with the header that browsers send to register one is refused."""
    assert client.get(RAW, headers={"service-worker": "script"}).status_code == 403


def test_bodies_have_etags(client: TestClient) -> None:
    """304 to If-None-Match; HEAD is GET without a body."""
    first = client.get(RAW)
    assert client.get(RAW, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    head = client.head(RAW)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["memento-datetime"] == first.headers["memento-datetime"]


@pytest.mark.parametrize("wanted", ["bytes=0-9", "bytes=99999999-"])
def test_ranges_are_ignored(client: TestClient, wanted: str) -> None:
    """Range is ignored, as RFC 9110 14.2 allows, and Accept-Ranges says so."""
    answer = client.get(RAW, headers={"range": wanted})
    assert (answer.status_code, answer.headers["accept-ranges"]) == (200, "none")
    assert b"<h1>The wall holds</h1>" in answer.content


def test_each_coding_is_a_representation(client: TestClient) -> None:
    """Each has its own ETag (RFC 9110 8.8.3.3); "*" matches any; a 304 has the same Vary."""
    coded = client.get(RAW, headers={"accept-encoding": "gzip"})
    plain = client.get(RAW, headers={"accept-encoding": "identity"})
    assert coded.headers["etag"] != plain.headers["etag"]
    for tags, status in ((coded.headers["etag"], 304), (plain.headers["etag"], 200), ('"a", W/"b"', 200), ("*", 304)):
        again = client.get(RAW, headers={"accept-encoding": "gzip", "if-none-match": tags})
        assert (again.status_code, again.headers["vary"]) == (status, coded.headers["vary"])


BULK = os.urandom(3_000_000)
FILM = "http://news.example/film.mp4"


@pytest.fixture
def large(archive_of: Callable[..., Archive]) -> Iterator[TestClient]:
    """A video, the same in gzip, and a part of it."""
    archive = archive_of(
        {"url": FILM, "body": BULK, "mime": "video/mp4"},
        {"url": f"{FILM}.gz", "body": gzip.compress(BULK), "headers": {"Content-Encoding": "gzip"}},
        {"url": f"{FILM}?part", "body": BULK[:9], "status": "206 Partial Content",
         "headers": {"Content-Range": "bytes 0-8/3000000"}},
    )  # fmt: skip
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        yield client


def test_large_bodies_are_streamed(large: TestClient) -> None:
    """Byte for byte, without Content-Length; HEAD reads nothing of the body."""
    answer = large.get(f"/web/20260301060000id_/{FILM}")
    assert (answer.status_code, answer.content == BULK) == (200, True)
    assert "content-length" not in answer.headers
    head = large.head(f"/web/20260301060000id_/{FILM}")
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "video/mp4")
    assert "content-length" not in head.headers
    known = {"if-none-match": answer.headers["etag"]}
    assert large.get(f"/web/20260301060000id_/{FILM}", headers=known).status_code == 304


def test_large_coded_bodies_are_decoded_in_a_slot(large: TestClient) -> None:
    """A client that decodes needs no slot; for others the body is decoded in memory, which needs one."""
    address = f"/web/20260301060000id_/{FILM}.gz"
    assert large.get(address, headers={"accept-encoding": "identity"}).content == BULK
    large.app.state.heavy = HeavyRequests(0)  # type: ignore[attr-defined]
    assert large.get(address, headers={"accept-encoding": "gzip"}).content == BULK
    refused = large.get(address, headers={"accept-encoding": "identity"})
    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)


def test_embedded_video_is_streamed(large: TestClient) -> None:
    """As a snapshot requests it; the archived type is used unless the bytes contradict it."""
    answer = large.get(f"/web/20260301060000oe_/{FILM}")
    assert (answer.status_code, answer.headers["content-type"], answer.content == BULK) == (200, "video/mp4", True)
    assert "content-length" not in answer.headers
    other = large.get(f"/web/20260301060000oe_/{FILM}.gz")
    assert (other.headers["content-type"], other.content == BULK) == ("application/octet-stream", True)


def test_an_archived_206_has_content_range(large: TestClient) -> None:
    """A 206 has Content-Range."""
    answer = large.get(f"/web/20260301060000id_/{FILM}?part")
    assert (answer.status_code, answer.content) == (206, BULK[:9])
    assert answer.headers["content-range"] == "bytes 0-8/3000000"


def test_a_torn_record_is_an_error(archive_of: Callable[..., Archive]) -> None:
    """Errors within the first megabyte are in the status; an unreadable file is not a gap in the archive."""
    archive = archive_of({"url": FILM, "body": os.urandom(1000)})
    path = next(archive.config.warc_folder.glob("*.warc.gz"))
    path.write_bytes(path.read_bytes()[:-300])
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000") as client:
        answer = client.get(f"/web/20260301060000id_/{FILM}")
        assert (answer.status_code, "damaged" in answer.text) == (500, True)
        path.unlink()
        for address in (f"/web/20260301060000id_/{FILM}", f"/warcs/{path.name}"):
            away = client.get(address)
            assert (away.status_code, away.headers["retry-after"]) == (503, "10")


def test_blocked_urls_are_not_found(opened: Callable[..., TestClient]) -> None:
    """As if never archived; not by redirects either."""
    address = "/web/20260301060036id_/http://news.example/private/salaries"
    assert opened().get(address).status_code == 200
    hidden = opened(blocked=("example,news)/private",))
    assert hidden.get(address).status_code == 404
    assert hidden.get("/timegate/http://news.example/private/salaries").status_code == 404
    assert hidden.get("/timemap/link/http://news.example/private/salaries").status_code == 404
