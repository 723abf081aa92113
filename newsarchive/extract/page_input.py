"""The metadata of a payload: URL, HTTP status and headers, discovery, site layouts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsarchive.extract.evidence import NO_EVIDENCE, Evidence
from newsarchive.extract.site_layout import NO_LAYOUTS, Layout, Layouts
from storage.model import Discovery, UrlKind

Headers = Sequence[tuple[str, str]]
"""HTTP response headers, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInput:
    """The metadata of one payload, and where to record evidence while it is read."""

    url: str = ""
    headers: Headers = ()
    discovery: Discovery | None = None
    """How the URL was found: a fallback for the publication date, and a part of the article score."""
    fetched_at: datetime | None = None
    """Resolves "3 hours ago" and selects the layouts in force; never taken for a publication date."""
    status: int = 200
    """HTTP status: a page sent with 403 or 503 is a challenge or an error, never an article."""
    layouts: Layouts = NO_LAYOUTS
    """The [[site.layout]] tables of the site."""
    evidence: Evidence = NO_EVIDENCE

    @property
    def layout(self) -> Layout:
        """The layout in force when the page was fetched."""
        return self.layouts.at(self.fetched_at)

    @property
    def is_listing(self) -> bool:
        """The URL was requested as a listing."""
        return self.discovery is not None and self.discovery.kind is UrlKind.LISTING


DEFAULT_INPUT = PageInput()
