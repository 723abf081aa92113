"""All that one page says as an article, whatever it turns out to be: classify.py decides afterwards."""

from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from newsarchive.extract import requisites, zones
from newsarchive.extract.authors import authors
from newsarchive.extract.blocks import Block, Flow, walk
from newsarchive.extract.body import NO_BODY, About, Body, body
from newsarchive.extract.classify import is_none_anyway
from newsarchive.extract.dates import Clues, dates
from newsarchive.extract.headline import Headline, headline, told_by_layout
from newsarchive.extract.html_head import Head, read_head
from newsarchive.extract.jsonld import Node, article, nodes, text_of
from newsarchive.extract.jsonld_body import unprinted
from newsarchive.extract.layout_fields import laid_out
from newsarchive.extract.lead_image import picture
from newsarchive.extract.metadata import Facts, facts
from newsarchive.extract.page_features import Impression, frame_of, marks_of
from newsarchive.extract.page_input import AS_USUAL, Asked
from newsarchive.extract.select_body import Selection, select
from newsarchive.extract.site_layout import LaidOut, Layout
from newsarchive.extract.tree import MAX_TEXT, Oversized, Page, take_off
from newsarchive.extract.urls import host, site_of
from storage.model import BODY_ROLES, Access, Article, Image, Paragraph, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The article, its links still to come, and what else its page told."""

    article: Article
    head: Head
    flow: Flow
    body: Body
    seen: Impression
    requisites: tuple[str, ...]
    """What the page needs to look as it did."""

    @property
    def title(self) -> str | None:
        """What the page calls itself."""
        return self.head.title or self.article.headline or None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a page says, before any of it is weighed."""

    head: Head
    found: list[Node]
    node: Node | None
    """The JSON-LD that speaks of the article itself."""
    marks: str
    flow: Flow
    laid: LaidOut
    """What its site's layout finds on it."""
    requisites: tuple[str, ...]


def read_article(page: Page, asked: Asked = AS_USUAL) -> Found | Oversized:
    """Read headline, metadata and body of a page, as its site's layout says where there is one."""
    _drop(page, asked.layout)
    said = _said(page, asked.layout)
    if said.flow.characters > MAX_TEXT:
        return Oversized(reason=f"{said.flow.characters} characters of text, {MAX_TEXT} are read")
    asked.hear.page(said.flow.blocks)
    about = _about(page, said, asked)
    if asked.is_listing and not asked.hear.listens and not about.laid_out:
        found = _found(page, said, about, NO_BODY, asked)
        # Most of a listing's time would go into the search for a body that decides nothing.
        if is_none_anyway(found.seen, asked):
            return found
    text = body(said.flow, Selection() if about.laid_out else select(page, said.flow), about)
    return _found(page, said, about, text, asked)


def _found(page: Page, said: _Said, about: About, text: Body, asked: Asked) -> Found:
    """Return all that is found on a page with such a body."""
    if text.dek:
        source = "layout" if about.dek >= 0 else "the line under the headline"
        asked.hear.claim("dek", source, text.dek, taken=True)
    fact = facts(page, said.head, (said.node, said.found), said.flow.blocks, said.laid, asked.hear)
    fact = laid_out(fact, page, said.laid, asked.hear)
    if fact.access is not Access.PAYWALLED and not about.laid_out:
        text = _with_unprinted(text, said, about)
    one = _article(page, said, about, text, fact, asked)
    return Found(
        article=one,
        head=said.head,
        flow=said.flow,
        body=text,
        seen=_seen(page, said, about, text, one, asked),
        requisites=said.requisites,
    )


def _drop(page: Page, layout: Layout) -> None:
    for selector in layout.drop:
        for element in selector.elements(page.root):
            # The body itself is no thing to drop: nothing would be left to read.
            if element is not page.body:
                take_off(element)


def _said(page: Page, layout: Layout) -> _Said:
    # All that goes over the whole tree, one after the other: later the processor would have to fetch it again.
    found = nodes(page.root)
    return _Said(
        head=read_head(page.root),
        found=found,
        node=article(found, page.url),
        marks=marks_of(page),
        flow=walk(page.body),
        laid=layout.on(page.root),
        requisites=requisites.of_page(page),
    )


def _about(page: Page, said: _Said, asked: Asked) -> About:
    """Return what is known of an article before its body is read."""
    flow, laid = said.flow, said.laid
    title = _headline(page, said, asked)
    near = _around(flow.blocks, title.block)
    writers = authors(said.node, said.found, said.head, near, asked, laid.texts("authors"))
    return About(
        head=title,
        descriptions=_descriptions(said.head, said.node),
        authors=writers.names,
        home=site_of(host(page.url)),
        laid_out=_laid_out(flow, laid),
        dek=_printed_at(laid.text("dek"), flow),
        hear=asked.hear,
    )


def _with_unprinted(text: Body, said: _Said, about: About) -> Body:
    """Return the body that the page's JSON-LD holds, where the page leaves it to a script to print it."""
    story = unprinted(said.node, text.text, about.head.text)
    if not story:
        return text
    about.hear.claim("body", "json-ld articleBody", f"{len(story)} paragraphs", taken=True)
    beside = [each for each in text.paragraphs if each.role not in BODY_ROLES]
    told = [Paragraph(role=Role.TEXT, text=each) for each in story]
    return Body(paragraphs=(*beside, *told), dek=text.dek, inside=frozenset())


def _article(page: Page, said: _Said, about: About, text: Body, fact: Facts, asked: Asked) -> Article:
    clues = Clues(
        url=page.url,
        node=said.node,
        head=said.head,
        around=_around(said.flow.blocks, about.head.block),
        discovery=asked.discovery,
        fetched_at=asked.fetched_at,
    )
    published, modified = dates(clues, said.laid, asked.hear)
    return Article(
        url=page.url,
        canonical_url=fact.canonical_url,
        headline=about.head.text,
        dek=text.dek,
        authors=about.authors,
        published=published,
        modified=modified,
        section=fact.section,
        tags=fact.tags,
        language=fact.language,
        image=_image(page, said, about, text, asked),
        access=fact.access,
        live=fact.live,
        noarchive=fact.noarchive,
        paragraphs=text.paragraphs,
    )


def _image(page: Page, said: _Said, about: About, text: Body, asked: Asked) -> Image | None:
    blocks, first = said.flow.blocks, -1 if about.head.block is None else about.head.block
    second = sorted(i for i in text.inside if i > first)[:2]
    captions = [
        b for b in blocks[first + 1 : second[-1] if second else 0] if b.zone & (zones.FIGCAPTION | zones.CAPTION)
    ]
    image = picture(page, said.head, (said.node, said.found), captions, said.laid.text("image"), asked.hear)
    caption = said.laid.text("image_caption")
    return replace(image, caption=caption) if image and caption else image


def _seen(page: Page, said: _Said, about: About, text: Body, one: Article, asked: Asked) -> Impression:
    """Return what the page's kind is told by."""
    flow, at = said.flow, about.head.block
    return Impression(
        url=page.url,
        canonical_url=one.canonical_url,
        head=said.head,
        node=said.node,
        found=said.found,
        flow=flow,
        headline=one.headline,
        headline_block=None if at is None else flow.blocks[at],
        dek=one.dek,
        body=[flow.blocks[i] for i in sorted(text.inside)],
        access=one.access,
        discovery=asked.discovery,
        dated=one.published is not None and one.published.source not in ("feed", "sitemap"),
        top=page.body,
        signed=bool(one.authors),
        marks=said.marks,
        frame=frame_of(page),
        laid_out=bool(about.laid_out and asked.layout.headline and at is not None),
    )


def _headline(page: Page, said: _Said, asked: Asked) -> Headline:
    laid_out = said.laid.text("headline")
    if laid_out:
        asked.hear.claim("headline", "layout", laid_out, taken=True)
        return told_by_layout(laid_out, said.flow.blocks)
    return headline(said.flow.blocks, said.head, said.node, page.url, asked.hear)


def _laid_out(flow: Flow, laid: LaidOut) -> frozenset[int]:
    """Return the blocks that a layout calls the body: what it names, or what stands in that."""
    held: set[HtmlElement] = set()
    for element in laid.elements("body"):
        if element not in held:
            held.update(element.iter())
    return frozenset(block.index for block in flow.blocks if block.element in held) if held else frozenset()


def _printed_at(text: str | None, flow: Flow) -> int:
    """Return the block that prints a text; -1 for none."""
    return next((block.index for block in flow.blocks if text and block.text == text), -1)


def _around(blocks: list[Block], at: int | None) -> list[Block]:
    """Return the blocks about the headline."""
    at = at or 0
    return blocks[max(0, at - 8) : at + 25]


def _descriptions(head: Head, node: Node | None) -> list[str]:
    """Return what the page gives as its article's summary."""
    node = node or {}
    said = (
        text_of(node.get("alternativeHeadline")),
        text_of(node.get("description")),
        head.first("og:description"),
        head.first("description"),
        head.first("twitter:description"),
    )
    return [text for text in said if text]
