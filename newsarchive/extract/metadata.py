"""What a page says about its article besides the text: JSON-LD first, then meta elements, then what is visible."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from lxml.etree import XPath

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Anchor, Block, folded
from newsarchive.extract.evidence import SILENCE, Silence
from newsarchive.extract.headline import key
from newsarchive.extract.html_head import Head
from newsarchive.extract.jsonld import Node, is_live, text_of, texts_of, types
from newsarchive.extract.live import reports_live
from newsarchive.extract.site_layout import LaidOut
from newsarchive.extract.tree import Page, absolute
from newsarchive.extract.urls import same_page
from storage.model import Access

_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?=[-_]|$)")
_MOST_TAGS = 50
_LONGEST_TAG = 50
_FRONT_PAGES = frozenset(
    "home|homepage|startseite|accueil|inicio|portada|início|главная|головна|strona główna|ana sayfa|hem|forside|hjem|"
    "etusivu|domů|beranda|trang chủ|αρχική|الرئيسية|خانه|ראשי|होम|หน้าแรก|首页|首頁|ホーム|홈".split("|")
)
_LONGEST_SECTION = 60
_LISTED = re.compile(r",[^\W\d]")
"""People put a space behind a comma, and machines that join a list do not."""
_COMMAS = 3
"""Commas that the name of a section may have."""
_LONGEST_TRAIL = 200
"""Characters of a row of breadcrumbs; some call the whole page so."""
_MOST_TRAILS = 20
_FOREIGN = re.compile("[\u0370-\u1fff\u2e80-\ud7af]")
"""A letter of a script that is not Latin."""
_SCRIPTS = (
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0620-\u064a]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ru", re.compile("[\u0430-\u044f]")),
    ("el", re.compile("[\u03b1-\u03c9]")),
    ("th", re.compile("[\u0e01-\u0e2e]")),
    ("hi", re.compile("[\u0904-\u0939]")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The fields of an article that its head and JSON-LD give."""

    canonical_url: str
    section: str | None
    tags: tuple[str, ...]
    language: str | None
    access: Access | None
    live: bool
    noarchive: bool


def facts(
    page: Page, head: Head, marked: tuple[Node | None, list[Node]], blocks: list[Block], laid: LaidOut, hear: Silence
) -> Facts:
    """Read the facts of one page; `marked` is the article's JSON-LD, and all JSON-LD of the page."""
    node, found = marked
    return Facts(
        canonical_url=canonical(page, head, hear),
        section=hear.first("section", _sections(page, head, node, found, laid.text("section"))),
        tags=hear.first("tags", _tags(head, node, blocks, laid.texts("tags"))) or (),
        language=language(head, node, blocks, hear),
        access=hear.first("access", _access(head, node)),
        live=is_live(found, node, page.url) or reports_live(head.title, page.url, blocks),
        noarchive="noarchive" in " ".join(head.all("robots", "googlebot", "newsarchive")).lower(),
    )


def canonical(page: Page, head: Head, hear: Silence = SILENCE) -> str:
    """Return the URL a page names itself by; its own where it names none, or only a front page."""

    def candidates() -> Iterator[tuple[str, str | None]]:
        for source, href in (("link canonical", head.link("canonical")), ("og:url", head.first("og:url"))):
            url = absolute(page.base, href) if href else None
            yield source, None if url and _is_front(url) and not _is_front(page.url) else url
        yield "its own", page.url

    return hear.first("canonical_url", candidates()) or page.url


def _is_front(url: str) -> bool:
    return url.partition("://")[2].partition("?")[0].strip("/").count("/") == 0


_SECTION_METAS = (
    "article:section", "og:article:section", "articlesection", "parsely-section", "section", "category",
    "dc.subject.section", "cxenseparse:category",
)  # fmt: skip


# By way of the attributes: a test of each element of a page costs many times as much.
_CRUMBS = XPath(
    "(/descendant::*/@class[contains(., 'breadcrumb')]/.. | /descendant::*/@id[contains(., 'breadcrumb')]/.."
    f" | /descendant::*/@aria-label[contains(., 'readcrumb')]/..)[position() <= {_MOST_TRAILS}]"
)
_NO_TAGS = (
    zones.NAV | zones.MENU | zones.ASIDE | zones.FOOTER | zones.RELATED | zones.LATEST | zones.COMMENTS | zones.SHARE
)  # fmt: skip
"""Where topics are the site's, not the article's."""


def _sections(
    page: Page, head: Head, node: Node | None, found: list[Node], laid_out: str | None
) -> Iterator[tuple[str, str | None]]:
    """Yield the section that each source names; of breadcrumbs the last that leads on, and not to the front page."""
    yield "layout", laid_out
    yield "json-ld", _first_of_list(text_of((node or {}).get("articleSection")).strip(" /,;"))
    for name in _SECTION_METAS:
        yield name, _first_of_list(head.first(name).strip(" /,;"))
    listed = [
        (text_of(item.get("name") or item.get("item")), _address_of(item.get("item") or item))
        for each in found
        if "BreadcrumbList" in types(each) and isinstance(each.get("itemListElement"), list)
        for item in each["itemListElement"]
        if isinstance(item, dict)
    ]
    yield "breadcrumbs", _section(listed, page)
    printed = [
        (folded(str(a.text_content())), a.get("href") or "")
        for trail in _CRUMBS(page.root)
        if len(folded(str(trail.text_content()))) < _LONGEST_TRAIL
        for a in trail.iter("a")
    ]
    yield "breadcrumbs on the page", _section(printed, page)


def _first_of_list(text: str) -> str:
    """Return a section, the first where a machine has joined all of them.

    >>> _first_of_list("game,news,slider"), _first_of_list("Food, Wine & Travel")
    ('game', 'Food, Wine & Travel')
    """
    return text.partition(",")[0].strip() if text.count(",") > _COMMAS or _LISTED.search(text) else text


def _address_of(item: object) -> str:
    """Return the address in a breadcrumb of JSON-LD; "" for none."""
    value = (item.get("@id") or item.get("url")) if isinstance(item, dict) else item
    return value if isinstance(value, str) else ""


def _section(crumbs: list[tuple[str, str]], page: Page) -> str | None:
    """Return the last breadcrumb, (text, address), that leads neither to a front page nor to the page itself."""
    for text, href in reversed(crumbs):
        url = absolute(page.base, href)
        if key(text) in _FRONT_PAGES or not text[:1].isalnum():
            continue
        front = url is None or not url.partition("://")[2].partition("?")[0].strip("/").count("/")
        if text and len(text) < _LONGEST_SECTION and not front and same_page(url or "") != same_page(page.url):
            return text
    return None


def _tags(
    head: Head, node: Node | None, blocks: list[Block], laid_out: Sequence[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield tags, each once: JSON-LD keywords, article:tag, news_keywords, or topics printed under the article.

    Comma lists are split.
    """
    yield "layout", tuple(laid_out)
    groups = (
        ("json-ld", texts_of((node or {}).get("keywords"))),
        ("article:tag", head.all("article:tag", "og:article:tag")),
        ("news_keywords", head.all("news_keywords", "parsely-tags", "sailthru.tags", "dc.subject")),
        ("keywords", head.all("keywords")),
    )
    for source, texts in groups:
        tags: dict[str, str] = {}
        for text in texts:
            # Escaped twice, "PG&amp;E" would fall apart at its semicolon.
            plain = unescape(text) if "&" in text else text
            for part in re.split(r"[,;、，]", plain) if len(texts) < 3 else [plain]:
                tag = folded(part)
                # Some publishers put machine keys among the tags: "Section:World", "storytype:standard".
                if any(map(str.isalnum, tag)) and len(tag) <= 80 and ":" not in tag:
                    tags.setdefault(key(tag) or tag, tag)
        yield source, tuple(tags.values())[:_MOST_TAGS]
    printed = [
        anchor.text.lstrip("#")
        for block in blocks
        if block.anchors and not block.zone & _NO_TAGS
        if block.zone & (zones.ARTICLE | zones.MAIN | zones.BODY) or phrases.TAGS.match(block.text)
        for anchor in block.anchors
        if _is_tag(anchor, block)
    ]
    yield "tags on the page", tuple(dict.fromkeys(printed))[:_MOST_TAGS]


def _is_tag(anchor: Anchor, block: Block) -> bool:
    """Say whether a link names a topic of the article: it says so itself, or stands in a row of such."""
    rel = anchor.rel.split()
    if not 1 < len(anchor.text) < _LONGEST_TAG or "category" in rel:
        return False
    if "tag" in rel:
        return True
    return block.zone & zones.TAGS != 0 and (block.link_share > 0.5 or phrases.TAGS.match(block.text))


def language(head: Head, node: Node | None, blocks: list[Block], hear: Silence = SILENCE) -> str | None:
    """Return the language that the page states, checked against its script; else what its script tells."""

    def stated() -> Iterator[tuple[str, str | None]]:
        for source, text in (
            ("json-ld", text_of((node or {}).get("inLanguage"))),
            ("html lang", head.language),
            ("meta", head.first("og:locale", "content-language", "dc.language", "language")),
        ):
            match = _LANGUAGE.match(text or "")
            yield source, match[0].lower() if match else None

    said = hear.first("language", stated())
    sample = "".join(b.text for b in sorted(blocks, key=lambda b: -len(b.text))[:8])[:3000].lower()
    told = _by_script(sample, said)
    if told != said:
        hear.claim("language", "the text's script", told, taken=True)
    return told


def _by_script(sample: str, stated: str | None) -> str | None:
    if not _FOREIGN.search(sample):
        return stated
    letters = sum(map(str.isalpha, sample))
    for code, pattern in _SCRIPTS:
        count = len(pattern.findall(sample))
        if count * (10 if code == "ja" else 3) > letters > 0:
            family = {
                "ru": {"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"},
                "ar": {"ar", "fa", "ur", "ps", "ckb", "sd", "ug"},
                "hi": {"hi", "mr", "ne"},
                "zh": {"zh", "ja", "yue"},
                "he": {"he", "iw", "yi"},
            }
            return stated if stated in family.get(code, {code}) else code
    return stated


def _access(head: Head, node: Node | None) -> Iterator[tuple[str, Access | None]]:
    values = [(node or {}).get("isAccessibleForFree")]
    parts = (node or {}).get("hasPart")
    values += [
        p.get("isAccessibleForFree") for p in (parts if isinstance(parts, list) else [parts]) if isinstance(p, dict)
    ]
    states = {str(v).strip().lower().rpartition("/")[2] for v in values if v is not None}
    tier = head.first("article:content_tier", "og:article:content_tier").lower()
    yield "json-ld", Access.PAYWALLED if states & {"false", "no", "0"} else None
    yield "article:content_tier", Access.PAYWALLED if tier in ("locked", "metered") else None
    yield "json-ld", Access.FREE if states & {"true", "yes", "1"} else None
    yield "article:content_tier", Access.FREE if tier == "free" else None
