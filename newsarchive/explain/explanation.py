"""Explain how a page was read: its reading, the evidence for it, and the page line by line.

    payload --> extract_page with an EvidenceRecorder --> reading + claims + block roles --> Explanation

The page is read by the same code that reads it for the archive; nothing is decided here.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.decode import to_utf8
from newsarchive.extract.page import extract_page
from newsarchive.extract.page_input import DEFAULT_INPUT, BlockRole, Evidence, FieldClaim, PageInput
from newsarchive.extract.site_layout import FIELDS, Layout, Selector
from newsarchive.extract.tree import Page, parse_page, resolve_link
from newsarchive.extract.urls import page_key
from storage.grouping import group_pairs
from storage.model import BODY_ROLES, Article, Link, LinkGroup, Outcome, Paragraph, Reading, Role

OUTSIDE = BlockRole(role=None, rule="outside the article")
HEADLINE = BlockRole(role=None, rule="the headline")
_SHOWN_IF_CLAIMED = frozenset({"organisations", "selection", "body"})
_SEPARATORS = ("\n", "\t", "")  # between blocks that are merged into one paragraph, and after the last
_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
EXPLAINED_FIELDS: tuple[str, ...] = tuple(_WORDS["fields"])
"""In the order in which they are shown."""
_ZONE_NAMES = {getattr(zones, name): words for name, words in _WORDS["zones"].items()}
SOURCES: Mapping[str, str] = _WORDS["sources"]
"""Readable names of the sources of claims; sources that are not listed are readable as they are."""
_CSS_NAME = re.compile(r"-?[^\W\d][-\w]*")  # a class or id that needs no escaping in a CSS selector
_MAX_NAME_LENGTH = 40
_MAX_CLASSES = 2
_MAX_LEVELS = 3  # ancestors of an element among which a named box is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldExplanation:
    """One field of the article, and the claims about it."""

    name: str
    value: str
    """"" for none."""
    claims: tuple[FieldClaim, ...]
    """The chosen claim first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine:
    """One block of text, in page order."""

    text: str
    role: Role | None
    """None: not part of the article."""
    rule: str
    """The rule that assigned the role."""
    tag: str
    """Tag of the element; "" for a line without an element of its own."""
    place: str
    """CSS selector of the element and its nearest named ancestor."""
    around: tuple[str, ...] = ()
    """Names of the zones of the block: caption, related, newsletter ... (see extract/zones.py)."""
    links: tuple[Link, ...] = ()
    """Its http(s) links, in order."""
    group: int | None = None
    """Index of the link group that its links belong to; None for none."""

    @property
    def is_body(self) -> bool:
        """The line is text of the article body."""
        return self.role in BODY_ROLES

    @property
    def is_headline(self) -> bool:
        """The line prints the headline, which is a field and not a paragraph."""
        return self.role is None and self.rule == HEADLINE.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorCount:
    """One selector of the site layout, and the number of its matches on the page."""

    field: str
    selector: str
    found: int
    """Elements or strings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The reading of one page, and the evidence for it."""

    url: str
    reading: Reading
    fields: tuple[FieldExplanation, ...]
    lines: tuple[ExplainedLine, ...]
    groups: tuple[LinkGroup, ...]
    score_parts: tuple[tuple[float, str], ...]
    """(points, reason) of the article score; empty when the page was not scored."""
    threshold: float
    """Score from which a page is an article."""
    matches: tuple[SelectorCount, ...]
    """Of the layout in force; empty without one."""

    @property
    def is_article(self) -> bool:
        """The page is an article, or the visible part of one."""
        return self.reading.outcome in (Outcome.ARTICLE, Outcome.PAYWALL_STUB)

    @property
    def score(self) -> float:
        """The sum of all points."""
        return sum(points for points, _ in self.score_parts)

    @property
    def article_lines(self) -> Sequence[ExplainedLine]:
        """The lines from the first to the last to which a rule was applied."""
        ruled = [number for number, line in enumerate(self.lines) if line.rule not in (OUTSIDE.rule, HEADLINE.rule)]
        return self.lines[ruled[0] : ruled[-1] + 1] if ruled else ()


def explain(payload: bytes, url: str, page_input: PageInput = DEFAULT_INPUT) -> Explanation:
    """Read one HTML page, and return its reading together with the evidence for it."""
    evidence = Evidence()
    reading = extract_page(payload, url, page_input.headers, replace(page_input, evidence=evidence))
    parsed = parse_page(to_utf8(payload, page_input.headers), url)
    page = parsed if isinstance(parsed, Page) else None
    groups = reading.article.link_groups if reading.article else reading.link_groups
    base = page.base if page else url
    return Explanation(
        url=url,
        reading=reading,
        fields=tuple(_explain_fields(reading.article, evidence.claims)),
        lines=tuple(_explain_lines(evidence, reading.article.paragraphs if reading.article else (), groups, base)),
        groups=groups,
        score_parts=tuple(evidence.score_parts),
        threshold=evidence.threshold,
        matches=tuple(_match_selectors(page_input.layout, page.root)) if page else (),
    )


def _explain_fields(article: Article | None, claims: Sequence[FieldClaim]) -> Iterator[FieldExplanation]:
    for name in EXPLAINED_FIELDS:
        claimed = list(dict.fromkeys(claim for claim in claims if claim.field == name))
        # Of several chosen claims the last one took effect.
        taken = [claim for claim in claimed if claim.taken][-1:]
        others = [claim for claim in claimed if claim not in taken]
        unclaimed = getattr(article, name, None)
        value = taken[0].value if taken else unclaimed if isinstance(unclaimed, str) else ""
        if claimed or value or name not in _SHOWN_IF_CLAIMED:
            yield FieldExplanation(name=name, value=value, claims=(*taken, *others))
    for name in ("live", "noarchive"):
        if article is not None and getattr(article, name):
            yield FieldExplanation(name=name, value="yes", claims=())


def _explain_lines(
    evidence: Evidence, paragraphs: Sequence[Paragraph], groups: Sequence[LinkGroup], base: str
) -> Iterator[ExplainedLine]:
    """Yield the blocks of the page, and between them the paragraphs that have no block of their own."""
    if (body := _body_claim(evidence)) is not None:
        replaced = BlockRole(role=None, rule=f"too short: the body was taken from {body.source}")
        evidence.roles = {at: replaced if old.role in BODY_ROLES else old for at, old in evidence.roles.items()}
    added = _find_added_lines(evidence, paragraphs)
    group_of_block = _group_blocks(groups, evidence.blocks, base)
    headline = next((claim.value for claim in evidence.claims if claim.field == "headline" and claim.taken), None)
    yield from added.get(-1, [])
    for block in evidence.blocks:
        ruled = evidence.roles.get(block.index, HEADLINE if block.text == headline else OUTSIDE)
        yield ExplainedLine(
            text=block.text,
            role=ruled.role,
            rule=ruled.rule,
            tag=block.tag,
            place=css_path(block.element),
            around=tuple(name for flag, name in _ZONE_NAMES.items() if block.zone & flag),
            links=tuple(Link(url=url, anchor=a.text) for a in block.anchors if (url := resolve_link(base, a.href))),
            group=group_of_block.get(block.index),
        )
        yield from added.get(block.index, [])


def _body_claim(evidence: Evidence) -> FieldClaim | None:
    """Return the claim by which the body was taken from another source than the page's text, such as JSON-LD."""
    return next((claim for claim in evidence.claims if claim.field == "body" and claim.taken), None)


def _find_added_lines(evidence: Evidence, paragraphs: Sequence[Paragraph]) -> dict[int, list[ExplainedLine]]:
    """Return the paragraphs without a block of their own, by index of the block that they follow (-1 for none)."""
    body = _body_claim(evidence)
    rule = body.source if body is not None else "found by the body search, but in no block of its own"
    with_role = iter([b for b in evidence.blocks if (at := evidence.roles.get(b.index)) and at.role is not None])
    block = next(with_role, None)
    after = -1
    found: dict[int, list[ExplainedLine]] = {}
    for paragraph in paragraphs:
        rest = paragraph.text
        while block is not None and rest.startswith(block.text) and rest[len(block.text) :][:1] in _SEPARATORS:
            rest, after = rest[len(block.text) + 1 :], block.index
            block = next(with_role, None)
            if not rest:
                break
        if rest == paragraph.text:
            line = ExplainedLine(text=paragraph.text, role=paragraph.role, rule=rule, tag="", place="")
            found.setdefault(after, []).append(line)
    return found


def _group_blocks(groups: Sequence[LinkGroup], blocks: Sequence[Block], base: str) -> dict[int, int]:
    """Return the index of the link group of each block with one of its links; of several, the block with its text."""
    anchors_of_page = ((resolve_link(base, each.href), each) for block in blocks for each in block.anchors)
    printed = group_pairs((page_key(url), anchor) for url, anchor in anchors_of_page if url)
    found: dict[int, int] = {}
    for number, group in enumerate(groups):
        for link in group.links:
            if anchors := printed.get(page_key(link.url)):
                found.setdefault(next((a for a in anchors if a.text == link.anchor), anchors[0]).block, number)
    return found


def _match_selectors(layout: Layout, root: HtmlElement) -> Iterator[SelectorCount]:
    """Yield the matches of the selectors of a layout on the page as it was sent."""
    named: list[tuple[str, Selector]] = [("drop", selector) for selector in layout.drop]
    named += [(name, selector) for name in FIELDS if (selector := getattr(layout, name)) is not None]
    named += [("related", box.box) for box in layout.related]
    for name, selector in named:
        found = len(selector.elements(root) or selector.values(root))
        yield SelectorCount(field=name, selector=selector.text, found=found)


def css_path(element: HtmlElement) -> str:
    """Return an element and its nearest named ancestor as a CSS selector, for use in a [[site.layout]].

    >>> from lxml.html import fragment_fromstring
    >>> css_path(fragment_fromstring('<div class="story wide"><p class="lede">x</p></div>')[0])
    'div.story.wide > p.lede'
    """
    own = _simple_selector(element)
    combinator = " > "
    for ancestor in islice(element.iterancestors(), _MAX_LEVELS):
        if ancestor.tag in ("html", "body"):
            break
        box = _simple_selector(ancestor)
        if "." in box or "#" in box:
            return f"{box}{combinator}{own}"
        combinator = " "
    return own


def _simple_selector(element: HtmlElement) -> str:
    tag = str(element.tag)
    name = element.get("id") or ""
    if _CSS_NAME.fullmatch(name) and len(name) <= _MAX_NAME_LENGTH and not any(c.isdigit() for c in name):
        # An id with a number in it belongs to one page only.
        return f"{tag}#{name}"
    classes = (element.get("class") or "").split()
    usable = [name for name in classes if _CSS_NAME.fullmatch(name) and len(name) <= _MAX_NAME_LENGTH]
    return tag + "".join(f".{name}" for name in usable[:_MAX_CLASSES])
