import pytest
from starlette.testclient import TestClient

from newsarchive.web.api import memento

STORY = "http://news.example/2026/03/01/harbour-wall"
BASE = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Sun, 01 Mar 2026 06:00:00 GMT", "060000"),
        ("Sun, 01 Mar 2026 06:26:00 GMT", "063000"),
        ("Sat, 01 Jan 2000 00:00:00 GMT", "060000"),
        (None, "063000"),
    ],
)
def test_the_timegate_leads_to_the_nearest_capture(client: TestClient, asked: str | None, found: str) -> None:
    """302, Vary and Link as in RFC 7089 4.1; without a time to the newest."""
    answer = client.get(f"/timegate/{STORY}", headers={"accept-datetime": asked} if asked else {})
    assert (answer.status_code, answer.headers["location"]) == (302, f"{BASE}/web/20260301{found}/{STORY}")
    assert answer.headers["vary"] == "accept-datetime"
    links = answer.headers["link"]
    assert f'<{STORY}>; rel="original"' in links
    assert f'<{BASE}/timemap/link/{STORY}>; rel="timemap"' in links
    assert 'rel="timegate"' not in links


def test_an_invalid_time_is_400_and_an_unknown_url_404(client: TestClient) -> None:
    """Both have a message and Vary."""
    wrong = client.get(f"/timegate/{STORY}", headers={"accept-datetime": "yesterday"})
    unknown = client.get("/timegate/http://nobody.example/")
    assert (wrong.status_code, unknown.status_code) == (400, 404)
    assert wrong.headers["vary"] == unknown.headers["vary"] == "accept-datetime"


def test_a_timemap_is_exact(client: TestClient) -> None:
    """The exact media type, and an entry per capture with rel "memento" only, which clients look for."""
    answer = client.get(f"/timemap/link/{STORY}")
    assert answer.headers["content-type"] == "application/link-format"
    times = [("060000", "06:00:00"), ("061000", "06:10:00"), ("062000", "06:20:00"), ("063000", "06:30:00")]
    assert answer.text == ",\n".join(
        [
            f'<{STORY}>; rel="original"',
            f'<{BASE}/timegate/{STORY}>; rel="timegate"',
            (f'<{BASE}/timemap/link/{STORY}>; rel="self"; type="application/link-format"; '
            'from="Sun, 01 Mar 2026 06:00:00 GMT"; until="Sun, 01 Mar 2026 06:30:00 GMT"'),
            *(
                f'<{BASE}/web/20260301{digits}/{STORY}>; rel="memento"; datetime="Sun, 01 Mar 2026 {time} GMT"'
                for digits, time in times
            ),
        ]
    ) + "\n"  # fmt: skip


def test_a_long_timemap_comes_in_pages(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each links to its neighbours; together they have every capture once; beyond the last is 404."""
    monkeypatch.setattr(memento, "PAGE_SIZE", 3)
    first = client.get(f"/timemap/link/{STORY}").text
    second = client.get(f"/timemap/2/link/{STORY}").text
    assert f'<{BASE}/timemap/2/link/{STORY}>; rel="next timemap"' in first
    assert f'<{BASE}/timemap/link/{STORY}>; rel="prev timemap"' in second
    assert (first.count('rel="memento"'), second.count('rel="memento"')) == (3, 1)
    assert client.get(f"/timemap/3/link/{STORY}").status_code == 404
    assert [page["rel"] for page in client.get(f"/timemap/2/json/{STORY}").json()["pages"]] == ["prev timemap"]


def test_a_timemap_as_json(client: TestClient) -> None:
    """First, last and all captures, with timestamps for the archive's URLs."""
    told = client.get(f"/timemap/json/{STORY}").json()
    assert told["original_uri"] == STORY
    assert told["mementos"]["first"] == {
        "datetime": "2026-03-01T06:00:00Z",
        "uri": f"{BASE}/web/20260301060000/{STORY}",
    }
    assert [one["timestamp"] for one in told["mementos"]["list"]] == [
        "20260301060000", "20260301061000", "20260301062000", "20260301063000",
    ]  # fmt: skip
