"""The newspaper: its name, standing texts, sections and page templates."""

from dataclasses import dataclass
from enum import StrEnum

NAME = "The Alder Bay Lantern"
TAGLINE = "Local news for Alder Bay and the islands since 1911"

AI_DISCLAIMER = (
    "AI Disclaimer: Some of the material published by The Alder Bay Lantern is prepared with the assistance of "
    "automated tools, including software that suggests headlines, transcribes interviews, translates statements and "
    "checks spelling. Every article is read by an editor before it appears, but errors may remain, and automated "
    "tools may leave out context, repeat an outdated figure or attribute a statement to the wrong person. The Alder "
    "Bay Lantern makes no warranty, express or implied, as to the completeness, accuracy or timeliness of such "
    "material and accepts no liability for decisions taken on the strength of it. Nothing on this site is legal, "
    "medical or financial advice. Readers who notice a mistake are asked to write to corrections@lantern.example, "
    "stating the headline and the date of the article; corrections are printed at the foot of the article concerned. "
    "By continuing to read you acknowledge that you have taken note of this disclaimer, which applies to all articles "
    "irrespective of how they were prepared."
)

NEWSLETTER_HEAD = "Newsletter"
NEWSLETTER_TEXT = "Get the morning's headlines from Alder Bay in your inbox, six days a week. Unsubscribe at any time."

PLAYER = ("0:00", "0:00", "Close")
"""Text of a video player without its script."""


class PageTemplate(StrEnum):
    """A set of markup conventions; sites accumulate several over the years."""

    CLASSIC = "classic"
    """Headings and paragraphs, hardly any metadata."""
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
    """As in URLs."""
    title: str
    template: PageTemplate
    share: int
    """Percentage of articles."""
    query_pager: bool = False
    """True: further pages are ?page=2, not /page/2/."""


SECTIONS = (
    Section(name="town", title="Town", template=PageTemplate.CLASSIC, share=30),
    Section(name="business", title="Business", template=PageTemplate.MODERN, share=20),
    Section(name="sport", title="Sport", template=PageTemplate.SOUP, share=20, query_pager=True),
    Section(name="culture", title="Culture", template=PageTemplate.MODERN, share=16),
    Section(name="long-reads", title="Long reads", template=PageTemplate.LONGFORM, share=14),
    Section(name="languages", title="In other languages", template=PageTemplate.MODERN, share=0),
)


def find_section(name: str) -> Section | None:
    """Return the section of that name, or None."""
    return next((section for section in SECTIONS if section.name == name), None)
