"""Thumbnails of lead images in search results and on pages of articles: made once, of hostile pictures, withheld."""

import io
import json
import os
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web import context, thumbnails
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import DEFAULT_OPTIONS
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import CaptureFilters
from tests.in_process import run_in_process

Image = pytest.importorskip("PIL.Image")
AT = datetime(2026, 3, 1, 6, tzinfo=UTC)
STAMP = "20260301060000"
STORY = "https://news.example/2026/harbour-opens-after-nine-years.html"
PICTURE = "https://news.example/img/harbour.jpg"


def draw(form: str, size: tuple[int, int] = (1600, 900), mode: str = "RGB") -> bytes:
    """Return a picture."""
    out = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert(mode).save(out, form)
    return out.getvalue()


def look(url: str = STORY, picture: str = PICTURE) -> dict[str, object]:
    """Return a page of an article with a lead image and its caption."""
    facts = {
        "@type": "NewsArticle", "headline": "Harbour opens after nine years", "datePublished": "2026-03-01T05:00:00Z",
        "image": {"@type": "ImageObject", "url": picture, "caption": "The harbour & \"its\" <mayor>"},
    }  # fmt: skip
    body = "".join(
        f"<p>The {what} of the old town was opened again on Monday after nine years of work, as the mayor said.</p>"
        for what in ("harbour", "market", "museum", "school")
    )
    page = f'<script type="application/ld+json">{json.dumps(facts)}</script><h1>Harbour</h1><article>{body}</article>'
    return {"url": url, "body": page.encode(), "at": AT}


def picture(body: bytes, url: str = PICTURE, **words: Any) -> dict[str, object]:
    """Return an archived picture."""
    return {"url": url, "body": body, "mime": "image/jpeg", "at": AT, **words}


def browse(archive: Archive, **options: Any) -> TestClient:
    """Return a client of an archive."""
    return TestClient(create_app(archive, replace(DEFAULT_OPTIONS, **options)), base_url="http://127.0.0.1:8000")


def test_results_and_article_show_the_picture(archive_of: Callable[..., Archive]) -> None:
    """With its caption as alternative text; small, made once, and kept in the archive's folder."""
    archive = archive_of(look(), picture(draw("JPEG")))
    client = browse(archive)
    for path in ("/search?q=harbour", "/article/1"):
        (shown,) = re.findall(r"<img[^>]*th_[^>]*>", client.get(path).text)
        assert f'src="/web/{STAMP}th_' in shown
        assert 'alt="The harbour &amp; &#34;its&#34; &lt;mayor&gt;"' in shown
    answer = client.get(f"/web/{STAMP}th_/{PICTURE}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    with Image.open(io.BytesIO(answer.content)) as small:
        assert (small.format, small.size) == ("JPEG", (480, 270))
    (kept,) = (archive.folder / "thumbnails").glob("*/*")
    assert kept.read_bytes() == answer.content
    kept.write_bytes(b"\xff\xd8 as kept")
    assert client.get(f"/web/{STAMP}th_/{PICTURE}").content == b"\xff\xd8 as kept"
    elsewhere = client.get(f"/web/{STAMP}th_/{PICTURE}", headers={"sec-fetch-site": "cross-site"})
    assert elsewhere.status_code == 403


def test_a_picture_that_is_not_archived_is_not_shown(archive_of: Callable[..., Archive]) -> None:
    """Nor is one that the server answered with an error."""
    client = browse(archive_of(look(), picture(draw("JPEG"), status="404 Not Found")))
    assert "th_" not in client.get("/search?q=harbour").text
    assert client.get(f"/web/{STAMP}th_/{PICTURE}").status_code == 404
    assert client.get(f"/web/{STAMP}th_/https://news.example/none.jpg").status_code == 404


def test_pictures_can_be_switched_off(archive_of: Callable[..., Archive], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the setting nothing is shown; without Pillow the article's page embeds the archived picture itself."""
    archive = archive_of(look(), picture(draw("JPEG")), config="[serve]\nthumbnails = false")
    assert archive.config.serve.thumbnails is False
    off = browse(archive, thumbnails=False)
    assert "<img" not in off.get("/search?q=harbour").text + off.get("/article/1").text
    assert f'href="/web/{STAMP}/{PICTURE}">Picture, as archived' in off.get("/article/1").text
    assert off.get(f"/web/{STAMP}th_/{PICTURE}").status_code == 404
    monkeypatch.setattr(context, "IS_AVAILABLE", False)
    bare = browse(archive)
    assert "<img" not in bare.get("/search?q=harbour").text
    assert re.search(rf'<img src="/web/{STAMP}im_\w+/', bare.get("/article/1").text)
    assert not (archive.folder / "thumbnails").exists()


def claim_size(width: int, height: int) -> bytes:
    """Return a PNG that claims a size, of few bytes."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0" * 9)))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


HOSTILE = {
    "bomb": claim_size(60_000, 60_000),
    "large": claim_size(20_000, 15_000),
    "torn": draw("JPEG")[:4000],
    "torn PNG": draw("PNG")[:4000],
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) show\n",
    "text": b"no picture",
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_break_no_page(archive_of: Callable[..., Archive], name: str) -> None:
    """They are tried once, and the page has its alternative text."""
    archive = archive_of(look(), picture(HOSTILE[name]))
    client = browse(archive)
    assert client.get("/search?q=harbour").status_code == 200
    for _ in range(2):
        assert client.get(f"/web/{STAMP}th_/{PICTURE}").status_code == 404
    kept = [] if name == "empty" else [0]
    assert [each.stat().st_size for each in (archive.folder / "thumbnails").glob("*/*")] == kept


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "LA"), ("PNG", "P"), ("GIF", "L"), ("WEBP", "RGB"), ("JPEG", "CMYK")]
)
def test_every_kind_of_picture_becomes_a_small_jpeg(form: str, mode: str) -> None:
    """With transparency, palettes and printers' colours."""
    with Image.open(io.BytesIO(thumbnails.shrink(draw(form, (900, 1600), mode)))) as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (270, 480))


PICTURES = [draw(form, (60, 40)) for form in ("JPEG", "PNG", "GIF", "WEBP")]


@given(st.sampled_from(PICTURES), st.integers(0, 400), st.binary(max_size=30))
def test_no_damage_raises(body: bytes, at: int, damage: bytes) -> None:
    """Whatever bytes a picture has become, the result is a JPEG or nothing."""
    made = thumbnails.shrink(body[:at] + damage + body[at + len(damage) :])
    assert made == b"" or made.startswith(b"\xff\xd8")


def test_a_withheld_picture_has_no_thumbnail(archive_of: Callable[..., Archive]) -> None:
    """Not one that was made before, and no page names it."""
    archive = archive_of(look(), picture(draw("JPEG")))
    assert browse(archive).get(f"/web/{STAMP}th_/{PICTURE}").status_code == 200
    toml = archive.folder / "newsarchive.toml"
    toml.write_text(f'{toml.read_text()}\n[serve]\nblocked = ["news.example/img/"]\n')
    with Archive.open_to_read(archive.folder) as blocked:
        client = browse(blocked)
        assert client.get(f"/web/{STAMP}th_/{PICTURE}").status_code == 404
        text = client.get("/search?q=harbour").text
        assert "th_" not in text
        assert "harbour.jpg" not in text


def test_a_takedown_and_age_delete_thumbnails(archive_of: Callable[..., Archive]) -> None:
    """A takedown deletes all: they are made again of what remains. A server that starts deletes old ones."""
    other = "https://news.example/img/other.jpg"
    archive = archive_of(look(), picture(draw("JPEG")), picture(draw("PNG"), other))
    client = browse(archive)
    for url in (PICTURE, other):
        assert client.get(f"/web/{STAMP}th_/{url}").status_code == 200
    first, second = sorted((archive.folder / "thumbnails").glob("*/*"))
    os.utime(first, (0, 0))
    thumbnails.delete_old_thumbnails(archive.folder)
    assert [*(archive.folder / "thumbnails").glob("*/*")] == [second]
    archive.close()
    done = run_in_process("takedown", STORY, "--reason", "a court's order", "--yes", "--archive", archive.folder)
    assert done.returncode == 0, done.stderr
    assert "Deleted (may have copies of it): thumbnails (1), which are made again of what remains" in done.stdout
    assert not (archive.folder / "thumbnails").exists()
    # One that another machine has kept is no longer sent.
    for kept in (first, second):
        kept.parent.mkdir(parents=True)
        kept.write_bytes(b"as kept")
    with Archive.open_to_read(archive.folder) as left:
        assert browse(left).get(f"/web/{STAMP}th_/{PICTURE}").status_code == 404
        assert browse(left).get(f"/web/{STAMP}th_/{other}").content == b"as kept"


def test_a_thumbnail_that_is_made_during_a_takedown_is_not_kept(
    archive_of: Callable[..., Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The takedown deleted the others after the picture was read, and before its thumbnail was written."""
    archive = archive_of(look(), picture(draw("JPEG")))

    def shrink_and_take_down(body: bytes) -> bytes:
        records = [each.record_id for each in archive.index.stream(iter_captures, CaptureFilters(url=PICTURE))]
        archive.index.delete_captures(records, [PICTURE])
        return shrink(body)

    shrink = thumbnails.shrink
    monkeypatch.setattr(thumbnails, "shrink", shrink_and_take_down)
    client = browse(archive)
    assert client.get(f"/web/{STAMP}th_/{PICTURE}").status_code == 200
    assert not [*(archive.folder / "thumbnails").glob("*/*")]
    assert client.get(f"/web/{STAMP}th_/{PICTURE}").status_code == 404


def test_of_what_is_no_picture_nothing_is_kept(archive_of: Callable[..., Archive]) -> None:
    """Pages are not even read."""
    archive = archive_of(look(), picture(draw("JPEG")))
    assert browse(archive).get(f"/web/{STAMP}th_/{STORY}").status_code == 404
    assert not (archive.folder / "thumbnails").exists()


def test_a_folder_that_cannot_be_written_keeps_nothing(archive_of: Callable[..., Archive]) -> None:
    """The thumbnail is made for each request."""
    archive = archive_of(look(), picture(draw("JPEG")))
    client, folder = browse(archive), archive.folder / "thumbnails"
    folder.write_text("in the way")
    assert client.get(f"/web/{STAMP}th_/{PICTURE}").headers["content-type"] == "image/jpeg"
    folder.unlink()
    client.get(f"/web/{STAMP}th_/{PICTURE}")
    (kept,) = folder.glob("*/*")
    kept.unlink()
    kept.mkdir()
    assert client.get(f"/web/{STAMP}th_/{PICTURE}").headers["content-type"] == "image/jpeg"
