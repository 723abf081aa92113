"""Find the byline of an article: the lines on the page that name its authors."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise, takewhile

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, normalize_space
from newsarchive.extract.names import BARE_LEADS, BYLINE_LEAD, is_person_name, split_byline
from newsarchive.extract.word_tables import alternatives

_CHINESE_DESK = re.compile(r"^[〔（(【\[]?(?:本報)?(?:記者|记者)\s?([\u4e00-\u9fff]{2,4})[／/\s]")
"""The beginning of an article in Chinese newspapers: 〔記者林靜宜／桃河報導〕."""
_CHINESE_BYLINE = re.compile(
    r"(?:^|[\s（(【·・|／/\u4e00-\u9fff])(?:作者|记者|記者|撰文)\s{0,3}[：:]?\s{0,3}"
    r"([\u4e00-\u9fff]{2,4}(?:[\s、]{1,3}[\u4e00-\u9fff]{2,3}){0,3})(?=$|[\s）)〕\]】，,。／/|])"
)
"""The byline of a Chinese article: "新华社记者 王小明 李华", "（总台记者 张倩）", "作者：赵婕"."""
_OTHER_ARTICLES = zones.RELATED | zones.LATEST | zones.COMMENTS
"""Zones whose bylines belong to other articles."""
_NOT_BYLINES = zones.BIO | zones.COMMENTS
_NOT_TEXT = _OTHER_ARTICLES | zones.NAV | zones.MENU | zones.FOOTER | zones.FIGCAPTION | zones.CAPTION | zones.QUOTE
_NOT_NAME = _NOT_TEXT | zones.TAGS | zones.BUTTON | zones.FORM | zones.SHARE
_AUTHOR_PAGE = re.compile(rf"/(?:{alternatives('author_page')})/[^?#]+", re.IGNORECASE)
"""The path of the page of an author."""
_DATED_BYLINE = re.compile(
    r"\d[^|•·●]{0,40}?[\s|•·●–-]{1,4}(?:by|von|par|por|da|door)\s(?P<after>[^|•·●\d]{3,60})$|"
    r"^(?:by|von|par|por|da|door)\s(?P<before>[^|•·●\d]{3,60}?)\s?[|•·●,–-]\s?[^|]{0,30}\d",
    re.IGNORECASE,
)
_DATE_PARTS = re.compile(r"\s*[|•·●]\s*|\s+[–—-]\s+")
_MAX_LINE = 120
_MAX_DESCENDANTS = 30
"""Elements of a line that are examined."""
_MAX_BEFORE_TEXT = 6
"""Blocks between the headline and the line of a bare name, at most."""
_PARAGRAPH = 120
"""Shortest paragraph of running text, in characters."""


def find_byline(nearby: list[Block], blocks: list[Block], headline: int | None) -> list[str]:
    """Return the texts that name the authors: near the headline (the index of its block), else below the text."""
    if headline is not None:
        # Right below the headline, "By" decides, whatever the classes around it say.
        below = next((b.text for b in blocks[headline + 1 : headline + 4] if _is_lead_line(b)), None)
        if below:
            return [below]
    own = [block for block in nearby if not block.zone & _OTHER_ARTICLES]
    for texts in _near_headline(own, headline):
        if texts:
            return texts
    if headline is None:
        return []
    later = [block for block in blocks[headline + 1 :] if not block.zone & _NOT_TEXT]
    return next(filter(None, _below_text(later)), [])


def _near_headline(nearby: list[Block], headline: int | None) -> Iterator[list[str]]:
    """Yield the texts of each kind of byline near the headline, the most certain first."""
    yield [a.text for b in nearby for a in b.anchors if "author" in a.rel and a.text and not _is_generic(a.text)]
    yield [text for b in nearby if b.zone != zones.BIO for text in _marked_parts(b)]
    yield [match[1] for b in nearby if (match := _CHINESE_DESK.match(b.text))][:1]
    yield next(filter(None, map(_chinese_names, nearby)), [])
    marked = [b for b in nearby if b.zone & zones.BYLINE and not b.zone & _NOT_BYLINES and len(b.text) < _MAX_LINE]
    yield [
        b.text
        for b in marked
        if BYLINE_LEAD.match(b.text) and not _is_generic(b.text) and not _DATED_BYLINE.search(b.text)
    ][:1]
    yield [b.text for b in nearby if _is_lead_line(b)][:1]
    after = nearby if headline is None else [b for b in nearby if b.index > headline]
    yield _author_links(after)
    yield [text for b in nearby if len(b.text) < _MAX_LINE and (text := _dated_name(b))][:1]
    yield _labelled_name(nearby)
    yield [b.text for b in marked if len(b.text) < 60 and 2 <= len(b.text.split()) <= 4 and not _is_generic(b.text)][:1]
    yield _bare_name(after, headline)


def _below_text(later: list[Block]) -> Iterator[list[str]]:
    """Yield the texts of each kind of byline below the headline, however far."""
    yield [a.text for b in later for a in b.anchors if "author" in a.rel and a.text and not _is_generic(a.text)][:1]
    marked = [b for b in later if b.zone & (zones.BYLINE | zones.BIO) and not b.zone & zones.ASIDE]
    yield _signed_row(marked)
    yield [text for b in marked for text in _marked_parts(b)][:1]
    yield [
        b.text
        for b in marked
        if len(b.text) < _MAX_LINE and (BYLINE_LEAD.match(b.text) or is_person_name(b.text)) and split_byline(b.text)
    ][:1]
    yield [b.text for b in later if _is_lead_line(b)][:1]
    yield next(filter(None, map(_chinese_names, later)), [])
    triples = zip(later, later[1:], [*later[2:], None], strict=False)
    yield next(([b.text] for before, b, after in triples if _is_signature(before, b, after)), [])
    paragraphs = [at for at, b in enumerate(later) if len(b.text) >= _PARAGRAPH and b.link_share < 0.3]
    # A name alone below the last paragraph; a name within the text is a heading.
    end = later[paragraphs[-1] + 1 : paragraphs[-1] + 3] if len(paragraphs) > 1 else []
    lines = takewhile(lambda b: is_person_name(b.text) or not b.anchors, end)
    yield [b.text for b in lines if is_person_name(b.text) and b.tag not in ("h1", "h2", "h3", "h4", "li", "td")][:1]


def _signed_row(marked: list[Block]) -> list[str]:
    """Return the lines of one byline, each a name that an agency may follow: "Jane Roe, Associated Press"."""
    found: list[str] = []
    last = 0
    for block in marked:
        if found and block.index > last + 4:
            break
        names = split_byline(block.text) if len(block.text) < 80 else []
        if names and is_person_name(names[0]) and block.text.startswith(names[0]):
            found.append(block.text)
            last = block.index
    return found[:5]


def _is_signature(before: Block, block: Block, after: Block | None) -> bool:
    """Return whether a line is a name in other type or at the right, below the last paragraph of a text."""
    if len(before.text) < _PARAGRAPH or (after is not None and len(after.text) >= _PARAGRAPH):
        return False
    if not is_person_name(block.text) or block.tag in ("h1", "h2", "h3", "h4", "li", "td"):
        return False
    styles = " ".join(filter(None, (block.element.get("align"), block.element.get("style"))))
    emphasised = any(child.tag in ("i", "em", "b", "strong") for child in block.element.iter())
    return emphasised or "right" in styles


def _chinese_names(block: Block) -> list[str]:
    if len(block.text) > _MAX_LINE or not (match := _CHINESE_BYLINE.search(block.text)):
        return []
    return re.split(r"[\s、]+", match[1])


def _is_generic(text: str) -> bool:
    return text.strip(" :").casefold() in BARE_LEADS or not split_byline(text)


def _is_lead_line(block: Block) -> bool:
    """Return whether a line is "By" and names of persons."""
    if len(block.text) >= 80 or not BYLINE_LEAD.match(block.text) or block.tag in ("h1", "h2"):
        return False
    names = split_byline(block.text)
    return bool(names) and all(2 <= len(name.split()) <= 4 and not name[:1].islower() for name in names)


def _author_links(after: list[Block]) -> list[str]:
    """Return the names that link to the pages of authors, in the first line that has any, above other articles."""
    paragraphs = 0
    for block in after:
        paragraphs += len(block.text) >= _PARAGRAPH
        if paragraphs > 1 or (block.tag in ("h2", "h3", "h4") and block.anchors):
            break
        if block.zone & _NOT_TEXT or len(block.text) > 2 * _MAX_LINE:
            continue
        names = [a.text for a in block.anchors if _AUTHOR_PAGE.search(a.href) and is_person_name(a.text)]
        if names:
            return list(dict.fromkeys(names))
    return []


def _dated_name(block: Block) -> str | None:
    """Return the name beside the date in a line: "Posted on May 3, 2021 by Jane Roe", "25.10.2022 - Jane Roe"."""
    if block.zone & _NOT_TEXT or block.tag in ("h1", "h2") or not any(map(str.isdigit, block.text)):
        return None
    if match := _DATED_BYLINE.search(block.text):
        text = match["after"] or match["before"]
        names = split_byline(text)
        return text if names and all(is_person_name(name) for name in names) else None
    parts = _DATE_PARTS.split(block.text)
    names = [names[0] for part in parts if (names := split_byline(part)) and part.startswith(names[0])]
    others = [name for name in names if is_person_name(name)]
    return others[0] if len(parts) in (2, 3) and len(others) == 1 else None


def _labelled_name(nearby: list[Block]) -> list[str]:
    """Return the name in the line below a label such as "Written by"."""
    for label, block in pairwise(nearby):
        if label.text.strip(" :").casefold() in BARE_LEADS and block.index == label.index + 1:
            names = split_byline(block.text[:_MAX_LINE])
            if names and is_person_name(names[0]):
                return [block.text[:_MAX_LINE]]
    return []


def _bare_name(after: list[Block], headline: int | None) -> list[str]:
    """Return the name that is a line of its own between the headline and the text."""
    for block in after:
        if len(block.text) >= 2 * _PARAGRAPH or (headline is not None and block.index > headline + _MAX_BEFORE_TEXT):
            break
        if block.zone & _NOT_NAME or block.tag in ("h1", "h2", "h3", "td", "th"):
            continue
        names = split_byline(block.text) if len(block.text) < _MAX_LINE else []
        several = len(names) > 1 and all(map(is_person_name, names)) and sum(map(len, names)) > len(block.text) * 0.8
        if (several or is_person_name(block.text)) and all(_AUTHOR_PAGE.search(a.href) for a in block.anchors):
            return [block.text]
    return []


def _marked_parts(block: Block) -> list[str]:
    """Return the texts of the child elements of a block that are marked as a byline, beside others that are not."""
    if len(block.text) > 200:
        return []
    texts = [
        normalize_space(str(element.text_content()))
        for element in islice(block.element.iterdescendants(), _MAX_DESCENDANTS)
        if isinstance(element.tag, str)
        and element.tag not in ("script", "style")
        and (zones.zones_of_names(element.get("class") or "") & zones.BYLINE or element.get("itemprop") == "author")
    ]
    return [text for text in texts if text and text != block.text and len(text) < 80 and not _is_generic(text)]
