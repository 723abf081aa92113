"""How an archived answer is shown: its bytes are believed before its label."""

import pytest

from newsarchive.web.snapshot.hexdump import dump
from newsarchive.web.snapshot.media_types import Look, look, served
from newsarchive.web.snapshot.replay_links import Kind

PNG = b"\x89PNG\r\n\x1a\n\0\0"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    ("mime", "body", "shown"),
    [
        ("text/html", b"<p>x", Look.HTML),
        ("application/xhtml+xml", b"<html>", Look.HTML),
        ("text/plain", b"<!DOCTYPE html><p>", Look.HTML),
        (None, b"  <html>", Look.HTML),
        ("text/html", PNG, Look.IMAGE),
        ("image/svg+xml", SVG, Look.IMAGE),
        ("image/png", b"<html>", Look.FILE),
        ("application/json", b"{}", Look.TEXT),
        ("application/rss+xml", b"<rss/>", Look.TEXT),
        ("text/xml", b"<rss/>", Look.TEXT),
        ("text/javascript", b"x()", Look.TEXT),
        ("application/pdf", b"%PDF", Look.FILE),
        (None, b"\0\1", Look.FILE),
        ("text/html", b"", Look.EMPTY),
    ],
)
def test_each_kind_of_answer_has_its_look(mime: str | None, body: bytes, shown: Look) -> None:
    """Pages in a frame, images as images, data as text, and the rest as a file."""
    assert look(mime, body) is shown


@pytest.mark.parametrize(
    ("kind", "mime", "body", "under"),
    [
        (Kind.IMAGE, "image/png", PNG, "image/png"),
        (Kind.IMAGE, "text/html", PNG, "image/png"),
        (Kind.IMAGE, "text/html", b"<script>", None),
        (Kind.IMAGE, "image/png", b"<script>", None),
        (Kind.IMAGE, "image/svg+xml", SVG, "image/svg+xml"),
        (Kind.IMAGE, "text/javascript", b"x", None),
        (Kind.STYLE, "text/css", b"a{}", "text/css"),
        (Kind.STYLE, "text/html", b"<html>", None),
        (Kind.STYLE, "", b"a{}", "text/css"),
        (Kind.OTHER, "application/octet-stream", b"wOF2....", "font/woff2"),
        (Kind.OTHER, "video/mp4", b"\0\0\0\x18ftyp", "video/mp4"),
        (Kind.OTHER, "application/pdf", b"%PDF", None),
    ],
)
def test_only_what_runs_nowhere_is_embedded(kind: Kind, mime: str, body: bytes, under: str | None) -> None:
    """Scripts, pages and documents may be downloaded, and are never handed over as such."""
    assert served(kind, mime, body) == under


def test_bytes_are_shown_by_row() -> None:
    """Offset, sixteen bytes, what is printable."""
    assert dump(b"0123456789abcdef\x00\xff<") == (
        "00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
        "00000010  00 ff 3c                                         ..<"
    )
