"""All that one page says as an article, whatever it turns out to be: classify.py decides afterwards."""

from dataclasses import dataclass

from lxml.etree import XPath

from newsarchive.extract.addresses import host, site_of
from newsarchive.extract.asked import AS_USUAL, Asked
from newsarchive.extract.authors import authors
from newsarchive.extract.blocks import Block, Flow, walk
from newsarchive.extract.body import About, Body, body
from newsarchive.extract.dates import Clues, dates
from newsarchive.extract.headline import Headline, headline, told_by_layout
from newsarchive.extract.heads import Head, read_head
from newsarchive.extract.impression import Impression, frame_of, marks_of
from newsarchive.extract.jsonld import Node, article, nodes, text_of
from newsarchive.extract.layout import Layout
from newsarchive.extract.metadata import facts
from newsarchive.extract.select_body import Selection, select
from newsarchive.extract.tree import MAX_TEXT, Oversized, Page
from storage.model import Article

_ARTICLE_ITEM = XPath(
    "boolean(.//@itemtype[contains(., 'schema.org/') and (contains(., 'Article') or contains(., 'BlogPosting'))])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The article, its links still to come, and what else its page told."""

    article: Article
    head: Head
    flow: Flow
    body: Body
    seen: Impression


def read_article(page: Page, asked: Asked = AS_USUAL) -> Found | Oversized:
    """Read headline, metadata and body of a page, as its site's layout says where there is one."""
    layout, hear = asked.layout, asked.hear
    for selector in layout.drop:
        for element in selector.elements(page.root):
            # The body itself is no thing to drop: nothing would be left to read.
            if element.getparent() is not None and element is not page.body:
                element.drop_tree()
    head = read_head(page.root)
    found = nodes(page.root)
    node = article(found, page.url)
    marks = marks_of(page)
    flow = walk(page.body)
    if flow.characters > MAX_TEXT:
        return Oversized(reason=f"{flow.characters} characters of text, {MAX_TEXT} are read")
    hear.page(flow.blocks)
    title = _headline(page, flow, head, node, asked)
    around = _around(flow.blocks, title.block)
    writers = authors(node, found, head, around, asked, layout.texts("authors", page.root))
    clues = Clues(
        url=page.url,
        root=page.root,
        node=node,
        head=head,
        around=around,
        discovery=asked.discovery,
        fetched_at=asked.fetched_at,
    )
    published, modified = dates(clues, layout, hear)
    said = facts(page, head, node, found, flow.blocks, asked)
    about = About(
        head=title,
        descriptions=_descriptions(head, node),
        authors=writers.names,
        home=site_of(host(page.url)),
        laid_out=_laid_out(page, flow, layout),
        dek=_printed_at(layout.text("dek", page.root), flow),
        hear=hear,
    )
    text = body(flow, Selection() if about.laid_out else select(page, flow), about)
    if text.dek:
        hear.claim("dek", "layout" if about.dek >= 0 else "the line under the headline", text.dek, taken=True)
    one = Article(
        url=page.url,
        canonical_url=said.canonical_url,
        headline=title.text,
        dek=text.dek,
        authors=writers.names,
        published=published,
        modified=modified,
        section=said.section,
        tags=said.tags,
        language=said.language,
        image=said.image,
        access=said.access,
        live=said.live,
        noarchive=said.noarchive,
        paragraphs=text.paragraphs,
    )
    seen = Impression(
        url=page.url,
        canonical_url=said.canonical_url,
        head=head,
        node=node,
        found=found,
        flow=flow,
        headline=title.text,
        headline_block=None if title.block is None else flow.blocks[title.block],
        body=[flow.blocks[i] for i in sorted(text.inside)],
        access=said.access,
        discovery=asked.discovery,
        dated=published is not None and published.source not in ("feed", "sitemap"),
        marked_up=bool(_ARTICLE_ITEM(page.body)),
        signed=bool(writers.names),
        marks=marks,
        frame=frame_of(page),
        laid_out=bool(about.laid_out and layout.headline and title.block is not None),
    )
    return Found(article=one, head=head, flow=flow, body=text, seen=seen)


def _headline(page: Page, flow: Flow, head: Head, node: Node | None, asked: Asked) -> Headline:
    laid_out = asked.layout.text("headline", page.root)
    if laid_out:
        asked.hear.claim("headline", "layout", laid_out, taken=True)
        return told_by_layout(laid_out, flow.blocks)
    return headline(flow.blocks, head, node, page.url, asked.hear)


def _laid_out(page: Page, flow: Flow, layout: Layout) -> frozenset[int]:
    """Return the blocks that a layout calls the body: what it names, or what stands in that."""
    held = set(layout.body.elements(page.root)) if layout.body else set()
    if not held:
        return frozenset()
    return frozenset(
        block.index
        for block in flow.blocks
        if block.element in held or not held.isdisjoint(block.element.iterancestors())
    )


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
