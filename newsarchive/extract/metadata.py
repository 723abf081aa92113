"""What a page says about its article besides the text: JSON-LD first, then meta elements, then what is visible."""

import re
from dataclasses import dataclass

from newsarchive.extract.blocks import Block, folded
from newsarchive.extract.headline import key
from newsarchive.extract.heads import Head
from newsarchive.extract.jsonld import Node, is_live, resolve, text_of, texts_of
from newsarchive.extract.tree import Page, absolute
from storage.model import Access, Image

_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?=[-_]|$)")
_MOST_TAGS = 50
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
    image: Image | None
    access: Access | None
    live: bool
    noarchive: bool


def facts(page: Page, head: Head, node: Node | None, found: list[Node], blocks: list[Block]) -> Facts:
    """Read the facts of one page."""
    return Facts(
        canonical_url=canonical(page, head),
        section=_section(head, node),
        tags=_tags(head, node),
        language=language(head, node, blocks),
        image=_image(page, head, node, found),
        access=_access(head, node),
        live=bool(node and is_live(node)),
        noarchive="noarchive" in " ".join(head.all("robots", "googlebot", "newsarchive")).lower(),
    )


def canonical(page: Page, head: Head) -> str:
    """Return the URL a page names itself by; its own where it names none, or only a front page."""
    for href in (head.link("canonical"), head.first("og:url")):
        url = absolute(page.base, href) if href else None
        if url and not (_is_front(url) and not _is_front(page.url)):
            return url
    return page.url


def _is_front(url: str) -> bool:
    return url.partition("://")[2].partition("?")[0].strip("/").count("/") == 0


def _section(head: Head, node: Node | None) -> str | None:
    value = (node or {}).get("articleSection")
    text = text_of(value) or head.first(
        "article:section",
        "og:article:section",
        "articlesection",
        "parsely-section",
        "section",
        "category",
        "dc.subject.section",
        "cxenseparse:category",
    )
    return text.strip(" /,;") or None


def _tags(head: Head, node: Node | None) -> tuple[str, ...]:
    """Return tags, each once, from JSON-LD keywords, article:tag, or news_keywords; comma lists are split."""
    groups = (
        texts_of((node or {}).get("keywords")),
        head.all("article:tag", "og:article:tag"),
        head.all("news_keywords", "parsely-tags", "sailthru.tags", "dc.subject"),
        head.all("keywords"),
    )
    for texts in groups:
        tags: dict[str, str] = {}
        for text in texts:
            for part in re.split(r"[,;、，]", text) if len(texts) < 3 else [text]:
                tag = folded(part)
                # Some publishers put machine keys among the tags: "Section:World", "storytype:standard".
                if tag and len(tag) <= 80 and ":" not in tag:
                    tags.setdefault(key(tag) or tag, tag)
        if tags:
            return tuple(tags.values())[:_MOST_TAGS]
    return ()


def language(head: Head, node: Node | None, blocks: list[Block]) -> str | None:
    """Return the language that the page states, checked against its script; else what its script tells."""
    stated = None
    for text in (
        text_of((node or {}).get("inLanguage")),
        head.language,
        head.first("og:locale", "content-language", "dc.language", "language"),
    ):
        if match := _LANGUAGE.match(text or ""):
            stated = match[0].lower()
            break
    sample = "".join(b.text for b in sorted(blocks, key=lambda b: -len(b.text))[:8])[:3000].lower()
    return _by_script(sample, stated)


def _by_script(sample: str, stated: str | None) -> str | None:
    if sample.isascii():
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


def _image(page: Page, head: Head, node: Node | None, found: list[Node]) -> Image | None:
    value = resolve((node or {}).get("image"), found)
    first = value[0] if isinstance(value, list) and value else value
    caption = None
    if isinstance(first, dict):
        caption = text_of(first.get("caption")) or None
        first = first.get("url") or first.get("contentUrl") or first.get("@id")
        first = first[0] if isinstance(first, list) and first else first
    for href in (
        head.first("og:image", "og:image:url", "og:image:secure_url"),
        first,
        head.first("twitter:image", "twitter:image:src", "thumbnail"),
    ):
        if isinstance(href, str) and (url := absolute(page.base, href)):
            return Image(url=url, caption=caption)
    return None


def _access(head: Head, node: Node | None) -> Access | None:
    values = [(node or {}).get("isAccessibleForFree")]
    parts = (node or {}).get("hasPart")
    values += [
        p.get("isAccessibleForFree") for p in (parts if isinstance(parts, list) else [parts]) if isinstance(p, dict)
    ]
    states = {str(v).strip().lower().rpartition("/")[2] for v in values if v is not None}
    tier = head.first("article:content_tier", "og:article:content_tier").lower()
    if states & {"false", "no", "0"} or tier in ("locked", "metered"):
        return Access.PAYWALLED
    if states & {"true", "yes", "1"} or tier == "free":
        return Access.FREE
    return None
