"""The site's sections and its markup conventions."""

from dataclasses import dataclass
from enum import StrEnum


class Template(StrEnum):
    """A set of markup conventions, as one site collects them over the years."""

    CLASSIC = "classic"
    """Headings and paragraphs, hardly any metadata; the page that started the project."""
    MODERN = "modern"
    """JSON-LD, OpenGraph, figures, pull quotes."""
    SOUP = "soup"
    """Everything a div; microdata; cards in <header>."""
    LONGFORM = "longform"
    """Lists, tables, live blog, paywall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the site."""

    name: str
    """In URLs."""
    title: str
    template: Template
    share: int
    """Of a hundred articles."""
    query_pager: bool = False
    """Its further pages are ?page=2 and so on, not /page/2/."""


SECTIONS = (
    Section(name="town", title="Town", template=Template.CLASSIC, share=30),
    Section(name="business", title="Business", template=Template.MODERN, share=20),
    Section(name="sport", title="Sport", template=Template.SOUP, share=20, query_pager=True),
    Section(name="culture", title="Culture", template=Template.MODERN, share=16),
    Section(name="long-reads", title="Long reads", template=Template.LONGFORM, share=14),
    Section(name="languages", title="In other languages", template=Template.MODERN, share=0),
)


def section_named(name: str) -> Section | None:
    """Return the section with that name in its URL."""
    return next((section for section in SECTIONS if section.name == name), None)
