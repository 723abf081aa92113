"""Record the site of `newsarchive demo` from the newsroom: `make demo-site`."""

import gzip
import hashlib
import io
import json
import lzma
import re
import sys
import tarfile
from collections import deque
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from newsarchive.demo.site import RECORDING
from tests.newsroom.clock import OPENS
from tests.newsroom.http_messages import Entity
from tests.newsroom.newsroom import DEFAULT_ORIGIN, Newsroom

TIMES = (OPENS, OPENS + timedelta(hours=1, minutes=30), OPENS + timedelta(hours=26, minutes=30))
"""The first crawl; ninety minutes later, when articles were edited; the next morning."""
PLACE = Path(__file__).parents[2] / "newsarchive" / "demo" / RECORDING
_LINK = re.compile(r"""(?:href|src|content)=["']([^"'<>\s]+)["']|<(?:loc|link|url)>([^<]+)</""")
_SRCSET = re.compile(r'srcset="([^"]+)"')
_MAP = re.compile(r"/sitemaps/articles-\d+\.xml\.gz$")


def record() -> bytes:
    """Return the recording as a tar.xz: the same bytes for the same newsroom."""
    newsroom = Newsroom()
    bodies: dict[str, bytes] = {}

    def store(entity: Entity) -> list[str | int | None]:
        name = hashlib.sha256(entity.body).hexdigest()[:24]
        bodies[name] = entity.body
        changed = entity.changed_at.isoformat() if entity.changed_at else None
        return [entity.status, entity.mime, entity.location, changed, name]

    pages: dict[str, list[list[str | int | None] | None]] = {}
    for number, at in enumerate(TIMES):
        for target, entity in find_entities(newsroom, number).items():
            pages.setdefault(target, [None] * len(TIMES))[number] = store(entity)
        missing = store(newsroom.get_entity(DEFAULT_ORIGIN, "/no-such-page", at))
    index = {
        "origin": DEFAULT_ORIGIN,
        "times": [at.isoformat() for at in TIMES],
        "not_found": missing,
        "pages": dict(sorted(pages.items())),
    }
    return pack({"index.json": json.dumps(index, separators=(",", ":")).encode(), **dict(sorted(bodies.items()))})


def find_entities(newsroom: Newsroom, number: int) -> dict[str, Entity]:
    """Return all pages that links lead to from the front page, robots.txt, feeds and sitemaps, by target."""
    found: dict[str, Entity] = {}
    waiting = deque(["/", "/robots.txt", "/sitemap.xml", "/feed.xml", "/atom.xml"])
    while waiting:
        target = waiting.popleft()
        if target in found:
            continue
        entity = newsroom.get_entity(DEFAULT_ORIGIN, target, TIMES[number])
        if entity.status != 404:
            found[target] = entity
            waiting.extend(find_targets(target, entity))
    return found


def find_targets(target: str, entity: Entity) -> list[str]:
    """Return the targets on the site that a page links to."""
    text = entity.body.decode("latin-1") if not _MAP.match(target) else gunzip(entity.body)
    links = [first or second for first, second in _LINK.findall(text)]
    links += [part.split()[0] for srcset in _SRCSET.findall(text) for part in srcset.split(",") if part.split()]
    links += re.findall(r"Sitemap: (\S+)", text) + ([entity.location] if entity.location else [])
    targets = []
    for link in links:
        parts = urlsplit(urljoin(DEFAULT_ORIGIN + target, link.replace("&amp;", "&")))
        if f"{parts.scheme}://{parts.netloc}" == DEFAULT_ORIGIN:
            targets.append(f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}")
    return targets


def gunzip(data: bytes) -> str:
    """Return the text of a gzipped sitemap."""
    return gzip.decompress(data).decode()


def pack(members: dict[str, bytes]) -> bytes:
    """Return a tar.xz without times and owners."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return lzma.compress(out.getvalue(), preset=9)


if __name__ == "__main__":
    PLACE.write_bytes(record())
    print(f"{PLACE}: {PLACE.stat().st_size:,} bytes", file=sys.stderr)
