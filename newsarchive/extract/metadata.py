"""Read the metadata of an article: from the site layout, JSON-LD, meta elements, and last the visible page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import unescape
from itertools import chain, islice
from urllib.parse import parse_qs

from lxml.etree import XPath
from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Anchor, Block, normalize_space
from newsarchive.extract.classify import looks_live
from newsarchive.extract.headline import text_key
from newsarchive.extract.jsonld import as_list, find_live_blog, node_types, resolve_references, text_of
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.tree import Page, resolve_link
from newsarchive.extract.urls import page_key, split_url
from newsarchive.extract.word_tables import entries, table_lines, words
from storage.article_parts import Image
from storage.grouping import group_pairs
from storage.model import Access, Article

_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?=[-_]|$)")
_MAX_TAGS = 50
_MAX_TAG_LENGTH = 50
_FRONT_PAGES = frozenset(entries("front_page"))
_MAX_SECTION_LENGTH = 60
_JOINED_LIST = re.compile(r",[^\W\d]")
"""A comma without a space: people do not write lists so, but machines join them so."""
_MAX_COMMAS = 3  # commas in the name of a section, at most
_MAX_BREADCRUMBS_LENGTH = 200  # longest row of breadcrumbs, in characters; some sites give the class to the whole page
_MAX_BREADCRUMBS = 20
_FOREIGN = re.compile("[\u0370-\u1fff\u2e80-\ud7af]")  # a letter of a script that is not Latin
_SCRIPTS = [(re.compile(first), others) for first, *others in map(str.split, table_lines("script"))]
"""Scripts, and the languages written in each, first the one that is taken where none of them is stated."""
_FREQUENT = {language: frequent for language, *frequent in map(str.split, table_lines("frequent_word"))}
_LANGUAGES = group_pairs((word, language) for language, frequent in _FREQUENT.items() for word in {*frequent})
"""Languages of which a word is one of the frequent ones."""
_KNOWN = {*_FREQUENT, *chain.from_iterable(languages for _, languages in _SCRIPTS)}
_MIN_FREQUENT = 8  # frequent words of a text from which they tell its language
_MIN_LEAD = 4  # words by which they must be more than those of any other language
_LANGUAGE_SUBTAG = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z])")  # the language subtag of a language tag (BCP 47)


def read_metadata(parts: PageParts, text: str, *, is_kept: bool) -> Article:
    """Return an article with the fields that metadata and text give; of one not kept, those that classify a page."""
    url, head, matches, evidence = parts.page.url, parts.head, parts.layout_matches, parts.evidence
    article = Article(
        url=url,
        canonical_url=evidence.first("canonical_url", _canonical_urls(parts)) or url,
        headline="",
        access=evidence.first("access", _access_candidates(parts)),
    )
    if not is_kept:
        return article
    live = bool(find_live_blog(parts.jsonld, url)) or looks_live(head.title, url, parts.content.blocks)
    noarchive = "noarchive" in " ".join(head.all("robots", "googlebot", "newsarchive")).lower()
    return replace(
        article,
        section=evidence.first("section", _section_candidates(parts)),
        tags=evidence.first("tags", _tag_candidates(parts)) or (),
        language=_read_language(parts, text[:3000].lower()),
        live=bool(matches.elements("live")) if matches.layout.live else live,
        noarchive=noarchive,
        declared=bool(parts.jsonld.article),
    )


def _canonical_urls(parts: PageParts) -> Iterator[tuple[str, str | None]]:
    """Yield the canonical URL of each source, last the page's own: that of a front page is a mistake."""
    page, head = parts.page, parts.head
    yield "layout", resolve_link(page.base, parts.layout_matches.text("canonical_url") or "")
    for source, href in (("link canonical", head.link("canonical")), ("og:url", head.first("og:url"))):
        url = resolve_link(page.base, href) if href else None
        yield source, None if url and _is_front_page(url) and not _is_front_page(page.url) else url
    yield "page URL", page.url


def _is_front_page(url: str) -> bool:
    return url.partition("://")[2].partition("?")[0].strip("/").count("/") == 0


_SECTION_METAS = words("section_meta")
# By way of the attributes: testing each element of a page costs many times as much.
_BREADCRUMBS = XPath(
    "(/descendant::*/@class[contains(., 'breadcrumb')]/.. | /descendant::*/@id[contains(., 'breadcrumb')]/.."
    f" | /descendant::*/@aria-label[contains(., 'readcrumb')]/..)[position() <= {_MAX_BREADCRUMBS}]"
)
_SITE_TOPIC_ZONES = (
    zones.NAV | zones.MENU | zones.ASIDE | zones.FOOTER | zones.RELATED | zones.LATEST | zones.COMMENTS | zones.SHARE
)  # fmt: skip
"""Zones whose topics are those of the site, not of the article."""


def _section_candidates(parts: PageParts) -> Iterator[tuple[str, str | None]]:
    """Yield the section of each source; of breadcrumbs the last that is neither the front page nor the page itself."""
    page, head, jsonld = parts.page, parts.head, parts.jsonld
    yield "layout", parts.layout_matches.text("section")
    yield "json-ld", _first_section(text_of(jsonld.article.get("articleSection")).strip(" /,;"))
    for name in _SECTION_METAS:
        yield name, _first_section(head.first(name).strip(" /,;"))
    listed = [
        (text_of(item.get("name") or item.get("item")), _breadcrumb_url(item.get("item") or item))
        for each in jsonld.nodes
        if "BreadcrumbList" in node_types(each) and isinstance(each.get("itemListElement"), list)
        for item in each["itemListElement"]
        if isinstance(item, dict)
    ]
    yield "breadcrumbs", _section_from_breadcrumbs(listed, page)
    printed = [
        (normalize_space(str(a.text_content())), a.get("href") or "")
        for trail in (_BREADCRUMBS(page.root) if b"readcrumb" in page.html else ())
        if len(normalize_space(str(trail.text_content()))) < _MAX_BREADCRUMBS_LENGTH
        for a in trail.iter("a")
    ]
    yield "breadcrumbs on the page", _section_from_breadcrumbs(printed, page)


def _first_section(text: str) -> str:
    """Return a section, the first one of a list that a machine has joined.

    >>> _first_section("game,news,slider"), _first_section("Food, Wine & Travel")
    ('game', 'Food, Wine & Travel')
    """
    return text.partition(",")[0].strip() if text.count(",") > _MAX_COMMAS or _JOINED_LIST.search(text) else text


def _breadcrumb_url(item: object) -> str:
    """Return the URL of a breadcrumb in JSON-LD; "" for none."""
    value = (item.get("@id") or item.get("url")) if isinstance(item, dict) else item
    return value if isinstance(value, str) else ""


def _section_from_breadcrumbs(crumbs: list[tuple[str, str]], page: Page) -> str | None:
    """Return the text of the last breadcrumb, (text, URL), to neither a front page nor the page itself."""
    for text, href in reversed(crumbs):
        url = resolve_link(page.base, href)
        is_name = text[:1].isalnum() and len(text) < _MAX_SECTION_LENGTH and text_key(text) not in _FRONT_PAGES
        if is_name and url and not _is_front_page(url) and page_key(url) != page_key(page.url):
            return text
    return None


def _tag_candidates(parts: PageParts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the tags of each source, each tag once; comma-separated lists are split."""
    head = parts.head
    yield "layout", tuple(parts.layout_matches.texts("tags"))
    groups = (
        ("json-ld", list(filter(None, map(text_of, as_list(parts.jsonld.article.get("keywords")))))),
        ("article:tag", head.all("article:tag", "og:article:tag")),
        ("news_keywords", head.all("news_keywords", "parsely-tags", "sailthru.tags", "dc.subject")),
        ("keywords", head.all("keywords")),
    )
    for source, texts in groups:
        tags: dict[str, str] = {}
        for text in texts:
            # Escaped twice, "PG&amp;E" would be split at its semicolon.
            plain = unescape(text) if "&" in text else text
            for part in re.split(r"[,;、，]", plain) if len(texts) < 3 else [plain]:
                tag = normalize_space(part)
                # Some publishers put machine keys among the tags: "Section:World", "storytype:standard".
                if any(map(str.isalnum, tag)) and len(tag) <= 80 and ":" not in tag:
                    tags.setdefault(text_key(tag) or tag, tag)
        yield source, tuple(tags.values())[:_MAX_TAGS]
    printed = [
        anchor.text.lstrip("#")
        for block in parts.content.blocks
        if block.anchors and not block.zone & _SITE_TOPIC_ZONES
        if block.zone & (zones.ARTICLE | zones.MAIN | zones.BODY) or phrases.TAGS.match(block.text)
        for anchor in block.anchors
        if _is_tag_link(anchor, block)
    ]
    yield "tags on the page", tuple(dict.fromkeys(printed))[:_MAX_TAGS]


def _is_tag_link(anchor: Anchor, block: Block) -> bool:
    """Return whether a link is a tag of the article: by rel=tag, or in a row of tags."""
    rel = anchor.rel.split()
    if not 1 < len(anchor.text) < _MAX_TAG_LENGTH or "category" in rel:
        return False
    is_in_row = block.zone & zones.TAGS != 0 and (block.link_share > 0.5 or phrases.TAGS.match(block.text))
    return "tag" in rel or is_in_row


def _read_language(parts: PageParts, sample: str) -> str | None:
    """Return the language that the layout names; else the one stated, unless the words of the text are of another."""
    head, evidence = parts.head, parts.evidence

    def candidates() -> Iterator[tuple[str, str | None]]:
        for source, text in (
            ("json-ld", text_of(parts.jsonld.article.get("inLanguage"))),
            ("html lang", head.language),
            ("meta", head.first("og:locale", "content-language", "dc.language", "language")),
        ):
            match = _LANGUAGE.match(text or "")
            yield source, match[0].lower() if match else None

    stated = evidence.first("language", candidates())
    corrected = _correct_language(sample, stated)
    if corrected != stated:
        evidence.add_claim("language", "the words of the text", corrected, taken=True)
    if named := _LANGUAGE_SUBTAG.match(parts.layout_matches.text("language") or ""):
        corrected = named[0].lower()
        evidence.add_claim("language", "layout", corrected, taken=True)
    return corrected


def _correct_language(sample: str, stated: str | None) -> str | None:
    """Return the language of a text by its script and its most frequent words, where they are clear; else that stated.

    A language of which neither is known is believed: it may be the sister of one that is.
    """
    if stated and stated not in _KNOWN:
        return stated
    letters = sum(map(str.isalpha, sample)) if _FOREIGN.search(sample) else 0
    shares = ((len(script.findall(sample)), languages) for script, languages in _SCRIPTS if letters)
    of_script = next(
        (names for count, names in shares if count * (10 if names[0] == "ja" or stated in names else 3) > letters), []
    )
    if of_script and stated not in of_script:
        stated = None
    words = sample.split()
    counts = Counter(dict.fromkeys(_FREQUENT, 0))
    for word, times in Counter(filter(_LANGUAGES.__contains__, words)).items():
        counts.update(dict.fromkeys(_LANGUAGES[word], times))
    of_stated = counts[stated or ""]
    if 6 * of_stated >= len(words) > 0:
        return stated
    (best, count), (_, second) = counts.most_common(2)
    # Of sister languages such as Portuguese and Galician, one of twenty words tells them apart.
    is_clear = count >= max(_MIN_FREQUENT, len(words) / 10, second + max(_MIN_LEAD, len(words) / 20))
    is_clear = is_clear and (not of_script or best in of_script)
    # In the script of the language that is stated, a text may be in it though its words are not known.
    can_differ = stated in _FREQUENT or not of_script
    if is_clear and (stated is None or (can_differ and count >= _MIN_FREQUENT + 3 * of_stated)):
        return best
    return stated or next(iter(of_script), None)


def _access_candidates(parts: PageParts) -> Iterator[tuple[str, Access | None]]:
    article, matches = parts.jsonld.article, parts.layout_matches
    if matches.layout.paywalled:
        # Such a selector decides by its absence, too.
        yield "layout", Access.PAYWALLED if matches.elements("paywalled") else Access.FREE
    nodes = [node for node in (article, *as_list(article.get("hasPart"))) if isinstance(node, dict)]
    values = [value for node in nodes if (value := node.get("isAccessibleForFree")) is not None]
    states = {str(value).strip().lower().rpartition("/")[2] for value in values}
    tier = parts.head.first("article:content_tier", "og:article:content_tier").lower()
    yield "json-ld", Access.PAYWALLED if states & {"false", "no", "0"} else None
    yield "article:content_tier", Access.PAYWALLED if tier in ("locked", "metered") else None
    yield "json-ld", Access.FREE if states & {"true", "yes", "1"} else None
    yield "article:content_tier", Access.FREE if tier == "free" else None


# Choose the lead image of an article, and its caption.

_SIZE = re.compile(r"[-_.@](?:\d{2,4}x\d{2,4}|\d{3,4}w|scaled|large|medium|small|[123]x)$")
_OF_FILE = ("url", "src", "image", "img", "file", "path")  # parameters by which resizing scripts name the file
IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)$", re.IGNORECASE)
_MIN_NAME = 5  # shortest file name, in characters, that identifies an image
_MAX_CAPTION = 600
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")


def choose_image(parts: PageParts, captions: Sequence[Block]) -> Image | None:
    """Return the image of an article with its caption, one of those before the second paragraph; None for none."""
    value = resolve_references(parts.jsonld.article.get("image"), parts.jsonld.nodes)
    jsonld_image: object = value[0] if isinstance(value, list) and value else value
    captioned = _read_figures(captions, parts.page)
    url = parts.evidence.first("image", _candidates(parts, jsonld_image, captioned))
    if not url:
        return None
    stated = text_of(jsonld_image.get("caption")) if isinstance(jsonld_image, dict) else ""
    # That of the figure with the same file, else of the first figure.
    name = file_stem(url)
    same = (text for each, text in captioned if each == url or (len(name) > _MIN_NAME and file_stem(each) == name))
    return Image(url=url, caption=stated or next(chain(same, (text for _, text in captioned)), None))


def _candidates(
    parts: PageParts, jsonld_image: object, captioned: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str | None]]:
    if isinstance(jsonld_image, dict):
        jsonld_image = jsonld_image.get("url") or jsonld_image.get("contentUrl") or jsonld_image.get("@id")
        jsonld_image = jsonld_image[0] if isinstance(jsonld_image, list) and jsonld_image else jsonld_image
    for source, href in (
        ("layout", parts.layout_matches.text("image")),
        ("og:image", parts.head.first("og:image", "og:image:url", "og:image:secure_url")),
        ("json-ld", jsonld_image),
        ("twitter:image", parts.head.first("twitter:image", "twitter:image:src", "thumbnail")),
    ):
        yield source, resolve_link(parts.page.base, href) if isinstance(href, str) else None
    yield "the figure under the headline", next((url for url, _ in captioned if url), None)


def _read_figures(captions: Sequence[Block], page: Page) -> list[tuple[str, str]]:
    """Return (image, caption) of the figures that the captions belong to, in order."""
    texts_of_figure: dict[HtmlElement, list[str]] = {}
    for block in captions:
        figure = next(block.element.iterancestors("figure"), None) if block.zone & zones.FIGURE else None
        if figure is not None and len(block.text) < _MAX_CAPTION:
            texts_of_figure.setdefault(figure, []).append(block.text)
    found: list[tuple[str, str]] = []
    for figure, texts in texts_of_figure.items():
        images = islice(figure.iter("img", "amp-img"), 1)
        sources = (value for image in images for name in _SOURCES if (value := image.get(name)))
        href = next((value for value in sources if not value.startswith("data:")), "")
        found.append((resolve_link(page.base, href) or "", " ".join(texts)))
    return found


def file_stem(url: str) -> str:
    """Return the name of a file without extension and size; a number alone is no size, as cameras number pictures.

    >>> file_stem("https://cdn.example/2024/harbour-crane-1024x683.jpg?w=800"), file_stem("/IMG_1234.jpg")
    ('harbour-crane', 'img_1234')
    """
    return _SIZE.sub("", picture_path(url).rpartition("/")[2].rpartition(".")[0].lower())


def picture_path(url: str) -> str:
    """Return the path of a picture, or host and path of the file that a parameter of a resizing script names.

    >>> picture_path("https://news.example/_next/image?url=%2Fi%2Fcrane.jpg&w=640")
    '/i/crane.jpg'
    """
    split = split_url(url)
    named = parse_qs(split.query) if "." in split.query and not IMAGE_FILE.search(split.path) else {}
    files = [split_url(value) for name in _OF_FILE for value in named.get(name, ())]
    return next((f"{each.netloc}{each.path}" for each in files if IMAGE_FILE.search(each.path)), split.path)
