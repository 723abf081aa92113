"""Pages made to be slow: what a page repeats costs time in proportion to its length, wherever it stands."""

import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import newsarchive.extract
from newsarchive.extract import extract_page
from newsarchive.extract.requisites import _choose_candidate
from newsarchive.extract.urls import segment_kinds

URL = "https://news.example/world/2024/05/rain-falls-on-the-hills-10234.html"
TEXT = "".join(f"<p>Sentence number {n} of a story about rain that falls on hills and fields.</p>" for n in range(30))
PLACES: dict[str, Callable[[str], str]] = {
    "href": lambda s: f'<p>See <a href="{s}">rain on hills</a></p>',
    "srcset": lambda s: f'<img srcset="{s}" src="{s}">',
    "style": lambda s: f'<div style="background:url({s}"></div><style>{s}</style>',
    "class": lambda s: f'<div class="{s}"><p>rain</p></div>',
    "text": lambda s: f"<p>{s}</p>",
    "heading": lambda s: f"<h1>{s}</h1><h2>{s}</h2>",
    "byline": lambda s: f'<div class=byline>{s}</div><time datetime="{s}">{s}</time>',
    "title": lambda s: f'<title>{s}</title><meta property=og:title content="{s}"><meta name=author content="{s}">',
    "date": lambda s: f'<meta property="article:published_time" content="{s}"><meta name=keywords content="{s}">',
    "json-ld": lambda s: f'<script type="application/ld+json">{{"@type":"Article","headline":"{s}","author":"{s}"',
    "script": lambda s: f"<script>{s}</script>",
    "base": lambda s: f'<base href="{s}"><link rel=canonical href="{s}"><meta charset="{s}">',
}
SEEDS = [
    *"a 1 / - . : ( 中 , | @ % & ? = _ 0a a- 1/ ../ %2 by aB 12. 2020- //".split(),
    *(" ", "\n", "a ", "1 ", " | ", " - ", "By Ab ", "Jan 1 ", " and ", ": ", "aa b", "&quot;"),
]
WORDS = st.lists(st.sampled_from(SEEDS), min_size=1, max_size=3).map("".join)
LONGEST = 40_000
SECONDS = 0.5
"""CPU time for a page with 40 kB of such text, ten times what it takes; quadratic time takes several seconds."""


def seconds_to_read(place: str, text: str) -> float:
    """Return the CPU time of reading an article with a text at a place."""
    return seconds_to_read_page(f"<article><h1>Rain falls</h1>{PLACES[place](text)}{TEXT}</article>")


def seconds_to_read_page(body: str) -> float:
    """Return the CPU time of the quicker of two readings: one may pay for an import, or for a garbage collection."""
    page, taken = f"<html><body>{body}</body></html>".encode(), []
    for _ in range(2):
        began = time.process_time()
        assert extract_page(page, URL).reason
        taken.append(time.process_time() - began)
    return min(taken)


@pytest.mark.parametrize(
    ("place", "seed"),
    [("href", "a"), ("href", "0a"), ("srcset", "\n"), ("srcset", " "), ("srcset", "aa b"), ("text", "By Ab ")],
)
def test_repeated_characters_are_read_in_linear_time(place: str, seed: str) -> None:
    """Each of these once took seconds."""
    assert seconds_to_read(place, seed * (LONGEST // len(seed))) < SECONDS


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(PLACES)), WORDS)
def test_no_repeated_text_is_slow_anywhere(place: str, word: str) -> None:
    """Any text, repeated in any part of a page, takes time in proportion to its length."""
    assert seconds_to_read(place, word * (LONGEST // len(word))) < SECONDS


PARAGRAPH = "<p>Sentence of a story about rain that falls on hills and fields, and on the harbour of the north.</p>"
SENTENCE = "rain on the hills and fields of the north " * 2
WHOLE_PAGES: dict[str, tuple[str, str, str]] = {
    "short lines between paragraphs": (PARAGRAPH * 8, "<p>rain</p>", PARAGRAPH * 8),
    "items between paragraphs": (f"{PARAGRAPH * 8}<ul>", "<li>rain", f"</ul>{PARAGRAPH * 8}"),
    "labels of promotions": ("", f"<div><h3>Newsletter</h3></div>{PARAGRAPH}", ""),
    "dates that are none": ("", "<p class=date>Updated 31 Foo 2024</p>", ""),
    "microdata of authors": ("", "<div itemprop=author>Jane Roe</div>", ""),
    "styled paragraphs": ("", "<p style='display:block;margin:1px'>rain 1 on hills.</p>", ""),
    "teasers in boxes": ("", f"<div class=related><p>{SENTENCE}.</p></div>", ""),
    "a title of separators": ("<title>", "rain - ", "</title><p>Rain.</p>"),
    "one article again and again": (
        "<script type=application/ld+json>[",
        '{"@type":"NewsArticle","headline":"Rain"},',
        f"0]</script>{PARAGRAPH * 5}",
    ),
    "declared corrections": (
        '<script type=application/ld+json>{"@type":"NewsArticle","headline":"Rain","correction":[',
        '"it was so",',
        f"0]}}</script>{PARAGRAPH * 1000}",
    ),
}
PLAIN = "<p>Sentence of a story about rain that falls on hills and fields, and on the harbour of the north.</p>" * 3_000
MOST_TIMES = 4
"""CPU time for a page of 300 kB, in that for one of plain paragraphs; before their bounds up to 25 times that."""


@cache
def seconds_to_read_plain_page() -> float:
    """Return the CPU time of reading 300 kB of paragraphs."""
    return seconds_to_read_page(f"<h1>Rain falls on the hills</h1>{PLAIN}")


@pytest.mark.parametrize("shape", WHOLE_PAGES)
def test_whole_pages_of_one_shape_are_read_in_linear_time(shape: str) -> None:
    """Each of these once took more than half a second, some several."""
    head, unit, tail = WHOLE_PAGES[shape]
    count = (300_000 - len(head) - len(tail)) // len(unit)
    body = f"<h1>Rain falls on the hills</h1>{head}{unit * count}{tail}"
    assert seconds_to_read_page(body) < MOST_TIMES * seconds_to_read_plain_page()


def url_patterns() -> Iterator[re.Pattern[str]]:
    for name in ("urls", "requisites", "classify", "decode", "dates"):
        for value in vars(import_module(f"newsarchive.extract.{name}")).values():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield value


def test_patterns_over_unbounded_text_have_no_quadratic_time() -> None:
    """URLs, attributes and scripts are neither cut nor cleared of white space before patterns search in them."""
    assert "urls" in {module.name for module in iter_modules(newsarchive.extract.__path__)}
    slow = []
    for pattern in url_patterns():
        for seed in SEEDS:
            text = seed * (3_000 // len(seed)) + "\x01!"
            began = time.process_time()
            pattern.search(text)
            if time.process_time() - began > 0.05:
                slow.append((pattern.pattern[:40], seed))
    assert slow == []


def test_hashes_at_the_end_of_a_segment() -> None:
    """Eight or more hexadecimal digits, letters and numbers mixed."""
    hashed, word = (
        segment_kinds(f"https://a.example/x/{name}")[0][-1] for name in ("8f14e45fceea167a", "deadbeefdead")
    )
    assert (hashed[0], word[0]) == ("h", "w")


def test_srcset_candidates_are_split_as_in_html() -> None:
    """At white space and at commas that end a word."""
    assert _choose_candidate("a,b.jpg 320w,c.jpg 1400w") == "c.jpg"
    assert _choose_candidate("\n" * 19_000 + "a.jpg") == "a.jpg"
