import json
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive

STORY = "http://news.example/2026/03/01/harbour-wall"


@pytest.fixture
def file(small: Archive) -> tuple[str, bytes]:
    """Return name and bytes of the archive's first file."""
    path = min(small.config.warc_folder.glob("*.warc.gz"))
    return path.name, path.read_bytes()


@pytest.mark.parametrize(
    ("wanted", "begin", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=5-99999999", 5, None),
        ("Bytes=2-2", 2, 3),
    ],
)
def test_ranges_are_the_files_bytes(
    client: TestClient, file: tuple[str, bytes], wanted: str, begin: int, end: int | None
) -> None:
    """206 with the bytes and Content-Range."""
    name, data = file
    answer = client.get(f"/warcs/{name}", headers={"range": wanted})
    part = data[begin:end]
    start = begin % len(data)
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(data)}"
    assert answer.headers["content-length"] == str(len(part))


@pytest.mark.parametrize("wanted", [None, "bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=-"])
def test_an_invalid_range_returns_the_whole_file(
    client: TestClient, file: tuple[str, bytes], wanted: str | None
) -> None:
    """RFC 9110 14.2: an invalid Range is ignored."""
    name, data = file
    answer = client.get(f"/warcs/{name}", headers={"range": wanted} if wanted else {})
    assert (answer.status_code, answer.content, answer.headers["accept-ranges"]) == (200, data, "bytes")


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0"])
def test_beyond_the_end_is_416(client: TestClient, file: tuple[str, bytes], wanted: str) -> None:
    """With the file's size."""
    answer = client.get(f"/warcs/{file[0]}", headers={"range": wanted})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(file[1])}")


def test_head_has_the_size(client: TestClient, file: tuple[str, bytes]) -> None:
    """The headers of GET without a body."""
    answer = client.head(f"/warcs/{file[0]}")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(len(file[1])))


def test_ranges_apply_to_get_only(client: TestClient, file: tuple[str, bytes]) -> None:
    """RFC 9110 14.2: HEAD ignores Range."""
    answer = client.head(f"/warcs/{file[0]}", headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(file[1])))


def test_files_have_etags(client: TestClient, file: tuple[str, bytes]) -> None:
    """By ETag, or by time without one (RFC 9110 13.2.2)."""
    address = f"/warcs/{file[0]}"
    known = client.head(address).headers
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    for asked, status in (
        ({"if-none-match": known["etag"]}, 304),
        ({"if-none-match": f'"other", W/{known["etag"]}'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"other"', "if-modified-since": later}, 200),
        ({"if-modified-since": known["last-modified"]}, 304),
        ({"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
        ({"if-modified-since": "soon"}, 200),
    ):
        answer = client.get(address, headers=asked)
        assert (answer.status_code, answer.headers["etag"]) == (status, known["etag"]), asked


def test_if_range(client: TestClient, file: tuple[str, bytes]) -> None:
    """If-Range with another state: the whole file instead of the range (RFC 9110 13.1.5)."""
    address = f"/warcs/{file[0]}"
    known = client.head(address).headers
    for condition, status in (
        (known["etag"], 206),
        (known["last-modified"], 206),
        (f"W/{known['etag']}", 200),
        ('"other"', 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ):
        answer = client.get(address, headers={"range": "bytes=0-9", "if-range": condition})
        assert (answer.status_code, answer.content) == (status, file[1][:10] if status == 206 else file[1]), condition


def test_a_file_that_grew_has_another_etag(client: TestClient, small: Archive, file: tuple[str, bytes]) -> None:
    """A file that is being written has a new ETag after each record."""
    path = small.config.warc_folder / file[0]
    before = client.head(f"/warcs/{file[0]}").headers["etag"]
    path.write_bytes(file[1] + b"more")
    try:
        assert client.head(f"/warcs/{file[0]}").headers["etag"] != before
    finally:
        path.write_bytes(file[1])


@pytest.mark.parametrize(
    "name",
    [
        "..%2Fnewsarchive.toml",
        "%2e%2e/newsarchive.toml",
        "newsarchive.toml",
        "stray.warc.gz",
        "a%00.warc.gz",
        "%2Fetc%2Fpasswd",
    ],
)
def test_only_files_that_the_index_knows(client: TestClient, small: Archive, name: str) -> None:
    """Other files, in the folder or outside it, are 404."""
    (small.config.warc_folder / "stray.warc.gz").write_bytes(b"not ours")
    assert client.get(f"/warcs/{name}").status_code == 404
    (small.config.warc_folder / "stray.warc.gz").unlink()


def test_files_with_blocked_records_are_served_by_record(opened: Callable[..., TestClient]) -> None:
    """A file with blocked records is served record by record, only those that may be shown."""
    everything = {
        row["url"]: row
        for row in map(
            json.loads, opened().get("/cdx", params={"url": "news.example/*", "output": "json"}).text.splitlines()
        )
    }
    client = opened(blocked=("example,news)/private",))

    def status(row: dict[str, str], before: int = 0, behind: int = 0) -> int:
        begin, length = int(row["offset"]), int(row["length"])
        wanted = f"bytes={begin - before}-{begin + length - 1 + behind}"
        return client.get(f"/warcs/{row['filename']}", headers={"range": wanted}).status_code

    allowed, blocked = everything["http://news.example/gone"], everything["http://news.example/private/salaries"]
    assert status(allowed) == 206
    assert [status(allowed, 1), status(allowed, 0, 1), status(allowed, 0, -1), status(blocked)] == [403] * 4
    assert client.get(f"/warcs/{allowed['filename']}").status_code == 403
    assert client.get(f"/warcs/{allowed['filename']}", headers={"range": "bytes=-500"}).status_code == 403
