"""Where articles stood on a front page, and from when to when: by article and by listing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.index.queries import links
from storage.index.queries.articles import list_articles

AT = datetime(2026, 5, 4, 6, tzinfo=UTC)
HOME = "https://news.example/"
WORDS = "harbour bridge council market school regatta ferry museum garden railway theatre library".split()
TITLES = [f"The {word} opens again after nine years" for word in WORDS]


def path(title: str) -> str:
    """Return the path of an article."""
    return f"/{title.lower().replace(' ', '-')}-2001"


def story(title: str) -> bytes:
    """An article page; each has its own text."""
    data = {"@type": "NewsArticle", "headline": title, "datePublished": "2026-05-04T05:00:00Z"}
    text = "".join(f"<p>{title}, as was told on the {word} day of the week by all who saw it.</p>" for word in "abcd")
    return (
        f'<html lang="en"><head><title>{title}</title><script type="application/ld+json">{json.dumps(data)}</script>'
        f"</head><body><article><h1>{title}</h1>{text}</article></body></html>"
    ).encode()


def front(lead: list[str], second: list[str]) -> bytes:
    """A front page with two labelled blocks; the cards of the first declare their sizes."""
    blocks = "".join(
        f"<section><h2>{label}</h2>"
        + "".join(
            f'<article{size.format(8 if place == 0 else 4)}><h3><a href="{path(t)}">{t}</a></h3></article>'
            for place, t in enumerate(titles)
        )
        + "</section>"
        for label, titles, size in (("Top stories", lead, ' class="col-{}"'), ("Town", second, ""))
    )
    return f"<html><head><title>News</title></head><body><main>{blocks}</main></body></html>".encode()


PAGES = (
    (0, front(TITLES[:6], TITLES[6:11])),
    (1, front(TITLES[:6], TITLES[6:11])),  # nothing changed: an unread revisit or the same groups
    (2, front([TITLES[1], TITLES[0], *TITLES[2:6]], TITLES[6:11])),
    (5, front(TITLES[1:6], [TITLES[0], *TITLES[6:10]])),
    (6, front(TITLES[1:6], TITLES[6:11])),
    (7, front(TITLES[:6], TITLES[6:12])),
)


@pytest.fixture(scope="module")
def archive(shared_archive_of: Callable[..., Archive]) -> Archive:
    """An archive in which one article moves over the front page, leaves it, and comes back."""
    answers: list[dict[str, object]] = [
        {"url": f"https://news.example{path(title)}", "body": story(title)} for title in TITLES
    ]
    answers += [{"url": HOME, "body": body, "at": AT + timedelta(hours=hours)} for hours, body in PAGES]
    return shared_archive_of(*answers, config='[serve]\nblocked = ["https://news.example/the-library"]')


@pytest.fixture(scope="module")
def client(archive: Archive) -> TestClient:
    """A browser of the archive."""
    return TestClient(create_app(archive), base_url="http://127.0.0.1:8000")


def find(client: TestClient, title: str) -> int:
    """Return the id of an article."""
    [hit] = client.get("/api/v1/search", params={"q": f'headline:"{title}"'}).json()["hits"]
    return int(hit["article_id"])


def hours(placement: dict[str, object]) -> list[int | None]:
    """Return first, last and until in hours since the first capture."""
    times = (placement[name] for name in ("first", "last", "until"))
    return [t and round((datetime.fromisoformat(str(t)) - AT) / timedelta(hours=1)) for t in times]  # type: ignore[misc]


EXPECTED = [
    ([0, 1, 2], ("Top stories", 1, 1), 2, 60),
    ([2, 2, 5], ("Top stories", 1, 2), 1, 0),
    ([5, 5, 6], ("Town", 2, 1), 1, 0),
    ([7, 7, None], ("Top stories", 1, 1), 1, 0),
]


def told(placements: list[dict[str, object]]) -> list[object]:
    """Return the placements as in EXPECTED."""
    return [
        (hours(one), (one["label"], one["block"], one["position"]), one["captures"], one["minutes"])
        for one in placements
    ]


def test_placements_of_an_article(client: TestClient) -> None:
    """Each span of captures with one place; between captures with another place, or none, they do not go on."""
    number = find(client, TITLES[0])
    placements = client.get("/api/v1/placements", params={"article": number}).json()["placements"]
    assert told(placements) == EXPECTED
    assert {(one["url"], one["article_id"]) for one in placements} == {(HOME, number)}


@pytest.mark.parametrize(
    ("at", "number"),
    [("", 6), ("2026-05-04T08:00", 3), ("2026-05-04", 6), ("2026-05-04T13:00:00+02:00", 4), ("2026", 6), ("2025", 1)],
)
def test_a_listing_at_a_time(client: TestClient, at: str, number: int) -> None:
    """Its newest capture then, or its first one, with its blocks; a day includes its captures."""
    found = client.get("/api/v1/listings", params={"url": HOME} | ({"at": at} if at else {})).json()
    hour, page = PAGES[number - 1]
    assert (found["number"], found["captures"]) == (number, len(PAGES))
    assert found["capture"]["fetched_at"] == (AT + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")
    assert [group["label"] for group in found["groups"]] == ["Top stories", "Town"]
    printed = html.fromstring(page).xpath("//a/text()")
    links = [link for group in found["groups"] for link in group["links"]]
    assert [link["anchor"] for link in links] == [text for text in printed if "library" not in text]
    assert {link["box_size"] for link in links} == {"8 columns", "4 columns", ""}
    assert all(link["article_id"] for link in links)


def test_a_day_ends_before_the_next_one(archive_of: Callable[..., Archive]) -> None:
    """A capture at midnight is one of the day that begins; a second includes its fractions."""
    midnight = AT.replace(hour=0) + timedelta(days=1)
    times = [AT, AT + timedelta(hours=1, microseconds=250_000), midnight]
    client = TestClient(create_app(archive_of(*({"url": HOME, "body": PAGES[0][1], "at": at} for at in times))))
    for at, number in (
        ("2026-05-04", 2), ("2026-05", 3), ("2026-05-05T00:00:00Z", 3), ("2026-05-04T23:59:59Z", 2),
        ("2026-05-04T07:00:00Z", 2), ("2026-05-04T07:00:00.250000Z", 2), ("2026-05-04T06:59:59Z", 1),
    ):  # fmt: skip
        found = client.get("/api/v1/listings", params={"url": HOME, "at": at}).json()
        assert (at, found["number"]) == (at, number)
        page = client.get("/listing", params={"url": HOME, "at": at.replace(".250000", "")}).text
        assert f"capture {number} of 3" in " ".join(html.fromstring(page).text_content().split()), at
    for refused in ("12:30", "2026-05-04 noon", "---", "20260504"):
        assert client.get("/api/v1/listings", params={"url": HOME, "at": refused}).status_code == 400


def test_what_is_no_listing_is_not_found(client: TestClient) -> None:
    """An article, a URL without captures, and what is no time."""
    for url in (f"https://news.example{path(TITLES[0])}", "https://elsewhere.example/"):
        assert client.get("/api/v1/listings", params={"url": url}).status_code == 404
    assert client.get("/api/v1/listings", params={"url": HOME, "at": "noon"}).status_code == 400
    assert client.get("/api/v1/listings").status_code == 400


def test_placements_say_the_declared_size(client: TestClient) -> None:
    """The first of the top stories has twice the columns of the others, and the other block declares none."""
    found = client.get("/api/v1/placements", params={"url": HOME}).json()["placements"]
    sizes = {(one["label"], one["position"] == 1): one["box_size"] for one in found}
    assert sizes == {
        ("Top stories", True): "8 columns", ("Top stories", False): "4 columns",
        ("Town", True): "", ("Town", False): "",
    }  # fmt: skip
    page = client.get(f"/article/{find(client, TITLES[0])}").text
    assert "declared size 8 columns" in page


def test_an_article_that_is_merged_meanwhile_is_left_out(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer deletes its row after the links were read: the placements of all others stay as they are."""
    number = find(client, TITLES[2])
    every = client.get("/api/v1/placements", params={"url": HOME}).json()["placements"]
    load = links._load_article_urls
    monkeypatch.setattr(
        links, "_load_article_urls", lambda connection, ids: load(connection, [each for each in ids if each != number])
    )
    found = client.get("/api/v1/placements", params={"url": HOME}).json()["placements"]
    assert found == [one for one in every if one["article_id"] != number]
    assert len(found) < len(every)


def test_placements_of_a_listing_are_the_same(client: TestClient) -> None:
    """Asked by the front page, each article has the placements that are told of the article."""
    everything = client.get("/api/v1/placements", params={"url": HOME}).json()["placements"]
    assert len({one["article_id"] for one in everything}) == 11
    for title in TITLES[:11]:
        number = find(client, title)
        own = client.get("/api/v1/placements", params={"article": number}).json()["placements"]
        assert [one for one in everything if one["article_id"] == number] == own, title


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-05-04T08:00:00Z", "2026-05-04T12:00:00Z", EXPECTED[1:3]),
        ("2026-05-04", "2026-05-04", EXPECTED),
        # The first capture after the period shows the article where it was: it has not left its place by then.
        ("2026-05-04T06:00:00Z", "2026-05-04T06:30:00Z", [([0, 0, None], ("Top stories", 1, 1), 1, 0)]),
        ("2026-05-04T07:00:00Z", "2026-05-04T07:30:00Z", [([1, 1, 2], ("Top stories", 1, 1), 1, 0)]),
        ("2026-05-04T12:00:00Z", "2026-05-04T12:30:00Z", []),
        ("2027-01-01", "", []),
    ],
)
def test_a_period_of_a_listing_and_of_an_article(
    client: TestClient, since: str, until: str, expected: list[object]
) -> None:
    """Only captures in it are told; the next one after it ends a span, unless it shows the same."""
    number = find(client, TITLES[0])
    period = {"since": since} | ({"until": until} if until else {})
    found = client.get("/api/v1/placements", params={"url": HOME, **period}).json()["placements"]
    assert told([one for one in found if one["article_id"] == number]) == expected
    own = client.get("/api/v1/placements", params={"article": str(number), **period}).json()["placements"]
    # What stands there for longer is known of an article.
    assert [one | {"until": None} for one in own] == [
        one | {"until": None} for one in found if one["article_id"] == number
    ]


@pytest.mark.parametrize("query", ["", "?url=https://news.example/&article=1"])
def test_either_an_article_or_a_listing(client: TestClient, query: str) -> None:
    """Without either, or with both, nothing is guessed."""
    assert client.get(f"/api/v1/placements{query}").status_code == 400
    assert client.get("/api/v1/placements?article=9999").status_code == 404


def test_a_withheld_article_has_no_placement(archive: Archive, client: TestClient) -> None:
    """Neither by its listing nor by its id: the newest front page shows one that the owner blocks."""
    shown = [article.id for article in archive.index.ask(list_articles) if article.headline == TITLES[11]]
    assert len(shown) == 1
    assert "library" not in client.get("/api/v1/placements", params={"url": HOME}).text
    assert shown[0] not in {
        one["article_id"] for one in client.get("/api/v1/placements", params={"url": HOME}).json()["placements"]
    }
    assert client.get("/api/v1/placements", params={"article": shown[0]}).status_code == 404


def test_the_page_of_an_article_tells_its_places(client: TestClient) -> None:
    """In the order of time, with durations."""
    page = html.fromstring(client.get(f"/article/{find(client, TITLES[0])}").text)
    items = page.xpath("//section[@aria-labelledby='placements']//li")
    texts = [" ".join(item.text_content().split()) for item in items]
    assert texts[0].startswith("No. 1 in Top stories 1 hour, 4 May 2026, 06:00 UTC – 4 May 2026, 07:00 UTC, 2 captures")
    assert texts[2] == "No. 1 in Town 4 May 2026, 11:00 UTC, one capture"
    assert texts[3].endswith("one capture, newest capture, declared size 8 columns")
    assert len(texts) == len(EXPECTED)
