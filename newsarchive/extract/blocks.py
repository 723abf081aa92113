"""Split a page into blocks of text, in document order, each with the zones of the elements around it.

Body, roles, headline, dek, byline, visible dates and link groups are all read from the result of this one walk. The
tree is not modified.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from operator import sub
from typing import Any

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.tree import has_children, has_more_text
from newsarchive.extract.word_tables import words
from storage.model import Role

INLINE_TAGS = frozenset(words("inline_tag"))
_NOT_WALKED = frozenset(words("skipped_tag")) | {"br", "hr"}
_MEDIA = frozenset(words("media_tag"))
MAX_BLOCKS = 3_500
"""Blocks of a page among which headline, byline and dates are looked for, and text that was not selected; real pages
have 3,054."""
MAX_MEDIA = 1_000
"""Elements of a page that are examined as pictures and media, at most."""
_BOLD = frozenset({"b", "strong"})
_INLINE_ITEMS = frozenset({"a", "span"})  # elements that stand side by side in cards, separated by style alone
_HEADLINE_FONT_SIZES = frozenset({"4", "5", "6", "7", "+1", "+2", "+3"})
"""Sizes of <font> that old pages printed headlines in."""
_SEPARATED = zones.DATE | zones.BYLINE
"""Zones separated from the words beside them even without white space in the markup."""
_CONTAINERS = frozenset("div section aside nav header footer ul ol li dl form".split())
_CUT_ZONES = ~(zones.WRAPPER | zones.PRE | zones.ADDRESS | zones.BLOCK | zones.LINES) | zones.HIDDEN
"""Zones whose text is not read as body, or only as an item of a list or a quotation."""
_READERS_OR_CONSENT = zones.COMMENTS | zones.CONSENT
_MAX_COMMENTS_RATIO = 8
"""Ratio to the rest of the text from which a box of comments or of a consent dialog is the article."""
_MIN_ARTICLE_BOX = 400  # characters of running text from which a box can be the article
_MIN_LINKED_ARTICLE = 1_500
"""Characters from which a link is an <a> that was never closed, and a fallback for browsers without scripts a page."""
_MIN_OPEN = 3  # paragraphs in a link that was never closed
_UNUSUAL_BOXES = frozenset({"dialog", "fieldset", "form", "menu", "noindex"})  # of text, if they have no fields
_TEASERS = zones.RELATED | zones.LATEST
_FALLBACKS = ("noscript", "object", "select")
"""Elements that are not shown, or whose elements are not, and that may have been left open around an article."""
_MAX_CARD_LEVELS = 3
_MAX_CARD = 300  # characters of a card besides a line in it
_MAX_CARD_RATIO = 4  # largest ratio of the text of a card to its summary
_PROSE_ENDS = frozenset(".!?…。！？؟।۔։።။།។｡．")  # of sentences outside quotations; few lines of code end with them
_SENTENCE_ENDS = _PROSE_ENDS | frozenset('"”’»)')
MAX_LINK_SHARE = 0.6  # share of links above which a block is not text
_MIN_PROSE = 60  # longest line, in characters, that is not running text
_MAX_HIDDEN_TEXT = 80  # longest hidden part of a line, in characters
_LABELS = (phrases.RELATED, phrases.LATEST, phrases.NEWSLETTER, phrases.DISCLAIMER)
_MAX_BROKEN_LINES = 2_000  # between single <br> among which labels are looked for
_MAX_LABEL = 40  # longest label, in characters, that is not bold
_MAX_DEPTH = 200  # elements nested deeper than this are read as one block, which bounds the recursion


@dataclass(slots=True)
class Anchor:
    """An <a href> with its visible text."""

    element: HtmlElement
    href: str
    zone: int
    block: int
    """Index of the block in which it begins."""
    rel: str = ""
    """The rel attribute, as written."""
    text: str = ""


@dataclass(slots=True)
class MediaElement:
    """An element that shows a picture, a video, an audio or a part of another site."""

    element: HtmlElement
    zone: int
    block: int
    """Index of the first block behind its beginning."""
    href: str
    """Of the link that it is in; "" without one."""

    def is_beside(self, line: "Block") -> bool:
        """Return whether it and a line are parts of one card: of a box that has hardly more text."""
        around = {line.element, *islice(line.element.iterancestors(), 3)}
        box = next((each for each in islice(self.element.iterancestors(), 4) if each in around), None)
        return box is not None and not has_more_text(box, len(line.text) + _MAX_CARD)


@dataclass(slots=True)
class Block:
    """A run of text without a block boundary."""

    index: int
    element: HtmlElement
    """The nearest block-level element around the text."""
    tag: str
    zone: int
    text: str
    linked: int = 0
    """Characters inside links."""
    strong: bool = False
    """The whole text is bold."""
    anchors: list[Anchor] = field(default_factory=list)
    lines: tuple[str, ...] = ()
    """The parts of the text between single <br>, if there are several."""
    letters: int = 0
    """Length of the text, with an ideograph or a kana counted as three letters."""
    link_share: float = 0.0
    """The share of the text inside links, 0 to 1."""
    is_prose: bool = False
    """A paragraph of running text: a sentence or more, hardly any of it linked."""
    markup_role: Role | None = None
    """See roles.markup_role, which is asked for it again and again."""

    def measure(self) -> None:
        """Set what follows from the text and its links."""
        length, linked = len(self.text), self.linked
        self.letters = effective_length(self.text)
        self.link_share = min(1.0, linked / length) if linked else 0.0
        self.is_prose = self.letters > _MIN_PROSE and 10 * linked < 3 * length


@dataclass(slots=True)
class PageBlocks:
    """All blocks and anchors of a page."""

    blocks: list[Block] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    media: list[MediaElement] = field(default_factory=list)
    """The first MAX_MEDIA."""
    characters: int = 0
    levels: int = 0  # at which its elements are nested, of all together
    names_corrections: bool = False
    """An element has a name that may be that of corrections."""
    article_boxes: set[HtmlElement] = field(default_factory=set)
    """Elements that seemed to be boxes beside the article, but contain most of the running text."""
    non_article: list[HtmlElement] = field(default_factory=list)
    """The outermost containers without article text: empty ones, and those in zones.NON_ARTICLE."""


_NO_WORDS = re.compile(r"[\W_\u2100-\u214f]*")  # "ℹ" is a letter
_NO_TITLE = re.compile(_NO_WORDS.pattern + r"(?:\d|$)")  # a sign behind a heading, or the count of its comments
_IDEOGRAPH = re.compile("[\u2e80-\U0010ffff]")


def effective_length(text: str) -> int:
    """Return the length of a text, with an ideograph or a kana counted as three letters."""
    return len(text) if text.isascii() else len(text) + 2 * count_ideographs(text)


def count_ideographs(text: str) -> int:
    """Return the number of ideographs, kana and the like: characters for a word or syllable, written without spaces."""
    return len(_IDEOGRAPH.findall(text))


def is_running_text(block: Block) -> bool:
    """Return whether a block is a long line with few links."""
    return len(block.text) > 80 and block.link_share < 0.4


def measure_text(blocks: Iterable[Block]) -> int:
    """Return the length of some blocks in characters."""
    return sum(len(block.text) for block in blocks)


def has_no_words(text: str) -> bool:
    """Return whether a text has no letter or digit: a bullet, or a sign such as "¶" that links to its heading."""
    return _NO_WORDS.fullmatch(text) is not None


def normalize_space(text: str) -> str:
    """Collapse white space, and strip it at both ends."""
    # Most text is printable: it has no white space but single blanks.
    return text.strip(" ") if "  " not in text and text.isprintable() else " ".join(text.split())


def _needs_space(before: str, after: str, *, is_word: bool) -> bool:
    """Return whether a space is missing between two pieces of text, in a script with spaces.

    Unless it is known that the second `is_word`, it has to look like one: "13:40" and "Library", "News" and "Ferry".
    """
    last, first = before[-1], after[0]
    if last in ".!?" and before[-2:-1].islower():
        return first.isupper()  # a sentence, and what follows it
    if not (last.isalnum() and first.isalnum() and last < "\u2e80" and first < "\u2e80"):
        return False
    if is_word or not first.isdigit():
        return is_word or (first.isupper() and (last.islower() or last.isdigit()))
    return last.islower() and len(after) > 1


def collect_blocks(body: HtmlElement) -> PageBlocks:
    """Return the blocks of a page in document order.

    A box with most of the page's running text is its article, whatever its class or tag: it is read again as a wrapper.
    """
    # Elements around an <h1> are not boxes, whatever their class names (a theme, a subject).
    wrappers = {body: zones.WRAPPER}
    for heading in body.iter("h1"):
        wrappers.update(dict.fromkeys(heading.iterancestors(), zones.WRAPPER))
    collector = _walk_body(body, wrappers)
    article_boxes = _find_article_boxes(body, collector)
    if not article_boxes:
        return collector.content
    content = _walk_body(body, wrappers | dict.fromkeys(article_boxes, zones.WRAPPER & ~zones.HIDDEN)).content
    content.article_boxes = article_boxes
    return content


def _walk_body(body: HtmlElement, wrappers: dict[HtmlElement, int]) -> "_BlockCollector":
    collector = _BlockCollector(wrappers)
    collector.walk_element(body, str(body.tag), 0, 0, body)
    collector.flush()
    collector.content.characters = sum(len(block.text) for block in collector.content.blocks)
    return collector


def _find_article_boxes(body: HtmlElement, collector: "_BlockCollector") -> set[HtmlElement]:
    """Return the boxes with most of the running text of a page; a hidden one may be a copy of what is shown."""
    counts = _count_prose(collector.content.blocks)
    whole = counts[-1][0]
    # A link that was never closed contains the paragraphs of an article.
    long_links = [a.element for a in collector.content.anchors if len(a.text) >= _MIN_LINKED_ARTICLE]
    found = {link for link in long_links if len(list(islice(link.iter("p", "div"), _MIN_OPEN))) == _MIN_OPEN}
    if whole < _MIN_ARTICLE_BOX:
        found.update(e for e in body.iter(*_FALLBACKS) if len(e.text_content()) > _MIN_LINKED_ARTICLE)
    lengths: dict[HtmlElement, int] = {}  # of elements around boxes, in characters; -1 without a link
    for box, zone, begin, end in collector.boxes:
        inside, paragraphs, _, _ = map(sub, counts[end], counts[begin])
        # What stands before the box says nothing about its first block.
        _, _, under_link, apart = map(sub, counts[end], counts[begin + 1])
        if inside and zone & _TEASERS and _is_text_without_link(box, collector.content.blocks[begin:end], lengths):
            found.add(box)
        # Running text stands together, and not each paragraph under a link of its own.
        if inside < _MIN_ARTICLE_BOX or 2 * apart >= paragraphs or 3 * under_link >= paragraphs:
            continue
        if zone in (0, zones.HIDDEN, zones.FORM) and _continues_text(box, collector.content.blocks, begin, end):
            found.add(box)
        ratio = _MAX_COMMENTS_RATIO if zone & _READERS_OR_CONSENT else 2 if zone & (zones.HIDDEN | zones.QUOTE) else 1
        if inside > (whole - inside) * ratio:
            found.add(box)
    return found


def _continues_text(box: HtmlElement, blocks: list[Block], begin: int, end: int) -> bool:
    """Return whether a box continues the text before it: what a button reveals, or what an odd element contains."""
    near = reversed(blocks[max(0, begin - 2) : begin])  # the button may be the first of them
    before = next((block for block in near if not block.zone & zones.BUTTON), None)
    first = blocks[begin]
    return (
        before is not None
        and before.is_prose
        and (first.is_prose or ends_sentence(first.text))
        and before.tag == first.tag
        and (first.element is box or before.element.get("class") == first.element.get("class"))
        and (box.tag not in _UNUSUAL_BOXES or next(box.iter("input", "select", "textarea", "button"), None) is None)
        and any(box.getparent() is outer for outer in islice(before.element.iterancestors(), _MAX_CARD_LEVELS))
        and all(block.link_share < 0.5 for block in blocks[begin:end])
    )


def _is_text_without_link(box: HtmlElement, blocks: list[Block], lengths: dict[HtmlElement, int]) -> bool:
    """Return whether a box has sentences, and neither it nor a card around it has a link: a teaser has one."""
    if any(b.anchors for b in blocks) or not any(b.is_prose and ends_sentence(b.text) for b in blocks):
        return False
    size = sum(len(block.text) for block in blocks)
    for outer in islice(box.iterancestors(), _MAX_CARD_LEVELS):
        if outer not in lengths:
            lengths[outer] = len(outer.text_content()) if next(outer.iter("a"), None) is not None else -1
        if lengths[outer] >= 0:
            return lengths[outer] > _MAX_CARD_RATIO * size + _MIN_ARTICLE_BOX
    return True


def ends_sentence(text: str, *, may_be_quoted: bool = True) -> bool:
    """Return whether a line ends like a sentence; in Thai and Lao, which mark no ends, whether it is a long one."""
    last, ends = text.rstrip()[-1:], _SENTENCE_ENDS if may_be_quoted else _PROSE_ENDS
    return last in ends or ("\u0e00" <= last <= "\u0eff" and len(text) > _MIN_PROSE)


def _count_prose(blocks: list[Block]) -> list[tuple[int, int, int, int]]:
    """Return counts up to each block: characters of running text, paragraphs, those under a link, those that are apart.

    Boxes may nest: each is measured by the difference of two counts.
    """
    length, paragraphs, under_link, apart = known = (0, 0, 0, 0)
    counts = [known]
    was_text = False
    last_parent = None
    for block in blocks:
        if is_text := block.is_prose:
            parent = block.element.getparent() if block.tag != "td" else block.element
            length += len(block.text)
            paragraphs += 1
            under_link += block.index > 0 and blocks[block.index - 1].link_share > 0.8
            apart += parent is not last_parent and not was_text
            last_parent = parent
            known = (length, paragraphs, under_link, apart)
        was_text = is_text
        counts.append(known)
    return counts


def _are_paragraphs(lines: list[Block]) -> bool:
    """Return whether lines between single <br> are paragraphs: a third or more are long, and end like sentences."""
    long = (line for line in lines[len(lines) > 2 :] if line.is_prose and line.tag not in zones.HEADINGS)
    ends = [ends_sentence(line.text, may_be_quoted=not line.zone & zones.PRE) for line in long]
    return 2 * sum(ends) > len(ends) and 3 * sum(ends) >= len(lines)


@lru_cache(maxsize=8)  # a line is asked about at both of its ends
def _is_label_line(text: str, is_bold: bool) -> bool:
    """Return whether a line beside a line break is a label: bold, or short and neither sentence nor date."""
    is_plain = len(text) <= _MAX_LABEL and not ends_sentence(text) and not any(map(str.isdigit, text))
    return (is_bold or is_plain) and any(label.match(text) for label in _LABELS)


def _is_notice_label(text: str) -> bool:
    """Return whether a text that is apart from others in its line is the label of a newsletter or of a disclaimer."""
    if len(text := text.strip()) > _MAX_LABEL or ends_sentence(text) or not text[:1].isalpha():
        return False
    is_newsletter = phrases.NEWSLETTER.match(text) and phrases.NEWSLETTER_NAME.search(text) is not None
    return is_newsletter or (phrases.DISCLAIMER.match(text) and text[-1] not in ":：")


def _join_lines(lines: list[Block]) -> Block:
    """Return lines between single <br> as one block."""
    first = lines[0]
    first.anchors = [anchor for line in lines for anchor in line.anchors]
    for anchor in first.anchors:
        anchor.block = first.index
    first.linked = sum(line.linked for line in lines)
    first.lines = tuple(line.text for line in lines)
    first.text = " ".join(first.lines)
    first.strong = all(line.strong for line in lines)
    first.measure()
    return first


def _headed_panel(button: HtmlElement) -> str | None:
    """Return the id of the element that a button heads: it stands in a heading or right above it.

    "" where its heading, which has no other text, heads what follows; None for a button that heads nothing.
    """
    panel = button.get("aria-controls") or button.get("data-bs-target", "").removeprefix("#")
    after, above = button.getnext(), button.getparent()
    if above is not None and above.tag in zones.HEADINGS:
        is_alone = not has_children(above, 2) and not f"{above.text or ''}{button.tail or ''}".strip()
        return panel or ("" if is_alone else None)
    return panel if panel and after is not None and after.get("id") == panel else None


class _BlockCollector:
    """Collects inline text until a block boundary ends the block."""

    def __init__(self, wrappers: dict[HtmlElement, int]) -> None:
        self.content = PageBlocks()
        self.wrappers = wrappers  # elements that open no box, each with the zones it can open
        self.parts: list[str] = []
        self.linked = self.bold = self.bold_depth = 0
        self.words = 0  # pieces of text with letters, outside of links
        self.lines: list[Block] = []  # lines of the current block that a single <br> has ended
        self.anchor: Anchor | None = None
        self.anchor_parts: list[str] = []
        self.anchors: list[Anchor] = []
        self.holder: HtmlElement | None = None
        self.holder_zone = 0
        self.pending_breaks = self.body_count = self.text_count = self.closed_at = self.link_end = 0
        self.space_needed = self.adjacent = False
        self.panels: set[str] = set()  # ids of elements that a button which heads them shows
        self.boxes: list[tuple[HtmlElement, int, int, int]] = []
        """(element, the zones it opens, its first block, the block after its last) of each possible box."""

    def add_text(self, text: str, holder: HtmlElement, zone: int) -> None:
        """Add a piece of text; white space only if something precedes it."""
        if zone & zones.LINES and "\n" in text:
            self.add_lines(text, holder, zone)
            return
        if not text or text.isspace():
            if self.parts:
                self.parts.append(" ")
                if self.anchor is not None:
                    self.anchor_parts.append(" ")
            return
        self.text_count += 1
        if self.pending_breaks:
            self.break_line(text)
        if not self.parts:
            self.holder, self.holder_zone = holder, zone
        elif (self.space_needed or self.adjacent) and _needs_space(self.parts[-1], text, is_word=self.space_needed):
            self.parts.append(" ")
            if self.anchor_parts:
                self.anchor_parts.append(" ")
        self.space_needed = self.adjacent = False
        self.parts.append(text)
        if self.anchor is not None:
            self.anchor_parts.append(text)
            self.linked += len(text)
        else:
            self.words += any(map(str.isalpha, text))
        if self.bold_depth:
            self.bold += len(text)

    def add_lines(self, text: str, holder: HtmlElement, zone: int) -> None:
        """Add a text that is shown with the ends of its lines."""
        for number, line in enumerate(text.split("\n")):
            self.pending_breaks = max(self.pending_breaks, min(number, 1))
            if line.strip():
                self.add_text(line, holder, zone)

    def break_line(self, text: str) -> None:
        """End the current line at one <br>, or the block: at two, beside a label, or beside a bold line in a cell."""
        ends_block, is_bold = self.pending_breaks > 1, self.bold_depth > 0
        self.end_line()
        for line in self.lines[-1:]:
            may_label = len(self.lines) < _MAX_BROKEN_LINES
            at_label = may_label and (_is_label_line(line.text, line.strong) or _is_label_line(text, is_bold))
            ends_block |= at_label or (line.tag == "td" and (line.strong or is_bold))
        if ends_block:
            self.flush()

    def end_line(self) -> None:
        """End the current line, which is a block of its own or a part of one."""
        text, holder = normalize_space("".join(self.parts)), self.holder
        if self.linked and not self.words:
            # The number, time or bullet before a link says nothing.
            self.linked = max(self.linked, len(text))
        if text and holder is not None:
            strong = self.bold >= len(text) * 0.95 > 0
            # A custom element is shown like a <div>.
            tag = "div" if "-" in (name := str(holder.tag)) else name
            index = len(self.content.blocks) + len(self.lines)
            line = Block(index, holder, tag, self.holder_zone, text, self.linked, strong, self.anchors)
            line.measure()
            self.lines.append(line)
            self.anchors = []
        if self.anchor_parts:
            self.anchor_parts.append(" ")
        self.parts, self.holder = [], None
        self.pending_breaks = self.linked = self.bold = self.words = 0

    def flush(self) -> None:
        """End the current block. Lines of running text are a block each; others, such as verses, are one together."""
        self.pending_breaks = 0
        if not self.parts and not self.lines:
            return
        self.end_line()
        lines, self.lines = self.lines, []
        if len(lines) > 1 and not _are_paragraphs(lines):
            lines = [_join_lines(lines)]
            for media in reversed(self.content.media):
                if media.block <= len(self.content.blocks) + 1:
                    break
                media.block = len(self.content.blocks) + 1
        self.content.blocks += lines

    def walk_element(self, element: HtmlElement, tag: str, zone: int, depth: int, holder: HtmlElement) -> None:
        """Walk one element and its content; the caller handles its tail."""
        self.content.levels += depth
        within, bodies = zone, self.body_count
        attributes = element.items()
        inline = tag in INLINE_TAGS
        apart = tag == "time"
        opened = 0
        if attributes or tag in zones.TAG_ZONES or "-" in tag:
            opened = zones.zones_of_element(tag, attributes) & self.wrappers.get(element, -1)
            if opened & zones.NOTICE:
                self.content.names_corrections = True
                opened &= ~zones.NOTICE
            if opened & zones.BUTTON and (panel := _headed_panel(element)) is not None:
                self.panels.add(panel)
                opened &= ~zones.BUTTON
            if opened & zones.HIDDEN and element.get("id") in self.panels:
                opened &= ~zones.HIDDEN
            if opened:
                if inline and opened & zones.HIDDEN and self.skip_hidden(element, zone):
                    return
                inline = inline and not (tag == "span" and opened & zones.BLOCK)
                if opened & zones.EMBED and not within & zones.EMBED:
                    self.add_media(element, zone)
                zone = self.open_zone(zone, opened & ~zones.BLOCK)
                apart = apart or opened & _SEPARATED != 0
        # The dek or the count of comments behind a headline, in its element, is a line of its own.
        is_behind = holder.tag == "h1" and self.parts and element.getnext() is None
        if inline and not (is_behind and (tag == "small" or opened & (zones.DEK | zones.COMMENTS))):
            self.space_needed = self.space_needed or apart
            self.walk_inline(element, tag, zone, depth, holder)
            self.space_needed = self.space_needed or apart
            self.closed_at = self.text_count
            return
        self.flush()
        texts, boxes, begin = self.text_count, len(self.content.non_article), len(self.content.blocks)
        self.walk_children(element, zone, depth, element)
        self.flush()
        # A body that contains an embedded post is named for it, too.
        cut = _CUT_ZONES & ~zones.EMBED if opened & zones.BODY else _CUT_ZONES
        if (opened & cut or tag in _UNUSUAL_BOXES) and begin < len(self.content.blocks):
            self.boxes.append((element, opened, begin, len(self.content.blocks)))
        if tag in _CONTAINERS and (
            self.text_count == texts
            or (zone & zones.NON_ARTICLE and not within & zones.NON_ARTICLE and self.body_count == bodies)
        ):
            # Without article text: it replaces the containers inside it.
            del self.content.non_article[boxes:]
            self.content.non_article.append(element)

    def add_media(self, element: HtmlElement, zone: int) -> None:
        if len(self.content.media) < MAX_MEDIA:
            block = len(self.content.blocks) + len(self.lines) + bool(self.parts)
            href = self.anchor.href if self.anchor is not None else ""
            self.content.media.append(MediaElement(element, zone, block, href))

    def open_zone(self, zone: int, opened: int) -> int:
        """Return the zone inside an element that opens zones."""
        if opened & zones.BODY:
            self.body_count += 1
            if not zone & (zones.RELATED | zones.LATEST):
                zone &= ~zones.BOX
        return zone | opened

    def skip_hidden(self, element: HtmlElement, zone: int) -> bool:
        """Skip text for screen readers ("opens in a new tab") beside visible text; return whether it was skipped."""
        is_beside = self.parts and (self.anchor is None or self.anchor_parts)
        text = str(element.text_content())
        is_label = zone & zones.FIGCAPTION and text.rstrip().endswith((":", "：", "...", "…"))
        if not is_beside or is_label or len(text) >= _MAX_HIDDEN_TEXT or element.find(".//a") is not None:
            return False
        self.content.non_article.append(element)
        return True

    def walk_inline(self, element: HtmlElement, tag: str, zone: int, depth: int, holder: HtmlElement) -> None:
        if tag in _INLINE_ITEMS and self.closed_at == self.text_count:
            # A label or link directly follows another: links to two places are separated.
            self.adjacent = True
            if self.link_end == self.text_count and self.anchors:
                # Two <a> elements with one target are one link that an editor has split.
                self.space_needed = self.space_needed or element.get("href") not in (None, "", self.anchors[-1].href)
        href = element.get("href") if tag == "a" and element not in self.wrappers else None
        # "{{url}}" is a placeholder of a template.
        if href and "{" not in href:
            is_behind = href[0] == "#" and holder.tag in zones.HEADINGS and self.parts
            if is_behind and _NO_TITLE.match(element.text_content()):
                return
            self.walk_link(element, href, zone, depth, holder)
            return
        is_bold = tag in _BOLD or (tag == "font" and element.get("size") in _HEADLINE_FONT_SIZES)
        self.bold_depth += is_bold
        self.walk_children(element, zone, depth, holder)
        self.bold_depth -= is_bold
        is_apart = (is_bold and self.bold) or (tag == "span" and self.anchor is None)
        is_apart = is_apart and len(self.parts) == 1 and not (element.tail or "").lstrip().startswith((":", "："))
        if is_apart and _is_notice_label(self.parts[0]):
            self.pending_breaks = 1  # the notice behind it is another line

    def walk_link(self, element: HtmlElement, href: str, zone: int, depth: int, holder: HtmlElement) -> None:
        if self.pending_breaks:
            self.break_line("")
        index = len(self.content.blocks) + len(self.lines)
        around = self.anchor, self.anchor_parts  # a link in a link: the outer one was never closed
        self.anchor = anchor = Anchor(element, href, zone, index, element.get("rel") or "")
        self.anchor_parts = []
        self.content.anchors.append(anchor)
        self.anchors.append(anchor)
        self.walk_children(element, zone, depth, holder)
        anchor.text = normalize_space("".join(self.anchor_parts))
        self.anchor, self.anchor_parts = around
        self.link_end = self.text_count

    def walk_children(self, element: HtmlElement, zone: int, depth: int, holder: HtmlElement) -> None:
        if depth > _MAX_DEPTH:
            self.content.levels += 1 << 20  # those of the elements within are not counted
            self.add_text(element.text_content(), holder, zone)
            return
        depth += 1
        # Most text between elements is white space before the first word of a block.
        if (text := element.text) and (self.parts or not text.isspace()):
            self.add_text(text, holder, zone)
        # A copy of the children: iterating over the element costs twice as much.
        for child in element[:]:
            tag: Any = child.tag
            if tag in _MEDIA and element.tag != "picture":
                self.add_media(child, zone)
            if tag not in _NOT_WALKED or child in self.wrappers:
                self.walk_element(child, tag, zone, depth, holder)
            elif tag == "br":
                self.pending_breaks += 1
            elif tag == "hr":
                self.flush()
            elif tag == "math":
                self.text_count += 1
            if (tail := child.tail) and (self.parts or not tail.isspace()):
                self.add_text(tail, holder, zone)
