"""WARC files of invented newspapers, to read in bulk: any number of pages in any number of files.

    python benchmarks/papers.py FOLDER [--pages 100000] [--files 50] [--paragraphs 6] [--links 30] [--seed 7]

The files are of no tool in particular: a response record a page, no warcinfo, no metadata records. Behind every
fiftieth page stands a revisit record of it; every hundredth of those is of another address.
"""

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.warc.record import build_member, sha256, warc_date

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
SITES = 5
_CONSONANTS, _VOWELS = "bcdfghklmnprstvw", "aeiou"


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Number and size of pages."""

    pages: int
    files: int
    paragraphs: int = 6
    links: int = 30
    again: int = 50
    """Of so many pages one comes again."""
    moved: int = 100
    """Of so many of those one under another address."""
    seed: int = 7

    def write(self, folder: Path) -> list[Path]:
        """Write the files; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for number in range(self.files):
            path = folder / f"papers-{number:05}.warc.gz"
            first, last = (self.pages * each // self.files for each in (number, number + 1))
            with path.open("wb") as file:
                for record in self._records(first, last):
                    file.write(record)
            written.append(path)
        return written

    def _records(self, first: int, last: int) -> Iterator[bytes]:
        chance = random.Random(f"{self.seed} {first}")
        words = _words(random.Random(self.seed))
        for number in range(first, last):
            page = self._page(number, chance, words)
            yield _response(number, page)
            if number % self.again == self.again - 1:
                yield _revisit(number, page, moved=number // self.again % self.moved == self.moved - 1)

    def _page(self, number: int, chance: random.Random, words: list[str]) -> bytes:
        def sentence(least: int, most: int) -> str:
            return " ".join(chance.choices(words, k=chance.randint(least, most))).capitalize()

        headline = sentence(6, 10)
        body = "".join(
            f"<p>{'. '.join(sentence(9, 16) for _ in range(chance.randint(2, 5)))}.</p>" for _ in range(self.paragraphs)
        )
        others = (chance.randrange(max(number, 1)) for _ in range(self.links))
        links = "".join(f'<li><a href="{_path(each)}">{sentence(4, 8)}</a></li>' for each in others)
        at = (BEGIN + timedelta(minutes=number)).isoformat()
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{headline} | The Paper</title>'
            f'<meta property="og:type" content="article"><meta property="article:published_time" content="{at}">'
            f'</head><body><header><a href="/">The Paper</a><nav><a href="/world">World</a><a href="/local">Local</a>'
            f"</nav></header><article><h1>{headline}</h1><p>By Ada Quill</p>{body}</article>"
            f"<aside><h2>Related Articles</h2><ul>{links}</ul></aside><footer>All rights reserved</footer>"
            "</body></html>"
        ).encode()


def _words(chance: random.Random) -> list[str]:
    return ["".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(n % 3 + 1)) for n in range(4000)]


def _path(number: int) -> str:
    at = BEGIN + timedelta(minutes=number)
    return f"/{at:%Y/%m/%d}/story-{number}"


def _url(number: int) -> str:
    return f"https://www.paper{number % SITES}.example{_path(number)}"


def _fields(number: int, kind: str) -> list[tuple[str, str]]:
    return [
        ("WARC-Record-ID", f"<{_record_id(number, kind)}>"),
        ("WARC-Date", warc_date(BEGIN + timedelta(minutes=number, seconds=30 * (kind == "revisit")))),
        ("Content-Type", "application/http;msgtype=response"),
    ]


def _record_id(number: int, kind: str) -> str:
    return f"urn:uuid:{len(kind):08x}-0000-4000-8000-{number:012x}"


def _head(page: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n\r\n".encode()


def _response(number: int, page: bytes) -> bytes:
    told = [("WARC-Target-URI", _url(number)), ("WARC-Payload-Digest", sha256(page))]
    return build_member("response", _fields(number, "response") + told, _head(page) + page)


def _revisit(number: int, page: bytes, *, moved: bool) -> bytes:
    told = [
        ("WARC-Target-URI", _url(number) + ("?again" if moved else "")),
        ("WARC-Payload-Digest", sha256(page)),
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"),
        ("WARC-Refers-To", f"<{_record_id(number, 'response')}>"),
        ("WARC-Refers-To-Target-URI", _url(number)),
        ("WARC-Refers-To-Date", dict(_fields(number, "response"))["WARC-Date"]),
    ]
    return build_member("revisit", _fields(number, "revisit") + told, _head(page))


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--paragraphs", type=int, default=6)
    parser.add_argument("--links", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    papers = Papers(
        pages=asked.pages, files=asked.files, paragraphs=asked.paragraphs, links=asked.links, seed=asked.seed
    )  # fmt: skip
    written = papers.write(asked.folder)
    print(f"{asked.pages:,} pages in {len(written)} files, {sum(path.stat().st_size for path in written):,} bytes")


if __name__ == "__main__":
    main()
