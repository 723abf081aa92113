"""The metadata of a payload (URL, HTTP status and headers, discovery, site layouts), and the parts of its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsarchive.extract.blocks import PageBlocks
from newsarchive.extract.evidence import NO_EVIDENCE, Evidence
from newsarchive.extract.jsonld import Head, JsonLd
from newsarchive.extract.site_layout import NO_LAYOUTS, Layout, LayoutMatches, Layouts
from newsarchive.extract.tree import Page
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """A page, its input, and the parts that the fields of its article are read from."""

    page: Page
    page_input: PageInput
    head: Head
    jsonld: JsonLd
    content: PageBlocks
    layout_matches: LayoutMatches
    loaded_scripts: str
    """URLs of scripts and frames, and the beginnings of inline scripts, lower case."""
    requisites: tuple[str, ...]
    """URLs of the subresources that the page needs to be rendered."""

    @property
    def evidence(self) -> Evidence:
        """Recorder of the evidence that is found while the page is read."""
        return self.page_input.evidence
