"""Read the <head> and the microdata of a page in one pass: meta elements, link elements, the title."""

from dataclasses import dataclass, field

from lxml.html import HtmlElement

from newsarchive.extract.blocks import normalize_space


@dataclass(slots=True)
class Head:
    """Names are in lower case, white space in values is collapsed, the order is that of the page."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    """By name, property, itemprop or http-equiv."""
    links: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """(rel, attributes) of <link> elements."""
    title: str = ""
    language: str = ""

    def first(self, *names: str) -> str:
        """Return the first value of one of the names, in the order of the names; "" for none."""
        for name in names:
            for value in self.meta.get(name, ()):
                if value:
                    return value
        return ""

    def all(self, *names: str) -> list[str]:
        """Return all values of the names."""
        return [value for name in names for value in self.meta.get(name, ()) if value]

    def link(self, rel: str) -> str:
        """Return the URL of the first link with a relation; "" for none."""
        return next((attributes.get("href", "") for name, attributes in self.links if rel in name.split()), "")


def read_head(root: HtmlElement) -> Head:
    """Return the meta and link elements, title and language of a page."""
    # XHTML sent as text/html declares its language in xml:lang, and the HTML parser ignores namespaces.
    head = Head(language=(root.get("lang") or root.get("xml:lang") or "").strip())
    for element in root.iter("meta", "link", "title"):
        if element.tag == "meta":
            content = normalize_space(element.get("content") or "")
            for key in ("name", "property", "itemprop", "http-equiv"):
                if name := element.get(key):
                    head.meta.setdefault(name.strip().lower(), []).append(content)
        elif element.tag == "link":
            head.links.append(((element.get("rel") or "").lower(), {str(k): v for k, v in element.attrib.items()}))
        elif not head.title and next(element.iterancestors("svg"), None) is None:
            head.title = normalize_space(element.text_content())
    return head
