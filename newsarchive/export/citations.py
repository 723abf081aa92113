"""Citations of article versions: text, BibTeX, RIS, CSL-JSON, Wikipedia, Robust Links, persistent web identifier.

Of one article or of many: a bibliography is made a citation at a time.
"""

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from newsarchive.config.units import format_day, format_time, iso_time
from newsarchive.export.articles import write_lines
from newsarchive.export.request import ExportRequest
from newsarchive.urls.ssrf import is_loopback
from newsarchive.urls.wb_url import format_timestamp, quote_url
from storage.article_fields import ArchivedArticle
from storage.index.queries.export import iter_archived_articles
from storage.index.views.articles import VersionView

_TEX_ESCAPES = str.maketrans({
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
})  # fmt: skip
# BibTeX styles wrap a URL in \url{}, which takes all but braces, backslashes and the end of the field.
_URL_ESCAPES = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", '"': "%22", "\n": "", "\r": ""})
# Characters that end a parameter of a template or begin another one.
_WIKI_ESCAPES = str.maketrans({"|": "{{!}}", "{": "&#123;", "}": "&#125;", "[": "&#91;", "]": "&#93;"})
_FAMILY_FIRST = {"hu", "ja", "ko", "vi", "zh"}  # languages that print it first
# A URN has no query of its own (RFC 8141, 2.3): the characters that would begin one are quoted.
_URN_ESCAPES = str.maketrans({"?": "%3F", "#": "%23", "[": "%5B", "]": "%5D"})
# Bidirectional controls: those of a name or headline must not affect the rest of the sentence.
_BIDI_CONTROLS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """An article version, by its first capture."""

    version: VersionView | ArchivedArticle
    public_url: str
    """The archive's URL, without a trailing slash; "" if it has none."""
    archive: str
    """The archive's name."""

    @property
    def site(self) -> str:
        """The publication's name."""
        return self.version.site_title or self.version.site

    @property
    def capture_time(self) -> datetime:
        """Time of the version's first capture."""
        return self.version.capture.fetched_at

    @property
    def permalink(self) -> str:
        """URL of the archived page at that time; of the live page if the archive has no URL."""
        path = f"/web/{format_timestamp(self.capture_time)}/{quote_url(self.version.url)}"
        return self.public_url + path if self.public_url else self.version.canonical_url

    @property
    def pwid(self) -> str:
        """Persistent web identifier (URN namespace "pwid"): archive, time, precision, URL."""
        host = urlsplit(self.public_url).hostname or self.archive
        url = quote_url(self.version.url).translate(_URN_ESCAPES)
        return f"urn:pwid:{host}:{iso_time(self.capture_time)}:page:{url}"

    @property
    def key(self) -> str:
        """Site, capture date and a digest of URL and text: the same whichever index, and in every bibliography."""
        site = unicodedata.normalize("NFKD", self.version.site).lower().encode("ascii", "ignore").decode()
        name = re.sub(r"[^a-z0-9]+", "", site) or "article"
        digest = sha256(f"{self.version.canonical_url} {self.version.digest}".encode()).hexdigest()
        return f"{name}-{self.capture_time.astimezone(UTC):%Y%m%d}-{digest[:10]}"

    @property
    def text(self) -> str:
        """The citation as a sentence."""
        version = self.version
        authors = f"{', '.join(version.authors)}: " if version.authors else ""
        published = f", {format_day(version.published.day)}" if version.published else ""
        headline = version.headline or version.canonical_url
        sentence = f"{authors}“{headline}”, {self.site}{published}".translate(_BIDI_CONTROLS)
        return f"{sentence}. Archived {format_time(self.capture_time)}, {self.permalink}"

    @property
    def is_local(self) -> bool:
        """True if the permalink works on this machine only."""
        return is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def wikipedia(self) -> str:
        """The citation for Wikipedia: https://en.wikipedia.org/wiki/Template:Cite_news."""
        version = self.version
        fields = {
            **{f"author{number}": name for number, name in enumerate(version.authors, 1)},
            "title": version.headline, "url": version.canonical_url, "work": self.site,
            "date": version.published.day.isoformat() if version.published else "", "language": version.language,
            "archive-url": self.permalink, "archive-date": f"{self.capture_time.astimezone(UTC):%Y-%m-%d}",
            "url-status": "live",
        }  # fmt: skip
        escaped = {name: (text or "").translate(_WIKI_ESCAPES) for name, text in fields.items()}
        return f"{{{{cite news {' '.join(f'|{name}={_fold(text)}' for name, text in escaped.items() if text)}}}}}"

    @property
    def robust_link(self) -> str:
        """The citation as a link in HTML to the original with the archived version: https://robustlinks.mementoweb.org."""
        version, day = self.version, f"{self.capture_time.astimezone(UTC):%Y-%m-%d}"
        href, archived = html.escape(version.canonical_url), html.escape(self.permalink)
        text = html.escape(_fold(version.headline or version.canonical_url))
        return f'<a href="{href}" data-versionurl="{archived}" data-versiondate="{day}">{text}</a>'


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().translate(_BIDI_CONTROLS)


def format_ris(citations: Iterable[Citation]) -> Iterator[str]:
    """Yield citations as RIS, for EndNote, RefWorks and others."""
    for citation in citations:
        version = citation.version
        tags = [
            ("TY", "NEWS"), *(("AU", name) for name in version.authors), ("TI", version.headline),
            ("T2", citation.site), ("DA", f"{version.published.day:%Y/%m/%d}" if version.published else None),
            ("SE", version.section), ("Y2", f"{citation.capture_time.astimezone(UTC):%Y/%m/%d}"),
            ("LA", version.language), ("AB", version.dek), ("UR", citation.permalink), ("DB", citation.archive),
            ("N1", f"Original URL: {version.canonical_url}"),
        ]  # fmt: skip
        yield "".join(f"{tag}  - {_fold(text)}\r\n" for tag, text in tags if text) + "ER  - \r\n"


def format_bibtex(citations: Iterable[Citation]) -> Iterator[str]:
    """Yield citations as BibTeX (@online of biblatex)."""
    for citation in citations:
        version = citation.version
        number = version.number if isinstance(version, VersionView) else version.version
        fields = {
            "author": " and ".join(_format_name(name, version) for name in version.authors),
            "title": "{" + _escape_tex(version.headline) + "}",
            "organization": "{" + _escape_tex(citation.site) + "}",
            "date": version.published.day.isoformat() if version.published else "",
            "url": citation.permalink.translate(_URL_ESCAPES),
            "urldate": f"{citation.capture_time.astimezone(UTC):%Y-%m-%d}",
            "langid": _escape_tex(version.language or ""),
            "note": f"Archived version {number} of {version.canonical_url.translate(_URL_ESCAPES)}; "
            f"{version.capture.payload_digest or version.digest}",
        }
        lines = [f"  {name} = {{{text}}}," for name, text in fields.items() if text]
        yield "\n".join([f"@online{{{citation.key},", *lines, "}", ""])


def _format_name(name: str, version: VersionView | ArchivedArticle) -> str:
    """Return a name for styles to take apart (biblatex 2.3.3); in braces, whole, if the family name is a guess."""
    words = _fold(name).split()
    has_middle = all(word[0].islower() or re.fullmatch(r"[^\W\d_]\.?", word) for word in words[1:-1])
    is_clear = len(words) > 1 and has_middle and words[-1][0].isupper() and not {",", "and"} & {*words, *name}
    is_whole = not is_clear or (version.language or "")[:2] in _FAMILY_FIRST or name in version.organisations
    return f"{{{_escape_tex(name)}}}" if is_whole else _escape_tex(name)


def _escape_tex(text: str) -> str:
    return _fold(text).translate(_TEX_ESCAPES)


def format_csl_json(citations: Iterable[Citation]) -> Iterator[str]:
    """Yield citations as CSL-JSON for Zotero and Pandoc: the parts of a list of items, its end last."""
    begin = "["
    for citation in citations:
        version = citation.version
        item: dict[str, Any] = {
            "id": citation.key,
            "type": "article-newspaper",
            "title": version.headline,
            "container-title": citation.site,
            "author": [{"literal": name} for name in version.authors],
            "issued": _date_parts(version.published.day if version.published else None),
            "accessed": _date_parts(citation.capture_time.astimezone(UTC).date()),
            "section": version.section,
            "abstract": version.dek,
            "language": version.language,
            "URL": citation.permalink,
            "archive": citation.archive,
            "archive_location": version.capture.record_id,
            "note": f"original URL: {version.canonical_url}; {citation.pwid}; "
            f"payload digest: {version.capture.payload_digest or 'none'}",
        }
        kept = {name: value for name, value in item.items() if value}
        yield f"{begin}\n{json.dumps(kept, ensure_ascii=False, indent=1)}"
        begin = ","
    yield "\n]\n" if begin == "," else "[]\n"


def _date_parts(day: date | None) -> dict[str, Any] | None:
    return {"date-parts": [[day.year, day.month, day.day]]} if day else None


BIBLIOGRAPHIES: Mapping[str, Callable[[Iterable[Citation]], Iterator[str]]] = {
    "bib": format_bibtex,
    "ris": format_ris,
    "csl.json": format_csl_json,
}
"""Writers of bibliographies by the suffixes of their files."""


def write_bibliography(request: ExportRequest, file: BinaryIO, *, suffix: str) -> int:
    """Write the citations of an export's articles or versions; return their number."""
    found = request.index.stream(
        iter_archived_articles, request.filters, all_versions=request.all_versions, with_text=False
    )
    cited = (
        Citation(version=each, public_url=request.public_url, archive=request.title)
        for each in request.track(found, 100)
    )
    return write_lines(BIBLIOGRAPHIES[suffix](cited), file) - (suffix == "csl.json")
