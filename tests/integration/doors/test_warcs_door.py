import json
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive

STORY = "http://news.example/2026/03/01/harbour-wall"


@pytest.fixture
def file(small: Archive) -> tuple[str, bytes]:
    """Name and bytes of the archive's first file."""
    path = min(small.warc_folder.glob("*.warc.gz"))
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
    """206 with the bytes, and where they stand in the file."""
    name, data = file
    answer = client.get(f"/warcs/{name}", headers={"range": wanted})
    part = data[begin:end]
    start = begin % len(data)
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(data)}"
    assert answer.headers["content-length"] == str(len(part))


@pytest.mark.parametrize("wanted", [None, "bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=-"])
def test_without_a_range_that_is_one_the_whole_file_comes(
    client: TestClient, file: tuple[str, bytes], wanted: str | None
) -> None:
    """RFC 9110 14.2: a Range that is not understood is as if it were not there."""
    name, data = file
    answer = client.get(f"/warcs/{name}", headers={"range": wanted} if wanted else {})
    assert (answer.status_code, answer.content, answer.headers["accept-ranges"]) == (200, data, "bytes")


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0"])
def test_beyond_the_end_is_416(client: TestClient, file: tuple[str, bytes], wanted: str) -> None:
    """With the file's size, so that the client can ask again."""
    answer = client.get(f"/warcs/{file[0]}", headers={"range": wanted})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(file[1])}")


def test_head_tells_the_size(client: TestClient, file: tuple[str, bytes]) -> None:
    """No body, but what GET would say of it."""
    answer = client.head(f"/warcs/{file[0]}")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(len(file[1])))


def test_a_range_is_for_get_alone(client: TestClient, file: tuple[str, bytes]) -> None:
    """RFC 9110 14.2: HEAD tells of the whole file, whatever range it names."""
    answer = client.head(f"/warcs/{file[0]}", headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(file[1])))


def test_what_a_client_has_is_not_sent_again(client: TestClient, file: tuple[str, bytes]) -> None:
    """By tag, and by time where no tag is given (RFC 9110 13.2.2)."""
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


def test_parts_of_two_states_do_not_meet(client: TestClient, file: tuple[str, bytes]) -> None:
    """If-Range that is not this state to the letter: the whole file instead of the part (RFC 9110 13.1.5)."""
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


def test_a_file_that_grew_has_another_tag(client: TestClient, small: Archive, file: tuple[str, bytes]) -> None:
    """One that is being written is another file after each record."""
    path = small.warc_folder / file[0]
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
    """Whatever lies in the folder or beyond it: what is no WARC file of the archive is 404."""
    (small.warc_folder / "stray.warc.gz").write_bytes(b"not ours")
    assert client.get(f"/warcs/{name}").status_code == 404
    (small.warc_folder / "stray.warc.gz").unlink()


def test_where_something_is_blocked_single_allowed_records_are_open(opened: Callable[..., TestClient]) -> None:
    """A file that holds blocked records gives exactly the records that may be seen, and nothing around them."""
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
