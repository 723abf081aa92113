"""Score readings of annotated pages: bodies, sentences, titles, persons, links and media (see NEWSARCHIVE_EVAL)."""

import gzip
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from lxml.etree import ParserError, XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from newsarchive.extract import extract_page
from newsarchive.extract.decode import to_utf8
from newsarchive.extract.page_input import PageInput
from storage.article_parts import Media
from storage.index import Index
from storage.index.queries.export import iter_export_lines
from storage.model import (
    BODY_ROLES,
    Capture,
    Discovery,
    Ingest,
    LinkGroup,
    NextVisit,
    Reading,
    RecordPlace,
    Role,
    Site,
    UrlKind,
    VisitResult,
)

TOKEN = re.compile(r"\w+")
SHINGLE = 4


# --- bodies: shingles of four words, as in the public article-extraction-benchmark ---


def shingles(text: str) -> Counter[tuple[str, ...]]:
    tokens = TOKEN.findall(text)
    if not tokens:
        return Counter()
    return Counter(tuple(tokens[i : i + SHINGLE]) for i in range(max(1, len(tokens) - SHINGLE + 1)))


def counts(gold: str, found: str) -> tuple[float, float, float]:
    """Return the shares of a page's shingles that are right, superfluous, and missing."""
    want, have = shingles(gold), shingles(found)
    right = sum((want & have).values())
    extra, lost = have.total() - right, want.total() - right
    whole = (right + extra + lost) or 1
    return right / whole, extra / whole, lost / whole


def share(right: float, wrong: float, other: float) -> float:
    if wrong == other == 0:
        return 1.0
    return right / (right + wrong) if right + wrong else 0.0


def body_figures(gold: Mapping[str, str], found: Mapping[str, str]) -> tuple[float, float]:
    """Return F1 and the share of pages that are exactly right."""
    rows = [counts(text, found[page]) for page, text in gold.items()]
    precision = mean(share(right, extra, lost) for right, extra, lost in rows if right + extra)
    recall = mean(share(right, lost, extra) for right, extra, lost in rows if right + lost)
    exact = mean(TOKEN.findall(text) == TOKEN.findall(found[page]) for page, text in gold.items())
    return 2 * precision * recall / (precision + recall), exact


def body(reading: Reading, *, dek: bool = False) -> str:
    if reading.article is None:
        return ""
    texts = [p.text for p in reading.article.paragraphs if p.role in BODY_ROLES]
    return "\n".join([reading.article.dek or "", *texts] if dek else texts)


def read_together(gold: Mapping[str, Any], readings: Mapping[str, Reading], address: str) -> dict[str, str]:
    """Put readings into an index, let it learn, and return dek and body from the index."""
    homes = {answer["site"]: f"https://{urlsplit(answer['url']).hostname}/" for answer in gold.values()}
    index = Index.open(address)
    index.register_sites([Site(name=name, url=url) for name, url in homes.items()])
    index.commit([ingest(number, gold[page], readings[page]) for number, page in enumerate(gold)], unplanned)
    index.settle()
    lines = {line["capture"]["offset"]: line for line in index.stream(iter_export_lines)}
    index.close()
    told = {page: lines.get(number) for number, page in enumerate(gold)}
    return {page: "\n".join([line["dek"] or "", line["body"]]) if line else "" for page, line in told.items()}


def unplanned(seen: VisitResult) -> NextVisit:
    return NextVisit(due_at=None, failure_count=seen.failure_count, unchanged_count=seen.unchanged_count)


def ingest(number: int, answer: Mapping[str, Any], reading: Reading) -> Ingest:
    at = datetime.fromisoformat(answer["crawl_date"]).replace(tzinfo=UTC)
    capture = Capture(
        url=answer["url"],
        record_id=f"urn:page:{number}",
        place=RecordPlace(warc="sites.warc.gz", offset=number, length=1),
        kind="response",
        fetched_at=at,
        date=at.isoformat(),
        status=200,
        mime="text/html",
        payload_digest=None,
        payload_size=1,
    )
    discovery = Discovery(site=answer["site"], kind=UrlKind.ARTICLE)
    return Ingest(capture=capture, discovery=discovery, reading=reading)


def read_page(eval_folder: Path, file: str, url: str) -> Reading:
    payload = gzip.decompress((eval_folder / file).read_bytes())
    return extract_page(payload, url, page_input=PageInput(for_archive=True))


ReadPage = Callable[[Path, str, str], Reading]
"""`read_page`, or one that knows readings already."""


# --- links ---

TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|mc_cid|mc_eid|igshid|intcid|intcmp|cmpid|ftag|dicbo|ref_src|tpcc|maca)$", re.IGNORECASE
)
LISTING = ("related", "latest")


def target(url: str) -> str:
    """Return a URL for comparison: without scheme, fragment, tracking parameters and trailing slash."""
    parts = urlsplit(url.strip())
    path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=~-._").rstrip("/") or "/"
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not TRACKING.match(k)]
    return f"//{(parts.hostname or '').lower()}{path}" + (f"?{urlencode(query)}" if query else "")


def is_page_itself(link: str, page: str) -> bool:
    (path, _, query), (own, _, own_query) = link.partition("?"), page.partition("?")
    same = path == own and (link == page or not query or not own_query)
    return same and path.count("/") > 2 and not path.endswith("/")


def label(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" \t\n.:;,!?»«›‹>|-–—·•…\"'“”„()[]【】")


class LinkTally:
    """Counts links, pages and groups."""

    def __init__(self) -> None:
        self.inline = Counter[str]()
        self.macro: list[float] = []
        self.left_empty = 0
        self.matched = self.labelled = self.label_right = 0
        self.same_label = self.same_kind = 0

    def page(self, right: Mapping[str, Any], groups: tuple[LinkGroup, ...]) -> None:
        ignored = {target(url) for url in right.get("ignore", ())}
        own = target(right["url"])
        found = [(g, {target(link.url) for link in g.links}) for g in groups]
        gold = [(g, {target(url) for url in g["hrefs"]}) for g in right["groups"]]

        def gathered(pairs: list[tuple[Any, set[str]]], kinds: tuple[str, ...], drop: set[str]) -> set[str]:
            links = {u for g, urls in pairs if (g["kind"] if isinstance(g, dict) else g.kind) in kinds for u in urls}
            return {u for u in links - drop if not is_page_itself(u, own)}

        want = gathered(gold, LISTING, set())
        have = gathered(found, LISTING, ignored - want)
        both = len(want & have)
        self.macro.append(1.0 if not want and not have else 2 * both / (len(want) + len(have)))
        self.left_empty += not want and not have
        want = gathered(gold, ("inline",), set())
        have = gathered(found, ("inline",), ignored - want)
        self.inline += Counter(right=len(want & have), extra=len(have - want), lost=len(want - have))
        self.groups(
            [(g, urls) for g, urls in gold if g["kind"] in LISTING],
            [(g, {u for u in urls - ignored if not is_page_itself(u, own)}) for g, urls in found if g.kind in LISTING],
        )

    def groups(self, gold: list[tuple[Any, set[str]]], found: list[tuple[LinkGroup, set[str]]]) -> None:
        """Match groups one to one, the largest overlap first."""
        pairs = sorted(
            (-len(want & have) / len(want | have), label(g["label"]) != label(f.label), i, j)
            for i, (g, want) in enumerate(gold)
            for j, (f, have) in enumerate(found)
            if want & have
        )
        used_gold, used_found = set(), set()
        for overlap, differs, i, j in pairs:
            if -overlap < 0.5 or i in used_gold or j in used_found:
                continue
            used_gold.add(i)
            used_found.add(j)
            self.matched += 1
            self.same_label += not differs
            self.same_kind += gold[i][0]["kind"] == found[j][0].kind
            if label(gold[i][0]["label"]):
                self.labelled += 1
                self.label_right += not differs

    @property
    def inline_f1(self) -> float:
        return 2 * self.inline["right"] / (2 * self.inline["right"] + self.inline["extra"] + self.inline["lost"])


def gathered_groups(reading: Reading) -> tuple[LinkGroup, ...]:
    return reading.article.link_groups if reading.article else reading.link_groups


# --- pages of other public sets: sentences that must and must not be read, titles, persons ---

ORGANISATION = re.compile(
    r"\b(afp|ap|dpa|reuters|staff|redaktion|redacción|redazione|rédaction|editors?|editorial|team|desk|news|agency|"
    r"agencia|press|media|newsroom|associated press|pti|ians|ani|efe|ansa|tass|kyodo|yonhap|xinhua)\b",
    re.IGNORECASE,
)
CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def fold(text: str | None) -> str:
    """Return the words of a text, for comparison."""
    return " ".join(TOKEN.findall(unicodedata.normalize("NFKC", text or "").casefold()))


def persons(names: Iterable[str], url: str) -> set[str]:
    """Return the names that can be a person's: two words or more, unless in CJK script, and not the site's own."""
    own = re.sub(r"[^a-z0-9]", "", (urlsplit(url).netloc).casefold())
    found = set()
    for name in names:
        folded = fold(name)
        plain = re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", folded))
        if (
            ORGANISATION.search(name)
            or re.search(r"[./\d@]\S", name)
            or re.search("新聞|新闻|オンライン|通信|社$", name)
        ):
            continue
        if (" " in folded or CJK.search(folded)) and not (plain and plain in own):
            found.add(folded)
    return found


def sentence_f1(gold: Collection[Mapping[str, Any]], found: Collection[Reading]) -> float:
    """Return F1 of the sentences of pages: those that must be in the text, or in the dek, and those that must not."""
    right = lost = extra = 0
    for answer, reading in zip(gold, found, strict=True):
        text = " ".join(body(reading).split())
        dek = " ".join(((reading.article.dek if reading.article else None) or "").split())
        for sentence in (" ".join(each.split()) for each in answer["with"]):
            right += sentence in text or sentence in dek
            lost += not (sentence in text or sentence in dek)
        extra += sum(" ".join(each.split()) in text for each in answer["without"])
    return 2 * right / (2 * right + lost + extra)


def world_figures(gold: Mapping[str, Mapping[str, Any]], readings: Mapping[str, Reading]) -> dict[str, float]:
    """Return those of the figures of some pages for which they have right answers."""
    found = {}
    bodies = {page: answer["body"] for page, answer in gold.items() if answer.get("body")}
    if bodies:
        found["f1"], found["exact"] = body_figures(bodies, {page: body(readings[page]) for page in bodies})
    judged = [page for page, answer in gold.items() if "with" in answer]
    if judged:
        found["sentences"] = sentence_f1([gold[page] for page in judged], [readings[page] for page in judged])
    titles, names, days = [], [], []
    for page, answer in gold.items():
        article = readings[page].article
        if answer.get("title"):
            titles.append(fold(answer["title"]) == fold(article.headline if article else None))
        if want := persons(answer.get("authors") or (), answer["url"]):
            names.append(want == persons(article.authors if article else (), answer["url"]))
        if answer.get("day"):
            published = article.published if article else None
            days.append(answer["day"] == (published.isoformat()[:10] if published else ""))
    found |= {key: mean(each) for key, each in (("title", titles), ("persons", names), ("day", days)) if each}
    return found


# --- captions ---

CAPTION_CLASS = re.compile(r"(?:^|[\s_-])(?:fig)?captions?(?:[\s_-]|$)|\w(?:Caption|_caption)(?:\b|_)", re.IGNORECASE)
BESIDE = re.compile(
    r"(?:^|[\s_-])(?:related|teasers?|recommend(?:ed|ations?)?|promos?|latest|popular|trending|sidebar|cards?|"
    r"read-?(?:more|next)|outbrain|taboola|comments?)(?:[\s_-]|$)",
    re.IGNORECASE,
)
"""Classes and ids of boxes with other articles."""
COVERED = 0.8
"""Share of a caption's words that must be read; a credit may be set apart."""
LENGTHS = range(15, 401)
READ_TEXT = XPath(".//text()[not(ancestor::style or ancestor::script or ancestor::noscript or ancestor::svg)]")


def is_caption(element: HtmlElement) -> bool:
    return (
        element.tag == "figcaption"
        or element.get("itemprop") == "caption"
        or (element.tag != "body" and CAPTION_CLASS.search(element.get("class") or "") is not None)
    )


def is_beside(element: HtmlElement, article: HtmlElement) -> bool:
    """Return whether an element is hidden, or in a box of other articles within an article's element."""
    for above in (element, *element.iterancestors()):
        if above is article:
            return False
        if above.tag in ("a", "article", "aside", "nav", "footer", "script", "noscript", "template"):
            return True
        if BESIDE.search(f"{above.get('class') or ''} {above.get('id') or ''}"):
            return True
        if above.get("hidden") is not None or "display:none" in (above.get("style") or "").replace(" ", ""):
            return True
    return True


def marked_captions(payload: bytes) -> Iterator[str]:
    """Yield the captions that markup names within the page's own article: the longest <article>, or <main>."""
    try:
        root = document_fromstring(to_utf8(payload, ()), parser=HTMLParser(encoding="utf-8", huge_tree=True))
    except ParserError:
        return
    places = list(root.iter("article")) or list(root.iter("main"))
    if not places:
        return
    article = max(places, key=lambda place: len(str(place.text_content())))
    seen: set[HtmlElement] = set()
    for element in article.iter():
        if not isinstance(element.tag, str) or not is_caption(element) or is_beside(element, article):
            continue
        if seen.isdisjoint(element.iterancestors()):
            seen.add(element)
            text = " ".join("".join(map(str, READ_TEXT(element))).split())
            # A box of picture and text with such a class is no caption.
            if len(text) in LENGTHS:
                yield text


def is_covered(caption: str, lines: list[str]) -> bool:
    """Return whether lines have a caption: one has all of it, or those that are parts of it have most of its words."""
    key = fold(caption)
    keys = [fold(line) for line in lines]
    if any(key in each for each in keys):
        return True
    parts = {each for each in keys if each and each in key}
    return sum(len(TOKEN.findall(part)) for part in parts) >= COVERED * len(TOKEN.findall(key)) > 0


def caption_tally(eval_folder: Path, page: str, reading: Reading) -> tuple[int, int, int]:
    """Return the number of captions of a page of the world set that are kept, and read as text; and of all."""
    article = reading.article
    paragraphs = article.paragraphs if article else ()
    lines = [each.text for each in paragraphs if each.role is Role.CAPTION]
    if article and article.image and article.image.caption:
        lines.append(article.image.caption)
    texts = [each.text for each in paragraphs if each.role in BODY_ROLES]
    payload = gzip.decompress((eval_folder / "world" / "pages" / f"{page}.html.gz").read_bytes())
    captions = [*dict.fromkeys(marked_captions(payload))]
    lost = [caption for caption in captions if not is_covered(caption, lines)]
    return len(captions) - len(lost), sum(is_covered(caption, texts) for caption in lost), len(captions)


# --- media ---

MEDIA_GOLD = Path(__file__).with_name("media.json")
NESTED = ("url", "src", "href")
"""Parameters of a query that hold the address of the file that a service resizes, or a player plays."""


def media_key(url: str) -> str:
    """Return the part of a media address by which gold names it: 16 hex digits of the sha256 of its path.

    The path is unquoted, without host, query and fragment. Of an address within the query (`?url=https://...`), that
    address's path; with the number of a video in the query (`/watch?v=...`), the path with it.
    """
    parts = urlsplit(url.strip())
    query = dict(parse_qsl(parts.query))
    for name in NESTED:
        if name in query:
            return media_key(query[name])
    path = unquote(parts.path) + (f"?v={query['v']}" if "v" in query else "")
    return text_digest(path)


def text_digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def media_folder(page: str) -> str:
    """Return the file of a page of media.json, whose name begins with the set it is from."""
    part, _, name = page.partition("/")
    return f"{'world/pages' if part == 'world' else part}/{name}.html.gz"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class MediaTally:
    """Counts media, and their captions, credits and kinds.

    Each annotated medium is matched by any of its addresses, once: a second row of it is as wrong as a medium that is
    none. What is optional (a cover that only metadata name, a graphic that may be decoration) is neither right nor
    wrong. A caption counts if the page or the reading has one, a credit if the page has one.
    """

    def __init__(self) -> None:
        self.right = self.extra = self.lost = self.kinds = 0
        self.texts = {"caption": Counter[bool](), "credit": Counter[bool]()}
        self.misses: list[tuple[str, str, str]] = []
        """Page, kind of error, and address or text: for whoever looks for their causes."""

    def page(self, page: str, gold: Sequence[Mapping[str, Any]], found: Sequence[Media]) -> None:
        open_rows = list(gold)
        for medium in found:
            key = media_key(medium.url)
            answer = next((each for each in open_rows if key in each["url"]), None)
            if answer is None:
                self.extra += 1
                self.misses.append((page, "extra", medium.url))
                continue
            if "optional" in answer:
                continue
            open_rows.remove(answer)
            self.right += 1
            self.judge(page, answer, medium)
        lost = [answer for answer in open_rows if "optional" not in answer]
        self.lost += len(lost)
        self.misses += [(page, "lost", answer["url"][0]) for answer in lost]

    def judge(self, page: str, answer: Mapping[str, Any], medium: Media) -> None:
        is_kind = medium.kind.value in listed(answer["kind"])
        self.kinds += is_kind
        if not is_kind:
            self.misses.append((page, f"kind {medium.kind.value}", medium.url))
        for part, text in (("caption", medium.caption), ("credit", medium.credit)):
            # What a page does not print its data may say of a credit, but not of a caption.
            if answer.get(part) or (part == "caption" and part in answer and text):
                is_right = (text and text_digest(fold(text))) in listed(answer[part])
                self.texts[part][is_right] += 1
                if not is_right:
                    self.misses.append((page, part, f"{text!r} {medium.url}"))

    def figures(self) -> dict[str, float]:
        precision, recall = self.right / ((self.right + self.extra) or 1), self.right / (self.right + self.lost)
        shares = {part: counts[True] / (counts.total() or 1) for part, counts in self.texts.items()}
        return {
            "precision": precision,
            "recall": recall,
            "f1": 2 * self.right / (2 * self.right + self.extra + self.lost),
            "caption": shares["caption"],
            "credit": shares["credit"],
            "kind": self.kinds / (self.right or 1),
        }


def media_tally(eval_folder: Path, read: ReadPage = read_page) -> MediaTally:
    """Return what is read of the pages of media.json, against it."""
    tally = MediaTally()
    urls = {
        **{f"world/{page}": answer["url"] for page, answer in read_gold(eval_folder / "world" / "world.json").items()},
        **{f"pages/{page}": answer["url"] for page, answer in read_gold(eval_folder / "bodies.json").items()},
        **{f"sites/{page}": answer["url"] for page, answer in read_gold(eval_folder / "sites.json").items()},
    }
    for page, answers in read_gold(MEDIA_GOLD).items():
        article = read(eval_folder, media_folder(page), urls[page]).article
        tally.page(page, answers, article.media if article else ())
    return tally


def read_gold(file: Path) -> dict[str, Any]:
    gold: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return gold
