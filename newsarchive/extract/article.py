"""Read a page as an article, whatever it turns out to be; classify.py decides afterwards."""

from dataclasses import fields, replace
from html import unescape

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.authors import find_author_links, read_authors
from newsarchive.extract.blocks import Block, PageBlocks, collect_blocks
from newsarchive.extract.body import NO_BODY, Body, BodyContext, build_body
from newsarchive.extract.boxes import find_boxes
from newsarchive.extract.classify import PageFeatures, score_without_body
from newsarchive.extract.corrections import read_declared_corrections
from newsarchive.extract.dates import DateSources, read_dates
from newsarchive.extract.entities import read_entities, read_live_updates
from newsarchive.extract.headline import Headline, find_headline, text_key
from newsarchive.extract.jsonld import read_head, read_jsonld, text_of
from newsarchive.extract.media import find_media
from newsarchive.extract.metadata import choose_image, read_metadata
from newsarchive.extract.only_text import find_missed_parts, find_only_text
from newsarchive.extract.page_input import PageInput, PageParts
from newsarchive.extract.requisites import page_requisites
from newsarchive.extract.select_body import BodyClaims, SelectedBody, select_body
from newsarchive.extract.site_layout import LayoutMatches
from newsarchive.extract.tree import MAX_TEXT, OversizedPage, Page, parse_page, remove_element
from newsarchive.extract.urls import host, site_label
from storage.article_parts import Image
from storage.model import BODY_ROLES, Access, Article, Paragraph, Role

_MIN_STORY = 200  # shortest article, in characters; shorter texts are summaries
_MIN_RATIO = 4  # ratio of the articleBody to the printed text from which the articleBody counts


def read_article(page: Page, page_input: PageInput, *, keep_text: bool) -> PageFeatures | OversizedPage:
    """Read headline, metadata and body of a page, by the layout of its site where there is one, without link groups."""
    layout = page_input.layout
    for selector in layout.drop:
        for element in selector.elements(page.root):
            # Without <body> nothing would be left to read.
            if element is not page.body:
                remove_element(element)
    # All passes over the whole tree together, while it is in the processor's cache.
    parts = PageParts(
        page=page,
        page_input=page_input,
        jsonld=read_jsonld(page.root, page.url),
        head=read_head(page.root),
        content=collect_blocks(page.body),
        layout_matches=LayoutMatches(layout, page.root),
        requisites=page_requisites(page) if page_input.for_archive else (),
    )
    if parts.content.characters > MAX_TEXT:
        return OversizedPage(reason=f"{parts.content.characters} characters of text, {MAX_TEXT} are read")
    if parts.evidence.is_recording:
        parts.evidence.blocks = parts.content.blocks
        for box in filter(parts.content.article_boxes.__contains__, page.body.iter()):
            parts.evidence.add_claim("selection", "a box with most of the text", f"<{box.tag!s}>", taken=True)
    context = _read_context(parts)
    if page_input.is_listing and not parts.evidence.is_recording and not context.layout_blocks:
        features = _assemble_page(parts, context, NO_BODY, is_kept=keep_text)
        # The body search would take most of the time of a listing, and decide nothing.
        if score := score_without_body(features, page_input.status):
            return replace(features, early_score=score)
    selection = SelectedBody()
    if not context.layout_blocks:
        selection = _select(parts, context)
    return _assemble_page(parts, context, build_body(parts.content, selection, context))


def _select(parts: PageParts, context: BodyContext) -> SelectedBody:
    """Select the body; where the page leaves a choice, trafilatura decides."""
    blocks, evidence = parts.content.blocks, parts.evidence
    text, candidates = find_only_text(blocks, context)
    if text and not candidates:
        evidence.add_claim("selection", "the only element with running text", f"blocks: {len(text)}", taken=True)
        return SelectedBody(chosen=text)
    selection = select_body(parts.page, parts.content, candidates, evidence)
    if missed := find_missed_parts(blocks, text, selection.chosen):
        selection.add(missed, blocks)
        evidence.add_claim("selection", "the rest of the element with most text", f"blocks: {len(missed)}", taken=True)
    return selection


def _assemble_page(parts: PageParts, context: BodyContext, body: Body, *, is_kept: bool = True) -> PageFeatures:
    if body.dek:
        source = "layout" if context.dek >= 0 else "the line under the headline"
        parts.evidence.add_claim("dek", source, body.dek, taken=True)
    blocks, at = parts.content.blocks, context.headline.block
    metadata = read_metadata(parts, body.text, is_kept=is_kept)
    if metadata.access is not Access.PAYWALLED and not context.layout_blocks:
        body = _use_jsonld_body(body, parts, context)
    return PageFeatures(
        **{each.name: getattr(parts, each.name) for each in fields(parts)},
        article=_build_article(parts, context, body, metadata),
        headline_block=None if at is None else blocks[at],
        body=[blocks[i] for i in sorted(body.inside)],
        fits_layout=bool(context.layout_blocks and parts.page_input.layout.headline and at is not None),
    )


def _read_context(parts: PageParts) -> BodyContext:
    """Read what must be known before the body: headline, descriptions, authors."""
    matches, article = parts.layout_matches, parts.jsonld.article
    headline, dek = _read_headline(parts), matches.text("dek")
    descriptions = [text_of(article.get(name)) for name in ("alternativeHeadline", "description")]
    descriptions += [parts.head.first(name) for name in ("og:description", "description", "twitter:description")]
    nearby = _blocks_near(parts.content.blocks, headline.block)
    authors, organisations = read_authors(parts, nearby, headline.block)
    return BodyContext(
        headline=headline,
        descriptions=[text for text in descriptions if text],
        authors=authors,
        organisations=organisations,
        author_links=find_author_links(parts.jsonld, nearby, authors, parts.page.base),
        site=site_label(host(parts.page.url)),
        layout_blocks=_find_layout_blocks(parts.content, matches),
        dek=next((block.index for block in parts.content.blocks if dek and block.text == dek), -1),
        claims=BodyClaims.read(article),
        evidence=parts.evidence,
    )


def _use_jsonld_body(body: Body, parts: PageParts, context: BodyContext) -> Body:
    """Return the body from JSON-LD if the page leaves it to a script to print it; else the body unchanged."""
    story = parts.jsonld.article.get("articleBody")
    if not isinstance(story, str) or len(story) < max(_MIN_STORY, _MIN_RATIO * len(body.text)):
        return body
    printed = parse_page("<br><br>".join(unescape(story).split("\n")).encode("utf-8", "replace"), "")
    blocks = collect_blocks(printed.body).blocks if isinstance(printed, Page) else []
    texts = [block.text for block in blocks if text_key(block.text) != text_key(context.headline.text)]
    if sum(map(len, texts)) < _MIN_STORY:
        return body
    parts.evidence.add_claim("body", "json-ld articleBody", f"paragraphs: {len(texts)}", taken=True)
    paragraphs = [each for each in body.paragraphs if each.role not in BODY_ROLES]
    paragraphs += [Paragraph(role=Role.TEXT, text=each) for each in texts]
    return Body(paragraphs=tuple(paragraphs), dek=body.dek, inside=frozenset())


def _build_article(parts: PageParts, context: BodyContext, body: Body, metadata: Article) -> Article:
    nearby = _blocks_near(parts.content.blocks, context.headline.block)
    published, modified = read_dates(DateSources(parts=parts, nearby=nearby, headline=context.headline.block))
    image = _choose_image(parts, context, body)
    is_learnt_from = parts.page_input.for_archive and not context.layout_blocks
    return replace(
        metadata,
        headline=context.headline.text,
        dek=body.dek,
        kicker=context.headline.kicker or None,
        authors=context.authors,
        organisations=context.organisations,
        author_links=context.author_links,
        published=published,
        modified=modified,
        image=image,
        media=find_media(parts, body, context.headline.block, image),
        entities=tuple(read_entities(parts.jsonld, parts.page.base)),
        live_updates=tuple(read_live_updates(parts.jsonld, parts.page.url, parts.page.base)),
        boxes=find_boxes(parts.content.blocks, body, context.headline) if is_learnt_from else None,
        paragraphs=(*body.paragraphs, *read_declared_corrections(parts.jsonld.article, body.paragraphs)),
    )


def _choose_image(parts: PageParts, context: BodyContext, body: Body) -> Image | None:
    blocks, first = parts.content.blocks, -1 if context.headline.block is None else context.headline.block
    second = sorted(i for i in body.inside if i > first)[:2]
    before_second = blocks[first + 1 : second[-1] if second else 0]
    captions = [b for b in before_second if b.zone & (zones.FIGCAPTION | zones.CAPTION)]
    image = choose_image(parts, captions)
    caption = parts.layout_matches.text("image_caption")
    return replace(image, caption=caption) if image and caption else image


def _read_headline(parts: PageParts) -> Headline:
    blocks = parts.content.blocks
    if text := parts.layout_matches.text("headline"):
        parts.evidence.add_claim("headline", "layout", text, taken=True)
        own_key = text_key(text)
        return Headline(text, next((block.index for block in blocks if text_key(block.text) == own_key), None))
    return find_headline(parts)


def _find_layout_blocks(content: PageBlocks, layout_matches: LayoutMatches) -> frozenset[int]:
    """Return the blocks in the elements that the layout names as the body."""
    elements: set[HtmlElement] = set()
    for element in layout_matches.elements("body"):
        if element not in elements:
            elements.update(element.iter())
    return frozenset(block.index for block in content.blocks if block.element in elements) if elements else frozenset()


def _blocks_near(blocks: list[Block], at: int | None) -> list[Block]:
    at = at or 0
    return blocks[max(0, at - 8) : at + 25]
