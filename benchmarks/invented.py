"""Material of a generated archive: words of languages that nobody speaks, pages in a WARC file, rows of tables."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection

from storage.index.engine.statements import insert_columns
from storage.index.schema.base import Base
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    BoilerplateRow,
    CaptureGroupRow,
    CaptureRow,
    CrawlRow,
    CrawlSiteRow,
    FrontierRow,
    LaneRow,
    LinkGroupRow,
    LinkRow,
    ParagraphRow,
    SiteHostRow,
    SiteRow,
    SourceRow,
    TagRow,
    UrlRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
    WarcFileRow,
)
from storage.warc.record import build_member, warc_date

LINKS = 150
"""Links of such a page."""


class Words:
    """Words of one invented language, common ones often."""

    def __init__(self, chance: random.Random, syllables: Sequence[str], *, count: int, between: str = " ") -> None:
        self._chance = chance
        made = dict.fromkeys("".join(chance.choices(syllables, k=chance.choice((1, 2, 2, 3)))) for _ in range(count))
        self.words = tuple(made)
        self._weights = tuple(accumulate(1 / (rank + 3) for rank in range(len(self.words))))
        self._between = between

    def line(self, least: int, most: int) -> str:
        """Some words."""
        count = self._chance.randint(least, most)
        return self._between.join(self._chance.choices(self.words, cum_weights=self._weights, k=count))

    def sentence(self, least: int, most: int) -> str:
        """Some words as a sentence."""
        line = self.line(least, most)
        return line[:1].upper() + line[1:] + ("\u3002" if not self._between else ".")


LATIN = [c + v + e for c in "bdfgklmnprstvz" for v in "aeiou" for e in ("", "n", "r", "l", "st")]
CHINESE = [chr(0x4E00 + 7 * number) for number in range(1500)]
ARABIC = [a + b for a in "ابتجحدرسشعفقكلمنهوي" for b in "ابتدرسلمنهوي"]


@dataclass(slots=True)
class Table:
    """Rows that wait to be written."""

    row: type[Base]
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, *values: Any) -> None:
        """One row."""
        self.rows.append(values)

    def write(self, connection: Connection) -> None:
        """All of them."""
        if self.rows:
            insert_columns(
                connection, self.row, dict(zip(self.columns, map(list, zip(*self.rows, strict=True)), strict=True))
            )
            self.rows.clear()


@dataclass(slots=True, kw_only=True)
class Story:
    """An article that the generator may link to or copy."""

    url_id: int
    site_id: int
    url: str = ""
    headline: str
    texts: list[int]
    language: str


class Pages:
    """A WARC file of pages with many links, each a record."""

    name = "pages.warc.gz"

    def __init__(self) -> None:
        self.content = bytearray()
        self._linked: list[str] = []

    def add(self, story: Story, at: datetime) -> tuple[int, int]:
        """Write a page; returns its offset and length."""
        url = story.url
        self._linked = [*self._linked[1 - LINKS :], url]
        links = "".join(f'<li><a href="{each}">{each}</a></li>' for each in self._linked * (LINKS // len(self._linked)))
        text = "<p>" + 200 * "Lorem ipsum dolor sit amet. " + "</p>"
        page = (
            f"<!doctype html><html><head><title>{story.headline}</title><link rel=stylesheet href=/style.css></head>"
            f"<body><h1>{story.headline}</h1><img src=/lead.jpg>{text * 10}<ul>{links}</ul></body></html>"
        ).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n\r\n"
        fields = [
            ("WARC-Record-ID", f"<urn:uuid:{len(self.content):032x}>"), ("WARC-Date", warc_date(at)),
            ("WARC-Target-URI", url), ("Content-Type", "application/http;msgtype=response"),
        ]  # fmt: skip
        offset, record = len(self.content), build_member("response", fields, head.encode() + page)
        self.content += record
        return offset, len(record)


def tables() -> dict[str, Table]:
    """Tables with the columns that are filled, in an order that foreign keys allow."""
    wanted: tuple[tuple[type[Base], str], ...] = (
        (SiteRow, "id name url title configured configured_at needs_relearning"),
        (SiteHostRow, "site_id host"),
        (CrawlRow, "id run started_at finished_at outcome counters"),
        (CrawlSiteRow, "crawl_id site_id"),
        (WarcFileRow, "id name crawl_id state size sha256"),
        (LaneRow, "id site host"),
        (UrlRow, "id site_id url key_head key_at digest"),
        (
            FrontierRow,
            (
                "url_id lane_id kind via_id via_kind title due_at priority failure_count unchanged_count"
                " last_fetched_at redirect_count"
            ),
        ),
        (SourceRow, "url_id site_id kind title entries first_seen_at last_seen_at last_changed_at"),
        (AuthorRow, "id name folded"),
        (TagRow, "id name"),
        (ParagraphRow, "id digest text"),
        (BoilerplateRow, "site_id paragraph_id articles_seen first_seen_at last_seen_at is_boilerplate"),
        (ArticleRow, "id site_id url_id first_seen_at last_seen_at dated_at state"),
        (
            CaptureRow,
            (
                "id url_id site_id requesting_site crawl_id warc_file_id warc_offset warc_length record_id"
                " kind fetched_at warc_date status mime payload_digest payload_size profile"
                " refers_to_record refers_to_id redirect_url_id outcome reason entries content_digest is_read"
                " noarchive article_id version_id page_version_id"
            ),
        ),
        (
            VersionRow,
            (
                "id article_id capture_id number is_current digest headline dek language published published_at"
                " published_source modified modified_at modified_source section access is_live_blog noarchive"
                " image_url_id image_caption paragraph_count is_counted is_variant changed is_corrected parts"
                " site_id page_url_id duplicate_of_id masked_digest evidence is_compared is_dek_learnt"
            ),
        ),
        (VersionParagraphRow, "version_id position paragraph_id role"),
        (VersionAuthorRow, "version_id position author_id"),
        (VersionTagRow, "version_id position tag_id"),
        (LinkGroupRow, "id digest kind label"),
        (LinkRow, "group_id position url_id anchor"),
        (CaptureGroupRow, "capture_id position group_id"),
    )
    return {row.__table__.name: Table(row, tuple(columns.split())) for row, columns in wanted}
