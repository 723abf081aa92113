"""What the <head> and microdata say, gathered in one pass: meta elements, link elements, the title."""

from dataclasses import dataclass, field

from lxml.html import HtmlElement

from newsarchive.extract.blocks import folded


@dataclass(slots=True)
class Head:
    """Names in lower case, values with white space folded, in the order of the page."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    """By name, property, itemprop or http-equiv."""
    links: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """(rel, attributes) of <link> elements, and of <a rel=next>."""
    title: str = ""
    language: str = ""

    def first(self, *names: str) -> str:
        """Return the first value that one of the names has, in the order of the names; "" for none."""
        for name in names:
            for value in self.meta.get(name, ()):
                if value:
                    return value
        return ""

    def all(self, *names: str) -> list[str]:
        """Return every value of the names."""
        return [value for name in names for value in self.meta.get(name, ()) if value]

    def link(self, rel: str) -> str:
        """Return the first link of that relation."""
        return next((attributes.get("href", "") for name, attributes in self.links if rel in name.split()), "")


def read_head(root: HtmlElement) -> Head:
    """Gather a page's meta and link elements."""
    # XHTML that is sent as HTML names it its own way, and the parser of HTML knows no namespaces.
    head = Head(language=(root.get("lang") or root.get("xml:lang") or "").strip())
    for element in root.iter("meta", "link", "title"):
        if element.tag == "meta":
            content = folded(element.get("content") or "")
            for key in ("name", "property", "itemprop", "http-equiv"):
                if name := element.get(key):
                    head.meta.setdefault(name.strip().lower(), []).append(content)
        elif element.tag == "link":
            head.links.append(((element.get("rel") or "").lower(), {str(k): v for k, v in element.attrib.items()}))
        elif not head.title and not _inside_svg(element):
            head.title = folded(element.text_content())
    return head


def _inside_svg(element: HtmlElement) -> bool:
    return next(element.iterancestors("svg"), None) is not None
