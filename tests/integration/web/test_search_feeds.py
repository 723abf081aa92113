"""Atom and JSON feeds of a search."""

import json
from typing import Any

import feedparser
import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]  # ships no types
from lxml import etree

from newsarchive.web.feeds import render_xml

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
ATOM = f"""<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
    datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes"><start><ref name="feed"/></start>
  <define name="feed"><element name="feed"><interleave>
    <element name="id"><ref name="iri"/></element><element name="title"><ref name="text"/></element>
    <element name="updated"><ref name="moment"/></element><oneOrMore><ref name="link"/></oneOrMore>
    <optional><element name="generator"><text/></element></optional><zeroOrMore><ref name="entry"/></zeroOrMore>
  </interleave></element></define>
  <define name="entry"><element name="entry">
    <optional><attribute name="xml:lang"><data type="language"/></attribute></optional><interleave>
    <element name="id"><ref name="iri"/></element><element name="title"><ref name="text"/></element>
    <element name="updated"><ref name="moment"/></element>
    <optional><element name="published"><ref name="moment"/></element></optional>
    <oneOrMore><element name="author"><element name="name"><ref name="text"/></element></element></oneOrMore>
    <oneOrMore><ref name="link"/></oneOrMore>
    <zeroOrMore><element name="category"><attribute name="term"><ref name="text"/></attribute></element></zeroOrMore>
    <optional><element name="summary"><ref name="text"/></element></optional>
  </interleave></element></define>
  <define name="link"><element name="link"><attribute name="rel"/><attribute name="href"><ref name="iri"/></attribute>
    <attribute name="type"/></element></define>
  <define name="text"><data type="string"><param name="minLength">1</param></data></define>
  <define name="iri"><data type="string"><param name="pattern">https?://[^ &lt;&gt;"]+</param></data></define>
  <define name="moment"><data type="string"><param name="pattern">{MOMENT}</param></data></define>
</grammar>"""
"""RFC 4287, as far as we write it."""
WEB = {"type": "string", "pattern": "^https?://"}
TIME = {"type": "string", "format": "date-time", "pattern": f"^{MOMENT}$"}
PEOPLE = {"type": "array", "minItems": 1, "items": {"required": ["name"], "properties": {"name": {"type": "string"}}}}
JSON_FEED: dict[str, Any] = {
    "type": "object",
    "required": ["version", "title", "home_page_url", "feed_url", "items"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string", "minLength": 1},
        "home_page_url": WEB,
        "feed_url": WEB,
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "url", "title", "content_text", "date_modified", "authors"],
                "additionalProperties": False,
                "properties": {
                    "id": WEB, "url": WEB, "external_url": WEB, "title": {"type": "string", "minLength": 1},
                    "content_text": {"type": "string", "minLength": 1}, "summary": {"type": "string", "minLength": 1},
                    "date_published": TIME, "date_modified": TIME, "authors": PEOPLE, "language": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}  # fmt: skip
"""JSON Feed 1.1, as far as we write it."""
SEARCHES = ["", "?q=body", "?q=%22plain%201%22", "?site=news&sort=rank&q=evil", "?q=nothing-of-that-kind"]


@pytest.mark.parametrize("search", SEARCHES)
def test_an_atom_feed_is_valid(browser: TestClient, search: str) -> None:
    """By schema, and for a feed parser; hostile headlines are escaped, ids are permalinks and unique."""
    answer = browser.get(f"/search.atom{search}")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    schema = etree.RelaxNG(etree.fromstring(ATOM.encode()))
    assert schema.validate(etree.fromstring(answer.content)), schema.error_log
    read = feedparser.parse(answer.content, sanitize_html=False)
    assert (read.bozo, read.version) == (False, "atom10")
    ids = [entry.id for entry in read.entries]
    assert len(set(ids)) == len(ids)
    assert bool(ids) == ("nothing" not in search)
    for entry in read.entries:
        assert entry.id.startswith("http://127.0.0.1:8000/web/2026")
        assert entry.link.startswith("http://127.0.0.1:8000/article/")
        assert browser.get(entry.link).status_code == 200


@pytest.mark.parametrize("search", SEARCHES)
def test_a_json_feed_is_valid(browser: TestClient, search: str) -> None:
    """By schema; it has the same entries as the Atom feed, in the same order."""
    answer = browser.get(f"/search.json{search}")
    assert answer.headers["content-type"].startswith("application/feed+json")
    feed = answer.json()
    Draft202012Validator(JSON_FEED, format_checker=FormatChecker()).validate(feed)
    read = feedparser.parse(browser.get(f"/search.atom{search}").content)
    assert [item["id"] for item in feed["items"]] == [entry.id for entry in read.entries]
    again = browser.get(feed["feed_url"].removeprefix("http://127.0.0.1:8000"))
    assert json.loads(again.content) == feed


def test_feeds_have_etags(browser: TestClient) -> None:
    """Feed readers poll every few minutes."""
    for path in ("/search.atom?q=body", "/search.json?q=body"):
        tag = browser.get(path).headers["etag"]
        assert browser.get(path, headers={"if-none-match": tag}).status_code == 304


def test_characters_that_xml_does_not_allow_are_replaced() -> None:
    """A headline may contain characters that XML does not allow."""
    feed = {"title": "a\x00b\x1f\ufffe\ud800c", "feed_url": "http://a/f", "home_page_url": "http://a/"}
    read = feedparser.parse(render_xml("atom.xml", feed=feed, entries=(), items=()))
    assert (read.bozo, read.feed.title) == (False, "a\ufffdb\ufffd\ufffd\ufffdc")
