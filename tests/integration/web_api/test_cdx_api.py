import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from newsarchive.web.api import cdx
from newsarchive.web.api.cdx import format_resume_key

STORY = "http://news.example/2026/03/01/harbour-wall"
KEY = "example,news)/2026/03/01/harbour-wall"
GOOD_KEY = format_resume_key((KEY, datetime(2026, 3, 1, tzinfo=UTC), "urn:uuid:1"))


def lines(client: TestClient, address: str = "/cdx", **words: str) -> list[str]:
    """The lines of an answer."""
    answer = client.get(address, params={name.rstrip("_"): value for name, value in words.items()})
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()


def test_a_line_has_the_location_of_the_record(client: TestClient) -> None:
    """Format of pywb: key, timestamp and location as text; the location is that of the record."""
    first = lines(client, url=STORY)[0]
    key, stamp, fields = first.split(" ", 2)
    told = json.loads(fields)
    assert (key, stamp) == (KEY, "20260301060000")
    assert list(told) == ["url", "mime", "status", "digest", "length", "offset", "filename"]
    assert (told["url"], told["mime"], told["status"]) == (STORY, "text/html", "200")
    begin = int(told["offset"])
    ranged = {"range": f"bytes={begin}-{begin + int(told['length']) - 1}"}
    record = client.get(f"/warcs/{told['filename']}", headers=ranged)
    assert (record.status_code, len(record.content)) == (206, int(told["length"]))


def test_captures_of_one_url_are_in_time_order(client: TestClient) -> None:
    """Exact queries return all captures of a URL, with any scheme and "www."; revisits are marked."""
    told = [line.split(" ", 2) for line in lines(client, url="https://www.news.example/2026/03/01/harbour-wall")]
    assert [stamp for _, stamp, _ in told] == [f"202603010{time}00" for time in ("600", "610", "620", "630")]
    assert [json.loads(fields)["mime"] for _, _, fields in told] == [
        "text/html", "warc/revisit", "warc/revisit", "text/html",
    ]  # fmt: skip


def test_the_closest_comes_first_and_a_304_as_what_it_confirms(client: TestClient) -> None:
    """A replay of the time of a 304 gets the response that the 304 confirms, at that time."""
    asked = {"url": STORY, "closest": "20260301062000", "sort": "closest", "output": "json"}
    told = [json.loads(line) for line in lines(client, **asked)]
    assert [one["timestamp"][8:12] for one in told] == ["0620", "0630", "0610", "0600"]
    original = json.loads(lines(client, url=STORY, output="json")[0])
    assert {**told[0], "timestamp": ""} == {**original, "timestamp": ""}


@pytest.mark.parametrize(
    ("words", "stamps"),
    [
        ({"from": "202603010610", "to": "202603010620"}, ["0610", "0620"]),
        ({"from": "2026030106", "to": "2026", "limit": "2"}, ["0600", "0610"]),
        ({"limit": "-1"}, ["0630"]),
        ({"limit": "-2"}, ["0620", "0630"]),
        ({"sort": "reverse", "limit": "1"}, ["0630"]),
        ({"filter": "=status:304"}, ["0620"]),
        ({"filter": "!status:304"}, ["0600", "0610", "0630"]),
        ({"filter": "~mime:text/.*"}, ["0600", "0630"]),
        ({"filter": "!~mime:text/.*"}, ["0610", "0620"]),
        ({"filter": ["mime:html", "!=timestamp:20260301060000"]}, ["0630"]),
        ({"offset": "1", "limit": "2"}, ["0610", "0620"]),
        ({"collapse": "mime"}, ["0600", "0610", "0630"]),
        ({"page": "0"}, ["0600", "0610", "0620", "0630"]),
    ],
)
def test_parameters_filter(client: TestClient, words: dict[str, str], stamps: list[str]) -> None:
    """Each parameter works as in pywb."""
    answer = client.get("/cdx", params={"url": STORY, "output": "text", "fl": "timestamp", **words})
    assert answer.text.splitlines() == [f"20260301{stamp}00" for stamp in stamps]


@pytest.mark.parametrize(
    ("url", "match", "count"),
    [
        ("news.example/2026/*", None, 5),
        ("http://news.example/2026/", "prefix", 5),
        ("news.example", "host", 11),
        ("*.example", None, 11),
        ("example", "domain", 11),
        ("elsewhere.example", "host", None),
    ],
)
def test_many_urls_come_in_the_order_of_their_keys(
    client: TestClient, url: str, match: str | None, count: int | None
) -> None:
    """Prefix, host and domain queries are sorted like a CDX file; no match is 404 with a message."""
    answer = client.get("/cdx", params={"url": url, **({"matchType": match} if match else {})})
    if count is None:
        assert (answer.status_code, list(answer.json())) == (404, ["message"])
        return
    keys = [line.split(" ", 2)[:2] for line in answer.text.splitlines()]
    assert len(keys) == count
    assert keys == sorted(keys)


def test_the_last_value_of_a_repeated_parameter_counts(client: TestClient) -> None:
    """The remote source of pywb sends `limit=` from its template and then its own; empty values count as missing."""
    assert len(client.get(f"/cdx?url={STORY}&limit=1&limit=3&limit=").text.splitlines()) == 3


def test_pages_end_with_400(client: TestClient) -> None:
    """A page beyond the last is an error: clients would request empty pages for ever."""
    pages = client.get("/cdx", params={"url": "news.example/*", "showNumPages": "true"}).json()
    assert pages == {"pages": 1, "pageSize": 3000, "blocks": 1}
    assert client.get("/cdx", params={"url": "news.example/*", "page": "0"}).status_code == 200
    beyond = client.get("/cdx", params={"url": "news.example/*", "page": "1"})
    assert (beyond.status_code, list(beyond.json())) == (400, ["message"])


def test_wayback_json_is_a_list_of_lists(client: TestClient) -> None:
    """Field names first; an empty list without results."""
    told = client.get("/cdx/search/cdx", params={"url": STORY, "output": "json", "limit": "1"}).json()
    assert told[0] == ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
    assert told[1][:5] == [KEY, "20260301060000", STORY, "text/html", "200"]
    assert client.get("/cdx/search/cdx", params={"url": "nobody.example", "output": "json"}).json() == []
    assert client.get("/cdx/search/cdx", params={"url": STORY, "showNumPages": "true"}).text == "1\n"


def test_wayback_filters_fit_the_whole_field(client: TestClient) -> None:
    """A filter matches the whole field."""
    asked = {"url": STORY, "fl": "statuscode", "filter": ["statuscode:3.4"]}
    assert client.get("/cdx/search/cdx", params=asked).text == "304\n"
    assert client.get("/cdx/search/cdx", params={**asked, "filter": "statuscode:3."}).text == ""


@pytest.mark.parametrize("url", ["news.example/*", STORY])
@pytest.mark.parametrize("sort", ["", "reverse"])
def test_a_resume_key_continues_a_response(client: TestClient, url: str, sort: str) -> None:
    """All captures, in parts, each once; in both directions."""
    found: list[str] = []
    words = {"url": url, "sort": sort, "limit": "3", "showResumeKey": "true", "fl": "urlkey,timestamp"}
    while True:
        text = client.get("/cdx/search/cdx", params=words).text
        rows, _, key = text.partition("\n\n")
        found += rows.splitlines()
        if not key:
            break
        words["resumeKey"] = key.strip()
    assert found == client.get("/cdx/search/cdx", params={**words, "limit": "", "resumeKey": ""}).text.splitlines()
    assert len(found) > 3


@pytest.mark.parametrize("door", ["/cdx", "/cdx/search/cdx"])
def test_an_incomplete_response_links_to_the_next(client: TestClient, door: str) -> None:
    """By a Link header in every format; a complete response has none."""
    address = f"{door}?url=news.example/*&output=json&fl=timestamp&limit=4"
    whole = client.get(f"{door}?url=news.example/*&output=json&fl=timestamp")
    assert "link" not in whole.headers
    found: list[object] = []
    while address:
        answer = client.get(address)
        lines = answer.json()[1:] if "search" in door else [json.loads(line) for line in answer.text.splitlines()]
        assert 0 < len(lines) <= 4
        found += lines
        link = answer.headers.get("link", "")
        assert not link or link.endswith('>; rel="next"')
        address = link.partition(">")[0].removeprefix("<http://127.0.0.1:8000")
    assert found == (whole.json()[1:] if "search" in door else [json.loads(line) for line in whole.text.splitlines()])


def test_a_scan_limit_is_not_a_404(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter without a match among the scanned captures: not 404, but a Link to the next part."""
    monkeypatch.setattr(cdx, "MAX_SCANNED", 3)
    asked = {"url": STORY, "filter": "=timestamp:20260301063000"}
    first = client.get("/cdx", params=asked)
    assert (first.status_code, first.text) == (200, "")
    further = client.get(first.headers["link"].partition(">")[0].removeprefix("<http://127.0.0.1:8000"))
    assert further.text.startswith(f"{KEY} 20260301063000 ")


@pytest.mark.parametrize("door", ["/cdx", "/cdx/search/cdx"])
def test_a_page_is_complete_or_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    """However long; never a part, which a client would take for the whole."""
    asked = {"url": "news.example/*", "page": "0"}
    monkeypatch.setattr(cdx, "MAX_PAGE_CAPTURES", 11)
    whole = client.get(door, params=asked, headers={"Accept-Encoding": "identity"})
    assert (whole.status_code, len(whole.text.splitlines())) == (200, 11)
    assert whole.headers["content-length"] == str(len(whole.content))
    monkeypatch.setattr(cdx, "MAX_PAGE_CAPTURES", 10)
    refused = client.get(door, params=asked)
    assert (refused.status_code, "more than 10 captures" in refused.json()["message"]) == (413, True)
    assert client.get(door, params={**asked, "to": "20260301060500"}).status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"url": STORY, "matchType": "near"},
        {"url": STORY, "limit": "many"},
        {"url": STORY, "from": "yesterday"},
        {"url": STORY, "closest": "20261301"},
        {"url": STORY, "filter": "status"},
        {"url": STORY, "filter": "~status:(a"},
        {"url": STORY, "filter": "~status:(?=a)"},
        {"url": STORY, "fl": "secret"},
        {"url": STORY, "output": "xml"},
        {"url": STORY, "resumeKey": "nonsense"},
        {"url": STORY, "page": "-1"},
        {"url": STORY, "limit": "-1", "resumeKey": GOOD_KEY},
        {"url": STORY, "closest": "2026", "resumeKey": GOOD_KEY},
    ],
)
def test_invalid_queries_are_400_with_a_message(client: TestClient, words: dict[str, str]) -> None:
    """Never a 500, and never silently another query."""
    answer = client.get("/cdx", params=words)
    assert (answer.status_code, list(answer.json())) == (400, ["message"])


@pytest.mark.parametrize("door", ["/cdx", "/cdx/search/cdx"])
def test_blocked_urls_are_in_no_response(opened: Callable[..., TestClient], door: str) -> None:
    """Neither in lists, nor by their own URL, nor in counts."""
    client = opened(blocked=("example,news)/private",))
    for words in ({"url": "news.example/*"}, {"url": "news.example/*", "page": "0"}, {"url": "*.example"}):
        assert "private" not in client.get(door, params=words).text
    alone = client.get(door, params={"url": "http://news.example/private/salaries"})
    assert alone.text.startswith(("", '{"message"'))
    assert "salaries 2026" not in alone.text
    assert client.get(door, params={"url": "http://news.example/private/", "matchType": "prefix"}).text.count("\n") == 0
