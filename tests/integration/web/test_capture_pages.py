"""Pages of captures: snapshot, requisites, calendar, record, not archived; over an imported archive."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.cli.app import run
from newsarchive.web.app import create_app
from newsarchive.web.pages.snapshot import EMBED_TOKEN
from storage.errors import IndexFailure
from storage.warc.record import build_member, new_record_id, sha256, warc_date

ArchiveOf = Callable[..., Archive]
AT = datetime(2026, 3, 1, 6, tzinfo=UTC)
STAMP = "20260301060000"
PAGE = "https://news.example/a"
PNG = b"\x89PNG\r\n\x1a\n\0\0"


def browse(archive: Archive) -> TestClient:
    """Return a client that does not follow redirects."""
    return TestClient(create_app(archive), base_url="http://127.0.0.1:8000", follow_redirects=False)


def location(client: TestClient, address: str) -> str:
    """Return the target of a redirect."""
    answer = client.get(address)
    assert answer.status_code == 302, answer.text
    assert not answer.headers["location"].startswith("http")
    return answer.headers["location"]


def test_a_timestamp_leads_to_the_nearest_capture(archive_of: ArchiveOf) -> None:
    """The page shows the distance if its time differs from the requested one."""
    later = {"url": PAGE, "body": b"<p>two", "at": AT + timedelta(days=2)}
    client = browse(archive_of({"url": PAGE, "body": b"<title>One</title><p>one"}, later))
    assert location(client, f"/web/2026/{PAGE}") == f"/web/{STAMP}/{PAGE}"
    assert location(client, f"/web/20260304/{PAGE}") == f"/web/20260303060000~20260304/{PAGE}"
    assert location(client, f"/web/2020/{PAGE}") == f"/web/{STAMP}~2020/{PAGE}"
    assert location(client, f"/web/{PAGE}") == f"/web/20260303060000/{PAGE}"
    assert location(client, "/web/2026/news.example/a") == f"/web/{STAMP}/{PAGE}"
    assert location(client, f"/web/2026mp_/{PAGE}") == f"/web/{STAMP}mp_/{PAGE}"
    assert location(client, f"/web/*/{PAGE}?b=1&c=2") == f"/calendar?url={PAGE}?b=1%26c=2"
    far = client.get(f"/web/{STAMP}~2020/{PAGE}").text
    assert "6 years later than requested" in far
    assert f'href="/web/20260303060000/{PAGE}"' in far
    assert client.get(f"/web/99999999999999/{PAGE}").status_code == 404


def test_the_frame_is_sandboxed(archive_of: ArchiveOf) -> None:
    """A sandbox without scripts or origin, and a policy without execution or external requests."""
    client = browse(archive_of({"url": PAGE, "body": b"<title>A <b>page</title><p>text"}))
    outer = client.get(f"/web/{STAMP}/{PAGE}")
    frame = re.search(r"<iframe[^>]*>", outer.text)
    assert frame is not None
    sandbox = re.search(r'sandbox="([^"]*)"', frame[0])
    assert sandbox is not None
    assert set(sandbox[1].split()) == {
        "allow-popups",
        "allow-popups-to-escape-sandbox",
        "allow-top-navigation-by-user-activation",
    }
    assert f'src="/web/{STAMP}mp_/{PAGE}"' in frame[0]
    assert "frame-src 'self'" in outer.headers["content-security-policy"]
    assert outer.headers["memento-datetime"] == "Sun, 01 Mar 2026 06:00:00 GMT"
    inner = client.get(f"/web/{STAMP}mp_/{PAGE}", headers={"sec-fetch-dest": "iframe"})
    policy = inner.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "x-frame-options" not in inner.headers
    assert inner.headers["content-type"] == "text/html; charset=utf-8"
    alone = client.get(f"/web/{STAMP}mp_/{PAGE}", headers={"sec-fetch-dest": "document"})
    assert (alone.status_code, alone.headers["location"]) == (302, f"/web/{STAMP}/{PAGE}")
    assert client.get(f"/web/{STAMP}mp_/{PAGE}", headers={"service-worker": "script"}).status_code == 403


def test_a_page_in_another_encoding_is_decoded(archive_of: ArchiveOf) -> None:
    """Decoded as in extraction, and served as UTF-8."""
    html = '<meta charset="gb2312"><title>港口</title><p>港口周一重新开放。</p>'
    client = browse(archive_of({"url": PAGE, "body": html.encode("gb18030"), "mime": "text/html"}))
    assert "<p>港口周一重新开放。</p>" in client.get(f"/web/{STAMP}mp_/{PAGE}").text
    assert "港口" in client.get(f"/web/{STAMP}/{PAGE}").text


def test_a_hostile_title_and_address_are_text(archive_of: ArchiveOf) -> None:
    """Title and URL of an archived page are escaped."""
    url = "https://news.example/'\"><script>x</script>x"
    client = browse(archive_of({"url": url, "body": b"<title>&lt;script>alert(1)&lt;/script></title><p>x"}))
    answer = client.get(location(client, "/web/2026/" + quote(url, safe=":/'")))
    assert "<script>alert(1)" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>x" not in answer.text


def test_requisites_are_served_as_what_they_are(archive_of: ArchiveOf) -> None:
    """Images, fonts, and stylesheets with rewritten URLs; all others as downloads, under a policy of their own."""
    base = "https://news.example/"
    client = browse(
        archive_of(
            {"url": f"{base}i.png", "body": PNG, "mime": "image/png"},
            {"url": f"{base}s.css", "body": b"a{background:url(i.png)}b{background:url(gone.png)}", "mime": "text/css"},
            {"url": f"{base}f.woff2", "body": b"wOF2....", "mime": "font/woff2"},
            {"url": f"{base}x.js", "body": b"x()", "mime": "text/javascript"},
            {"url": f"{base}moved.png", "status": "301 Moved", "headers": {"Location": "/i.png"}},
            {"url": f"{base}error.png", "body": PNG, "status": "404 Not Found", "mime": "image/png"},
        )
    )
    image = client.get(f"/web/2026im_/{base}i.png")
    assert (image.status_code, image.content, image.headers["content-type"]) == (200, PNG, "image/png")
    assert image.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert image.headers["x-content-type-options"] == "nosniff"
    sheet = client.get(f"/web/2026cs_{EMBED_TOKEN}/{base}s.css")
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert sheet.text == f'a{{background:url("/web/{STAMP}im_{EMBED_TOKEN}/{base}i.png")}}b{{background:url("data:,")}}'
    font = client.get(f"/web/2026oe_{EMBED_TOKEN}/{base}f.woff2")
    assert (font.headers["content-type"], font.headers["access-control-allow-origin"]) == ("font/woff2", "*")
    assert client.get(f"/web/2026im_/{base}moved.png").content == PNG
    for name, mark in (("x.js", "oe_"), ("x.js", "im_"), ("error.png", "im_")):
        refused = client.get(f"/web/2026{mark}/{base}{name}")
        assert refused.headers["content-type"] == "application/octet-stream"
        assert refused.headers["content-disposition"] == "attachment"
    assert client.get(f"/web/2026im_/{base}gone.png").status_code == 404
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert client.get(f"/web/2026im_/{base}i.png", headers=elsewhere).status_code == 403
    assert client.get(f"/web/2026im_guess/{base}i.png", headers=elsewhere).status_code == 403
    assert client.get(f"/web/2026im_{EMBED_TOKEN}/{base}i.png", headers=elsewhere).status_code == 200


def test_missing_requisites_are_listed_and_not_requested(archive_of: ArchiveOf) -> None:
    """By URL; the page itself contains only archived URLs."""
    html = b"<img src=/i.png><img src=/gone.png alt=Gone><link rel=stylesheet href=//cdn.example/gone.css>"
    client = browse(
        archive_of(
            {"url": PAGE, "body": html}, {"url": "http://www.news.example/i.png", "body": PNG, "mime": "image/png"}
        )
    )
    outer = client.get(f"/web/{STAMP}/{PAGE}").text
    assert "2 resources of this page are not archived" in outer
    assert re.findall(r'<span class="mono">([^<]*)</span>', outer) == [
        "https://news.example/gone.png",
        "https://cdn.example/gone.css",
    ]
    inner = client.get(f"/web/{STAMP}mp_/{PAGE}").text
    assert "gone." not in inner
    assert f'src="/web/{STAMP}im_{EMBED_TOKEN}/https://news.example/i.png"' in inner


def test_redirects_are_followed_inside_the_archive(archive_of: ArchiveOf) -> None:
    """To their targets at that time; a target that is not archived is reported, and a loop ends."""
    base = "https://news.example"
    client = browse(
        archive_of(
            {"url": f"{base}/old", "status": "301 Moved", "headers": {"Location": "/middle"}},
            {"url": f"{base}/middle", "status": "302 Found", "headers": {"Location": "/a#top"}},
            {"url": PAGE, "body": b"<p>here", "at": AT + timedelta(seconds=5)},
            {"url": "http://www.news.example/a", "status": "301 Moved", "headers": {"Location": PAGE}},
            {"url": f"{base}/lost", "status": "301 Moved", "headers": {"Location": "//other.example/"}},
            {"url": f"{base}/x", "status": "301 Moved", "headers": {"Location": "/y"}},
            {"url": f"{base}/y", "status": "301 Moved", "headers": {"Location": "/x"}},
        )
    )
    assert location(client, f"/web/{STAMP}/{base}/old") == f"/web/20260301060005~{STAMP}/{PAGE}"
    assert location(client, "/web/2026/http://www.news.example/a") == f"/web/20260301060005/{PAGE}"
    lost = client.get(f"/web/{STAMP}/{base}/lost")
    assert lost.status_code == 404
    assert "https://other.example/" in lost.text
    assert "redirected" in lost.text
    ring = client.get(f"/web/{STAMP}/{base}/x")
    assert ring.status_code == 404
    assert "redirect loop" in ring.text


def test_other_responses_are_shown_by_type(archive_of: ArchiveOf) -> None:
    """Data as text, images as images, files as downloads, empty responses, errors with their status."""
    base = "https://news.example"
    client = browse(
        archive_of(
            {"url": f"{base}/feed", "body": b"<rss><title>&</title></rss>", "mime": "application/rss+xml"},
            {"url": f"{base}/i", "body": PNG, "mime": "image/png"},
            {"url": f"{base}/pdf", "body": b"%PDF-1.7 \0", "mime": "application/pdf"},
            {"url": f"{base}/none", "body": b""},
            {"url": f"{base}/gone", "body": b"<p>Not here", "status": "410 Gone"},
            {"url": f"{base}/packed", "body": b"no gzip", "headers": {"Content-Encoding": "br"}},
        )
    )

    def main(path: str) -> str:
        text = client.get(f"/web/{STAMP}/{base}{path}").text
        return text[text.index("<main") : text.index("</main>")]

    assert "&lt;rss&gt;&lt;title&gt;&amp;&lt;/title&gt;&lt;/rss&gt;</pre>" in main("/feed")
    assert f'<img src="/web/{STAMP}im_{EMBED_TOKEN}/{base}/i"' in main("/i")
    assert f'href="/web/{STAMP}id_/{base}/pdf" download' in main("/pdf")
    assert "without content" in main("/none")
    assert "the server returned 410" in main("/gone")
    assert "<iframe" in main("/gone")
    for path in ("/feed", "/i", "/pdf", "/none"):
        assert "<iframe" not in main(path)
        assert client.get(f"/web/{STAMP}mp_/{base}{path}").status_code == 404
    assert client.get(f"/web/{STAMP}/{base}/packed").status_code == 200


def test_nearby_captures_are_listed_for_a_missing_page(archive_of: ArchiveOf) -> None:
    """And never confused with an unavailable index."""
    archive = archive_of({"url": "https://news.example/town/1", "body": b"<p>x"})
    client = browse(archive)
    for address in ("/web/2026/https://news.example/town/2", "/calendar?url=https://news.example/town/2"):
        missing = client.get(address)
        assert missing.status_code == 404
        assert 'href="/web/https://news.example/town/1"' in missing.text
    assert "It has no capture of any other page of this host" in client.get("/web/2026/https://other.example/").text

    def unavailable(*_: object, **__: object) -> None:
        raise IndexFailure("the database is away")

    archive.index._database.read_transaction = unavailable  # type: ignore[assignment]
    assert client.get("/web/2026/https://news.example/town/2").status_code == 503


def test_access_rules_hold_in_every_view_of_a_capture(archive_of: ArchiveOf) -> None:
    """Blocked URLs are absent as pages, as requisites, in calendars, captures and nearby lists."""
    secret, shown = "https://news.example/secret/1", "https://news.example/open"
    client = browse(
        archive_of(
            {"url": secret, "body": PNG, "mime": "image/png"},
            {"url": shown, "body": b"<img src=/secret/1><a href=/secret/1>x</a>"},
            config='[serve]\nblocked = ["https://news.example/secret/"]',
        )
    )
    for mark in ("", "mp_", "im_"):
        assert client.get(f"/web/{STAMP}{mark}/{secret}").status_code == 404
    assert client.get(f"/calendar?url={secret}").status_code == 404
    assert client.get(f"/listing?url={secret}").status_code == 404
    assert [client.get(f"/record/{number}").status_code for number in (1, 2)].count(404) == 1
    assert "secret/1" not in client.get("/web/2026/https://news.example/secret/2").text.replace("secret/2", "")
    assert f"im_{EMBED_TOKEN}" not in client.get(f"/web/{STAMP}mp_/{shown}").text


def test_a_record_is_shown_as_stored(archive_of: ArchiveOf) -> None:
    """WARC and HTTP headers, verified digests, first bytes; previous and next capture."""
    body = b"<p>" + b"x" * 5000
    again = {"url": PAGE, "body": b"<p>two", "at": AT + timedelta(days=1)}
    client = browse(archive_of({"url": PAGE, "body": body, "headers": {"X-Odd": "<b>"}}, again))
    first = client.get("/record/1").text
    assert "✓ block digest matches" in first
    assert "✓ payload digest matches" in first
    assert "X-Odd: &lt;b&gt;" in first
    assert "00000000  3c 70 3e 78" in first
    assert "5,003 bytes" in first
    assert 'href="/record/2"' in first
    assert 'href="/record/1"' in client.get("/record/2").text
    assert client.get("/record/3").status_code == 404
    assert client.get("/record/none").status_code == 404


def test_content_credentials_of_a_picture_are_named(archive_of: ArchiveOf, capsys: pytest.CaptureFixture[str]) -> None:
    """Kept as they were sent; record page and `show` say that they are there."""
    manifest = b"\0\0\0\x26jumb\0\0\0\x1ejumdc2pa" + bytes.fromhex("00110010800000aa00389b71") + b"\x03c2pa\0"
    body = PNG + b"\0\0\0\x26caBX" + manifest
    plain = {"url": "https://news.example/b.png", "body": PNG, "mime": "image/png"}
    told = "The council met on Tuesday evening, and spoke at length of the harbour wall and of its cost. "
    text = "".join(f"<p>{n}. {told * 2}</p>" for n in range(9))
    facts = '{"@type": "NewsArticle", "headline": "The harbour wall", "image": "https://news.example/a.png"}'
    head = f'<html lang="en"><head><script type="application/ld+json">{facts}</script></head>'
    story = {"url": PAGE, "body": f"{head}<body><article><h1>The harbour wall</h1>{text}</article></body>".encode()}
    picture = {"url": "https://news.example/a.png", "body": body, "mime": "image/png"}
    archive = archive_of(picture, plain, story)
    client = browse(archive)
    pages = [client.get(f"/record/{number}").text for number in (1, 2, 3)]
    said = "<dt>Content Credentials</dt><dd>present; no signer can be read</dd>"
    assert [said in page for page in pages] == [
        '<h1>Capture</h1>\n<p class="mono record-url" dir="ltr">https://news.example/a.png' in page for page in pages
    ]
    assert sum("Content Credentials" in page for page in pages) == 1
    assert client.get(f"/web/{STAMP}id_/https://news.example/a.png").content == body
    assert run(["show", PAGE, "-A", str(archive.folder)]) == 0
    assert re.search(r"credentials +present; no signer can be read", capsys.readouterr().out)


def test_a_damaged_record_is_reported(archive_of: ArchiveOf) -> None:
    """The page reports the damage and shows everything else."""
    archive = archive_of({"url": PAGE, "body": b"<p>text of the page"})
    (warc,) = archive.config.warc_folder.glob("*.warc.gz")
    raw = bytearray(warc.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    warc.write_bytes(bytes(raw))
    client = browse(archive)
    response = client.get("/record/1")
    assert response.status_code == 200
    assert "The record cannot be read" in response.text
    assert client.get(f"/web/{STAMP}/{PAGE}").status_code in (500, 503)


def revisit(original: datetime, at: datetime, body: bytes) -> bytes:
    """Return a revisit record of the page."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    fields = [
        ("WARC-Record-ID", f"<{new_record_id()}>"),
        ("WARC-Date", warc_date(at)),
        ("WARC-Target-URI", PAGE),
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"),
        ("WARC-Refers-To-Target-URI", PAGE),
        ("WARC-Refers-To-Date", warc_date(original)),
        ("WARC-Payload-Digest", sha256(body)),
        ("Content-Type", "application/http;msgtype=response"),
    ]
    return build_member("revisit", fields, block)


def test_a_revisit_shows_the_body_of_its_original(archive_of: ArchiveOf, tmp_path: Path) -> None:
    """Its page links to the original, and the digests match."""
    body = b"<title>One</title><p>the same text"
    archive = archive_of({"url": PAGE, "body": body})
    more = tmp_path / "more.warc.gz"
    more.write_bytes(revisit(AT, AT + timedelta(days=1), body))
    archive.import_files([more])
    client = browse(archive)
    assert "the same text" in client.get(f"/web/20260302060000mp_/{PAGE}").text
    response = client.get("/record/2").text
    assert 'href="/record/1"' in response
    assert "✓ payload digest matches" in response


def test_a_calendar_leads_to_captures(archive_of: ArchiveOf) -> None:
    """A day with one capture links to it, a day with more to a list; other years are linked."""
    moments: list[dict[str, Any]] = [
        {"url": PAGE, "body": b"%d" % number, "at": AT + timedelta(hours=6 * number)} for number in range(5)
    ]
    client = browse(archive_of(*moments, {"url": PAGE, "body": b"x", "at": AT.replace(year=2024)}))
    text = client.get(f"/calendar?url={PAGE}").text
    assert "March, 3 captures" in text
    assert 'href="/calendar?url=https%3A%2F%2Fnews.example%2Fa&amp;year=2024"' in text
    assert "of year 2025" not in text
    of_day = client.get(f"/calendar?url={PAGE}&day=2026-03-01").text
    assert re.findall(r'href="/web/(\d+)/', of_day)[:3] == ["20260301180000", "20260301120000", "20260301060000"]
    assert f'href="/web/20240301060000/{PAGE}"' in client.get(f"/calendar?url={PAGE}&year=2024").text
    assert client.get(f"/calendar?url={PAGE}&day=nonsense&page=3").status_code == 200
    assert client.get("/calendar").status_code == 200


def test_a_compressed_page_is_decoded(archive_of: ArchiveOf) -> None:
    """Content codings are decoded."""
    body = gzip.compress(b"<p>packed text", mtime=0)
    client = browse(archive_of({"url": PAGE, "body": body, "headers": {"Content-Encoding": "gzip"}}))
    assert "<p>packed text</p>" in client.get(f"/web/{STAMP}mp_/{PAGE}").text


@pytest.mark.parametrize("path", ["/web/abc/https://news.example/", "/web/", "/web/0/https://news.example/a"])
def test_invalid_urls_are_not_found(archive_of: ArchiveOf, path: str) -> None:
    """404."""
    assert browse(archive_of({"url": PAGE, "body": b"<p>x"})).get(path).status_code == 404


WALL = b"""<!doctype html><html lang=en class=locked><head><title>Story</title><link rel=stylesheet href=/wall.css>
<style>html.locked,body.locked{overflow:hidden;height:100vh}.cookie{position:fixed;bottom:0}</style></head>
<body class=locked><h1>Story</h1><p id=end>The harbour opens.</p><div class=wall>Please log in</div><div class=cookie>
Cookies</div><div class=bar style="top:0;position:fixed !important">Subscribe</div>
<dialog open>Join us</dialog></body></html>"""


def test_overlays_can_be_hidden(archive_of: ArchiveOf) -> None:
    """A switch beside the snapshot leads to the page without what its styles fix to the window."""
    sheet = b"@import '/more.css'; .wall{position : FIXED;inset:0;background:url(/i.png)} .top{position:sticky}"
    client = browse(
        archive_of(
            {"url": PAGE, "body": WALL},
            {"url": "https://news.example/wall.css", "body": sheet, "mime": "text/css"},
            {"url": "https://news.example/more.css", "body": b"#m{position:fixed}", "mime": "text/css"},
        )
    )
    assert f'href="/web/{STAMP}bare_/{PAGE}">Hide overlays' in client.get(f"/web/{STAMP}/{PAGE}").text
    outer = client.get(f"/web/{STAMP}bare_/{PAGE}").text
    assert f'src="/web/{STAMP}mp_bare_/{PAGE}"' in outer
    assert f'href="/web/{STAMP}/{PAGE}">show them' in outer
    inner = client.get(f"/web/{STAMP}mp_bare_/{PAGE}")
    assert inner.headers["content-security-policy"].startswith("sandbox allow-popups")
    assert 'style="top:0;display:none!important"' in inner.text
    assert ".cookie{display:none!important;bottom:0}" in inner.text
    assert "position:static!important" in inner.text
    (path,) = re.findall(r'href="([^"]*wall\.css)"', inner.text)
    styles = client.get(path).text
    assert ".wall{display:none!important;inset:0;" in styles
    assert ".top{position:sticky}" in styles
    (more,) = re.findall(r'@import url\("([^"]+)"\)', styles)
    assert client.get(more, headers={"sec-fetch-site": "cross-site"}).text == "#m{display:none!important}"
    usual = client.get(f"/web/{STAMP}mp_/{PAGE}").text
    assert "display:none" not in usual
    assert client.get(f"/web/2026mp_bare_/{PAGE}", follow_redirects=False).headers["location"] == (
        f"/web/{STAMP}mp_bare_/{PAGE}"
    )
    alone = client.get(f"/web/{STAMP}mp_bare_/{PAGE}", headers={"sec-fetch-dest": "document"}, follow_redirects=False)
    assert alone.headers["location"] == f"/web/{STAMP}bare_/{PAGE}"
    near = client.get(f"/web/2026bare_/{PAGE}", follow_redirects=False)
    assert near.headers["location"] == f"/web/{STAMP}bare_/{PAGE}"
