"""Display of an archived response: its bytes take precedence over its Content-Type."""

import time

import pytest

from newsarchive.web.pages.record import hex_dump
from newsarchive.web.snapshot.media_types import Display, choose_display, safe_media_type
from newsarchive.web.snapshot.replay_links import EmbedKind

PNG = b"\x89PNG\r\n\x1a\n\0\0"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    ("mime", "body", "shown"),
    [
        ("text/html", b"<p>x", Display.HTML),
        ("application/xhtml+xml", b"<html>", Display.HTML),
        ("text/plain", b"<!DOCTYPE html><p>", Display.HTML),
        (None, b"  <html>", Display.HTML),
        ("text/html", PNG, Display.IMAGE),
        ("image/svg+xml", SVG, Display.IMAGE),
        ("image/png", b"<html>", Display.FILE),
        ("application/json", b"{}", Display.TEXT),
        ("application/rss+xml", b"<rss/>", Display.TEXT),
        ("text/xml", b"<rss/>", Display.TEXT),
        ("text/javascript", b"x()", Display.TEXT),
        ("application/pdf", b"%PDF", Display.FILE),
        (None, b"\0\1", Display.FILE),
        ("text/html", b"", Display.EMPTY),
    ],
)
def test_display_of_responses(mime: str | None, body: bytes, shown: Display) -> None:
    """Pages in a frame, images as images, data as text, and the rest as a file."""
    assert choose_display(mime, body) is shown


@pytest.mark.parametrize(
    ("kind", "mime", "body", "expected"),
    [
        (EmbedKind.IMAGE, "image/png", PNG, "image/png"),
        (EmbedKind.IMAGE, "text/html", PNG, "image/png"),
        (EmbedKind.IMAGE, "text/html", b"<script>", None),
        (EmbedKind.IMAGE, "image/png", b"<script>", None),
        (EmbedKind.IMAGE, "image/svg+xml", SVG, "image/svg+xml"),
        (EmbedKind.IMAGE, "text/javascript", b"x", None),
        (EmbedKind.STYLE, "text/css", b"a{}", "text/css"),
        (EmbedKind.STYLE, "text/html", b"<html>", None),
        (EmbedKind.STYLE, "", b"a{}", "text/css"),
        (EmbedKind.OTHER, "application/octet-stream", b"wOF2....", "font/woff2"),
        (EmbedKind.OTHER, "video/mp4", b"\0\0\0\x18ftyp", "video/mp4"),
        (EmbedKind.OTHER, "application/pdf", b"%PDF", None),
    ],
)
def test_only_inert_types_are_embedded(kind: EmbedKind, mime: str, body: bytes, expected: str | None) -> None:
    """Scripts, pages and documents may be downloaded, but are never served under their own type."""
    assert safe_media_type(kind, mime, body) == expected


def test_hex_dump() -> None:
    """Offset, sixteen bytes, printable characters."""
    assert hex_dump(b"0123456789abcdef\x00\xff<") == (
        "00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
        "00000010  00 ff 3c                                         ..<"
    )


def test_white_space_before_an_image_is_read_in_linear_time() -> None:
    """It is less than half a second of CPU time, a hundred times what it takes; quadratic time takes an hour."""
    began = time.process_time()
    assert safe_media_type(EmbedKind.IMAGE, "image/svg+xml", b" " * 1_000_000) is None
    assert safe_media_type(EmbedKind.IMAGE, "image/svg+xml", b" \xef\xbb\xbf\n<svg>") == "image/svg+xml"
    assert time.process_time() - began < 0.5
