"""Read the authors of an article: separate names, without "By", job titles and agencies."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice, pairwise
from sys import maxsize
from typing import Any

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import MAX_BLOCKS, Block, normalize_space
from newsarchive.extract.headline import is_site_name, site_names, text_key
from newsarchive.extract.jsonld import Head, JsonLd, as_list, node_types, resolve_references, text_of
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.tree import has_more_text, resolve_link
from newsarchive.extract.urls import host
from newsarchive.extract.word_tables import alternatives, entries, words

_PAGE_TYPES = frozenset(("WebPage", "ItemPage", "AboutPage", "CollectionPage", "Recipe", "HowTo", "VideoObject"))
_SHORT_WORD = 3  # words up to this length may be in an address by chance
_MAX_AUTHORS = 20
_MAX_LINKS = 40
_MAX_LINK = 2000  # characters of a URL
Names = tuple[str, ...]


def read_authors(parts: PageParts, nearby: list[Block], headline: int | None) -> tuple[Names, Names]:
    """Return the names of the authors, and of the agencies, desks and publishers in bylines.

    Names are those of persons; if none is named, of the first organisation. Sources are the layout, JSON-LD, meta
    elements, and the visible byline; `nearby`: the blocks near the headline.
    """
    jsonld, head, url = parts.jsonld, parts.head, parts.page_input.url
    site = site_names(head, url)
    agencies: list[str] = []

    def parse_names(texts: Sequence[str]) -> tuple[str, ...]:
        names: list[str] = []
        for text in texts[:_MAX_LINKS]:
            _add_names(text, names, agencies, site)
        return tuple(names[:_MAX_AUTHORS])

    def candidates() -> Iterator[tuple[str, tuple[str, ...]]]:
        yield "layout", parse_names(parts.layout_matches.texts("authors"))
        yield "json-ld", _authors_from_jsonld(jsonld, agencies, site)
        yield "meta", parse_names(_authors_from_meta(head))
        yield "visible", parse_names(find_byline(nearby, parts.content.blocks, headline))
        yield "the owner of the site", _owner(jsonld, head, url)

    names = parts.evidence.first("authors", candidates()) or ()
    organisations = tuple(dict.fromkeys(agencies))
    if organisations:
        parts.evidence.add_claim("organisations", "bylines", organisations, taken=True)
    return names or organisations[:1], organisations


def _authors_from_jsonld(jsonld: JsonLd, agencies: list[str], site: set[str]) -> tuple[str, ...]:
    sources = as_list(resolve_references(jsonld.article.get("sourceOrganization"), jsonld.nodes))
    named = (text_of(each.get("name") if isinstance(each, dict) else each) for each in sources)
    agencies += [text for text in named if text_key(text) in AGENCIES]
    names: list[str] = []
    for item in as_list(resolve_references(_author_value(jsonld), jsonld.nodes)):
        text = text_of(item.get("name") if isinstance(item, dict) else item)
        if isinstance(item, dict) and "Organization" in "".join(node_types(item)):
            if text and not is_site_name(text, site):
                agencies.append(text)
        else:
            _add_names(_order_name(text), names, agencies, site)
    return tuple(names[:_MAX_AUTHORS])


def find_author_links(jsonld: JsonLd, nearby: list[Block], names: tuple[str, ...], base: str) -> tuple[str, ...]:
    """Return the URLs of the authors' pages: those that JSON-LD states, and the links of the names in the byline."""
    keys = {text_key(name) for name in names}
    hrefs = [
        href
        for item in as_list(resolve_references(_author_value(jsonld), jsonld.nodes))[:_MAX_AUTHORS]
        if isinstance(item, dict) and text_key(text_of(item.get("name"))) in keys
        for href in (item.get("url"), *as_list(item.get("sameAs")))
    ]
    hrefs += [anchor.href for block in nearby for anchor in block.anchors if text_key(anchor.text) in keys]
    links = (resolve_link(base, href) for href in hrefs if isinstance(href, str))
    return tuple(dict.fromkeys(link for link in links if link and len(link) <= _MAX_LINK))[:_MAX_LINKS]


def _owner(jsonld: JsonLd, head: Head, url: str) -> tuple[str, ...]:
    """Return the author that bears the name of the site: on a personal site, whose address has one of the names."""
    address = host(url).replace("-", "")
    for text in (text_of(_author_value(jsonld)), *_authors_from_meta(head)):
        words = [word for word in text_key(text).split() if len(word) > _SHORT_WORD]
        if is_person_name(text) and 0 < sum(word in address for word in words) < len(words):
            return (text,)
    return ()


def _author_value(jsonld: JsonLd) -> Any:
    """Return the author of the article, else that of the page, else the only person that is described."""
    for node in (jsonld.article, *(node for node in jsonld.nodes if node_types(node) & _PAGE_TYPES)):
        if value := node.get("author") or node.get("creator"):
            return value
    persons = [node for node in jsonld.nodes if "Person" in node_types(node) and node.get("name")]
    return persons[0] if len({text_of(node["name"]) for node in persons}) == 1 else None


def _authors_from_meta(head: Head) -> list[str]:
    named = head.all(*words("author_meta"))
    label = head.first("twitter:label1").strip(" :").casefold()
    labelled = head.all("twitter:data1")[:1] if label in BARE_LEADS else []
    stated = named or labelled or head.all("article:author")
    return [_order_name(name) for text in stated for name in text.split(";")]


def _add_names(text: str, names: list[str], organisations: list[str], site: set[str]) -> None:
    for name in split_byline(text):
        found = organisations if is_organisation(name) else names
        if name not in found and not is_site_name(name, site):
            found.append(name)


# Find the byline of an article: the lines on the page that name its authors.

_UNSPACED_BYLINE = re.compile(alternatives("unspaced_byline"))
"""The byline of a Chinese, Korean or Japanese article: "新华社记者 王小明 李华", "（总台记者 张倩）", "홍길동 기자"."""
_OTHER_ARTICLES = zones.RELATED | zones.LATEST | zones.COMMENTS  # zones whose bylines belong to other articles
_NOT_BYLINES = zones.BIO | zones.COMMENTS
_NOT_TEXT = _OTHER_ARTICLES | zones.NAV | zones.MENU | zones.FOOTER | zones.FIGCAPTION | zones.CAPTION | zones.QUOTE
_NOT_NAME = _NOT_TEXT | zones.TAGS | zones.BUTTON | zones.FORM | zones.SHARE
_AUTHOR_PAGE = re.compile(rf"/(?:(?:{alternatives('author_page')})/|(?<=^/)@)[^?#]+", re.IGNORECASE)
"""The path of the page of an author."""
_DATED_BYLINE = re.compile(alternatives("dated_byline"), re.IGNORECASE)
_DATE_PARTS = re.compile(r"\s*[|•·●]\s*|\s+[–—-]\s+")
_MAX_LINE = 120
_MAX_LEAD_LINE, _MAX_LEAD_LINES = 80, 300  # characters of a line that begins with "By", and such lines examined
_MAX_DESCENDANTS = 30  # elements of a line that are examined
_MAX_BEFORE_TEXT = 6  # blocks between the headline and the line of a bare name, at most
_NO_SIGNATURES = ("h1", "h2", "h3", "h4", "li", "td")
_PREPOSITION = re.compile(r"\w{2,4} ")  # words before a name that a title may begin with, too
_MAX_UNSPACED = 5  # characters of a name in a script without spaces
_PARAGRAPH = 120  # shortest paragraph of running text, in characters


def find_byline(nearby: list[Block], blocks: list[Block], headline: int | None) -> list[str]:
    """Return the texts that name the authors: near the headline (the index of its block), else below the text."""
    if headline is not None:
        # Right below the headline, "By" decides, whatever the classes around it say.
        below = next((b.text for b in blocks[headline + 1 : headline + 4] if _is_lead_line(b)), None)
        if below:
            return [below]
    own = [block for block in nearby if not block.zone & _OTHER_ARTICLES]
    near = next(filter(None, _near_headline(own, headline)), [])
    if near or headline is None:
        return near
    later = [block for block in blocks[headline + 1 : headline + MAX_BLOCKS] if not block.zone & _NOT_TEXT]
    return next(filter(None, _below_text(later)), [])


def _near_headline(nearby: list[Block], headline: int | None) -> Iterator[list[str]]:
    """Yield the texts of each kind of byline near the headline, the most certain first."""
    # The name of the site may be a link to its front page with such a rel.
    linked = [a.text for b in nearby for a in b.anchors if "author" in a.rel and a.text and a.href != "/"]
    yield [text for text in linked[:_MAX_LINKS] if not _is_generic(text)]
    yield [text for b in nearby if b.zone != zones.BIO for text in _marked_parts(b)]
    yield next(filter(None, map(_unspaced_names, nearby)), [])
    marked = [b for b in nearby if b.zone & zones.BYLINE and not b.zone & _NOT_BYLINES and len(b.text) < _MAX_LINE]
    led = [b.text for b in marked if BYLINE_LEAD.match(b.text) and not _is_generic(b.text)]
    yield [text for text in led if not _DATED_BYLINE.search(text)][:1]
    yield _lead_lines(nearby, headline or 0)
    after = nearby if headline is None else [b for b in nearby if b.index > headline]
    yield _author_links(after)
    yield [text for b in nearby if len(b.text) < _MAX_LINE and (text := _dated_name(b))][:1]
    yield _labelled_name(nearby)
    short = [b.text for b in marked if len(b.text) < 60 and (2 <= len(b.text.split()) <= 4 or is_marked_name(b.text))]
    yield [text for text in short if not _is_generic(text)][:1]
    yield _bare_name(after, headline)
    yield _author_links(nearby)


def _below_text(later: list[Block]) -> Iterator[list[str]]:
    """Yield the texts of each kind of byline below the headline, however far."""
    yield [a.text for b in later for a in b.anchors if "author" in a.rel and a.text and not _is_generic(a.text)][:1]
    marked = [b for b in later if b.zone & (zones.BYLINE | zones.BIO) and not b.zone & zones.ASIDE][:100]
    yield [*islice(chain.from_iterable(map(_marked_parts, marked)), 1)]
    lines = [b.text for b in marked if len(b.text) < _MAX_LINE and split_byline(b.text)]
    yield [text for text in lines if BYLINE_LEAD.match(text) or is_person_name(text)][:1]
    yield _lead_lines(later, 0)
    yield next(filter(None, map(_unspaced_names, later)), [])
    paragraphs = [at for at, b in enumerate(later) if len(b.text) >= _PARAGRAPH and b.link_share < 0.3]
    # A name alone below the last paragraph, in the same element; a name within the text is a heading.
    last, *end = later[paragraphs[-1] : paragraphs[-1] + 3] if len(paragraphs) > 1 else (None,)
    below = [b for b in end if last and b.element.getparent() is last.element.getparent() and not b.anchors]
    yield [b.text for b in below if is_person_name(b.text) and b.tag not in _NO_SIGNATURES][:1]


def _unspaced_names(block: Block) -> list[str]:
    if block.text.isascii():
        return []
    # The end of the part that is cut off ends no name.
    ends = (block.text[-_MAX_LINE:], f"{block.text[: _MAX_LINE // 2]}…")
    match = next(filter(None, map(_UNSPACED_BYLINE.search, ends)), None)
    names = re.split(r"[\s、·,]+", next(filter(None, match.groups()))) if match else []
    return [name for name in names if name not in _NO_NAME]


def _is_generic(text: str) -> bool:
    return text.strip(" :").casefold() in BARE_LEADS or not split_byline(text)


def _is_lead_line(block: Block) -> bool:
    """Return whether a line is "By" and names of persons, or of agencies."""
    if len(block.text) >= _MAX_LEAD_LINE or not BYLINE_LEAD.match(block.text) or block.tag in ("h1", "h2"):
        return False
    names = split_byline(block.text)
    return bool(names) and all(_may_be_name(name) for name in names if text_key(name) not in AGENCIES)


def _may_be_name(text: str) -> bool:
    """Return whether a text behind "By" may be a name: of a person, or of a script that has no capitals."""
    # Georgian has capitals, but begins no words with them.
    if text != text.title() or any(map(str.isupper, text)):
        return _has_form_of_name(text)
    return 2 <= len(text.split()) <= 4 or (min(text, default="") >= _FIRST_UNSPACED and 2 <= len(text) <= _MAX_UNSPACED)


def _lead_lines(blocks: Sequence[Block], headline: int) -> list[str]:
    """Return the first line that begins with "By", other than titles of parts and of other articles."""
    text = [b.index for b in blocks if len(b.text) >= _PARAGRAPH and b.index > headline]
    start, end = (text[1], text[-1]) if len(text) > 1 else (maxsize, 0)
    led = (block for block in blocks if len(block.text) < _MAX_LEAD_LINE and BYLINE_LEAD.match(block.text))
    for block in islice(led, _MAX_LEAD_LINES):
        is_whole = any(len(a.text) > len(block.text) - 3 and not _AUTHOR_PAGE.search(a.href) for a in block.anchors)
        may_be_title = is_whole or block.tag in _NO_SIGNATURES or (block.strong and block.index < end)
        # "Written by" and "Author" begin no title.
        may_be_byline = block.index < start or not may_be_title or not _PREPOSITION.match(block.text)
        if may_be_byline and _is_lead_line(block):
            return [block.text]
    return []


def _author_links(after: list[Block]) -> list[str]:
    """Return the names that link to the pages of authors, in the first line that has any, above other articles."""
    paragraphs = 0
    for block in after:
        paragraphs += len(block.text) >= _PARAGRAPH
        if paragraphs > 1 or (block.tag in ("h2", "h3", "h4") and block.anchors):
            break
        if block.zone & _NOT_TEXT or len(block.text) > 2 * _MAX_LINE:
            continue
        names = [a.text for a in block.anchors if _AUTHOR_PAGE.search(a.href) and is_marked_name(a.text)]
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
    pairs = ((a, b) for a, b in pairwise(nearby) if a.text.strip(" :").casefold() in BARE_LEADS)
    texts = (b.text[:_MAX_LINE] for a, b in pairs if b.index == a.index + 1)
    return [text for text in texts if any(map(is_marked_name, split_byline(text)[:1]))][:1]


def _bare_name(after: list[Block], headline: int | None) -> list[str]:
    """Return the name that is a line of its own between the headline and the text."""
    paragraphs = 0  # a dek, at most
    for block in after:
        paragraphs += 2 if len(block.text) >= 2 * _PARAGRAPH else block.is_prose
        if paragraphs > 1 or (headline is not None and block.index > headline + _MAX_BEFORE_TEXT):
            break
        if block.zone & _NOT_NAME or block.tag in ("h1", "h2", "h3", "td", "th"):
            continue
        leads_to_authors = all(_AUTHOR_PAGE.search(a.href) for a in block.anchors)
        names = split_byline(block.text) if leads_to_authors and len(block.text) < _MAX_LINE else []
        several = len(names) > 1 and all(map(is_person_name, names)) and sum(map(len, names)) > len(block.text) * 0.8
        if leads_to_authors and (several or is_person_name(block.text)):
            return [block.text]
    return []


def _marked_parts(block: Block) -> list[str]:
    """Return the texts of the child elements of a block that are marked as a byline, beside others that are not."""
    if len(block.text) > 200:
        return []
    texts = [
        normalize_space(str(element.text_content()))
        for element in islice(block.element.iterdescendants(), _MAX_DESCENDANTS)
        if zones.zones_of_names(element.get("class", "")) & zones.BYLINE or element.get("itemprop") == "author"
        if element.tag not in ("script", "style") and not has_more_text(element, _MAX_LINE)
    ]
    texts = [text for text in texts if text and (text != block.text or (text == text.lower() and is_marked_name(text)))]
    return [text for text in texts if len(text) < 80 and not _is_generic(text)]


# Read names in bylines: separate persons and organisations, without "By", job titles and degrees.

BYLINE_LEAD = re.compile(
    rf"^\s*(?:{alternatives('byline_label')})s?\s*[:：/|／｜=＝]\s*|"
    rf"^\s*(?:{alternatives('byline_lead')})(?:\s*[:：/|／｜=＝]\s*|\s+)",
    re.IGNORECASE,
)
_GLUED_LEAD = re.compile(r"^(?:(?:[Pp]osted |[Ww]ritten )?[Bb]y|BY|[Vv]on|[Pp]ar|[Pp]or|Author|Autor|Text)(?=[A-ZÀ-Þ])")
"""A word before a name that is in another element, without a space between them: "ByJane Roe"."""
_OTHER_WORK = re.compile(
    rf"(?<!\w)(?:{alternatives('other_work')})\s?(?:[:：=＝/／]|\s(?:{alternatives('other_work_lead')})\s)"
    rf"(?:(?!\b(?:{alternatives('byline_label')})s?\s?[:：=＝]|\b\w{{4,7}} by\b).)*",
    re.IGNORECASE,
)
"""The credits of photographers and editors in a byline, up to that of an author."""
BARE_LEADS = frozenset(entries("bare_lead"))
"""Words before a name that is in another element."""
_BY_CJK = re.compile(r"^(?:\w{0,6}(?:记者|記者)|作者|文/)\s*")
_NAME_SUFFIX = re.compile(rf"\s?(?:{alternatives('name_suffix')})$")
_SPLIT = re.compile(alternatives("name_separator"), re.IGNORECASE)
_ROLE = re.compile(rf"\b(?:{alternatives('byline_role')})\b|{alternatives('byline_role_unspaced')}", re.IGNORECASE)
AGENCIES = frozenset(entries("agency"))
"""News agencies, which appear in bylines."""
_FIRST_UNSPACED = "\u0e00"  # first letter of the scripts in which most names are written without spaces
_DEGREE = re.compile(r"(?:[A-Z]\.?){2,5}|Ph\.?\s?D\.?|M\.?Sc\.?|B\.?Sc\.?|Jr\.?|Sr\.?|Esq\.?|MBChB")
_PARENS = re.compile(r"\([^)]{0,80}\)|\[[^\]]{0,80}\]")
_TRAIL = re.compile(rf"{alternatives('name_trail')}|\s+(?:{alternatives('byline_end')})\b.*$", re.IGNORECASE)
_WEEKDAY = re.compile(rf"(?:^|\s+)(?:on\s+)?(?:{alternatives('weekday')}|[^\W\d_]{{3,9}}\.? \d\d?)$", re.IGNORECASE)
"""The weekday, or the month and day, behind a name."""
_TITLE_AFTER = re.compile(r"(?:\s+(?!I{1,3}$|IV$|AP$|AFP$|DPA$)[A-Z]{2,5}){1,3}$")
"""Degrees behind a name: "Jane Roe MS RD"."""
_ORGANISATION = re.compile(
    rf"^the\s+\S|\b(?:{alternatives('organisation')})\b\.?|{alternatives('organisation_unspaced')}", re.IGNORECASE
)
_INSTITUTION = re.compile(rf"(?i)(?:{alternatives('institution')}) (?:for|of)\b.{{0,60}}$")
_PARTICLES = frozenset(words("name_particle"))
_NO_NAME = frozenset(words("no_name"))  # words that are no part of a name that stands alone
_MAX_NAME = 40
_LABELS = (
    phrases.DISCLAIMER, phrases.RELATED, phrases.LATEST, phrases.NEIGHBOUR, phrases.COMMENTS, phrases.SHARE,
    phrases.TAGS, phrases.NEWSLETTER, phrases.ADVERTISEMENT,
)  # fmt: skip
"""Lines of two or three words around an article, which have the form of a name where each word has a capital."""


def is_organisation(name: str) -> bool:
    """Return whether a name is that of a publisher, agency, desk or other organisation.

    >>> [is_organisation(name) for name in ("The Jersey Journal", "Institute for Basic Science", "Jane Roe")]
    [True, True, False]
    """
    return len(name) < 80 and (text_key(name) in AGENCIES or _ORGANISATION.search(name) is not None)


def is_person_name(text: str) -> bool:
    """Return whether a line that stands alone has the form of a person's name: two to four words with capitals.

    >>> [is_person_name(text) for text in ("Jane Q. Roe", "Loïc Le Clerc", "Read more", "Rain falls")]
    [True, True, False, False]
    """
    return _has_form_of_name(text) and is_marked_name(text)


def is_marked_name(text: str) -> bool:
    """Return whether a text that a link or a label marks as a name may be that of a person, in any script."""
    if not _may_be_name(text) or len(text) > _MAX_NAME or any(map(str.isdigit, text)) or is_organisation(text):
        return False
    # Lower-casing "İ" adds a mark.
    words = {word.lower().replace("i\u0307", "i").strip(".,:") for word in text.split()}
    return words.isdisjoint(_NO_NAME) and not any(phrase.match(text) for phrase in _LABELS)


def _has_form_of_name(text: str) -> bool:
    words = text.strip(" .,:").split()
    return (
        2 <= len(words) <= 4
        and len(text) <= _MAX_NAME
        and all(word[:1].isupper() or word in _PARTICLES or word.startswith(("d'", "d’")) for word in words)
        and all(part.isalpha() for word in words for part in re.split(r"[-.'’]", word) if part)
        and words[-1][:1].isupper()
    )


def _is_degree_or_place(part: str, before: Sequence[str]) -> bool:
    """Return whether a part of a byline is a degree ("PhD"), or one word after a name ("Jane Roe, Geneva")."""
    if max(part) >= _FIRST_UNSPACED or text_key(part) in AGENCIES:
        return False
    follows_name = bool(before) and all(len(each.split()) > 1 for each in before)
    return _DEGREE.fullmatch(part) is not None or (" " not in part and follows_name)


def _order_name(text: str) -> str:
    """Return the name of a person as it is spoken, in metadata that prints the surname first.

    >>> [_order_name(each) for each in ("Roe, Jane", "Jane Roe, Ann Lee", "Reuters, AFP")]
    ['Jane Roe', 'Jane Roe, Ann Lee', 'Reuters, AFP']
    """
    last, _, first = text.strip().partition(", ")
    is_name = is_person_name(f"{first} {last}") and not _ROLE.search(text) and text_key(first) not in AGENCIES
    return f"{first} {last}" if is_name and " " not in last and text_key(last) not in AGENCIES else text


def split_byline(text: str) -> list[str]:
    """Return the names in a byline.

    >>> split_byline("By Jane Roe and John Q. Public, Staff Writers")
    ['Jane Roe', 'John Q. Public']
    """
    text = " ".join(text[:400].split())
    if text.startswith(("http://", "https://", "www.")):
        return []
    is_one = len(_SPLIT.split(text)) == 1 and not BYLINE_LEAD.match(text) and not _ROLE.search(text)
    if text_key(text) in AGENCIES or _INSTITUTION.match(text) or (is_one and is_organisation(text)):
        return [text]
    text = _GLUED_LEAD.sub("", _OTHER_WORK.sub(" | ", BYLINE_LEAD.sub("", _PARENS.sub(" ", text))))
    names: list[str] = []
    parts = _SPLIT.split(text)
    for at, part in enumerate(parts):
        part = _GLUED_LEAD.sub("", BYLINE_LEAD.sub("", _BY_CJK.sub("", part)))
        dated = any(map(str.isdigit, "".join(parts[at + 1 : at + 2])))
        if dated and (not (name := _WEEKDAY.sub("", part)) or " " in name or max(name) >= _FIRST_UNSPACED):
            # "Jane Roe Monday, November 18": the weekday belongs to the date. Without a full name it may be one.
            part = name
        whole, part = part, _NAME_SUFFIX.sub("", _TRAIL.sub("", part)).strip(" \t.:;-–—|*\"'“”")
        if " " in part and not part.isupper():
            part = _TITLE_AFTER.sub("", part)
        if not part or _ROLE.search(part) or len(part) > 60 or len(part.split()) > 6:
            continue
        if any(map(str.isdigit, part if " " in part else whole)):
            continue  # a place, or a label, and a date
        is_place = part[:1].islower() and names and part.split()[0] not in _PARTICLES | AGENCIES
        if is_place or not any(map(str.isalpha, part)) or "@" in part or _is_degree_or_place(part, parts[:at]):
            continue
        is_small = part.islower() and part != part.title()
        if part.lower() in BARE_LEADS or (is_small and len(part.split()) != 2 and part not in AGENCIES):
            continue
        if part.isupper() and len(part) > 4 and part.isascii():
            part = part.title()
        if part not in names:
            names.append(part)
    return names
