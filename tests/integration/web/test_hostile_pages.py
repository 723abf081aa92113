"""Whatever bytes a page had, every door of the archive answers: no request for a kept page ends in an error."""

import gzip
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.snapshot.rewrite import SanitizedPage, TooLarge, sanitize_page

ArchiveOf = Callable[..., Archive]
STAMP = "20260301060000"
CHARACTERS = (
    *map(chr, (0, 1, 8, 11, 12, 14, 31, 127, 128, 0xFFFE, 0xFFFF, 0xD800)),
    "&#0;", "&#1", "&#x1;", "&#x00b;", "&#12;", "&#31;", "&#xFFFE;", "&#65535;", "&#xD800;", "&#1114112;", "&#&#1;1;",
)  # fmt: skip
PLACES = (
    "<p>a{0}b<noscript>c{0}d</noscript><font>{0}</font>", "<title>{0}</title><a href='x{0}' title='{0}'>t</a>",
    "<img src='{0}x' srcset='a{0} 1x, b 2x' alt='{0}' data-src='q{0}'>", "<p data-{0}x=1 {0}=2 class='{0}'>",
    "<style media='{0}'>a{{background:url(x{0})}} {0}</style>", "<p style=\"background:url('#{0}')\">",
    "<style>a{{background:url('#\\1 x\\b y')}}</style>", "<meta name=viewport content='{0}'><base href='//x/{0}'>",
    "<link rel=stylesheet href='a{0}' media='{0}'>", "<frameset><frame src='x{0}' name='a{0}'></frameset>",
    "<svg><image xlink:href='a{0}'/><use xlink:href='#{0}'/></svg>", "<x-{0}a>{0}</x-a><{0}b><a{0}b c>",
    "<template shadowrootmode='{0}'>{0}</template><input type='{0}' value='{0}'>", "<!--{0}--><![CDATA[{0}]]><?a {0}?>",
)  # fmt: skip


def render(text: str) -> str:
    """Return the page as its frame shows it."""
    page = sanitize_page(text, "https://news.example/a/b.html")
    if not isinstance(page, SanitizedPage):
        assert page is None or isinstance(page, TooLarge)
        return ""
    page.requisites()
    return page.to_html(lambda url, fragment: f"/web/1/{url}{fragment}", lambda url, kind: f"/web/1{kind}/{url}")


@pytest.mark.parametrize("place", PLACES)
def test_pages_with_forbidden_characters_are_shown(place: str) -> None:
    """In text, attributes, names, stylesheets and comments, written as they are or as references."""
    for character in CHARACTERS:
        assert "SEEN" in render(f"<html><body>{place.format(character)}</frameset><p>SEEN</p></body></html>") or (
            "frameset" in place or "<!--" in place or "<x-" in place
        )


DOORS = (
    "/web/{stamp}/{url}", "/web/{stamp}mp_/{url}", "/web/{stamp}id_/{url}", "/web/{stamp}im_/{url}",
    "/web/{stamp}cs_/{url}", "/web/{stamp}oe_/{url}", "/web/{stamp}~2020/{url}", "/web/{url}", "/web/*/{url}",
    "/calendar?url={url}", "/cdx?url={url}", "/cdx/search/cdx?url={url}&output=json", "/timegate/{url}",
    "/timemap/link/{url}", "/timemap/json/{url}", "/record/{number}", "/listing?url={url}", "/article/{number}",
    "/article/{number}/compare", "/article/{number}/cite.bib", "/article/{number}/cite.json",
    "/article/{number}/cite.ris", "/article/{number}.wacz",
    "/article/{number}.warc.gz", "/api/v1/articles/{number}",
)  # fmt: skip
LISTS = (
    "/", "/search?q=a", "/search.jsonl", "/search.csv", "/search.atom", "/search.json", "/sites", "/crawls", "/names",
    "/api/v1/articles", "/search?since=9999-12-31T23:59:59-14:00", "/search?until=0001-01-01T00:00%2B14:00",
    "/search?page=9223372036854775808", "/search?page=-1", "/api/v1/articles?limit=9223372036854775808",
)  # fmt: skip


def walk_doors(archive: Archive, urls: list[str]) -> list[tuple[str, int]]:
    """Return the requests that failed, with their status."""
    failed = []
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        paths = [
            door.format(stamp=STAMP, url=url, number=number)
            for number, url in enumerate(urls, 1)
            for door in DOORS
        ]  # fmt: skip
        for path in (*paths, *LISTS):
            with client.stream("GET", path, follow_redirects=False) as answer:
                # Not decoded: it may be coded as badly as it was archived.
                for _ in answer.iter_raw():
                    pass
            if answer.status_code >= 500:
                failed.append((path, answer.status_code))
    return failed


CODINGS: tuple[dict[str, object], ...] = (
    {"headers": {"Content-Encoding": "gzip"}, "body": b"no gzip"},
    {"headers": {"Content-Encoding": "br, gzip, x\x01"}, "body": b"<p>what"},
    {"headers": {"Transfer-Encoding": "chunked"}, "body": b"zz\r\n<p>no chunk"},
    {"mime": "text/html; charset=no-such", "body": b"\xff\xfe<p>"},
    {"mime": "text/html; charset=utf-7", "body": b"+AGEAYgBj-"},
    {"mime": "\x00/\x01", "body": b"\x00\x01"},
    {"mime": "", "body": b""},
    {"mime": "image/svg+xml", "body": b"<svg onload=alert(1)>"},
    {"status": "999 What", "body": b"<p>status"},
    {"status": "302 Found", "headers": {"Location": "http://[::1"}},
    {"status": "302 Found", "headers": {"Location": "//"}},
    {"headers": {"X-\xe9": "\x01", "Link": "<\x00>"}, "body": b"<a href='http://[x'>" * 50},
    {"body": b"<div>" * 5000 + b"<p>deep"},
    {"body": b"<" * 20_000},
    {"body": b"<table><tr><td><form><frameset><svg><math><mi><annotation-xml><select>" * 20},
)


@pytest.mark.slow
def test_every_door_answers_for_hostile_responses(archive_of: ArchiveOf) -> None:
    """Broken codings, charsets, types, statuses, redirects, nesting, and forbidden characters: no 5xx anywhere."""
    pages: list[dict[str, object]] = [
        {"body": f"<html><body>{place.format(chr(1))}{place.format('&#11;')}<p>text".encode()} for place in PLACES
    ]
    answers = [{"url": f"https://news.example/{number}", **answer} for number, answer in enumerate((*pages, *CODINGS))]
    archive = archive_of(*answers)
    assert walk_doors(archive, [str(answer["url"]) for answer in answers]) == []


def eval_pages(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*.html.gz")):
        yield gzip.decompress(path.read_bytes())


PIECES = (
    b"<svg>", b"<table><frameset>", b"&#1;", b'="', b"<", b"\x00", b"'", b'"', b"</body>", b"<template>", b"<html a=b>",
    b"<base href=//[x>", b"url(", b"http://[::1", b"<image>", b"<!--", b"<![CDATA[", b"\\1 ", b"<noscript>",
)  # fmt: skip


def mutate(page: bytes, chance: random.Random) -> bytes:
    """Return a page with bytes changed, removed, repeated and inserted."""
    changed = bytearray(page)
    for _ in range(chance.randint(1, 200)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[at : at + chance.randint(1, 50)]
            case 2:
                changed[at:at] = changed[at : at + chance.randint(1, 300)]
            case _:
                changed[at:at] = chance.choice(PIECES)
    return bytes(changed)


@pytest.mark.slow
def test_annotated_pages_can_be_shown(eval_folder: Path) -> None:
    """Every sixth page as it is, and with random changes."""
    chance = random.Random(7)
    for page in itertools.islice(eval_pages(eval_folder), 0, None, 6):
        assert render(page.decode("utf-8", "replace"))
        render(mutate(page, chance).decode("utf-8", "replace"))


@pytest.mark.slow
def test_every_door_answers_for_real_and_mutated_pages(eval_folder: Path, archive_of: ArchiveOf) -> None:
    """A sample, half of it with random changes, through all pages and APIs."""
    chance = random.Random(11)
    pages = itertools.islice(eval_pages(eval_folder), 0, None, 60)
    bodies = [mutate(page, chance) if number % 2 else page for number, page in enumerate(pages)]
    answers = [{"url": f"https://news.example/{number}", "body": body} for number, body in enumerate(bodies)]
    assert walk_doors(archive_of(*answers), [str(answer["url"]) for answer in answers]) == []
