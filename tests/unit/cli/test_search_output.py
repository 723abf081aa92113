"""What a search prints, for people and for programs."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from newsarchive.archive import Archive
from newsarchive.cli import app
from newsarchive.cli import search as command
from storage.index.search.results import search_articles
from storage.index.views.articles import Filters, SearchHit, SearchPage, TextSegment
from storage.page_date import PageDate

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
HIT = SearchHit(
    article_id=17,
    version_id=31,
    number=2,
    versions=2,
    matching=1,
    site="news",
    url="https://news.example/a",
    headline=(TextSegment("The ", False), TextSegment("harbour", True), TextSegment(" opens [now]", False)),
    snippet=(TextSegment("\u2026 at the ", False), TextSegment("Harbour\x1b", True), TextSegment(".", False)),
    dek=None,
    authors=("Ada Berg",),
    section="City",
    language="en",
    published=PageDate.from_time(AT),
    first_seen=AT,
    state="gone",
)


class Opened:
    """Stands in for an archive that finds one article of forty."""

    asked: tuple[Any, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    @classmethod
    def open_to_read(cls, folder: Path) -> "Opened":
        """Any folder will do."""
        return cls()

    def require_sites(self, names: object) -> None:
        """Know any site."""

    def require_articles(self, name: str, filters: object) -> None:
        """Know any section and author."""

    def build_filters(self, kind: type[Filters], prefix: str, **chosen: Any) -> Filters:
        """Build them as an archive does."""
        return Archive.build_filters(self, kind, prefix, **chosen)  # type: ignore[arg-type]

    @property
    def index(self) -> Self:
        return self

    def update_search(self) -> None:
        pass

    def ask(
        self, query: object, text: str, filters: Filters, *, limit: int, offset: int, order: str, fold: bool
    ) -> SearchPage:
        """Note what was asked for."""
        assert query is search_articles
        assert not fold
        Opened.asked = (text, filters, limit, offset, order)
        return SearchPage(total=40, hits=(HIT,), problems=("a lone quote was taken as a word",))


@pytest.fixture(autouse=True)
def _opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "Archive", Opened)


def test_a_search_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Every line: what was found, marked without colour; what was not understood goes to standard error."""
    assert app.run(["search", "harbour", "opens"]) == 0
    out, err = capsys.readouterr()
    assert err == "Note: a lone quote was taken as a word\n"
    assert out == (
        "40 articles for harbour opens\n"
        "\n"
        "   17  The «harbour» opens [now]\n"
        "       2026-05-04 08:00 UTC · news · Ada Berg · City · 2 versions · gone\n"
        "       \u2026 at the «Harbour\ufffd».\n"
        "\n"
        "More: --offset 1\n"
    )


def test_a_search_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Texts whole, with the places of what was found in them."""
    assert app.run(["search", "harbour", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {
        "total": 40,
        "articles": 0,
        "suggestion": None,
        "problems": ["a lone quote was taken as a word"],
        "hits": [
            {
                "article": 17,
                "url": "https://news.example/a",
                "site": "news",
                "headline": "The harbour opens [now]",
                "headline_matches": [[4, 11]],
                "snippet": "\u2026 at the Harbour\x1b.",
                "snippet_matches": [[9, 17]],
                "dek": None,
                "authors": ["Ada Berg"],
                "section": "City",
                "language": "en",
                "published": "2026-05-04T08:00:00Z",
                "first_seen": "2026-05-04T08:00:00Z",
                "state": "gone",
                "version": 2,
                "versions": 2,
                "papers": 0,
                "copies": [],
            }
        ],
    }


def test_filters_reach_the_index() -> None:
    """Each option narrows what its name says."""
    words = ["search", "a", "--site", "news", "--since", "2026-05-04", "--until", "2026-05-05", "--author", "Berg"]
    assert app.run([*words, "--section", "City", "--order", "rank", "--limit", "5", "--offset", "10"]) == 0
    filters = Filters(
        site="news",
        since=datetime(2026, 5, 4, tzinfo=UTC),
        until=datetime(2026, 5, 6, tzinfo=UTC),
        author="Berg",
        section="City",
    )
    assert Opened.asked == ("a", filters, 5, 10, "rank")
