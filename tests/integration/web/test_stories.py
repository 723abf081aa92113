"""Search results by story: copies of one text in several papers are folded under the first."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tantivy import Query

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from storage.index.search.facets import search_with_facets
from storage.index.search.follower import open_search
from tests.conftest import Answer

FIRST = datetime(2026, 3, 2, 5, tzinfo=UTC)
LEAD = "The harbour of the old town was opened again on Monday after nine years of work that cost forty million euros."
SECOND = (
    "The first ships came in before noon, and the mayor thanked all who had taken part in the long rebuilding of it."
)
END = "Fishing boats will use the southern quay from next week on, and the ferries to the islands the northern one."
OTHER = (
    "The bridge over the river stays closed for another winter, as the council of the town said in its last session."
)


def look(site: str, day: int, *paragraphs: str, headline: str = "Harbour opens after nine years") -> dict[str, object]:
    at = FIRST + timedelta(days=day)
    facts = f'{{"@type": "NewsArticle", "headline": "{headline}", "datePublished": "{at.isoformat()}"}}'
    body = "".join(f"<p>{each}</p>" for each in paragraphs)
    page = f'<script type="application/ld+json">{facts}</script><h1>{headline}</h1><article>{body}</article>'
    name = headline.lower().replace(" ", "-")
    return {"url": f"https://{site}.example/2026/{name}-{day}.html", "body": page.encode(), "at": at}


LOOKS = [
    look("wire", 1, LEAD, SECOND, END),
    look("north", 2, f"OLDTOWN (dpa) – {LEAD}", SECOND, headline="Ships are back in the harbour"),
    look(
        "south", 3, LEAD, SECOND, END, "Additional reporting by the editors of the South.", headline="Harbour is open"
    ),
    look("south", 5, OTHER, SECOND, END, headline="Bridge stays closed near the harbour"),
    # A column of one paper begins with the same paragraphs each week, and is not a copy of itself.
    look(
        "wire",
        8,
        f"Column. {LEAD}",
        SECOND,
        "This week we answer what readers have asked about their gardens in May.",
        headline="Letters about the harbour",
    ),
]
# What a paper prints under most of its articles is boilerplate, and no part of a story.
LOOKS += [
    look(
        "wire",
        9 + n,
        *(
            f"{name} {each} is told of in this paragraph about gardens, streets and the people who live"
            f" there, as it was {each} years ago."
            for each in range(4)
        ),
        headline=f"All about {name} now",
    )
    for n, name in enumerate(("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel"))
]


@pytest.fixture(scope="module")
def client(shared_archive_of: Callable[..., Archive]) -> TestClient:
    """Five articles: one text in three papers, another text, and a column."""
    return TestClient(create_app(shared_archive_of(*LOOKS)))


def test_copies_are_folded_under_the_oldest(client: TestClient) -> None:
    """However they were cut, headed and signed; the switch lists them one by one."""
    text = unescape(client.get("/search?q=harbour").text)
    assert "3 articles</h2>" in text
    assert "5 articles with copies in other papers" in text
    assert text.count("in 2 other papers") == 1
    assert text.index("</mark> opens after nine") < text.index("Ships are back")
    every = unescape(client.get("/search?q=harbour&copies=all").text)
    assert "5 articles</h2>" in every
    assert "other papers:" not in every
    assert "Fold copies" in every


def test_histogram_counts_with_and_without_copies(client: TestClient) -> None:
    """The chart is of what the list shows; facets count every article, as one of them finds it."""
    for query, articles in (("", 3), ("&copies=all", 5)):
        text = client.get(f"/search?q=harbour{query}").text
        table = text[text.index('<figure class="dated">') : text.index("</figure>")]
        assert sum(table.count(f'<td class="number">{n}</td>') for n in (1,)) >= articles
        assert 'south.example</bdi></a> <span class="count"><span class="unseen">, </span>2<' in text


@pytest.mark.parametrize(
    ("looks", "folded", "every"),
    [
        (LOOKS, ("day", [1, 1, 1]), [1, 1, 1, 1, 1]),
        ([*LOOKS, look("east", -3650, LEAD, SECOND, END, headline="The harbour is new")], ("year", [1, 2]), [1, 5]),
    ],
    ids=["by days", "by years"],
)
def test_each_bar_has_what_is_shown(
    shared_archive_of: Callable[..., Archive], looks: list[Any], folded: tuple[str, list[int]], every: list[int]
) -> None:
    """By days the engine counts them, by years the facet does; a copy is in no bar, whatever the year of the first."""
    index = shared_archive_of(*looks).index
    shown = index.ask(search_with_facets, "harbour", fold=True).histogram
    assert (shown.step, [bar.articles for bar in shown.bars if bar.articles]) == folded
    all_of_them = index.ask(search_with_facets, "harbour").histogram
    assert [bar.articles for bar in all_of_them.bars if bar.articles] == every


@pytest.mark.parametrize("order", ["newest", "rank", "longest", "edits"])
def test_a_page_is_full_where_copies_come_first(shared_archive_of: Callable[..., Archive], order: str) -> None:
    """In each order the first hits are copies, more than twice as many as a page has."""
    longer = [look(f"copy{n}", 2 + n, LEAD, SECOND, END, f"{OTHER} harbour " * n) for n in range(6)]
    shown = TestClient(create_app(shared_archive_of(LOOKS[0], *longer)))
    page = shown.get(f"/api/v1/search?q=harbour&stories=true&limit=1&sort={order}").json()
    assert (page["total"], page["articles"], len(page["hits"])) == (1, 7, 1)
    assert (page["hits"][0]["site"], page["hits"][0]["papers"]) == ("wire.example", 6)


def test_each_page_has_whole_stories(client: TestClient) -> None:
    """Counts are exact on every page of the API, and by every order."""
    for order in ("newest", "rank", "longest", "edits"):
        seen, cursor = [], ""
        while True:
            page = client.get(f"/api/v1/search?q=harbour&stories=true&limit=1&sort={order}{cursor}").json()
            assert (page["total"], page["articles"]) == (3, 5)
            seen += [(hit["site"], hit["papers"], [copy["site"] for copy in hit["copies"]]) for hit in page["hits"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert sorted(seen) == [
            ("south.example", 0, []),
            ("wire.example", 0, []),
            ("wire.example", 2, ["north.example", "south.example"]),
        ]
    assert client.get("/api/v1/search?q=harbour").json()["total"] == 5


def test_only_matching_copies_count(client: TestClient) -> None:
    """A copy that the search does not find is in no paper; the oldest that it finds stands for the story."""
    (hit,) = client.get("/api/v1/search?q=harbour+dpa&stories=true").json()["hits"]
    assert (hit["site"], hit["papers"]) == ("north.example", 0)
    found = client.get("/api/v1/search?q=harbour&since=2026-03-04&until=2026-03-06&stories=true").json()
    assert [(hit["site"], hit["papers"]) for hit in found["hits"]] == [("north.example", 1)]


def test_agency_is_shown_searched_exported_and_counted(client: TestClient) -> None:
    """By the dateline of its text; a filter takes any of its names."""
    (hit,) = client.get("/api/v1/search?q=harbour&agency=Deutsche+Presse-Agentur").json()["hits"]
    assert hit["site"] == "north.example"
    assert client.get("/api/v1/search?q=agency:DPA").json()["total"] == 1
    assert client.get("/api/v1/search?q=harbour+agency:Reuters").json()["total"] == 0
    article = f"/article/{hit['article_id']}"
    assert '<a href="/search?agency=dpa">dpa</a>' in client.get(article).text
    assert client.get(f"/api/v1/articles/{hit['article_id']}").json()["current"]["agencies"] == ["dpa"]
    assert '"agencies":["dpa"]' in client.get("/search.jsonl?agency=dpa").text.replace(" ", "")
    assert "agencies" not in client.get("/search.csv?agency=dpa").text
    text = client.get("/search?agency=dpa").text
    assert 'id="facet-agency"' in text
    assert "agency: dpa" in text


def test_the_order_of_arrival_does_not_matter(shared_archive_of: Callable[..., Archive]) -> None:
    """The same stories after a rebuild, or if the copies came before the first."""
    client = TestClient(create_app(shared_archive_of(*reversed(LOOKS))))
    found = client.get("/api/v1/search?q=harbour&stories=true").json()
    assert [(hit["url"], hit["papers"]) for hit in found["hits"]] == [
        (LOOKS[4]["url"], 0), (LOOKS[3]["url"], 0), (LOOKS[0]["url"], 2),
    ]  # fmt: skip


def test_copies_that_come_later_are_marked_as_in_a_folder_made_anew(
    archive_of: Callable[..., Archive], tmp_path: Path
) -> None:
    """The article that was there first is marked, too, and no other one; a folder made anew has the same marks."""
    archive = archive_of(LOOKS[0], LOOKS[3])
    assert [*read_marks(archive).values()] == [0, 0]
    later = tmp_path / "later.warc.gz"
    later.write_bytes(b"".join(Answer(**each).record() for each in LOOKS[1:3]))  # type: ignore[arg-type]
    archive.import_files([later])
    followed = read_marks(archive)
    assert sorted(followed.values()) == [0, 1, 1, 1]
    archive.index.folder.discard()
    assert read_marks(archive) == followed


def read_marks(archive: Archive) -> dict[int, int]:
    """Return whether another article has its story, by version."""
    with archive.index._transaction() as scope:
        versions, marks = open_search(scope.connection).list_columns(Query.all_query(), "version", "repeated")
    return dict(zip(versions, marks, strict=True))
