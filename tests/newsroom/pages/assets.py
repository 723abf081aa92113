"""Stylesheet and generated pictures: the same bytes on every machine."""

import zlib
from functools import lru_cache
from pathlib import Path
from struct import pack

from tests.newsroom.seeded_random import SeededRandom

WIDTH, HEIGHT = 320, 180

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
    '<rect width="40" height="40" rx="6" fill="#12394a"/>'
    '<path d="M14 12h12l3 18H11z" fill="#f6c445"/><path d="M17 7h6l2 5H15z" fill="#e8eef0"/>'
    '<path d="M18 17h4v9h-4z" fill="#fff6d6"/></svg>\n'
)


def stylesheet() -> str:
    """Return the stylesheet."""
    return Path(__file__).parent.parent.joinpath("static/lantern.css").read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def picture(number: int) -> bytes:
    """Return a view of the bay as PNG: sky, sun, hills and water in sixteen colours."""
    rng = SeededRandom(f"picture/{number}")
    horizon, sun = rng.between(80, 120), (rng.between(40, 280), rng.between(20, 70))
    peaks = [(rng.between(0, WIDTH), rng.between(15, 60), rng.between(40, 110)) for _ in range(5)]
    rows = []
    for y in range(HEIGHT):
        pixels = [_colour(x, y, horizon, sun, peaks) for x in range(WIDTH)]
        rows.append(b"\0" + bytes(left << 4 | right for left, right in zip(pixels[::2], pixels[1::2], strict=True)))
    header = pack(">IIBBBBB", WIDTH, HEIGHT, 4, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", _palette(rng)), (b"IDAT", _store_zlib(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _colour(x: int, y: int, horizon: int, sun: tuple[int, int], peaks: list[tuple[int, int, int]]) -> int:
    if y >= horizon:
        return 10 + min(5, (y - horizon) // 14) - (1 if (x * 7 + y * 13) % 29 == 0 and y > horizon + 6 else 0)
    if any(horizon - y < height - abs(x - at) * height // width for at, height, width in peaks):
        return 9
    if (x - sun[0]) ** 2 + (y - sun[1]) ** 2 < 260:
        return 8
    return min(7, y // 15)


def _palette(rng: SeededRandom) -> bytes:
    """Return sixteen colours: eight of sky, sun, hills, six of water."""
    hue = rng.between(-30, 30)
    sky = [(110 + 16 * step + hue // 2, 150 + 11 * step, 200 + 6 * step - hue // 3) for step in range(8)]
    water = [(30 + 6 * step, 90 - 8 * step + hue // 2, 120 - 9 * step) for step in range(6)]
    colours = [*sky, (255, 236, 170), (52, 78 + hue, 66), *water]
    return bytes(max(0, min(255, part)) for colour in colours for part in colour)


def _store_zlib(data: bytes) -> bytes:
    """Return a zlib stream without compression, whose bytes would depend on the build of zlib."""
    pieces = [data[at : at + 0xFFFF] for at in range(0, len(data), 0xFFFF)]
    out = [b"\x78\x01"]
    for piece in pieces:
        last = piece is pieces[-1]
        out.append(pack("<BHH", last, len(piece), len(piece) ^ 0xFFFF) + piece)
    return b"".join(out) + pack(">I", zlib.adler32(data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
