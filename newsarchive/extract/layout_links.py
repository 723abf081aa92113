"""The groups of links that a site's layout names, in front of those that were found without it."""

from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from newsarchive.extract.blocks import folded
from newsarchive.extract.roles import HEADINGS
from newsarchive.extract.site_layout import Box, Layout
from newsarchive.extract.tree import Page, absolute
from newsarchive.extract.urls import same_page
from storage.model import Link, LinkGroup


def with_boxes(page: Page, layout: Layout, found: Sequence[LinkGroup]) -> tuple[LinkGroup, ...]:
    """Return a page's groups: the layout's boxes, then what was found besides. Each link stands in one of them."""
    named = [group for box in layout.related for group in _groups(page, box)]
    if not named:
        return tuple(found)
    taken = {same_page(link.url) for group in named for link in group.links}
    others = [
        LinkGroup(kind=group.kind, label=group.label, links=links)
        for group in found
        if (links := tuple(link for link in group.links if same_page(link.url) not in taken))
    ]
    return (*named, *others)


def _groups(page: Page, box: Box) -> Iterator[LinkGroup]:
    """Yield a group for each element that the box's selector finds and that has links."""
    for element in box.box.elements(page.root):
        links: dict[str, Link] = {}
        for anchor in box.links.elements(element):
            url = absolute(page.base, anchor.get("href") or "")
            text = folded(str(anchor.text_content()))
            if url and (text or same_page(url) not in links):
                known = links.get(same_page(url))
                links[same_page(url)] = Link(url=url, anchor=max(text, known.anchor if known else "", key=len))
        if links:
            yield LinkGroup(kind=box.kind, label=_label(element, box), links=tuple(links.values()))


def _label(element: HtmlElement, box: Box) -> str:
    if box.label is not None:
        return box.label.first(element) or ""
    heading = next(element.iter(*sorted(HEADINGS)), None)
    return folded(str(heading.text_content())) if heading is not None and heading.find(".//a") is None else ""
