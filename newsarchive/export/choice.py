"""What is exported, and from where."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.index.reader import Reader
from storage.index.views.articles import EVERYTHING, Filters
from storage.places import Places

Tell = Callable[[int], None]


def untold(count: int) -> None:
    """Tell nobody how far an export is."""


def unheard(what: str) -> None:
    """Tell nobody what could not be exported."""


def utc_now() -> datetime:
    """The time, aware and UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is exported."""

    index: Reader
    """Leaves out what must not be shown, where that is wanted."""
    places: Places
    filters: Filters = EVERYTHING
    all_versions: bool = False
    """Each version, not the latest only; for records nothing changes: they are all captures of an article."""
    title: str = "newsarchive"
    """What a WACZ calls itself."""
    operator: str = ""
    """Who runs the archive; written into a WARC slice."""
    now: Callable[[], datetime] = utc_now
    tell: Tell = untold
    """Is told now and then how many articles or records are written."""
    missed: Callable[[str], None] = unheard
    """Is told of each capture that could not be copied, in words."""
