"""Stylesheet and pictures, drawn by rule: the same bytes on every machine."""

import zlib
from struct import pack

from newsarchive.demo.dice import Dice

WIDTH, HEIGHT = 320, 180

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
    '<rect width="40" height="40" rx="6" fill="#12394a"/>'
    '<path d="M14 12h12l3 18H11z" fill="#f6c445"/><path d="M17 7h6l2 5H15z" fill="#e8eef0"/>'
    '<path d="M18 17h4v9h-4z" fill="#fff6d6"/></svg>\n'
)

STYLE = """\
:root { --ink: #1d2529; --sea: #12394a; --lamp: #f6c445; --line: #d9dfe2; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 0 1rem; color: var(--ink); font: 18px/1.6 Georgia, serif; }
body.listing { max-width: 64rem; }
a { color: var(--sea); text-decoration-thickness: 1px; text-underline-offset: 3px; }
h1, h2, h3 { line-height: 1.2; font-weight: 700; }
h1 { font-size: 2.1rem; margin: .5rem 0; }
.masthead, #top { border-bottom: 4px double var(--sea); padding: 1.2rem 0 .6rem; text-align: center; }
.masthead .name, #top .name a { font-size: 1.9rem; font-weight: 700; text-decoration: none; color: var(--sea); }
.masthead img { vertical-align: middle; margin-right: .6rem; }
.tagline { margin: .2rem 0; font-style: italic; color: #5a686e; }
.menu ul, ul.menu { list-style: none; display: flex; gap: 1.4rem; justify-content: center; padding: .4rem 0; }
.date, .by, .byline, .card span, .today { font: 14px/1.5 system-ui, sans-serif; color: #5a686e; }
.dek, .standfirst { font-size: 1.2rem; font-weight: 400; color: #46545a; }
.kicker { text-transform: uppercase; letter-spacing: .06em; font: 700 13px system-ui, sans-serif; }
figure { margin: 1rem 0; } figure img { width: 100%; height: auto; } figcaption { font-size: .85rem; color: #5a686e; }
blockquote { border-left: 4px solid var(--lamp); margin: 1rem 0; padding: 0 1rem; font-style: italic; }
.pull { float: right; width: 15rem; margin: .4rem 0 1rem 1.2rem; font-size: 1.25rem; color: var(--sea); }
.read-also { background: #eef3f4; padding: .6rem 1rem; margin: 1rem 0; } .read-also span { font-weight: 700; }
.player { background: #10161a; color: #fff; padding: .5rem 1rem; border-radius: 4px; font-family: system-ui; }
.newsletter { background: var(--lamp); padding: 1rem; margin: 1.5rem 0; border-radius: 4px; }
.disclaimer { font-size: .85rem; color: #5a686e; border-top: 1px solid var(--line); }
.related li { margin: .3rem 0; } .card { border-top: 1px solid var(--line); padding: .6rem 0; } .card h3 { margin: 0; }
.top { columns: 2 22rem; } .top .card { break-inside: avoid; } .pager { text-align: center; padding: 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid var(--line); padding: .3rem .6rem; }
.foot { border-top: 4px double var(--sea); margin-top: 2rem; font: 14px system-ui, sans-serif; }
.foot ul { list-style: none; display: flex; gap: 1rem; padding: 0; }
"""


def picture(number: int) -> bytes:
    """Return a view of the bay as PNG: sky, sun, hills and water in sixteen colours."""
    dice = Dice(f"picture/{number}")
    horizon, sun = dice.between(80, 120), (dice.between(40, 280), dice.between(20, 70))
    peaks = [(dice.between(0, WIDTH), dice.between(15, 60), dice.between(40, 110)) for _ in range(5)]
    rows = []
    for y in range(HEIGHT):
        pixels = [_colour(x, y, horizon, sun, peaks) for x in range(WIDTH)]
        rows.append(b"\0" + bytes(left << 4 | right for left, right in zip(pixels[::2], pixels[1::2], strict=True)))
    header = pack(">IIBBBBB", WIDTH, HEIGHT, 4, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", _palette(dice)), (b"IDAT", _stored(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _colour(x: int, y: int, horizon: int, sun: tuple[int, int], peaks: list[tuple[int, int, int]]) -> int:
    if y >= horizon:
        return 10 + min(5, (y - horizon) // 14) - (1 if (x * 7 + y * 13) % 29 == 0 and y > horizon + 6 else 0)
    if any(horizon - y < height - abs(x - at) * height // width for at, height, width in peaks):
        return 9
    if (x - sun[0]) ** 2 + (y - sun[1]) ** 2 < 260:
        return 8
    return min(7, y // 15)


def _palette(dice: Dice) -> bytes:
    """Return sixteen colours: eight of sky, sun, hills, six of water."""
    hue = dice.between(-30, 30)
    sky = [(110 + 16 * step + hue // 2, 150 + 11 * step, 200 + 6 * step - hue // 3) for step in range(8)]
    water = [(30 + 6 * step, 90 - 8 * step + hue // 2, 120 - 9 * step) for step in range(6)]
    colours = [*sky, (255, 236, 170), (52, 78 + hue, 66), *water]
    return bytes(max(0, min(255, part)) for colour in colours for part in colour)


def _stored(data: bytes) -> bytes:
    """Return a zlib stream that is not compressed: how zlib compresses differs from build to build."""
    pieces = [data[at : at + 0xFFFF] for at in range(0, len(data), 0xFFFF)]
    out = [b"\x78\x01"]
    for piece in pieces:
        last = piece is pieces[-1]
        out.append(pack("<BHH", last, len(piece), len(piece) ^ 0xFFFF) + piece)
    return b"".join(out) + pack(">I", zlib.adler32(data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
