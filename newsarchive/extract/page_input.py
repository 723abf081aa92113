"""The input of one reading: the metadata of a payload, the parts of its page, and the evidence for what was read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from newsarchive.extract.blocks import Block, PageBlocks
from newsarchive.extract.jsonld import Head, JsonLd
from newsarchive.extract.site_layout import NO_LAYOUTS, Layout, LayoutMatches, Layouts
from newsarchive.extract.tree import Page
from storage.article_parts import Image
from storage.model import Discovery, Role, UrlKind
from storage.page_date import SourcedDate

T = TypeVar("T")
UNKNOWN_HOST = "https://page.invalid/"
UNKNOWN_URL = f"{UNKNOWN_HOST}saved-page.html"
"""Stands for the URL of a page that states none, so that its relative links are kept. Its form is no evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldClaim:
    """The value that one source gives for one field."""

    field: str
    """As in Article: headline, dek, published ..."""
    source: str
    """json-ld, og:title, h1, visible ..."""
    value: str
    taken: bool
    """This value was chosen for the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRole:
    """The role of one block, and the rule that assigned it."""

    role: Role | None
    """None: the block is not part of the article."""
    rule: str


class Evidence:
    """The evidence for one reading, or if it is not recorded, nothing."""

    def __init__(self, *, is_recording: bool = True) -> None:
        self.is_recording = is_recording
        self.claims: list[FieldClaim] = []
        """In the order in which they were considered."""
        self.roles: dict[int, BlockRole] = {}
        """By index of the block."""
        self.score_parts: Sequence[tuple[float, str]] = ()
        """(points, reason); empty when the page was not scored."""
        self.threshold = 0.0
        """Score from which a page is an article."""
        self.blocks: Sequence[Block] = ()
        """In page order."""

    def first(self, field: str, claims: Iterable[tuple[str, T | None]]) -> T | None:
        """Return the value of the first claim, (source, value), that has one, and record every claim."""
        if not self.is_recording:
            return next((value for _, value in claims if value), None)
        chosen: T | None = None
        for source, value in claims:
            if value:
                self.add_claim(field, source, value, taken=chosen is None)
                chosen = value if chosen is None else chosen
        return chosen

    def add_claim(self, field: str, source: str, value: object, *, taken: bool = False) -> None:
        """Record the value that a source gives for a field."""
        if self.is_recording:
            self.claims.append(FieldClaim(field=field, source=source, value=_format_value(value), taken=taken))

    def set_role(self, block: int, role: Role | None, rule: str) -> None:
        """Record the role of a block and the rule behind it, replacing an earlier one."""
        if self.is_recording:
            self.roles[block] = BlockRole(role=role, rule=rule)

    def set_score(self, parts: Sequence[tuple[float, str]], threshold: float) -> None:
        """Record the parts of the article score."""
        if self.is_recording:
            self.score_parts, self.threshold = parts, threshold


NO_EVIDENCE = Evidence(is_recording=False)


def _format_value(value: object) -> str:
    match value:
        case tuple() | list():
            return "; ".join(_format_value(each) for each in value)
        case SourcedDate() | datetime():
            return value.isoformat()
        case Image():
            return value.url
        case _:
            return str(value)


# The metadata of a payload (URL, HTTP status and headers, discovery, site layouts), and the parts of its page.

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
    for_archive: bool = False
    """True: what only an archive uses is read, too: the page requisites, and the boxes that a site's pages share."""

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
    requisites: tuple[str, ...]
    """URLs of the subresources that the page needs to be rendered."""

    @property
    def evidence(self) -> Evidence:
        """Recorder of the evidence that is found while the page is read."""
        return self.page_input.evidence
