"""Which families of URLs bring nothing new: counted from what captures brought, parked after a while.

    first capture of a URL --> shows a new article --> its families, and those of the page that named it, thrive
                           --> shows none          --> its families are barren once more; parked at `park_after`

A parked family is asked again after a month: one URL of it, and if that brings something, all. What a feed or a news
sitemap names is asked for in any case: that is somebody's word that it is an article.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsarchive.crawl.traps import families
from storage.index.frontier.host_state import Family, Yield
from storage.model import Due, UrlKind

PARKED = timedelta(days=30)
"""For how long a parked family is left alone."""
TRUSTED = frozenset({UrlKind.FEED, UrlKind.SITEMAP, None})
"""What names articles by intent: feeds, sitemaps, the owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """When a site's families are parked."""

    after: int = 0
    """Barren captures in a row; 0: never."""
    exempt: tuple[str, ...] = ()
    """Families, or beginnings of paths, that never are."""


class Harvest:
    """The counts of a run's sites. `count` and `parked` may be called from two threads."""

    def __init__(self, parking: Mapping[str, Parking]) -> None:
        self._parking = parking
        self._counted: dict[tuple[str, str], Family] = {}
        self._changed: set[tuple[str, str]] = set()
        self._probed: set[tuple[str, str]] = set()

    @property
    def with_exempt(self) -> list[str]:
        """Sites whose owner has said of something that it is no trap."""
        return [site for site, parking in self._parking.items() if parking.exempt]

    def begin(self, known: Iterable[Family]) -> None:
        """Take what runs before have counted."""
        self._counted = {(family.site, family.family): family for family in known}

    def count(self, yields: Iterable[Yield], now: datetime) -> list[Family]:
        """Take what captures brought, in their order; returns the families that are parked from now on."""
        parked: list[Family] = []
        for one in yields:
            if one.is_new:
                self._thrives(one.site, one.url)
                if one.via:
                    self._thrives(one.site, one.via)
            else:
                parked += self._is_barren(one, now)
        return parked

    def changes(self) -> dict[tuple[str, str], Family | None]:
        """What is to be written since the last call: None for families that thrive."""
        changed, self._changed = self._changed, set()
        return {key: self._counted.get(key) for key in changed}

    def parked(self, due: Due, now: datetime) -> Family | None:
        """The parked family that a URL is of; None where it may be asked for."""
        if due.looked_at is not None or due.discovery.via_kind in TRUSTED:
            return None
        for name in families(due.url):
            key = (due.discovery.site, name)
            family = self._counted.get(key)
            if family is None or family.parked_at is None or self.exempts(due.discovery.site, due.url):
                continue
            if now - family.parked_at >= PARKED and key not in self._probed:
                self._probed.add(key)
                continue
            return family
        return None

    def _thrives(self, site: str, url: str) -> None:
        for name in families(url):
            if self._counted.pop((site, name), None) is not None:
                self._changed.add((site, name))

    def _is_barren(self, one: Yield, now: datetime) -> Iterable[Family]:
        after = self._parking.get(one.site, Parking()).after
        if not after:
            return
        for name in families(one.url):
            key = (one.site, name)
            before = self._counted.get(key) or Family(site=one.site, family=name, barren=0, example=one.url)
            family = replace(before, barren=before.barren + 1, example=one.url)
            if family.parked_at is not None and key in self._probed:
                family = replace(family, parked_at=now)
            elif family.parked_at is None and family.barren >= after and not self.exempts(one.site, one.url):
                family = replace(family, parked_at=now)
                yield family
            self._counted[key] = family
            self._changed.add(key)

    def exempts(self, site: str, url: str) -> bool:
        """Whether the owner has said that a URL leads into no trap."""
        exempt = self._parking.get(site, Parking()).exempt
        path = "/" + url.partition("://")[2].partition("/")[2]
        return path.startswith(tuple(each for each in exempt if each.startswith("/"))) or any(
            name in exempt for name in families(url)
        )
