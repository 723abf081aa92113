"""What speaks against a URL itself, whoever its host is: no address to ask, a trap, a family that brings nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from newsarchive.crawl.download.ssrf import refusal
from newsarchive.crawl.politeness import PolitenessSettings
from newsarchive.crawl.traps import trapped
from newsarchive.crawl.url_pattern_yields import PARKED, Harvest
from storage.model import Due

TRAPPED = timedelta(days=365)
"""For how long a URL that leads into a trap is put off."""


class Objections:
    """Looks URLs over before they are asked for."""

    def __init__(
        self, manners: Mapping[str, PolitenessSettings], harvest: Harvest | None, *, now: Callable[[], datetime]
    ) -> None:
        self._manners = manners
        self._harvest = harvest
        self._now = now

    def to(self, due: Due) -> tuple[str, datetime | None] | None:
        """What speaks against a URL, as it is counted, and until when (None: for ever); None where nothing does."""
        if refusal(due.url) is not None:
            return "refused", None
        now = self._now()
        named_by_owner = due.discovery.via is None
        exempt = self._manners[due.discovery.site].parking.exempt
        if not named_by_owner and trapped(due.url, today=now, exempt=exempt):
            return "trapped", now + TRAPPED
        if self._harvest is not None and self._harvest.parked(due, now):
            return "parked", now + PARKED
        return None
