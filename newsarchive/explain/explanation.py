"""A page's reading together with what decided it, line by line of the page.

    payload --> extract_page, an Evidence listening --> Reading + claims + told blocks --> Explanation

It reads the page with the very code that reads it for the archive: nothing is decided here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from newsarchive.explain.grouped import groups_of_blocks
from newsarchive.explain.hints import hints
from newsarchive.explain.place import place
from newsarchive.extract.blocks import Block
from newsarchive.extract.decode import in_utf8
from newsarchive.extract.evidence import Claim, Evidence, Told
from newsarchive.extract.page import extract_page
from newsarchive.extract.page_input import AS_USUAL, Asked
from newsarchive.extract.selectors import Selector
from newsarchive.extract.site_layout import FIELDS, Layout
from newsarchive.extract.tree import Page, absolute, parse
from storage.model import BODY_ROLES, Article, Link, LinkGroup, Paragraph, Reading, Role

ASKED = (
    "headline", "dek", "authors", "agencies", "published", "modified", "section", "tags", "language", "image",
    "access", "canonical_url", "body",
)  # fmt: skip
"""Fields of which it is noted what said what, in the order in which they are shown."""
UNTOLD = Told(role=None, rule="outside the article")
HEADLINE = Told(role=None, rule="the headline")
_SELDOM = frozenset({"agencies", "body"})
"""Fields of which nothing is said on most pages."""
_JOINTS = ("\n", "\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTold:
    """One field of the article, and what the page says of it."""

    name: str
    value: str
    """What was read; "" for nothing."""
    claims: tuple[Claim, ...]
    """All that was said of it, what decided first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One block of the page's text, in the page's order."""

    text: str
    role: Role | None
    """None: it is no text of the article."""
    rule: str
    """Why."""
    tag: str
    """Of its element; "" for a line that stands in no element of its own."""
    place: str
    """The element's and its box's names, as a CSS selector."""
    around: tuple[str, ...] = ()
    """What its markup hints at: caption, related, newsletter ... (see extract/zones.py)."""
    links: tuple[Link, ...] = ()
    """To anywhere on the web, in order."""
    group: int | None = None
    """Place of the link group that its links are in, among the explanation's groups; None where they are in none."""

    @property
    def is_body(self) -> bool:
        """It is the article's own text."""
        return self.role in BODY_ROLES

    @property
    def is_headline(self) -> bool:
        """It prints the headline, which is a field and no paragraph."""
        return self.role is None and self.rule == HEADLINE.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One selector of the site's layout, and what it finds on the page."""

    field: str
    selector: str
    found: int
    """Elements or texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How one page was read, and why."""

    url: str
    reading: Reading
    fields: tuple[FieldTold, ...]
    lines: tuple[Line, ...]
    groups: tuple[LinkGroup, ...]
    weights: tuple[tuple[float, str], ...]
    """(points, what) of all that spoke for an article or against it; none where the page is not weighed."""
    enough: float
    """Points from which a page is an article."""
    matches: tuple[Match, ...]
    """Of the layout in force; none where there is none."""

    @property
    def weight(self) -> float:
        """The sum of all points."""
        return sum(points for points, _ in self.weights)

    @property
    def article_lines(self) -> Sequence[Line]:
        """The lines from the first to the last that has a role or was looked at."""
        told = [number for number, line in enumerate(self.lines) if line.rule not in (UNTOLD.rule, HEADLINE.rule)]
        return self.lines[told[0] : told[-1] + 1] if told else ()


def explain(payload: bytes, url: str, asked: Asked = AS_USUAL) -> Explanation:
    """Read one HTML page on its own, and say what decided."""
    hear = Evidence()
    reading = extract_page(payload, url, asked.headers, replace(asked, hear=hear))
    page = parse(in_utf8(payload, asked.headers), url)
    whole = page if isinstance(page, Page) else None
    groups = reading.article.link_groups if reading.article else reading.link_groups
    base = whole.base if whole else url
    return Explanation(
        url=url,
        reading=reading,
        fields=tuple(_fields(reading.article, hear.claims)),
        lines=tuple(_lines(hear, reading.article.paragraphs if reading.article else (), groups, base)),
        groups=groups,
        weights=tuple(hear.weights),
        enough=hear.enough,
        matches=tuple(_matches(asked.layout, whole.root)) if whole else (),
    )


def _fields(article: Article | None, claims: Sequence[Claim]) -> Iterator[FieldTold]:
    for name in ASKED:
        said = list(dict.fromkeys(claim for claim in claims if claim.field == name))
        # What was taken last is what held.
        taken = [claim for claim in said if claim.taken][-1:]
        others = [claim for claim in said if claim not in taken]
        value = taken[0].value if taken else _value(article, name)
        if said or value or name not in _SELDOM:
            yield FieldTold(name=name, value=value, claims=(*taken, *others))
    for name in ("live", "noarchive"):
        if article is not None and getattr(article, name):
            yield FieldTold(name=name, value="yes", claims=())


def _value(article: Article | None, name: str) -> str:
    """What was read of a field that nothing claims: such as a page's own address."""
    value = getattr(article, name, None)
    return value if isinstance(value, str) else ""


def _lines(hear: Evidence, paragraphs: Sequence[Paragraph], groups: Sequence[LinkGroup], base: str) -> Iterator[Line]:
    """Yield the page's blocks; what the article holds beside them stands where the article has it."""
    hear = _without_replaced(hear)
    loose = _loose(hear, paragraphs)
    of_blocks = groups_of_blocks(groups, hear.blocks, base)
    head = next((claim.value for claim in hear.claims if claim.field == "headline" and claim.taken), None)
    yield from loose.get(-1, [])
    for block in hear.blocks:
        told = hear.told.get(block.index, HEADLINE if block.text == head else UNTOLD)
        yield Line(
            text=block.text,
            role=told.role,
            rule=told.rule,
            tag=block.tag,
            place=place(block.element),
            around=hints(block.zone),
            links=tuple(_links(block, base)),
            group=of_blocks.get(block.index),
        )
        yield from loose.get(block.index, [])


def _without_replaced(hear: Evidence) -> Evidence:
    """Return what was heard, where another source's body took the place of the printed one without its blocks."""
    body = next((claim for claim in hear.claims if claim.field == "body" and claim.taken), None)
    if body is not None:
        instead = Told(role=None, rule=f"too little: the body is {body.source}")
        hear.told = {at: instead if told.role in BODY_ROLES else told for at, told in hear.told.items()}
    return hear


def _links(block: Block, base: str) -> Iterator[Link]:
    for anchor in block.anchors:
        if url := absolute(base, anchor.href):
            yield Link(url=url, anchor=anchor.text)


def _loose(hear: Evidence, paragraphs: Sequence[Paragraph]) -> dict[int, list[Line]]:
    """Lines that no block holds, by the block that they come after: -1 for none."""
    body = next((claim for claim in hear.claims if claim.field == "body" and claim.taken), None)
    told = iter([block for block in hear.blocks if (what := hear.told.get(block.index)) and what.role is not None])
    block = next(told, None)
    after = -1
    found: dict[int, list[Line]] = {}
    for paragraph in paragraphs:
        rest = paragraph.text
        while block is not None and (left := _without(rest, block)) is not None:
            rest, after = left, block.index
            block = next(told, None)
            if not rest:
                break
        if rest == paragraph.text:
            rule = body.source if body is not None else "the search for the body, which found it in no block of its own"
            found.setdefault(after, []).append(
                Line(text=paragraph.text, role=paragraph.role, rule=rule, tag="", place="")
            )
    return found


def _without(text: str, block: Block) -> str | None:
    """Return what is left of a paragraph's text behind a block's; None where it does not begin with it."""
    if not text.startswith(block.text):
        return None
    rest = text[len(block.text) :]
    return rest[1:] if rest[:1] in _JOINTS else rest if not rest else None


def _matches(layout: Layout, root: HtmlElement) -> Iterator[Match]:
    """Yield what a layout's selectors find on the page as it was sent."""
    named: list[tuple[str, Selector]] = [("drop", selector) for selector in layout.drop]
    named += [(name, selector) for name in FIELDS if (selector := getattr(layout, name)) is not None]
    named += [("related", box.box) for box in layout.related]
    for name, selector in named:
        found = selector.elements(root) or selector.values(root)
        yield Match(field=name, selector=selector.text, found=len(found))
