"""What is known of a payload besides its bytes, and who listens while it is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from newsarchive.extract.evidence import SILENCE, Silence
from newsarchive.extract.site_layout import NO_LAYOUTS, Layout, Layouts
from newsarchive.extract.url_templates import Shapes
from storage.model import Discovery, UrlKind

Headers = Sequence[tuple[str, str]]
"""Of an HTTP answer, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is known of a payload besides its bytes, and who listens while it is read."""

    url: str = ""
    headers: Headers = ()
    discovery: Discovery | None = None
    """How it came to be asked for: it vouches for a date, and weighs in what kind of page it is."""
    fetched_at: datetime | None = None
    """Gives "3 hours ago" a meaning, chooses among the layouts, and is used for nothing else."""
    status: int = 200
    """Of the HTTP answer: a page sent with 403 or 503 is a challenge or an error, never an article."""
    layouts: Layouts = NO_LAYOUTS
    """How the site's pages are built, where its archive's owner says so."""
    shapes: Shapes = field(default_factory=Shapes)
    """What the site's article addresses look like, where it is known. Never given by the crawl: see shapes.py."""
    hear: Silence = SILENCE
    """Notes what decided."""

    @property
    def layout(self) -> Layout:
        """The layout that was in force when the page was fetched."""
        return self.layouts.at(self.fetched_at)

    @property
    def is_listing(self) -> bool:
        """It was asked for as a page that lists articles."""
        return self.discovery is not None and self.discovery.kind is UrlKind.LISTING


AS_USUAL = Asked()
