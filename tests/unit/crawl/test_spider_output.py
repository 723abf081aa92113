"""What a site's own spider may yield, and how its output is written and read."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.http import JsonResponse

from newsarchive.crawl.site_spider import SiteSpider, collect
from newsarchive.version import EXTRACTOR
from storage.article_parts import MediaKind
from storage.model import Outcome, RecordPlace, Role
from storage.warc.record import Record, format_fields
from storage.warc.spider_output import FIELD, ArticleItem, SpiderOutput, SpiderRequest, parse_output

URL = "https://courier.example/api/1"
TEXT = st.text(max_size=30)
ITEMS = st.fixed_dictionaries(
    {"headline": TEXT.filter(lambda text: text != "")},
    optional={
        "dek": TEXT, "body": TEXT, "section": TEXT, "authors": st.lists(TEXT, max_size=3), "tags": st.lists(TEXT),
        "published": st.datetimes(timezones=st.just(UTC)) | st.dates(), "live_blog": st.booleans(),
        "media": st.lists(
            st.fixed_dictionaries(
                {"kind": st.sampled_from(list(MediaKind)), "url": st.just("/a.jpg")},
                optional={"caption": TEXT, "place": st.integers(0, 9)},
            ),
            max_size=2,
        ),
        "live_updates": st.lists(st.fixed_dictionaries({"text": TEXT}, optional={"headline": TEXT}), max_size=2),
        "paragraphs": st.lists(st.fixed_dictionaries({"role": st.sampled_from(list(Role)), "text": TEXT}), max_size=3),
    },
)  # fmt: skip


class Courier(SiteSpider):
    def parse_article(self, response: Any) -> Iterator[Any]:
        yield {"headline": response.json()["title"]}

    def parse_two(self, response: Any) -> list[Any]:
        return [{"headline": "One"}, {"headline": "Two"}]

    def parse_number(self, response: Any) -> list[Any]:
        return [1]

    def parse_page(self, response: Any, page: int) -> Iterator[Request]:
        yield response.follow("/b#c", self.parse_article)
        yield response.follow("/sitemap.xml", self.parse, meta={"kind": "sitemap"})
        yield response.follow(f"/?page={page + 1}", self.parse_page, cb_kwargs={"page": page + 1})
        yield response.follow("/login", method="POST", callback=lambda _: None)

    async def parse_later(self, response: Any) -> AsyncIterator[Any]:
        yield Request(URL, self.parse)


def read_back(output: SpiderOutput) -> SpiderOutput | None:
    block = format_fields([(FIELD, output.to_json())])
    return parse_output(
        Record(place=RecordPlace(warc="a", offset=0, length=0), type="metadata", headers=(), block=block)
    )


@given(fields=ITEMS, error=TEXT)
def test_an_output_is_read_as_it_was_written(fields: dict[str, Any], error: str) -> None:
    """The reading is the same in a rebuild (law 1), whatever text an item has."""
    request = SpiderRequest("https://courier.example/a", 'parse {"a": "ü"}', "article")
    output = SpiderOutput(spider="courier", item=ArticleItem(**fields), requests=(request,), error=error)
    read = read_back(output)
    assert read is not None
    assert read.to_json() == output.to_json()
    assert read.reading(URL, "application/json", EXTRACTOR) == output.reading(URL, "application/json", EXTRACTOR)


@pytest.mark.parametrize(
    "text", ["", "{}", '["a"]', '["a", {"headlin": "b"}, [], ""]', '["a", null, [["u", "c", "x"]], ""]']
)
def test_what_is_no_output_is_none(text: str) -> None:
    """So is one of a later version, with other fields."""
    block = format_fields([(FIELD, text)])
    record = Record(place=RecordPlace(warc="a", offset=0, length=0), type="metadata", headers=(), block=block)
    assert parse_output(record) is None


def test_an_item_becomes_an_article() -> None:
    """Its own address identifies it, white space collapses, and dates have their source."""
    links = [{"kind": "related", "label": "More", "links": [{"url": "/b", "anchor": "B"}]}]
    item = ArticleItem(
        headline=" Bridge  opens ", body="One\n\n\n\nTwo  words", url="/news/1#top", published=date(2026, 11, 28),
        modified=datetime(2026, 11, 28, 6, tzinfo=UTC), image="/a.jpg", image_caption="A", access="paywalled",
        paragraphs=[{"role": "correction", "text": "An earlier version was wrong."}], dek=None, kicker="", links=links,
    )  # fmt: skip
    article = item.to_article(URL)
    assert (article.url, article.canonical_url) == (URL, "https://courier.example/news/1")
    fields = article.to_dict()
    assert fields["body"] == "One\n\nTwo words"
    assert (fields["published"], fields["published_source"]) == ("2026-11-28", "spider")
    assert (fields["modified"], fields["access"], fields["dek"]) == ("2026-11-28T06:00:00Z", "paywalled", None)
    assert (fields["image"], fields["image_caption"]) == ("https://courier.example/a.jpg", "A")
    assert fields["paragraphs"][-1]["role"] == "correction"
    assert fields["links"][0]["links"] == [{"url": "https://courier.example/b", "anchor": "B"}]


def test_requests_are_divided_by_what_the_frontier_keeps() -> None:
    """GET requests with a method of the spider; the others are made in the run."""
    response = JsonResponse(URL, body=b'{"title": "A"}')
    output, others = Courier().run_callback('parse_page {"page": 1}', response)
    assert output.requests == (
        ("https://courier.example/b", "parse_article", "article"),
        ("https://courier.example/sitemap.xml", "parse", "sitemap"),
        ("https://courier.example/?page=2", 'parse_page {"page": 2}', "listing"),
    )
    assert [each.method for each in others] == ["POST"]
    assert len(collect(Courier().parse_later(response))) == 1


@pytest.mark.parametrize(
    ("callback", "problem"),
    [
        ("parse_two", "two items for one response"),
        ("parse_number", "argument after ** must be a mapping"),
        ("parse_gone", "the spider has no method 'parse_gone'; keep a name"),
        ("closed", "the spider has no method 'closed'"),
        ("run_callback", "the spider has no method 'run_callback'"),
        ("__init__", "the spider has no method '__init__'"),
    ],
)
def test_what_is_no_callback_or_yields_no_item_is_an_error(callback: str, problem: str) -> None:
    """Names come from the index: only the spider's own methods are called."""
    with pytest.raises((TypeError, ValueError), match=problem.replace("*", r"\*")):
        Courier().run_callback(callback, JsonResponse(URL, body=b"{}"))


@pytest.mark.parametrize(
    "wrong", [{"headers": {"A": "b"}}, {"cookies": {"a": "b"}}, {"body": "a"}, {"callback": print}]
)
def test_a_durable_request_has_only_what_is_kept(wrong: dict[str, Any]) -> None:
    """An error says where the rest belongs."""
    with pytest.raises(ValueError, match=r"its headers be in `headers`|has no method"):
        Courier().divide([Request(URL, **wrong)])


def test_an_answer_without_an_item_is_read_by_its_type() -> None:
    """HTML by the common readers, JSON as a list of what the spider follows."""
    request = SpiderRequest("https://courier.example/a", "parse_article", "article")
    output = SpiderOutput(spider="courier", requests=(request,))
    assert output.reading(URL, "text/html", EXTRACTOR) is None
    listing = output.reading(URL, "application/json", EXTRACTOR)
    assert listing is not None
    assert (listing.outcome, listing.link_groups[0].links[0].url) == (Outcome.LISTING, request.url)
    assert SpiderOutput(spider="courier").reading(URL, "application/json", EXTRACTOR) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("media", {"kind": "image"}),
        ("media", {"kind": "painting", "url": "/a"}),
        ("media", {"kind": "image", "url": "/a", "place": "two"}),
        ("media", {"kind": "image", "url": "/a", "colour": "red"}),
        ("media", {"kind": "image", "url": "/a", "place": 2**40}),
        ("media", {"kind": "image", "url": "/a", "place": True}),
        ("media", {"kind": "image", "url": "/a", "duration": -5}),
        ("media", {"kind": "image", "url": "javascript:alert(1)"}),
        ("media", "picture.jpg"),
        ("entities", {"relation": "about"}),
        ("live_updates", {"text": "It fell.", "published": "yesterday"}),
        ("live_updates", {"headline": "No text"}),
    ],
)
def test_a_wrong_part_is_an_error_that_names_it(field: str, value: dict[str, Any]) -> None:
    """A picture, an entity or an entry that lacks a field, or has one of another name or type."""
    item = ArticleItem(headline="Bridge", body="Text.", **{field: [value]})
    with pytest.raises(ValueError, match=r"Media|Entity|LiveUpdate|yesterday"):
        item.to_article(URL)


def test_addresses_of_parts_are_absolute() -> None:
    """As those of links are."""
    media = {"kind": "video", "url": "/v.mp4", "transcript_url": "v.vtt", "duration": 95, "place": 1}
    [read] = ArticleItem(headline="Bridge", body="Text.", media=[media]).to_article(URL).media
    assert (read.url, read.transcript_url) == ("https://courier.example/v.mp4", "https://courier.example/api/v.vtt")
