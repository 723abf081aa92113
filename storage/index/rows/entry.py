"""One capture on its way into the index."""

import hashlib
from dataclasses import dataclass

from storage.model import BODY_ROLES, NOT_HELD, Article, Capture, Discovery, Ingest, LinkGroup, Outcome, Reading

_SHOWN_LIKE_ORIGINAL = frozenset({Outcome.NOT_MODIFIED})


@dataclass(slots=True, kw_only=True)
class Entry:
    """One capture with the ids of the rows it leads to, found step by step."""

    ingest: Ingest
    capture_id: int = 0
    site_id: int = 0
    url_id: int = 0
    article_id: int | None = None
    version_id: int | None = None
    digest: str | None = None
    """Of the version that its own reading shows."""
    refers_to_id: int | None = None
    outcome: Outcome
    reason: str
    title: str | None
    entries: int
    content_digest: str | None
    is_upgrade: bool = False
    """The index holds the capture already, unread; now it comes with a reading."""
    changed: bool = False
    """It brought something new: told to the schedule."""
    news: frozenset[int] = frozenset()
    """Ids of the URLs that nothing had named before it."""

    @property
    def capture(self) -> Capture:
        """The capture."""
        return self.ingest.capture

    @property
    def reading(self) -> Reading:
        """What it says."""
        return self.ingest.reading

    @property
    def discovery(self) -> Discovery:
        """How it came to be asked for."""
        return self.ingest.discovery

    @property
    def article(self) -> Article | None:
        """The article that its own reading shows."""
        return self.ingest.reading.article

    @property
    def is_read(self) -> bool:
        """False for a revisit that is to show what its original showed, or could not be read without it."""
        return is_read(self.ingest)

    @property
    def order(self) -> tuple[object, str]:
        """Captures are in the order of time; the record id decides between equal ones."""
        return self.capture.fetched_at, self.capture.record_id

    @property
    def groups(self) -> tuple[LinkGroup, ...]:
        """Link groups of the page, whatever it is."""
        return self.article.link_groups if self.article else self.reading.link_groups


def is_read(ingest: Ingest) -> bool:
    """True where the ingest has a reading of its own."""
    reading = ingest.reading
    waits = reading.outcome in _SHOWN_LIKE_ORIGINAL or reading.reason == NOT_HELD
    return ingest.capture.kind != "revisit" or not waits


def entry_of(ingest: Ingest) -> Entry:
    """An entry for one ingest, whose texts are fit for both databases."""
    reading = ingest.reading
    links = sum(len(group.links) for group in reading.link_groups)
    return Entry(
        ingest=ingest,
        outcome=reading.outcome,
        reason=reading.reason,
        title=reading.title,
        entries=len(reading.entries) or links,
        content_digest=reading.content_digest,
        digest=version_digest(reading.article) if reading.article else None,
    )


def version_digest(article: Article) -> str:
    """What tells one text of an article from another: headline, dek and body, as printed.

    What changes without the text (dates, bylines, captions, teasers) makes no new version.
    """
    parts = [article.headline, article.dek or ""]
    for paragraph in article.paragraphs:
        if paragraph.role in BODY_ROLES:
            parts += (paragraph.role.value, paragraph.text)
    return "sha256:" + hashlib.sha256("\0".join((*parts, "")).encode()).hexdigest()
