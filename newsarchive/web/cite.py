"""How a version of an article is cited: as text, BibTeX, CSL-JSON, and as a persistent web identifier."""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from newsarchive.web.pages.jinja_env import iso, spoken_day
from newsarchive.web.timestamps import stamp
from newsarchive.web.wb_url import in_path
from storage.index.views.articles import VersionView

_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_TEX_ESCAPES = str.maketrans(_TEX)
# In a URL BibTeX styles wrap it in \url{}, which takes all but braces, backslashes and what ends the field.
_URL_ESCAPES = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", '"': "%22", "\n": "", "\r": ""})
# A urn has no query of its own (RFC 8141, 2.3): what would begin one is the archived URL's, and quoted.
_URN_ESCAPES = str.maketrans({"?": "%3F", "#": "%23", "[": "%5B", "]": "%5D"})
# What turns the direction of all that follows: a name or headline must not reach into the rest of the sentence.
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A version of an article, as first captured."""

    version: VersionView
    base_url: str
    """The archive's own address, without a slash at its end."""
    archive: str
    """The archive's name."""
    site: str
    """The publication's name."""

    @property
    def captured(self) -> datetime:
        """When this version was first captured."""
        return self.version.capture.fetched_at

    @property
    def permalink(self) -> str:
        """Address of the page as it looked then."""
        return f"{self.base_url}/web/{stamp(self.captured)}/{in_path(self.version.capture.url)}"

    @property
    def pwid(self) -> str:
        """Persistent web identifier (IANA's urn namespace "pwid"): archive, moment, precision, URL."""
        host = urlsplit(self.base_url).hostname or self.archive
        url = in_path(self.version.capture.url).translate(_URN_ESCAPES)
        return f"urn:pwid:{host}:{iso(self.captured)}:page:{url}"

    @property
    def text(self) -> str:
        """In a sentence."""
        version = self.version
        who = f"{', '.join(version.authors)}: " if version.authors else ""
        published = f", {spoken_day(version.published)}" if version.published else ""
        headline = version.headline or version.canonical_url
        said = f"{who}“{headline}”, {self.site}{published}".translate(_TURNS)
        return f"{said}. Archived {spoken_day(self.captured)}, {self.permalink}"


def bibtex(citation: Citation) -> str:
    """As BibTeX (biblatex's @online)."""
    version = citation.version
    fields = {
        "author": " and ".join("{" + _tex(name) + "}" for name in version.authors),
        "title": "{" + _tex(version.headline) + "}",
        "organization": "{" + _tex(citation.site) + "}",
        "date": f"{version.published.astimezone(UTC):%Y-%m-%d}" if version.published else "",
        "url": citation.permalink.translate(_URL_ESCAPES),
        "urldate": f"{citation.captured.astimezone(UTC):%Y-%m-%d}",
        "langid": _tex(version.language or ""),
        "note": f"Archived version {version.number} of {version.canonical_url.translate(_URL_ESCAPES)}; "
        f"{version.capture.payload_digest or version.digest}",
    }
    lines = [f"  {name} = {{{text}}}," for name, text in fields.items() if text]
    return "\n".join([f"@online{{{_key(citation)},", *lines, "}", ""])


def _tex(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().translate(_TEX_ESCAPES)


def _key(citation: Citation) -> str:
    """Site, day of capture and the version's digest: the same for the same text, whatever the index."""
    site = unicodedata.normalize("NFKD", citation.version.site)
    name = re.sub(r"[^a-z0-9]+", "", site.lower().encode("ascii", "ignore").decode()) or "article"
    return f"{name}-{citation.captured.astimezone(UTC):%Y%m%d}-{citation.version.digest[-8:]}"


def csl_json(citation: Citation) -> str:
    """As CSL-JSON, which Zotero and Pandoc read: a list of one item."""
    version = citation.version
    item: dict[str, Any] = {
        "id": _key(citation),
        "type": "article-newspaper",
        "title": version.headline,
        "container-title": citation.site,
        "author": [{"literal": name} for name in version.authors],
        "issued": _date(version.published),
        "accessed": _date(citation.captured),
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
    return json.dumps([kept], ensure_ascii=False, indent=1)


def _date(moment: datetime | None) -> dict[str, Any] | None:
    if moment is None:
        return None
    day = moment.astimezone(UTC)
    return {"date-parts": [[day.year, day.month, day.day]]}
