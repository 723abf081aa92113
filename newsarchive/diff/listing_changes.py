"""Comparison of two captures of a listing: new, removed, moved and reworded links."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from newsarchive.diff.paragraphs import DiffPiece, diff_words, heaviest_chain
from storage.index.views.articles import LinkGroupView

MIN_HEADLINE_LENGTH = 20
"""Characters of a headline that identifies an article."""


class LinkFate(StrEnum):
    """Change of a link's position."""

    CAME = "came"
    LEFT = "left"
    UP = "up"
    DOWN = "down"
    STAYED = "stayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingLink:
    """A link at its first position on a listing."""

    url: str
    headline: str
    """The longest link text: the headline rather than "read more"."""
    group: str
    """Label of its group; "" if that has none."""
    place: int
    """Position on the listing, from 1."""
    article_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingChange:
    """A link in two captures of a listing."""

    fate: LinkFate
    before: ListingLink | None
    after: ListingLink | None
    wording: tuple[DiffPiece, ...]
    """The headline, with its word diff."""

    @property
    def item(self) -> ListingLink:
        """The link in the newer capture, else in the older one."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def changed(self) -> frozenset[str]:
        """Those of headline, URL and group label that differ between the captures, by name of the field."""
        both = (self.before, self.after) if self.before and self.after else (self.item, self.item)
        names = ("headline", "url", "group")
        return frozenset(name for name in names if getattr(both[0], name) != getattr(both[1], name))


def listing_links(groups: Iterable[LinkGroupView]) -> tuple[ListingLink, ...]:
    """Return the links of a listing in order, each once, at its first position."""
    found: dict[str, ListingLink] = {}
    for group in groups:
        for link in group.links:
            known = found.get(link.url)
            if known is None or len(link.anchor) > len(known.headline):
                label, place = (known.group, known.place) if known else (group.label, len(found) + 1)
                found[link.url] = ListingLink(
                    url=link.url, headline=link.anchor, group=label, place=place, article_id=link.article_id
                )
    return tuple(found.values())


def compare_listings(before: Sequence[ListingLink], after: Sequence[ListingLink]) -> tuple[ListingChange, ...]:
    """Return the change of each link: those of the newer capture in order, then the removed ones.

    A link that is only shifted by others has not moved: the longest sequence of common links in unchanged order stays,
    so that the number of moves is minimal.
    """
    same = _match_urls(before, after)
    old, new = {same[item.url]: item for item in before}, {item.url: item for item in after}
    both = [item.url for item in after if item.url in old]
    now = {url: at for at, url in enumerate(both)}
    rank = {url: at for at, url in enumerate(same[item.url] for item in before if same[item.url] in new)}
    still = {both[at] for _, at in heaviest_chain([(rank[url], at) for at, url in enumerate(both)], [""] * len(both))}
    changes: list[ListingChange] = []
    for item in after:
        was = old.get(item.url)
        fate = LinkFate.CAME if was is None else LinkFate.STAYED
        if was is not None and item.url not in still:
            fate = LinkFate.UP if now[item.url] < rank[item.url] else LinkFate.DOWN
        wording = diff_words(was.headline if was else item.headline, item.headline)
        changes.append(ListingChange(fate=fate, before=was, after=item, wording=wording))
    for item in before:
        if same[item.url] not in new:
            wording = diff_words(item.headline, item.headline)
            changes.append(ListingChange(fate=LinkFate.LEFT, before=item, after=None, wording=wording))
    return tuple(changes)


def _match_urls(before: Sequence[ListingLink], after: Sequence[ListingLink]) -> dict[str, str]:
    """Return the newer URL of each older link, which differs if article or headline are the same."""
    same = {item.url: item.url for item in before}
    there = {item.url for item in after}
    named: dict[object, str] = {}
    for item in after:
        if item.url not in same:
            for name in _match_keys(item):
                named.setdefault(name, item.url)
    taken: set[str] = set()
    for item in before:
        found = next((named[name] for name in _match_keys(item) if name in named), None)
        if found is not None and found not in taken and item.url not in there:
            same[item.url] = found
            taken.add(found)
    return same


def _match_keys(item: ListingLink) -> list[object]:
    names: list[object] = [] if item.article_id is None else [item.article_id]
    return [*names, item.headline] if len(item.headline) >= MIN_HEADLINE_LENGTH else names
