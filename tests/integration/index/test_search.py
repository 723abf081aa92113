"""Search finds the same on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.index import Filters, Index
from storage.index.queries.export import iter_export_lines
from storage.index.search.results import search_articles
from storage.index.views.articles import Order
from storage.model import Ingest, NextVisit, Site, VisitResult
from storage.page_date import SourcedDate
from tests.sizes import few_and_all

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
NEWS = Site(name="news", url="https://news.example/")
OTHER = Site(name="other", url="https://other.example/")
BEGIN = datetime(2026, 2, 1, tzinfo=UTC)

STORIES: tuple[tuple[str, str, str, str], ...] = (
    ("trade", "en", "Trump's tariffs hit Zürich", "The minister said \u201crare earth\u201d talks were relational."),
    ("steel", "en", "A tariff on steel", "The U.S. Army and the United Nations met in Łódź."),
    ("economy", "zh", "中国经济增长", "习近平主席在北京会见了外宾,讨论中国经济。手机App下载"),
    ("houses", "de", "Die Häuser in Köln", "Das Haus steht in der Straße. Straßenbahnen fahren."),
    ("duties", "ru", "Новые тарифы", "Премьер-министр обсудил пошлины и ёлки."),
    ("trade-ar", "ar", "الرسوم الجمركية", "ناقش الوزير الرُّسُوم على الـواردات"),
    ("seoul", "ko", "서울에서 만난", "대통령은 서울에서 회담했다"),
    ("tokyo", "ja", "東京の天気", "ﾃﾚﾋﾞとラジオで伝えた。"),
    ("bangkok", "th", "กรุงเทพมหานคร", "ภาษาไทยดีมาก"),
    ("delhi", "hi", "हिन्दी में समाचार", "सरकार ने कहा"),
    ("none", "", "Nameless tongues", "Ministers negotiated."),
    ("turkey", "tr", "İstanbul'da ısı", "Kadıköy'de KIŞ geldi"),
)
QUERIES: tuple[tuple[str, set[str]], ...] = (
    ("tariff", {"trade", "steel"}),
    ("tariffs", {"trade", "steel"}),
    ("TARIFFS", {"trade", "steel"}),
    ("zurich", {"trade"}),
    ("Zürich", {"trade"}),
    ("lodz", {"steel"}),
    ("trump", {"trade"}),
    ("trump's", {"trade"}),
    ("US", {"steel"}),
    ("u.s.", {"steel"}),
    ("经济", {"economy"}),
    ("中国经济", {"economy"}),
    ("国经", {"economy"}),
    ("济", {"economy"}),
    ("载", {"economy"}),
    ("北京 经济", {"economy"}),
    ("京北", set()),
    ("手机app", {"economy"}),
    ("haus", {"houses"}),
    ("häuser", {"houses"}),
    ("strasse", {"houses"}),
    ("Straße", {"houses"}),
    ("тариф", {"duties"}),
    ("пошлина", {"duties"}),
    ("елки", {"duties"}),
    ("الرسوم", {"trade-ar"}),
    ("الواردات", {"trade-ar"}),
    ("서울", {"seoul"}),
    ("東京", {"tokyo"}),
    ("テレビ", {"tokyo"}),
    ("ラジオ", {"tokyo"}),
    ("ไทย", {"bangkok"}),
    ("हिन्दी", {"delhi"}),
    ("minister", {"trade", "none"}),
    ("negotiating", {"none"}),
    ("istanbul", {"turkey"}),
    ("ISTANBUL", {"turkey"}),
    ("isi", {"turkey"}),
    ('"rare earth"', {"trade"}),
    ('"earth rare"', set()),
    ("\u201crare earth\u201d", {"trade"}),
    ("earth rare", {"trade"}),
    ("rela*", {"trade"}),
    ('"united nat*', set()),
    ("unit*", {"steel"}),
    ("tariff -steel", {"trade"}),
    ('tariff -"united nations"', {"trade"}),
    ("zurich OR lodz", {"trade", "steel"}),
    ("zurich OR lodz army", {"steel"}),
    ("tariff section:economics", {"trade"}),
    ('author:"jörg b"', {"houses"}),
    ("author:jorg haus", {"houses"}),
    ("site:other", {"houses"}),
    ("language:ru", {"duties"}),
    ("since:2026-02-11", {"none", "turkey"}),
    ("until:2026-02-01", {"trade"}),
    ("date:2026-02-02 tariff", {"steel"}),
    ("site:nowhere tariff", set()),
)


@pytest.fixture
def stories(index: Index, article_at: Make, plan: Plan) -> Index:
    """An index with stories in many languages, one a day."""
    index.register_sites([NEWS, OTHER])
    for day, (name, language, headline, text) in enumerate(STORIES):
        site = "other" if name == "houses" else "news"
        page = article_at(
            f"https://{site}.example/{name}",
            text,
            site=site,
            headline=headline,
            language=language or None,
            published=SourcedDate(at=BEGIN + timedelta(days=day), source="meta"),
            section="Économics" if name == "trade" else "World",
            authors=("Jörg B.",) if name == "houses" else ("Ann A.",),
        )
        index.commit([page], plan)
    index.settle()
    return index


def names(index: Index, query: str, filters: Filters | None = None, **options: Any) -> list[str]:
    """Return the names of the articles that a query finds, in order."""
    page = index.ask(search_articles, query, filters or Filters(), **options)
    assert page.total == len(page.hits) or options
    return [hit.url.rpartition("/")[2] for hit in page.hits]


def test_cdx_queries_find_their_captures(stories: Index) -> None:
    """Inflected words, phrases, prefixes, exclusions and filters work in scripts with and without spaces."""
    assert {query: set(names(stories, query)) for query, _ in QUERIES} == dict(QUERIES)


def test_newest_come_first_or_best(stories: Index) -> None:
    """The default order is newest first; in the order by rank, a headline counts more than a body."""
    assert names(stories, "tariff OR minister") == ["none", "steel", "trade"]
    assert names(stories, "met OR tariff", order="rank")[0] == "steel"
    assert names(stories, "", limit=2) == ["turkey", "none"]
    assert names(stories, "", limit=2, offset=2) == ["delhi", "bangkok"]
    assert stories.ask(search_articles, "", limit=2).total == len(STORIES)


def test_filters_narrow(stories: Index) -> None:
    """Each filter works, regardless of case and accents."""
    day = BEGIN + timedelta(days=3)
    assert names(stories, "", Filters(site="other")) == ["houses"]
    assert names(stories, "", Filters(author="JORG")) == ["houses"]
    assert names(stories, "", Filters(section="economics")) == ["trade"]
    assert names(stories, "", Filters(language="de")) == ["houses"]
    assert names(stories, "", Filters(since=day, until=day + timedelta(days=1))) == ["houses"]
    assert [line["headline"] for line in stories.stream(iter_export_lines, Filters(query="tariff"))] == [
        "A tariff on steel",
        "Trump's tariffs hit Zürich",
    ]


def test_matches_are_marked_in_the_text(stories: Index) -> None:
    """Headline and snippet are the printed text in segments, with the matches marked."""
    [hit] = stories.ask(search_articles, "tariffs zurich relation").hits
    shown = "".join(f"[{segment.text}]" if segment.is_match else segment.text for segment in hit.headline)
    assert shown == "Trump's [tariffs] hit [Zürich]"
    assert "".join(segment.text for segment in hit.snippet) == STORIES[0][3]
    assert [segment.text for segment in hit.snippet if segment.is_match] == ["relational"]


def test_each_article_is_one_hit(index: Index, article_at: Make, plan: Plan) -> None:
    """A hit is an article with its newest matching version, and has the number of matching ones."""
    index.register_sites([NEWS])
    url = "https://news.example/a"
    texts = ("Steel and coal.", "Steel and iron.", "Coal alone.")
    versions = [article_at(url, text, minute=minute) for minute, text in enumerate(texts)]
    for version in reversed(versions):
        index.commit([version], plan)
    [hit] = index.ask(search_articles, "steel").hits
    assert (hit.number, hit.versions, hit.matching) == (2, 3, 2)
    assert "".join(segment.text for segment in hit.snippet) == "Steel and iron."
    [hit] = index.ask(search_articles, "coal").hits
    assert (hit.number, hit.matching) == (3, 2)


def test_an_edit_of_the_date_moves_an_article(index: Index, article_at: Make, plan: Plan) -> None:
    """Search sorts by the date of the current version, even after it changed."""
    index.register_sites([NEWS])
    early, late = SourcedDate(at=BEGIN, source="meta"), SourcedDate(at=BEGIN + timedelta(days=9), source="meta")
    index.commit([article_at("https://news.example/a", "Steel.", published=early)], plan)
    index.commit(
        [article_at("https://news.example/b", "Steel.", published=replace(early, at=BEGIN.replace(hour=5)))], plan
    )
    assert names(index, "steel") == ["b", "a"]
    index.commit([article_at("https://news.example/a", "Steel!", "More.", minute=9, published=late)], plan)
    assert names(index, "steel") == ["a", "b"]
    assert names(index, "steel", Filters(since=BEGIN + timedelta(days=1))) == ["a"]


@pytest.mark.parametrize("examples", few_and_all(40, 150))
def test_no_search_text_is_an_error(stories: Index, examples: int) -> None:
    """No query is an error, whatever characters and scripts it contains."""
    signs = st.text(st.sampled_from("\"'()*-:^+~&|!<>\\%_[]{}.,/ =\u201c\u00ab中กé\u0301a\x00OR"), max_size=24)

    @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(signs, st.text(max_size=24)), st.sampled_from(get_args(Order)))
    def holds(query: str, order: Order) -> None:
        page = stories.ask(search_articles, query, order=order)
        assert 0 <= page.total <= len(STORIES)

    holds()
    for query in ("a " * 5000, "x" * 5000, '"' + "a " * 900, " OR ".join("abc" for _ in range(300)), "-" * 900):
        stories.ask(search_articles, query)


@pytest.mark.parametrize("examples", few_and_all(10, 40))
def test_every_word_finds_its_text(index: Index, examples: int, article_at: Make, plan: Plan) -> None:
    """Each part of a text between spaces finds the text, on both databases."""
    alphabet = st.characters(categories=("L", "N", "M"), include_characters="'-.,\u200d")
    number = iter(range(10**6))

    @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.text(alphabet, min_size=1, max_size=12), min_size=1, max_size=8),
        st.sampled_from(["en", "de", "ru", "ar", "zh", "tr", "fi", None]),
    )
    def holds(pieces: list[str], language: str | None) -> None:
        site = f"w{next(number)}"
        index.register_sites([Site(name=site, url=f"https://{site}.example/")])
        index.commit([article_at(f"https://{site}.example/", " ".join(pieces), site=site, language=language,
                                 headline="")], plan)  # fmt: skip
        for piece in pieces:
            assert index.ask(search_articles, f'"{piece}"', Filters(site=site)).total == 1
            assert (
                index.ask(
                    search_articles, piece.replace(":", " ").lstrip("-").replace("*", ""), Filters(site=site)
                ).total
                == 1
            )

    holds()
