"""Entries of a commit: captures on their way into the index."""

import hashlib
from dataclasses import dataclass
from unicodedata import normalize

from storage.index.text.masked_digest import mask_own_address
from storage.model import BODY_ROLES, ORIGINAL_MISSING, Article, Capture, Discovery, Ingest, LinkGroup, Outcome, Role


@dataclass(slots=True, kw_only=True)
class CommitEntry:
    """One capture of a commit, with the ids of the rows it leads to, which are found step by step."""

    ingest: Ingest
    capture_id: int = 0
    site_id: int = 0
    url_id: int = 0
    page_url_id: int = 0
    """Id of the canonical URL that its own reading names."""
    article_id: int | None = None
    version_id: int | None = None
    page_version_id: int | None = None
    """The text of its page; `version_id` is the version that shows it, of an article with more than one page."""
    digest: bytes | None = None
    """Digest of the version that its own reading shows."""
    refers_to_id: int | None = None
    outcome: Outcome
    reason: str
    title: str | None
    item_count: int
    content_digest: str | None
    is_upgrade: bool = False
    """The index holds the capture already, without a reading; now it has one."""
    named_new_urls: bool = False
    """It names URLs that were not in the frontier; the schedule uses it."""
    first_named_ids: frozenset[int] = frozenset()
    """Ids of the URLs that it was the first to name."""

    @property
    def capture(self) -> Capture:
        """The capture itself."""
        return self.ingest.capture

    @property
    def discovery(self) -> Discovery:
        """Its discovery."""
        return self.ingest.discovery

    @property
    def article(self) -> Article | None:
        """Article that its own reading shows."""
        return self.ingest.reading.article

    @property
    def page(self) -> tuple[int, int]:
        """Site and canonical URL of the page that its own reading shows."""
        return self.site_id, self.page_url_id

    @property
    def is_read(self) -> bool:
        """False for a revisit that takes its reading from its original."""
        return is_read(self.ingest)

    @property
    def sort_key(self) -> tuple[object, str]:
        """Key of the order of captures: by time, then by record id."""
        return self.capture.fetched_at, self.capture.record_id

    @property
    def link_groups(self) -> tuple[LinkGroup, ...]:
        """Link groups of the page, whatever its kind."""
        return self.article.link_groups if self.article else self.ingest.reading.link_groups


def is_read(ingest: Ingest) -> bool:
    """Return whether an ingest has a reading of its own."""
    reading = ingest.reading
    waits = reading.outcome is Outcome.NOT_MODIFIED or reading.reason == ORIGINAL_MISSING
    return ingest.capture.kind != "revisit" or not waits


def create_entry(ingest: Ingest) -> CommitEntry:
    """Return the entry of a sanitized ingest."""
    reading = ingest.reading
    links = sum(len(group.links) for group in reading.link_groups)
    return CommitEntry(
        ingest=ingest,
        outcome=reading.outcome,
        reason=reading.reason,
        title=reading.title,
        item_count=len(reading.entries) or links,
        content_digest=reading.content_digest,
        digest=version_digest(reading.article) if reading.article else None,
    )


def version_digest(article: Article) -> bytes:
    """Return the digest, over what a newspaper may change, that tells versions of an article apart.

    Changes of dates, tags and the image's address, of teasers, links and the like make no new version; nor does another
    address of the page that it prints itself, nor characters that nobody sees, such as hyphens for line breaks.
    """
    captions = [each.text for each in article.paragraphs if each.role is Role.CAPTION]
    parts = [article.headline, article.dek or "", article.section or ""]
    parts += ("byline", *article.authors, "captions", *captions, (article.image and article.image.caption) or "")
    for paragraph in article.paragraphs:
        if paragraph.role in _VERSION_ROLES:
            parts += (paragraph.role.value, mask_own_address(paragraph.text, article))
    text = normalize("NFC", "\0".join((*parts, "")).translate(_INVISIBLE))
    return hashlib.sha256(text.encode()).digest()


_VERSION_ROLES = BODY_ROLES | {Role.CORRECTION}
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u2060\ufeff"))
"""Characters without width or meaning. Joiners are not among them: Persian and Hindi are written with them."""
