"""Pages that other programs saved in files: HTML, SingleFile's HTML, and browsers' MHTML (RFC 2557).

Imported, each is a resource record (WARC 1.1, 6.4), with the time at which it was saved: no response is known.
"""

import codecs
import email
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsarchive.urls.wb_url import parse_http_date
from storage.errors import NotFound
from storage.warc.record import build_member, sha256, warc_date

SUFFIXES = (".html", ".htm", ".xhtml", ".mhtml", ".mht")
_HEAD_SIZE = 65_536
_SINGLE_FILE = re.compile(rb"Page saved with SingleFile\s+url:\s*(https?://\S+)\s+saved date:\s*([^\r\n(]+)")
# Chrome and Internet Explorer: <!-- saved from url=(0022)https://news.example/a -->
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d+\)(https?://[^\s>]+)()")
_MHTML = re.compile(rb"(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?content-type:\s*multipart/related", re.IGNORECASE)
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
_URL = re.compile("https?://.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedResource:
    """A page, or a picture, style or frame that is saved in its file."""

    url: str | None
    """None if the file does not say it."""
    saved_at: datetime | None
    """UTC; None if the file does not say it."""
    mime: str
    """Content-Type."""
    payload: bytes

    def build_record(self, url: str, saved_at: datetime) -> bytes:
        """Return the resource record. That of the same page has the same id, and is imported once."""
        digest, date = sha256(self.payload), warc_date(saved_at)
        record_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{url} {date} {digest}")
        fields = (
            ("WARC-Record-ID", f"<urn:uuid:{record_id}>"), ("WARC-Date", date), ("WARC-Target-URI", url),
            ("WARC-Payload-Digest", digest), ("Content-Type", self.mime),
        )  # fmt: skip
        return build_member("resource", fields, self.payload, is_text=True)


def list_files(paths: Iterable[Path], suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield files, and of folders those with a suffix, in the order of their names; NotFound if a folder has none."""
    for path in paths:
        found = sorted(each for each in path.rglob("*") if each.name.lower().endswith(suffixes) and each.is_file())
        if path.is_dir() and not found:
            raise NotFound(f"{path} holds no such file; nothing was read. Names end with {', '.join(suffixes)}")
        yield from found if path.is_dir() else [path]


def detect_kind(file: Path) -> str:
    """Return what a file holds: page, urls (a list of URLs), or warc (anything else)."""
    with file.open("rb") as opened:
        head = opened.read(_HEAD_SIZE)
    is_page = file.suffix.lower() in SUFFIXES or _PAGE.match(head) or _MHTML.match(head)
    urls = read_urls(head)
    whole = urls[:-1] or urls if len(head) == _HEAD_SIZE else urls  # the head may end within its last URL
    return "page" if is_page else "urls" if urls and all(map(_URL.match, whole)) else "warc"


def read_urls(data: bytes) -> list[str]:
    """Return the URLs of a list in UTF-8, or in UTF-16 if a byte order mark says so."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if marked else "utf-8-sig", "replace").split()


def read_records(file: Path, url: str | None) -> Iterator[bytes]:
    """Yield a file's page and what is beside it as records; none if neither `url` nor the file has the page's URL."""
    modified_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    for number, each in enumerate(parse_page_file(file.read_bytes())):
        own = each.url if number else url or each.url
        if own is not None:
            yield each.build_record(own, each.saved_at or modified_at)


def parse_page_file(data: bytes) -> list[SavedResource]:
    """Return the page of a file, and then what an MHTML file has beside it.

    >>> [page] = parse_page_file(b"<!-- saved from url=(0022)https://news.example/a --><p>")
    >>> page.url, page.saved_at, page.mime
    ('https://news.example/a', None, 'text/html')
    """
    if _MHTML.match(data):
        return list(_parse_mhtml(data))
    found = _SINGLE_FILE.search(data, 0, _HEAD_SIZE) or _SAVED_FROM.search(data, 0, _HEAD_SIZE)
    url, date = (each.decode("utf-8", "replace") for each in found.groups()) if found else ("", "")
    return [SavedResource(url=_clean_url(url), saved_at=_parse_date(date), mime="text/html", payload=data)]


def _parse_mhtml(data: bytes) -> Iterator[SavedResource]:
    message = email.message_from_bytes(data)
    url, saved_at = str(message.get("Snapshot-Content-Location", "")), _parse_date(str(message.get("Date", "")))
    for number, part in enumerate(each for each in message.walk() if not each.is_multipart()):
        own = _clean_url(str(part.get("Content-Location", "" if number else url)))
        payload, charset = part.get_payload(decode=True), part.get_content_charset()
        mime = part.get_content_type() + (f"; charset={charset}" if charset else "")
        if isinstance(payload, bytes) and (own or not number):
            yield SavedResource(url=own, saved_at=saved_at, mime=mime, payload=payload)


def _clean_url(url: str) -> str | None:
    """Return a URL without fragment and folds; None for what no server had, such as cid:frame."""
    url = re.sub(r"[\r\n]+[ \t]*", "", url.partition("#")[0]).strip()
    return url if url.startswith(("http://", "https://")) else None


def _parse_date(text: str) -> datetime | None:
    """Parse the date of a mail, or that of JavaScript: Wed Nov 25 2026 10:00:00 GMT+0100."""
    return parse_http_date(re.sub(r"GMT(?=[+-])", "", text))
