import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from newsarchive.web.api import cdx
from newsarchive.web.api.cdx_query import resume_key

STORY = "http://news.example/2026/03/01/harbour-wall"
KEY = "example,news)/2026/03/01/harbour-wall"
GOOD_KEY = resume_key((KEY, datetime(2026, 3, 1, tzinfo=UTC), "urn:uuid:1"))


def lines(client: TestClient, address: str = "/cdx", **words: str) -> list[str]:
    """The lines of an answer."""
    answer = client.get(address, params={name.rstrip("_"): value for name, value in words.items()})
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()


def test_a_line_says_where_the_record_is(client: TestClient) -> None:
    """Pywb's form: key, timestamp and the place as texts; the place is that of the record, to the byte."""
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


def test_captures_of_one_url_are_in_the_order_of_time(client: TestClient) -> None:
    """Exact queries give all looks at a URL, whatever its scheme and "www."; a revisit is named as such."""
    told = [line.split(" ", 2) for line in lines(client, url="https://www.news.example/2026/03/01/harbour-wall")]
    assert [stamp for _, stamp, _ in told] == [f"202603010{time}00" for time in ("600", "610", "620", "630")]
    assert [json.loads(fields)["mime"] for _, _, fields in told] == [
        "text/html", "warc/revisit", "warc/revisit", "text/html",
    ]  # fmt: skip


def test_the_closest_comes_first_and_a_304_as_what_it_confirms(client: TestClient) -> None:
    """A replay that asks for the time of a 304 gets the answer that the 304 confirmed, at that time."""
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
def test_parameters_narrow(client: TestClient, words: dict[str, str], stamps: list[str]) -> None:
    """Each parameter does what it does in pywb's server."""
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
    """Prefix, host and domain queries are sorted like a CDX file; what matches nothing is 404 with a message."""
    answer = client.get("/cdx", params={"url": url, **({"matchType": match} if match else {})})
    if count is None:
        assert (answer.status_code, list(answer.json())) == (404, ["message"])
        return
    keys = [line.split(" ", 2)[:2] for line in answer.text.splitlines()]
    assert len(keys) == count
    assert keys == sorted(keys)


def test_of_a_parameter_that_comes_twice_the_last_counts(client: TestClient) -> None:
    """Pywb's remote source sends `limit=` from its template and its own behind it; empty ones count as not given."""
    assert len(client.get(f"/cdx?url={STORY}&limit=1&limit=3&limit=").text.splitlines()) == 3


def test_pages_end_with_400(client: TestClient) -> None:
    """A client that goes from page to page is told where the last one was: an empty page would have it ask for ever."""
    pages = client.get("/cdx", params={"url": "news.example/*", "showNumPages": "true"}).json()
    assert pages == {"pages": 1, "pageSize": 3000, "blocks": 1}
    assert client.get("/cdx", params={"url": "news.example/*", "page": "0"}).status_code == 200
    beyond = client.get("/cdx", params={"url": "news.example/*", "page": "1"})
    assert (beyond.status_code, list(beyond.json())) == (400, ["message"])


def test_wayback_json_is_a_list_of_lists(client: TestClient) -> None:
    """Names first; nothing at all where nothing was found."""
    told = client.get("/cdx/search/cdx", params={"url": STORY, "output": "json", "limit": "1"}).json()
    assert told[0] == ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
    assert told[1][:5] == [KEY, "20260301060000", STORY, "text/html", "200"]
    assert client.get("/cdx/search/cdx", params={"url": "nobody.example", "output": "json"}).json() == []
    assert client.get("/cdx/search/cdx", params={"url": STORY, "showNumPages": "true"}).text == "1\n"


def test_wayback_filters_fit_the_whole_field(client: TestClient) -> None:
    """There a filter is a pattern for all of the field; 30. is no 304 and more."""
    asked = {"url": STORY, "fl": "statuscode", "filter": ["statuscode:3.4"]}
    assert client.get("/cdx/search/cdx", params=asked).text == "304\n"
    assert client.get("/cdx/search/cdx", params={**asked, "filter": "statuscode:3."}).text == ""


@pytest.mark.parametrize("url", ["news.example/*", STORY])
@pytest.mark.parametrize("sort", ["", "reverse"])
def test_a_resume_key_goes_on_where_an_answer_stopped(client: TestClient, url: str, sort: str) -> None:
    """All captures, some at a time, each once; forwards and backwards."""
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
def test_an_answer_that_is_not_all_says_where_it_goes_on(client: TestClient, door: str) -> None:
    """By a Link header, in every form and without being asked; one that is all has none."""
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


def test_what_was_not_looked_at_is_not_called_missing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that finds nothing among as many as are looked at: not 404, but where to go on."""
    monkeypatch.setattr(cdx, "MOST_LOOKED_AT", 3)
    asked = {"url": STORY, "filter": "=timestamp:20260301063000"}
    first = client.get("/cdx", params=asked)
    assert (first.status_code, first.text) == (200, "")
    further = client.get(first.headers["link"].partition(">")[0].removeprefix("<http://127.0.0.1:8000"))
    assert further.text.startswith(f"{KEY} 20260301063000 ")


@pytest.mark.parametrize("door", ["/cdx", "/cdx/search/cdx"])
def test_a_page_is_whole_or_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    """However long; never a part of it, which a client would take for all."""
    asked = {"url": "news.example/*", "page": "0"}
    monkeypatch.setattr(cdx, "MOST_ON_A_PAGE", 11)
    whole = client.get(door, params=asked)
    assert (whole.status_code, len(whole.text.splitlines())) == (200, 11)
    assert whole.headers["content-length"] == str(len(whole.content))
    monkeypatch.setattr(cdx, "MOST_ON_A_PAGE", 10)
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
def test_nonsense_is_400_with_a_message(client: TestClient, words: dict[str, str]) -> None:
    """Never a 500, and never silently something else than what was asked for."""
    answer = client.get("/cdx", params=words)
    assert (answer.status_code, list(answer.json())) == (400, ["message"])


@pytest.mark.parametrize("door", ["/cdx", "/cdx/search/cdx"])
def test_blocked_addresses_are_in_no_answer(opened: Callable[..., TestClient], door: str) -> None:
    """Not in lists, not by their own URL, not in counts."""
    client = opened(blocked=("example,news)/private",))
    for words in ({"url": "news.example/*"}, {"url": "news.example/*", "page": "0"}, {"url": "*.example"}):
        assert "private" not in client.get(door, params=words).text
    alone = client.get(door, params={"url": "http://news.example/private/salaries"})
    assert alone.text.startswith(("", '{"message"'))
    assert "salaries 2026" not in alone.text
    assert client.get(door, params={"url": "http://news.example/private/", "matchType": "prefix"}).text.count("\n") == 0
