"""Captions of the pictures of an article: which picture each belongs to, and the credit in it.

    blocks with the role of a caption --> the nearest element around them and a picture --> caption and credit apart
    lines directly below a picture that are nothing but a credit, or in italics --> that picture

A credit is cut from a caption only where it cannot be a part of the sentence: an element named after it, or at the end
names with a label, a copyright sign or an agency, or in capitals behind a dash. Labels are those of many languages.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from operator import attrgetter

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.authors import is_person_name
from newsarchive.extract.blocks import Block, MediaElement, effective_length, ends_sentence, normalize_space
from newsarchive.extract.tree import has_more_text
from newsarchive.extract.word_tables import alternatives, words
from storage.model import Role

MAX_TEXT = 2_000
"""Characters of a caption, or of a text alternative, at most."""
_MAX_CAPTIONS = 200
_MAX_LEVELS = 6  # elements around a caption among which that of its picture is looked for
_MAX_EMPHASISED = 300  # characters of a line below a picture from which it is text alone
_MAX_DISTANCE = 3  # blocks between a picture and its caption outside of a figure
_MAX_LINES = 3  # blocks behind a picture that may be lines of it, though they have not the role of a caption
_UNSURE = (None, Role.BYLINE, Role.TEXT, Role.TEASER, Role.DISCLAIMER)  # roles that lines of it may have
_MAX_ELEMENTS = 50  # of a caption in which a credit is looked for
_MAX_TAIL = 200  # characters at the end of a caption in which a credit is looked for
_MAX_CREDIT = 100
_MAX_WORDS = 12
_LEAST_CAPTION = 35  # letters of a caption that is named after the credit in it, or repeats the text alternative
_MAX_PARTS = 5  # ends of a caption that are examined
_EDGES = " |·•—-/／,，"
_CREDIT_CLASS = re.compile(rf"(?<![a-z])(?:{alternatives('credit_class')})")
_LABEL = re.compile(
    rf"(?:(?:{alternatives('credit_label')})\s?[:：=＝]|credit(?:\.{{3}}|…)|(?:[图圖]|사진\s?)[/／])\s*(?:©\s?)?",
    re.IGNORECASE,
)
_LABELLED = re.compile(rf"\s(?=(?:{alternatives('credit_label')})\s?[:：]|credit(?:\.{{3}}|…))", re.IGNORECASE)
_LABEL_END = re.compile(rf"(?:^|[\s(\[])(?:{alternatives('credit_label')})\s?[:：]?\s?$", re.IGNORECASE)
_LEAD = re.compile(rf"(?:{alternatives('credit_lead')})\s", re.IGNORECASE)
_CAPTION_LABEL = re.compile(rf"^(?:{alternatives('caption_label')})\s*[:：,]?\s*", re.IGNORECASE)
_OFFER = re.compile(rf"(?:^|\s)(?:{alternatives('licence_offer')})(?:, opens[\w ]{{4,20}})?\W*$")
_COPYRIGHT = re.compile(r"(?:(?<!\w)\w{3,20}\s?[:：]\s?)?(?:[©ⓒ]|\(c\)(?=\s?[A-Z]))\s?([^©]{2,100})$")
_AGENCY = re.compile(rf"(?<!\w)(?:{alternatives('picture_agency')}|(?i:{alternatives('picture_agency_name')}))(?!\w)")
_PARTS = re.compile(
    rf"(?<=[.!?…”\"»])(?:(?<!\s[A-Z]\.)|(?=\s{_AGENCY.pattern}))\s"
    r"|(?<=[。！？])|\s(?=[(\[|–—]|-\s)|(?=[（(\[|])|(?<=[\s\u3040-\ud7ff]{6})\s?(?=[/／])"
)
"""Beginnings of what may be a credit: behind a sentence and no initial, before a bracket, a dash, or a slash in CJK."""
_BEHIND = re.compile(
    rf"(?:^|[\s。，、,=＝（(])([^\s。，、,=＝（(]{{2,10}})\s?[／/]?(?:{alternatives('credit_tail')})[)）]?$"
)
"""A name before its label, as in Chinese, Japanese and Korean."""
_SLASHED = re.compile(r"(?:\s[/／]\s?|[/／]\s?(?=[가-힣]{2,4}\s?기자$))([가-힣]{2,4}(?:\s?기자)?)$")
"""A name behind a slash and a space, or before the word for a reporter, as in Korean."""
_PARTICLE = re.compile("[をがにではも在了的]|[은는을를에로]$")
_WORD = re.compile(r"[^\W\d_][\w.'’&-]*")
_CONNECTORS = frozenset(words("credit_connector"))


def attach_captions(
    blocks: Sequence[Block], roles: Mapping[int, Role], media: Sequence[MediaElement]
) -> dict[HtmlElement, list[Block]]:
    """Return the caption blocks of each element: as many captions as media in a box in order, else the one before."""
    around: dict[HtmlElement, list[MediaElement]] = {}
    for each in media:
        figure = islice(each.element.iterancestors("figure"), 1)
        for box in {each.element, *islice(each.element.iterancestors(), _MAX_LEVELS), *figure}:
            around.setdefault(box, []).append(each)
    captions: dict[HtmlElement, list[Block]] = {}
    indexes = sorted(index for index, role in roles.items() if role is Role.CAPTION)
    for block in (blocks[index] for index in indexes[:_MAX_CAPTIONS]):
        for box in (block.element, *islice(block.element.iterancestors(), _MAX_LEVELS)):
            if box in around:
                captions.setdefault(box, []).append(block)
            # That of a figure is of a picture in it, or of one that has no address.
            if box in around or box.tag == "figure":
                break
    attached: dict[HtmlElement, list[Block]] = {}
    for box, some in captions.items():
        near = around[box]
        for number, block in enumerate(some):
            before = max(bisect_right(near, block.index, key=attrgetter("block")) - 1, 0)
            at = number if len(some) == len(near) else before
            inner = next(near[at].element.iterancestors("figure"), None)
            # The caption of a gallery is of none of its pictures.
            is_of_one = len(near) == 1 or box.tag != "figure" or inner is box
            if is_of_one and (box.tag == "figure" or abs(block.index - near[at].block) <= _MAX_DISTANCE):
                attached.setdefault(near[at].element, []).append(block)
    known = {each.index for some in attached.values() for each in some}
    behind = {index for each in media for index in range(each.block, each.block + _MAX_LINES)}
    for index in sorted(behind - known):
        picture = media[bisect_right(media, index, key=attrgetter("block")) - 1]
        if index < len(blocks) and _is_line_of_picture(blocks[index], roles.get(index), picture):
            attached.setdefault(picture.element, []).append(blocks[index])
    return attached


def _is_line_of_picture(block: Block, role: Role | None, picture: MediaElement) -> bool:
    """Return whether a line below a picture is of it: a credit, its text alternative, or a paragraph in italics."""
    is_next = block.index == picture.block
    if role is Role.CAPTION:
        return is_next  # in another box
    if role not in _UNSURE or (role is Role.TEXT and len(block.text) > _MAX_EMPHASISED):
        return False
    credit, rest = split_credit(block.text)
    is_sure = _strip_label(block.text)[0] or "©" in block.text or (role is None and (rest or _AGENCY.search(credit)))
    is_sure = is_sure if role in (None, Role.BYLINE) else not rest
    is_near = is_next or role is Role.BYLINE or block.zone & zones.FIGURE
    if credit and is_sure and (is_near or picture.is_beside(block)):
        return True
    image = next(picture.element.iter("img", "amp-img"), picture.element)
    alternative = normalize_space((image.get("alt") or "")[:MAX_TEXT])
    if len(alternative) > _LEAST_CAPTION and block.text.startswith(alternative) and block.link_share < 0.5:
        return block.tag not in zones.HEADINGS and (bool(credit) or ends_sentence(block.text))  # others may be titles
    element = block.element
    if not is_next or role is not Role.TEXT or element.tag != "p" or len(element) != 1:
        return False
    is_whole = not f"{element.text or ''}{element[0].tail or ''}".strip()
    is_quoted = block.text[0] in "“”„«»\"'‘’" or any(a.text for a in block.anchors)
    return element[0].tag in ("em", "i", "small") and is_whole and not is_quoted


def read_caption(blocks: Iterable[Block]) -> tuple[str | None, str | None]:
    """Return caption and credit from the blocks of a caption: the credit by its class, else by its wording."""
    captions, credit = dict[str, None](), ""  # some captions are printed twice
    for block in blocks:
        text = _OFFER.sub("", block.text)
        found, rest = split_credit(text)
        is_beside = any(captions) and block.zone & (zones.FIGURE | zones.FIGCAPTION) == zones.FIGURE
        printed = text if is_beside and is_person_name(text) else _OFFER.sub("", _find_named_credit(block))
        printed = printed and next(filter(text.endswith, (f"({printed})", f"[{printed}]", f"（{printed}）")), printed)
        # Some name all of a caption after the credit in it. What stands in the midst is not cut.
        is_short = effective_length(rest) < _LEAST_CAPTION and (not ends_sentence(rest) or _strip_label(rest)[0])
        if printed and (printed != text or not found or is_short):
            found, rest = printed, text.removeprefix(printed)
            if text.endswith(printed):
                rest = _LABEL_END.sub("", text.removesuffix(printed))
        text = rest if found in ("", credit) or not credit or not rest else text
        credit = credit or found
        captions[_CAPTION_LABEL.sub("", text).strip(_EDGES)] = None
    return _clean(" ".join(each for each in captions if any(map(str.isalnum, each))), credit)


def separate_credit(text: str) -> tuple[str | None, str | None]:
    """Return caption and credit of a text that has both, or one of them.

    >>> separate_credit("The port. Photo: Ann Lee"), separate_credit("(Reuters)")
    (('The port.', 'Ann Lee'), (None, 'Reuters'))
    """
    credit, caption = split_credit(text)
    return _clean(caption.strip(_EDGES), credit)


def _clean(caption: str, credit: str) -> tuple[str | None, str | None]:
    _, labelled = _strip_label(credit.strip(_EDGES + "©"))
    credit = _strip_brackets(labelled.strip(_EDGES + ".–—©")).removeprefix("via ")
    return caption[:MAX_TEXT] or None, credit.lstrip("© ")[:_MAX_CREDIT] or None


def _find_named_credit(block: Block) -> str:
    """Return the text of an element in a caption, or of names in a box without a picture, named after a credit."""
    near = [(box, [*islice(box.iter(), _MAX_ELEMENTS + 1)]) for box in islice(block.element.iterancestors("div"), 2)]
    boxes = [box for box, inner in near if len(inner) <= _MAX_ELEMENTS and all(each.tag != "img" for each in inner)]
    for element in chain(islice(block.element.iter(), _MAX_ELEMENTS), boxes):
        if not isinstance(element.tag, str):
            continue
        names = f"{element.get('class') or ''} {element.get('itemprop') or ''}"[:200].lower()
        is_named = "caption" not in names and _CREDIT_CLASS.search(names) is not None
        if not (is_named or element.tag in ("cite", "small")) or has_more_text(element, _MAX_TAIL):
            continue
        text = normalize_space(str(element.text_content()))
        # Behind a sentence: within one, it is a title.
        before = block.text.removesuffix(text)
        is_end = is_named or (before != block.text and " " in text and (not before or ends_sentence(before)))
        is_part = is_end and text in block.text and (text != block.text or element.tag != "figcaption")
        if text and is_part and ((is_named and element not in boxes) or _consists_of_names(text)):
            return text
    return ""


def split_credit(text: str) -> tuple[str, str]:
    """Return the credit at the end of a caption, without its label, and the caption without it; "" without a credit.

    >>> split_credit("The port. Photo: Ann Lee"), split_credit("The port (Reuters/Ann Lee)")
    (('Ann Lee', 'The port.'), ('(Reuters/Ann Lee)', 'The port'))
    >>> split_credit("Photos: Inside the new stadium"), split_credit("Michael Bloomberg speaks in New York")
    (('', 'Photos: Inside the new stadium'), ('', 'Michael Bloomberg speaks in New York'))
    """
    if not text:
        return "", ""
    begin = max(len(text) - _MAX_TAIL, 0)
    tail = text[begin:]
    if match := _COPYRIGHT.search(tail) or _SLASHED.search(tail):
        return match[1], text[: begin + match.start()].rstrip()
    if (match := _BEHIND.search(tail)) and not _PARTICLE.search(match[1]):
        return match[1], text[: begin + match.start(1)].rstrip("（( ")
    patterns = (_PARTS, _LABELLED) if any(map(tail.__contains__, (":", "：", "...", "…"))) else (_PARTS,)
    starts = {match.end() for each in patterns for match in each.finditer(tail)}
    last = sorted(starts | ({0} if begin == 0 else set()), reverse=True)[:_MAX_PARTS]
    found = [start for start in last if _is_credit(tail[start:], is_whole=begin + start == 0)]
    if not found:
        return "", text
    # The last one with a label: what stands behind a label may be a credit without it, too.
    start = max(found, key=lambda start: (_strip_label(tail[start:])[0], start))
    return _strip_label(tail[start:])[1], text[: begin + start].rstrip(" |–—")


def _strip_label(part: str) -> tuple[bool, str]:
    """Return whether a label such as "Photo:" opens a part, and the part without it."""
    bare = part.lstrip("([（|–—-/／ ")
    if match := _LABEL.match(bare):
        return True, bare[match.end() :]
    match = _LEAD.match(bare)
    is_label = match is not None and not any(map(str.isdigit, bare))
    return is_label, bare[match.end() :] if match and is_label else bare if part[:1] in "–—-" else part


def _is_credit(part: str, *, is_whole: bool) -> bool:
    """Return whether the last part of a caption, or all of it, is a credit: names with a label, agency or slash."""
    has_label, names = _strip_label(part)
    bare = names.strip(" .|()[]（）")
    # In brackets with a label, or behind a slash and a label, names may be in small letters.
    is_enclosed = has_label and part[0] in "([（" and part.rstrip(" .")[-1] in ")]）"
    sure = bare.partition("/")[0] if has_label else bare
    if not 2 <= len(bare) <= _MAX_CREDIT or not (is_enclosed or _consists_of_names(sure)):
        return False
    has_capitals = bare.upper() != bare.lower()
    if has_label:
        # At the beginning of a caption in a script without capitals, a label may announce what is to be seen.
        is_portrait = part[:3].lower() == "by "
        return not is_whole or (has_capitals and not is_portrait) or len(bare) <= len("共同通信社")
    has_digits = any(map(str.isdigit, bare))
    if re.match(r"[–—][^\W\d_]", part) and bare.isupper() and " " in bare and not has_digits:
        return True
    agency = _AGENCY.search(bare)
    first, slash, second = bare.partition("/")
    if agency is not None and agency[0] == bare:
        return part[0] != "-"  # "Ann Lee / AFP - Getty Images"
    # In a script without capitals, a slash may be between any words.
    is_pair = bool(slash) and (agency is not None or (has_capitals and " " in f"{first.strip()}{second.strip()}"))
    is_agency = agency is not None and (part[0] in "([（" or " via " in f" {bare}" or bare.endswith(f", {agency[0]}"))
    return (is_pair or is_agency) and not has_digits


def _consists_of_names(text: str) -> bool:
    """Return whether all words begin with a capital, connect names, or are of a script without capitals.

    >>> [_consists_of_names(each) for each in ("Ann Lee for AP", "Treaty text", "新华社", "picture alliance/dpa")]
    [True, False, True, True]
    """
    rest = _AGENCY.sub(" ", text)  # some write their names in small letters
    found = _WORD.findall(rest)
    small = (w for w in found if w[0] != w[0].title() and w.lower() not in _CONNECTORS and "." not in w[:-1])
    return (rest != text or bool(found)) and len(found) <= _MAX_WORDS and next(small, None) is None


def _strip_brackets(credit: str) -> str:
    """Return a credit without the brackets around it, or the half of a pair.

    >>> _strip_brackets("(Ann Lee/AP)"), _strip_brackets("Lee (detail)"), _strip_brackets("Lee)")
    ('Ann Lee/AP', 'Lee (detail)', 'Lee')
    """
    if credit[:1] in "([（" and credit[-1:] in ")]）":
        return credit[1:-1]
    excess = sum(map(credit.count, "([（")) - sum(map(credit.count, ")]）"))
    return credit.lstrip("([（") if excess > 0 else credit[:-1] if excess < 0 and credit[-1] in ")]）" else credit
