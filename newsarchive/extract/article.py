"""All that one page says as an article, whatever it turns out to be: classify.py decides afterwards."""

from dataclasses import dataclass
from datetime import datetime

from lxml.etree import XPath

from newsarchive.extract.addresses import host, site_of
from newsarchive.extract.authors import authors
from newsarchive.extract.blocks import Block, Flow, walk
from newsarchive.extract.body import Body, body
from newsarchive.extract.dates import Evidence, dates
from newsarchive.extract.headline import headline, site_names
from newsarchive.extract.heads import Head, read_head
from newsarchive.extract.impression import Impression, frame_of, marks_of
from newsarchive.extract.jsonld import Node, article, nodes, text_of
from newsarchive.extract.metadata import facts
from newsarchive.extract.select_body import select
from newsarchive.extract.tree import MAX_TEXT, Oversized, Page
from storage.model import Article, Discovery

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


def read_article(page: Page, discovery: Discovery | None, fetched_at: datetime | None) -> Found | Oversized:
    """Read headline, metadata and body of a page."""
    head = read_head(page.root)
    found = nodes(page.root)
    node = article(found, page.url)
    marks = marks_of(page)
    flow = walk(page.body)
    if flow.characters > MAX_TEXT:
        return Oversized(reason=f"{flow.characters} characters of text, {MAX_TEXT} are read")
    title = headline(flow.blocks, head, node, page.url)
    around = _around(flow.blocks, title.block)
    names = authors(node, found, head, around, site_names(head, page.url))
    published, modified = dates(
        Evidence(url=page.url, node=node, head=head, around=around, discovery=discovery, fetched_at=fetched_at)
    )
    said = facts(page, head, node, found, flow.blocks)
    selection = select(page, flow)
    text = body(flow, selection, title, _descriptions(head, node), names, site_of(host(page.url)))
    one = Article(
        url=page.url,
        canonical_url=said.canonical_url,
        headline=title.text,
        dek=text.dek,
        authors=names,
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
        discovery=discovery,
        dated=published is not None and published.source not in ("feed", "sitemap"),
        marked_up=bool(_ARTICLE_ITEM(page.body)),
        signed=bool(names),
        marks=marks,
        frame=frame_of(page),
    )
    return Found(article=one, head=head, flow=flow, body=text, seen=seen)


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
