"""Requests to the browser: every page and every API, for things sampled from an archive."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from sqlalchemy import ColumnClause, ColumnElement, Connection, Select, exists, func, select

from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    CaptureRow,
    CrawlRow,
    ParagraphRow,
    SiteRow,
    TagRow,
    UrlRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
    WarcFileRow,
)

PAGE, ARTICLE, SEARCH, LOOKUP = 150.0, 60.0, 150.0, 10.0
"""Milliseconds that 95 of 100 answers may take at most."""
LONG = 1000.0
"""The same for answers of up to ten thousand lines, which no page has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Things that can be requested."""

    articles: list[int]
    edited: list[int]
    """Articles with several versions."""
    urls: list[str]
    """Addresses of articles."""
    everywhere: list[str]
    """Words that nearly every article has."""
    common: list[str]
    """Words that one in ten to one in three articles has."""
    rare: list[str]
    phrases: list[str]
    chinese: list[str]
    sites: list[str]
    authors: list[str]
    tags: list[str]
    sections: list[tuple[str, str]]
    """Site and section."""
    fronts: list[str]
    """Front pages: each was captured thousands of times."""
    moments: list[datetime]
    """Of captures."""
    pages: list[tuple[int, datetime, str]]
    """Captures whose bytes are there: id, time, URL."""
    runs: list[str]
    """Newest first; the last one is the first, which brought most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of request."""

    name: str
    allowed: float
    """95th percentile in milliseconds."""
    address: Callable[[], str]
    status: int = 200


def sample(connection: Connection, chance: random.Random, size: int) -> Sample:
    """Draw what is asked for from what the archive holds."""
    last = connection.scalar(select(func.max(ArticleRow.id))) or 1
    articles = [chance.randint(1, last) for _ in range(size)]
    urls = connection.scalars(
        select(UrlRow.url).join(ArticleRow, ArticleRow.url_id == UrlRow.id).where(ArticleRow.id.in_(articles))
    )
    edited = connection.scalars(
        select(VersionRow.article_id).where(VersionRow.article_id.in_(articles), VersionRow.number == 2)
    )
    texts = _texts(connection, "en", last)
    counts = Counter(word for line in texts for word in {*line.lower().strip(".").split()})
    chinese = _texts(connection, "zh", last)
    pages = (
        select(CaptureRow.id, CaptureRow.fetched_at, UrlRow.url)
        .join(UrlRow, UrlRow.id == CaptureRow.url_id)
        .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
        .where(WarcFileRow.name == "pages.warc.gz")
    )
    sections = (
        select(SiteRow.name, VersionRow.section)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(SiteRow, SiteRow.id == ArticleRow.site_id)
        .where(ArticleRow.id.in_(articles), VersionRow.is_current, VersionRow.section.is_not(None))
    )
    moments = select(CaptureRow.fetched_at).where(CaptureRow.id.in_([chance.randint(1, 10 * last) for _ in articles]))
    return Sample(
        articles=articles,
        edited=list(edited),
        urls=list(urls),
        everywhere=[word for word, _ in counts.most_common(10)],
        # A paragraph has a tenth of an article's words: these are in some tenth to third of all articles.
        common=[word for word, count in counts.most_common() if 0.01 < count / len(texts) < 0.06][:size],
        rare=[word for word, count in counts.items() if count == 1][:size],
        phrases=[" ".join(line.split()[3:5]) for line in texts][:size],
        chinese=[line[place : place + length] for line in chinese for place, length in ((2, 2), (5, 4))][:size],
        sites=list(connection.scalars(select(SiteRow.name))),
        authors=list(connection.scalars(_select_used(AuthorRow.name, VersionAuthorRow.author_id == AuthorRow.id))),
        tags=list(connection.scalars(_select_used(TagRow.name, VersionTagRow.tag_id == TagRow.id))),
        sections=[(row.name, row.section) for row in connection.execute(sections)],
        fronts=list(connection.scalars(select(SiteRow.url))),
        moments=list(connection.scalars(moments)),
        pages=[(row.id, row.fetched_at, row.url) for row in connection.execute(pages)],
        runs=list(connection.scalars(select(CrawlRow.run).order_by(CrawlRow.run.desc()))),
    )


def _select_used(name: ColumnClause[str], of: ColumnElement[bool]) -> Select[str]:
    """Names that some version has."""
    return select(name).where(exists().where(of)).limit(300)


def _texts(connection: Connection, language: str, last: int) -> list[str]:
    """Paragraphs of a stretch of articles in the middle of the archive."""
    asked = (
        select(ParagraphRow.text)
        .join(VersionParagraphRow, VersionParagraphRow.paragraph_id == ParagraphRow.id)
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .where(VersionRow.language == language, VersionRow.article_id.between(last // 2, last // 2 + 3000))
        .where(VersionParagraphRow.role == "text")
        .limit(2000)
    )
    return list(connection.scalars(asked))


class Asking:
    """Makes addresses, each with a draw of its own."""

    def __init__(self, drawn: Sample, chance: random.Random) -> None:
        self.drawn = drawn
        self._chance = chance

    def kinds(self) -> Iterator[Kind]:
        """All of them."""
        yield from self._pages()
        yield from self._history()
        yield from self._changes()
        yield from self._searches()
        yield from self._doors()
        yield from self._cdx()

    def _one(self, of: Sequence[str]) -> str:
        return self._chance.choice(of)

    def _section(self) -> str:
        return self._chance.choice(self.drawn.sections)[1]

    def _moment(self) -> str:
        return f"{self._chance.choice(self.drawn.moments):%Y%m%d%H%M%S}"

    def _pages(self) -> Iterator[Kind]:
        drawn, one, pick = self.drawn, self._one, self._chance.choice
        yield Kind(name="home", allowed=PAGE, address=lambda: "/")
        yield Kind(name="article", allowed=ARTICLE, address=lambda: f"/article/{pick(drawn.articles)}")
        older = lambda: f"/article/{pick(drawn.edited)}?version=1"  # noqa: E731
        yield Kind(name="article, its first version", allowed=ARTICLE, address=older)
        compared = lambda: f"/article/{pick(drawn.edited)}/compare?a=1&b=2"  # noqa: E731
        yield Kind(name="compare", allowed=PAGE, address=compared)
        yield Kind(name="author", allowed=PAGE, address=lambda: f"/author/{quote(one(drawn.authors))}")
        yield Kind(name="tag", allowed=PAGE, address=lambda: f"/tag/{quote(one(drawn.tags))}")
        section = lambda: f"/section/{quote('/'.join(pick(drawn.sections)))}"  # noqa: E731
        yield Kind(name="section", allowed=PAGE, address=section)
        yield Kind(name="sites", allowed=PAGE, address=lambda: "/sites")
        day = lambda form: f"/{pick(drawn.moments):{form}}"  # noqa: E731
        yield Kind(name="a day", allowed=PAGE, address=lambda: day("%Y/%m/%d"))
        of_site = lambda: f"{day('%Y/%m/%d')}?site={one(drawn.sites)}"  # noqa: E731
        yield Kind(name="a day of a site", allowed=PAGE, address=of_site)
        yield Kind(name="a year", allowed=PAGE, address=lambda: day("%Y"))
        yield Kind(name="a month", allowed=PAGE, address=lambda: day("%Y/%m"))
        yield Kind(name="a year of a site", allowed=PAGE, address=lambda: f"{day('%Y')}?site={one(drawn.sites)}")
        yield Kind(name="site", allowed=PAGE, address=lambda: f"/site/{one(drawn.sites)}")
        yield Kind(name="crawls", allowed=PAGE, address=lambda: f"/crawls?page={self._chance.randint(1, 10)}")
        yield Kind(name="a run of a week", allowed=PAGE, address=lambda: f"/crawls/{one(drawn.runs[:-1])}")
        yield Kind(name="a run of a year", allowed=PAGE, address=lambda: f"/crawls/{drawn.runs[-1]}")
        failed = lambda: f"/crawls/{drawn.runs[-1]}?outcome={pick(('error', 'challenge', 'gone'))}"  # noqa: E731
        yield Kind(name="a run of a year, its failures", allowed=PAGE, address=failed)
        far = lambda: f"/crawls/{drawn.runs[-1]}?page={self._chance.randint(2, 100)}"  # noqa: E731
        yield Kind(name="a run of a year, further captures", allowed=PAGE, address=far)

    def _history(self) -> Iterator[Kind]:
        drawn, one, at = self.drawn, self._one, self._moment
        front = lambda: quote(one(drawn.fronts), safe="")  # noqa: E731
        yield Kind(name="front pages", allowed=PAGE, address=lambda: "/listing")
        yield Kind(name="front page, the newest", allowed=PAGE, address=lambda: f"/listing?url={front()}")
        yield Kind(name="front page, a moment", allowed=PAGE, address=lambda: f"/listing?url={front()}&at={at()}")
        two = lambda: f"/listing?url={front()}&a={at()}&b={at()}"  # noqa: E731
        yield Kind(name="front page, two moments", allowed=PAGE, address=two)
        placed = lambda: f"/api/v1/placements?article={self._chance.choice(drawn.articles)}"  # noqa: E731
        yield Kind(name="placements of an article", allowed=PAGE, address=placed)
        year = lambda: f"/calendar?url={front()}&year={self._chance.randint(2016, 2025)}"  # noqa: E731
        yield Kind(name="calendar of a front page", allowed=PAGE, address=year)
        day = lambda: f"/calendar?url={front()}&day={self._chance.choice(drawn.moments):%Y-%m-%d}"  # noqa: E731
        yield Kind(name="calendar, a day", allowed=PAGE, address=day)
        article = lambda: f"/calendar?url={quote(one(drawn.urls), safe='')}"  # noqa: E731
        yield Kind(name="calendar of an article", allowed=PAGE, address=article)
        yield Kind(name="not archived", allowed=PAGE, status=404, address=lambda: f"/web/{at()}/{one(drawn.urls)}x")
        if not drawn.pages:
            return
        for name, mark in (("snapshot", ""), ("snapshot, the page in it", "mp_"), ("raw page", "id_")):
            yield Kind(name=name, allowed=PAGE, address=lambda mark=mark: self._page(mark))  # type: ignore[misc]
        yield Kind(name="record", allowed=PAGE, address=lambda: f"/record/{self._chance.choice(drawn.pages)[0]}")

    def _changes(self) -> Iterator[Kind]:
        drawn, one, pick = self.drawn, self._one, self._chance.choice
        for name, words in (
            ("all", dict),
            ("page 20", lambda: {"page": "20"}),
            ("of a site", lambda: {"site": one(drawn.sites)}),
            (
                "of a site, a month, without a word",
                lambda: self._month() | {"site": one(drawn.sites), "notice": "silent"},
            ),
            ("of a section", lambda: {"section": self._section()}),
            ("by an author", lambda: {"author": one(drawn.authors)}),
            ("of a kind", lambda: {"kind": "headline"}),
            ("of a rare kind", lambda: {"kind": "retraction"}),
            ("gone", lambda: {"event": "gone"}),
            ("large ones", lambda: {"size": "1000"}),
        ):
            yield Kind(name=f"changes, {name}", allowed=PAGE, address=self._search("/changes", words))
        site: Callable[[], dict[str, str]] = lambda: {"site": one(drawn.sites)}  # noqa: E731
        yield Kind(name="changes as Atom", allowed=PAGE, address=self._search("/changes.atom", site))
        yield Kind(name="API, changes", allowed=PAGE, address=self._search("/api/v1/changes", site))
        two = lambda: f"/trends?q={one(drawn.common)}&q={one(drawn.rare)}"  # noqa: E731
        yield Kind(name="trends, two words", allowed=PAGE, address=two)
        sites = lambda: f"/trends?q={one(drawn.common)}&" + "&".join(f"site={pick(drawn.sites)}" for _ in range(3))  # noqa: E731
        yield Kind(name="trends, a word in three sites, share", allowed=PAGE, address=lambda: f"{sites()}&chart=share")
        yield Kind(name="alerts", allowed=PAGE, address=self._search("/alerts", lambda: {"query": one(drawn.common)}))
        yield Kind(name="exports", allowed=PAGE, address=lambda: "/exports")

    def _month(self) -> dict[str, str]:
        month = f"{self._chance.choice(self.drawn.moments):%Y-%m}"
        return {"since": month, "until": month}

    def _page(self, mark: str) -> str:
        _, at, url = self._chance.choice(self.drawn.pages)
        return f"/web/{at:%Y%m%d%H%M%S}{mark}/{url}"

    def _searches(self) -> Iterator[Kind]:
        drawn, one = self.drawn, self._one
        for name, words in (
            ("everything", dict),
            ("a word of every article", lambda: {"q": one(drawn.everywhere)}),
            ("a common word", lambda: {"q": one(drawn.common)}),
            ("a rare word", lambda: {"q": one(drawn.rare)}),
            ("a common word, best match", lambda: {"q": one(drawn.everywhere), "sort": "rank"}),
            ("two words, best match", lambda: {"q": f"{one(drawn.common)} {one(drawn.common)}", "sort": "rank"}),
            ("a phrase", lambda: {"q": f'"{one(drawn.phrases)}"'}),
            ("Chinese", lambda: {"q": one(drawn.chinese)}),
            ("two common words as a phrase", lambda: {"q": f'"{" ".join(drawn.everywhere[:2])}"'}),
            ("two common words, near", lambda: {"q": " near/5 ".join(drawn.everywhere[:2])}),
            ("inside words", lambda: {"q": f"*{one(drawn.common)[1:4]}*"}),
            ("a similar word", lambda: {"q": f"{one(drawn.common)}~1"}),
            ("a word of headlines", lambda: {"q": f"headline:{one(drawn.common)}"}),
            ("two chosen sites", lambda: {"q": one(drawn.common), "site": "\n".join(drawn.sites[:2])}),
            ("a beginning", lambda: {"q": f"{one(drawn.common)[:3]}*"}),
            ("one word without another", lambda: {"q": f"{one(drawn.common)} -{one(drawn.everywhere)}"}),
            ("word and site", lambda: {"q": one(drawn.common), "site": one(drawn.sites)}),
            ("word and small site", lambda: {"q": one(drawn.everywhere), "site": drawn.sites[-1]}),
            ("word and author", lambda: {"q": one(drawn.common), "author": one(drawn.authors)}),
            ("word and section", lambda: {"q": one(drawn.common), "section": self._section()}),
            ("word and tag", lambda: {"q": one(drawn.common), "tag": one(drawn.tags)}),
            ("word and language", lambda: {"q": one(drawn.common), "language": self._chance.choice(("en", "ar"))}),
            ("word and year", lambda: {"q": one(drawn.common), "since": "2019", "until": "2019"}),
            (
                "word, section, year",
                lambda: {"q": one(drawn.common), "section": self._section(), "since": "2022", "until": "2022"},
            ),
            ("nothing but a site", lambda: {"site": one(drawn.sites)}),
            ("nothing but an author", lambda: {"author": one(drawn.authors)}),
            ("nothing but a language", lambda: {"language": self._chance.choice(("en", "de", "zh", "ar"))}),
            ("nothing but a year", lambda: {"since": "2018", "until": "2018"}),
            ("a common word, page 20", lambda: {"q": one(drawn.common), "page": "20"}),
        ):
            yield Kind(name=f"search, {name}", allowed=SEARCH, address=self._search("/search", words))
        common: Callable[[], dict[str, str]] = lambda: {"q": one(drawn.common)}  # noqa: E731
        yield Kind(name="search as Atom", allowed=SEARCH, address=self._search("/search.atom", common))
        yield Kind(name="search as JSON Feed", allowed=SEARCH, address=self._search("/search.json", common))

    @staticmethod
    def _search(path: str, words: Callable[[], dict[str, str]]) -> Callable[[], str]:
        return lambda: f"{path}?{urlencode(words())}"

    def _doors(self) -> Iterator[Kind]:
        drawn, one, pick = self.drawn, self._one, self._chance.choice
        api = "/api/v1"
        yield Kind(name="API, sites", allowed=PAGE, address=lambda: f"{api}/sites")
        yield Kind(name="API, articles", allowed=PAGE, address=lambda: f"{api}/articles?limit=100")
        further = lambda: f"{api}/articles?limit=100&cursor={pick(drawn.articles)}"  # noqa: E731
        yield Kind(name="API, articles, a further page", allowed=PAGE, address=further)
        filtered = lambda: f"{api}/articles?{urlencode({'site': one(drawn.sites), 'section': self._section()})}"  # noqa: E731
        yield Kind(name="API, articles of a section", allowed=PAGE, address=filtered)
        by = lambda: f"{api}/articles?{urlencode({'author': one(drawn.authors)})}"  # noqa: E731
        yield Kind(name="API, articles of an author", allowed=PAGE, address=by)
        in_ = lambda: f"{api}/articles?language=ar&cursor={pick(drawn.articles)}"  # noqa: E731
        yield Kind(name="API, articles in a language", allowed=PAGE, address=in_)
        yield Kind(name="API, article", allowed=ARTICLE, address=lambda: f"{api}/articles/{pick(drawn.articles)}")
        captures = lambda: f"{api}/captures?url={quote(one([*drawn.urls, *drawn.fronts]), safe='')}"  # noqa: E731
        yield Kind(name="API, captures of a URL", allowed=PAGE, address=captures)
        found = self._search(f"{api}/search", lambda: {"q": one(drawn.common)})
        yield Kind(name="API, search", allowed=SEARCH, address=found)
        yield Kind(name="API, crawls", allowed=PAGE, address=lambda: f"{api}/crawls?limit=100")
        yield Kind(name="API, sources", allowed=PAGE, address=lambda: f"{api}/sources")

    def _cdx(self) -> Iterator[Kind]:
        drawn, one = self.drawn, self._one
        url = lambda: quote(one(drawn.urls), safe="")  # noqa: E731
        front = lambda: quote(one(drawn.fronts), safe="")  # noqa: E731
        host = lambda: one(drawn.fronts).split("/")[2]  # noqa: E731
        yield Kind(name="CDX, one URL", allowed=LOOKUP, address=lambda: f"/cdx?url={url()}")
        closest = lambda: f"/cdx?url={front()}&closest={self._moment()}&sort=closest&limit=100"  # noqa: E731
        yield Kind(name="CDX, front page, closest", allowed=PAGE, address=closest)
        yield Kind(name="CDX, front page, all of it", allowed=LONG, address=lambda: f"/cdx?url={front()}")
        prefix = lambda: f"/cdx?url={quote(one(drawn.urls)[:40], safe='')}*&limit=100"  # noqa: E731
        yield Kind(name="CDX, a beginning", allowed=PAGE, address=prefix)
        span = lambda: f"/cdx?url={host()}&matchType=host&from=2019&to=2019&limit=100"  # noqa: E731
        yield Kind(name="CDX, a host's year", allowed=PAGE, address=span)
        pages = lambda: f"/cdx?url={host()}&matchType=domain&showNumPages=true"  # noqa: E731
        yield Kind(name="CDX, pages of a domain", allowed=PAGE, address=pages)
        whole = lambda: f"/cdx?url={host()}&matchType=domain&page=0"  # noqa: E731
        yield Kind(name="CDX, a page of a domain", allowed=LONG, address=whole)
        wayback = lambda: f"/cdx/search/cdx?url={url()}&output=json"  # noqa: E731
        yield Kind(name="CDX, Wayback's form", allowed=LOOKUP, address=wayback)
        timemap = lambda: f"/timemap/link/{one(drawn.urls)}"  # noqa: E731
        yield Kind(name="TimeMap", allowed=PAGE, address=timemap)
        yield Kind(name="TimeMap of a front page", allowed=LONG, address=lambda: f"/timemap/link/{one(drawn.fronts)}")
        gate = lambda: f"/timegate/{one([*drawn.urls, *drawn.fronts])}"  # noqa: E731
        yield Kind(name="TimeGate", allowed=PAGE, status=302, address=gate)
