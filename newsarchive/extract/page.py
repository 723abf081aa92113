"""The steps of reading, in the order they happen. Read this first."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from storage.model import Article, Discovery, Outcome, Reading

from newsarchive.extract.authors import authors
from newsarchive.extract.blocks import Block, walk
from newsarchive.extract.body import body
from newsarchive.extract.dates import Evidence, dates
from newsarchive.extract.decode import decode
from newsarchive.extract.heads import Head, read_head
from newsarchive.extract.headline import headline, site_names
from newsarchive.extract.jsonld import Node, article, nodes, text_of
from newsarchive.extract.metadata import facts
from newsarchive.extract.related import link_groups
from newsarchive.extract.select_body import select
from newsarchive.extract.tree import Oversized, Page, parse


def read(
    payload: bytes,
    *,
    url: str,
    headers: Sequence[tuple[str, str]],
    discovery: Discovery | None = None,
    fetched_at: datetime | None = None,
    status: int = 200,
) -> Reading:
    """Say what a payload is and what stands in it. Never raises on what the bytes are.

    `payload` has its content coding undone.
    """
    digest = f"sha256:{hashlib.sha256(payload).hexdigest()}"
    page = parse(decode(payload, headers), url)
    if page is None:
        return Reading(outcome=Outcome.EMPTY, reason="no markup", content_digest=digest)
    if isinstance(page, Oversized):
        return Reading(outcome=Outcome.TOO_LARGE, reason=page.reason, content_digest=digest)
    return read_html(page, discovery, fetched_at, digest)


def read_html(page: Page, discovery: Discovery | None, fetched_at: datetime | None, digest: str) -> Reading:
    head = read_head(page.root)
    found = nodes(page.root)
    node = article(found, page.url)
    flow = walk(page.body)
    title = headline(flow.blocks, head, node, page.url)
    around = _around(flow.blocks, title.block)
    names = authors(node, found, head, around, site_names(head, page.url))
    published, modified = dates(Evidence(url=page.url, node=node, head=head, around=around, discovery=discovery, fetched_at=fetched_at))
    said = facts(page, head, node, found, flow.blocks)
    selection = select(page, flow.blocks)
    text = body(flow, selection, title, _descriptions(head, node), names)
    groups = link_groups(page, flow, text.inside, said.canonical_url, listing=False)
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
        link_groups=groups,
    )
    return Reading(outcome=Outcome.ARTICLE, reason=f"{len(text.paragraphs)} paragraphs", article=one, title=title.text, content_digest=digest)


def _around(blocks: list[Block], at: int | None) -> list[Block]:
    """Return the blocks about the headline."""
    at = at or 0
    return blocks[max(0, at - 8) : at + 25]


def _descriptions(head: Head, node: Node | None) -> list[str]:
    node = node or {}
    return [
        text
        for text in (text_of(node.get("alternativeHeadline")), text_of(node.get("description")), head.first("og:description"), head.first("description"), head.first("twitter:description"))
        if text
    ]


def extract_page(payload: bytes, url: str, headers: Sequence[tuple[str, str]] = ()) -> Reading:
    """Read one HTML page on its own."""
    return read(payload, url=url, headers=headers)
