"""Headline, dates, authors and the rest, where pages disagree with themselves."""

from datetime import UTC, datetime

import pytest

from newsarchive.extract import read
from newsarchive.extract.asked import Asked
from newsarchive.extract.authors import split
from storage.model import Access, Article, Dated, Discovery, Image, UrlKind

URL = "https://www.dailyexample.example/news/2024/05/19/rain-falls-on-the-hills-10234.html"
TEXT = "".join(
    f"<p>Paragraph number {i} of a story about rain that falls on hills, and about people who do not mind it.</p>"
    for i in range(8)
)


def article(head: str = "", top: str = "<h1>Rain falls on the hills</h1>", **more: object) -> Article:
    page = f"<html><head>{head}</head><body><article>{top}{TEXT}</article></body></html>"
    reading = read(page.encode(), Asked(url=URL, headers=(), **more))  # type: ignore[arg-type]
    assert reading.article is not None, reading.reason
    return reading.article


@pytest.mark.parametrize(
    ("head", "top"),
    [
        pytest.param(
            "<title>Rain falls on the hills | Daily Example</title>", "", id="title, site name cut by the host"
        ),
        pytest.param("<title>Daily Example: Rain falls on the hills</title>", "", id="site name in front"),
        pytest.param(
            '<meta property="og:title" content="Rain falls on the hills">',
            "<h1>Daily Example</h1><h2>Rain falls on the hills</h2>",
            id="h1 is the site's name",
        ),
        pytest.param("<title>Wetter</title>", "<h1>Rain falls on the hills</h1>", id="h1 alone"),
        pytest.param(
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Rain falls on th…"}</script>',
            "<h1>Rain falls on the hills</h1>",
            id="JSON-LD cut short",
        ),
        pytest.param(
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Rain falls on the hills",}</script>',
            "",
            id="broken JSON-LD alone",
        ),
    ],
)
def test_headline(head: str, top: str) -> None:
    """The headline is what the page's own claims agree on, without the site's name."""
    assert article(head, top).headline == "Rain falls on the hills"


def test_the_headline_is_not_body() -> None:
    """A headline that is printed again above the text is no paragraph."""
    texts = [p.text for p in article(top="<h1>Rain falls on the hills</h1><p>Rain falls on the hills</p>").paragraphs]
    assert "Rain falls on the hills" not in texts


@pytest.mark.parametrize(
    ("head", "top", "published", "modified"),
    [
        pytest.param(
            '<script type="application/ld+json">{"@graph":[{"@type":["NewsArticle"],"headline":"Rain",'
            '"datePublished":"2024-05-19T08:00:00+02:00","dateModified":"2024-05-19T09:00:00+02:00"}]}</script>',
            "",
            Dated(at=datetime(2024, 5, 19, 6, tzinfo=UTC), source="json-ld"),
            Dated(at=datetime(2024, 5, 19, 7, tzinfo=UTC), source="json-ld"),
            id="JSON-LD in a graph",
        ),
        pytest.param(
            '<meta property="article:published_time" content="2024-05-19T06:00:00Z">'
            '<meta property="article:modified_time" content="2024-05-19T06:00:00Z">',
            "",
            Dated(at=datetime(2024, 5, 19, 6, tzinfo=UTC), source="meta"),
            None,
            id="meta; modified when published is no change",
        ),
        pytest.param(
            '<meta name="date" content="2024-05-19">'
            '<meta property="og:updated_time" content="2024-05-20T08:00:00+02:00">',
            '<p class="date"><time datetime="2024-05-19T08:00">Sunday</time></p>',
            Dated(at=datetime(2024, 5, 19, 6, tzinfo=UTC), source="time"),
            Dated(at=datetime(2024, 5, 20, 6, tzinfo=UTC), source="meta"),
            id="a bare day gives way to the time; the zone is another date's",
        ),
        pytest.param(
            "",
            "<p>Updated: 20 May 2024, 10:00 GMT</p>",
            Dated(at=datetime(2024, 5, 19, tzinfo=UTC), source="url"),
            Dated(at=datetime(2024, 5, 20, 10, tzinfo=UTC), source="visible"),
            id="the URL, and a visible update",
        ),
    ],
)
def test_dates(head: str, top: str, published: Dated, modified: Dated | None) -> None:
    """Dates come aware, in UTC, with what vouches for them."""
    found = article(head, f"<h1>Rain falls on the hills</h1>{top}")
    assert (found.published, found.modified) == (published, modified)


def test_relative_dates_need_the_time_of_fetching() -> None:
    """A line such as "3 hours ago" is a date only where it is known when the page was fetched."""
    top = "<h1>Rain falls on the hills</h1><p class='date'>3 hours ago</p>"
    url = "https://www.dailyexample.example/rain-falls-on-the-hills-again"
    page = f"<html><head><meta property='og:type' content='article'></head><body>{top}{TEXT}</body></html>".encode()
    at = datetime(2024, 5, 19, 12, tzinfo=UTC)
    told = read(page, Asked(url=url, headers=(), fetched_at=at)).article
    untold = read(page, Asked(url=url, headers=())).article
    assert told is not None
    assert untold is not None
    assert told.published == Dated(at=datetime(2024, 5, 19, 9, tzinfo=UTC), source="visible")
    assert untold.published is None


@pytest.mark.parametrize(("via", "source"), [(UrlKind.FEED, "feed"), (UrlKind.SITEMAP, "sitemap")])
def test_the_source_vouches_last(via: UrlKind, source: str) -> None:
    """A feed's date stands in where the page gives none, or only the day; never the moment of fetching."""
    at = datetime(2024, 5, 19, 5, 45, tzinfo=UTC)
    discovery = Discovery(site="x", kind=UrlKind.ARTICLE, via="https://x.example/feed", via_kind=via, published=at)
    assert article(discovery=discovery).published == Dated(at=at, source=source)
    dated = article('<meta property="article:published_time" content="2024-05-18T20:00:00Z">', discovery=discovery)
    assert dated.published == Dated(at=datetime(2024, 5, 18, 20, tzinfo=UTC), source="meta")


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Jane Roe", ["Jane Roe"]),
        ("By JANE ROE and John Q. Public, Staff Writers", ["Jane Roe", "John Q. Public"]),
        ("Von Karla Lindt und Oskar Bremm", ["Karla Lindt", "Oskar Bremm"]),
        ("Par Maëlle Joubert avec AFP", ["Maëlle Joubert", "AFP"]),
        ("Por Nuria Bastida y Luis Prado", ["Nuria Bastida", "Luis Prado"]),
        ("Автор: Мария Ветрова", ["Мария Ветрова"]),
        ("记者 周晓岚", ["周晓岚"]),
        ("بقلم: سلمى الحداد", ["سلمى الحداد"]),
        ("Jane Roe (London) | jane@example.org", ["Jane Roe"]),
        ("https://www.facebook.com/dailyexample", []),
        ("Editorial Team", []),
        ("", []),
    ],
)
def test_bylines_are_split(byline: str, names: list[str]) -> None:
    """Separate names, without "By", places, roles and addresses."""
    assert split(byline) == names


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ('{"@type":"Person","name":"Jane Roe"}', ("Jane Roe",)),
        ('[{"@type":"Person","name":"Jane Roe"},{"@type":"Person","name":"Reuters"}]', ("Jane Roe",)),
        ('[{"@type":"Organization","name":"Reuters"}]', ("Reuters",)),
        ('[{"@type":"Organization","name":"Daily Example"}]', ()),
        ('"Jane Roe, John Public"', ("Jane Roe", "John Public")),
    ],
)
def test_agencies_stand_apart(author: str, names: tuple[str, ...]) -> None:
    """An agency is named only where no person is, and the paper itself never."""
    node = f'{{"@type":"NewsArticle","headline":"Rain falls on the hills","author":{author}}}'
    head = f'<script type="application/ld+json">{node}</script>'
    assert article(head).authors == names


def test_facts() -> None:
    """Section, tags, language, image with caption, access, canonical address, noarchive."""
    found = article(
        '<link rel="canonical" href="/news/rain-falls-10234"><meta name="robots" content="all, NOARCHIVE">'
        '<meta name="keywords" content="Rain, hills, rain"><meta property="og:locale" content="en_GB">'
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Rain falls on the hills",'
        '"articleSection":["News"],'
        '"image":{"@type":"ImageObject","url":"/i.jpg","caption":"A hill"},"isAccessibleForFree":"False"}</script>'
    )
    assert found.canonical_url == "https://www.dailyexample.example/news/rain-falls-10234"
    assert (found.section, found.tags, found.language) == ("News", ("Rain", "hills"), "en")
    assert found.image == Image(url="https://www.dailyexample.example/i.jpg", caption="A hill")
    assert (found.access, found.noarchive, found.live) == (Access.PAYWALLED, True, False)


def test_a_canonical_front_page_is_not_believed() -> None:
    """Some templates name the front page as canonical for every article: that would make all of them one."""
    assert article('<link rel="canonical" href="https://www.dailyexample.example/">').canonical_url == URL
