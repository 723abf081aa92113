"""Read a page as an article, whatever it turns out to be; classify.py decides afterwards."""

from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.authors import find_author_links, read_authors
from newsarchive.extract.blocks import Block, PageBlocks, collect_blocks
from newsarchive.extract.body import NO_BODY, Body, BodyContext, build_body, read_article_body
from newsarchive.extract.bylines import find_byline
from newsarchive.extract.classify import cannot_be_article
from newsarchive.extract.corrections import read_declared_corrections
from newsarchive.extract.dates import DateSources, read_dates
from newsarchive.extract.evidence import Evidence
from newsarchive.extract.headline import Headline, find_headline, headline_from_layout
from newsarchive.extract.html_head import Head, read_head
from newsarchive.extract.jsonld import JsonLd, Node, read_jsonld, text_of
from newsarchive.extract.lead_image import choose_image
from newsarchive.extract.metadata import Metadata, read_metadata
from newsarchive.extract.page_features import PageFeatures, list_loaded_scripts
from newsarchive.extract.page_input import DEFAULT_INPUT, PageInput
from newsarchive.extract.requisites import page_requisites
from newsarchive.extract.select_body import BodyClaims, Selection, select_body
from newsarchive.extract.site_layout import Layout, LayoutMatches
from newsarchive.extract.tree import MAX_TEXT, OversizedPage, Page, remove_element
from newsarchive.extract.urls import host, site_label
from storage.model import BODY_ROLES, Access, Article, Image, Paragraph, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedPage:
    """The article read from a page, without its link groups, and the features of the page."""

    body: Body
    features: PageFeatures
    requisites: tuple[str, ...]
    """URLs of the subresources that the page needs to be rendered."""

    @property
    def title(self) -> str | None:
        """The <title> of the page, or its headline."""
        return self.features.head.title or self.features.article.headline or None


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageParts:
    """A page, its metadata, and the parts that fields are read from."""

    page: Page
    page_input: PageInput
    head: Head
    jsonld: JsonLd
    loaded_scripts: str
    content: PageBlocks
    layout_matches: LayoutMatches
    requisites: tuple[str, ...]

    @property
    def evidence(self) -> Evidence:
        return self.page_input.evidence


def read_article(page: Page, page_input: PageInput = DEFAULT_INPUT) -> ExtractedPage | OversizedPage:
    """Read headline, metadata and body of a page, by the layout of its site where there is one."""
    _remove_dropped(page, page_input.layout)
    parts = _collect_parts(page, page_input)
    if parts.content.characters > MAX_TEXT:
        return OversizedPage(reason=f"{parts.content.characters} characters of text, {MAX_TEXT} are read")
    parts.evidence.set_blocks(parts.content.blocks)
    context = _read_context(parts)
    if page_input.is_listing and not parts.evidence.is_recording and not context.layout_blocks:
        extracted = _assemble_page(parts, context, NO_BODY)
        # The body search would take most of the time of a listing, and decide nothing.
        if cannot_be_article(extracted.features, page_input.status):
            return extracted
    selection = Selection() if context.layout_blocks else select_body(page, parts.content)
    return _assemble_page(parts, context, build_body(parts.content, selection, context))


def _assemble_page(parts: _PageParts, context: BodyContext, body: Body) -> ExtractedPage:
    if body.dek:
        source = "layout" if context.dek >= 0 else "the line under the headline"
        parts.evidence.add_claim("dek", source, body.dek, taken=True)
    blocks, matches = parts.content.blocks, parts.layout_matches
    metadata = read_metadata(parts.page, parts.head, parts.jsonld, blocks, matches, parts.evidence)
    if metadata.access is not Access.PAYWALLED and not context.layout_blocks:
        body = _use_jsonld_body(body, parts, context)
    article = _build_article(parts, context, body, metadata)
    features = _build_features(parts, context, body, article)
    return ExtractedPage(body=body, features=features, requisites=parts.requisites)


def _remove_dropped(page: Page, layout: Layout) -> None:
    for selector in layout.drop:
        for element in selector.elements(page.root):
            # Without <body> nothing would be left to read.
            if element is not page.body:
                remove_element(element)


def _collect_parts(page: Page, page_input: PageInput) -> _PageParts:
    # All passes over the whole tree together, while it is in the processor's cache.
    return _PageParts(
        page=page,
        page_input=page_input,
        jsonld=read_jsonld(page.root, page.url),
        head=read_head(page.root),
        loaded_scripts=list_loaded_scripts(page),
        content=collect_blocks(page.body),
        layout_matches=page_input.layout.match(page.root),
        requisites=page_requisites(page),
    )


def _read_context(parts: _PageParts) -> BodyContext:
    """Read what must be known before the body: headline, descriptions, authors."""
    matches = parts.layout_matches
    headline = _read_headline(parts)
    nearby = _blocks_near(parts.content.blocks, headline.block)
    authors = read_authors(
        parts.jsonld,
        parts.head,
        lambda: find_byline(nearby, parts.content.blocks, headline.block),
        parts.page_input,
        matches.texts("authors"),
    )
    return BodyContext(
        headline=headline,
        descriptions=_descriptions(parts.head, parts.jsonld.article),
        authors=authors.names,
        organisations=authors.organisations,
        author_links=find_author_links(parts.jsonld, nearby, authors.names, parts.page.base),
        site=site_label(host(parts.page.url)),
        layout_blocks=_find_layout_blocks(parts.content, matches),
        dek=_find_block(matches.text("dek"), parts.content),
        claims=BodyClaims.read(parts.jsonld.article),
        evidence=parts.evidence,
    )


def _use_jsonld_body(body: Body, parts: _PageParts, context: BodyContext) -> Body:
    """Return the body from JSON-LD if the page leaves it to a script to print it; else the body unchanged."""
    story = read_article_body(parts.jsonld.article, body.text, context.headline.text)
    if not story:
        return body
    parts.evidence.add_claim("body", "json-ld articleBody", f"{len(story)} paragraphs", taken=True)
    others = [each for each in body.paragraphs if each.role not in BODY_ROLES]
    paragraphs = [Paragraph(role=Role.TEXT, text=each) for each in story]
    return Body(paragraphs=(*others, *paragraphs), dek=body.dek, inside=frozenset())


def _build_article(parts: _PageParts, context: BodyContext, body: Body, metadata: Metadata) -> Article:
    sources = DateSources(
        url=parts.page.url,
        jsonld=parts.jsonld,
        head=parts.head,
        layout=parts.layout_matches,
        nearby=_blocks_near(parts.content.blocks, context.headline.block),
        root=parts.page.root,
        blocks=parts.content.blocks,
        discovery=parts.page_input.discovery,
        fetched_at=parts.page_input.fetched_at,
    )
    published, modified = read_dates(sources, parts.evidence)
    return Article(
        url=parts.page.url,
        canonical_url=metadata.canonical_url,
        headline=context.headline.text,
        dek=body.dek,
        kicker=context.headline.kicker or None,
        authors=context.authors,
        organisations=context.organisations,
        author_links=context.author_links,
        published=published,
        modified=modified,
        section=metadata.section,
        tags=metadata.tags,
        language=metadata.language,
        image=_choose_image(parts, context, body),
        access=metadata.access,
        live=metadata.live,
        noarchive=metadata.noarchive,
        declared=bool(parts.jsonld.article),
        paragraphs=(*body.paragraphs, *read_declared_corrections(parts.jsonld.article, body.paragraphs)),
    )


def _choose_image(parts: _PageParts, context: BodyContext, body: Body) -> Image | None:
    blocks, first = parts.content.blocks, -1 if context.headline.block is None else context.headline.block
    second = sorted(i for i in body.inside if i > first)[:2]
    before_second = blocks[first + 1 : second[-1] if second else 0]
    captions = [b for b in before_second if b.zone & (zones.FIGCAPTION | zones.CAPTION)]
    layout_value = parts.layout_matches.text("image")
    image = choose_image(parts.page, parts.head, parts.jsonld, captions, layout_value, parts.evidence)
    caption = parts.layout_matches.text("image_caption")
    return replace(image, caption=caption) if image and caption else image


def _build_features(parts: _PageParts, context: BodyContext, body: Body, article: Article) -> PageFeatures:
    blocks, at = parts.content.blocks, context.headline.block
    return PageFeatures(
        page=parts.page,
        head=parts.head,
        jsonld=parts.jsonld,
        content=parts.content,
        article=article,
        headline_block=None if at is None else blocks[at],
        body=[blocks[i] for i in sorted(body.inside)],
        discovery=parts.page_input.discovery,
        loaded_scripts=parts.loaded_scripts,
        fits_layout=bool(context.layout_blocks and parts.page_input.layout.headline and at is not None),
    )


def _read_headline(parts: _PageParts) -> Headline:
    blocks = parts.content.blocks
    if text := parts.layout_matches.text("headline"):
        parts.evidence.add_claim("headline", "layout", text, taken=True)
        return headline_from_layout(text, blocks)
    return find_headline(blocks, parts.head, parts.jsonld, parts.page.url, parts.evidence)


def _find_layout_blocks(content: PageBlocks, layout_matches: LayoutMatches) -> frozenset[int]:
    """Return the blocks in the elements that the layout names as the body."""
    elements: set[HtmlElement] = set()
    for element in layout_matches.elements("body"):
        if element not in elements:
            elements.update(element.iter())
    return frozenset(block.index for block in content.blocks if block.element in elements) if elements else frozenset()


def _find_block(text: str | None, content: PageBlocks) -> int:
    """Return the block that prints a text; -1 for none."""
    return next((block.index for block in content.blocks if text and block.text == text), -1)


def _blocks_near(blocks: list[Block], at: int | None) -> list[Block]:
    at = at or 0
    return blocks[max(0, at - 8) : at + 25]


def _descriptions(head: Head, article: Node) -> list[str]:
    """Return the summaries of the article in its metadata."""
    texts = (
        *(text_of(article.get(name)) for name in ("alternativeHeadline", "description")),
        *(head.first(name) for name in ("og:description", "description", "twitter:description")),
    )
    return [text for text in texts if text]
