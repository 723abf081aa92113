"""Score URLs by their form: that of an article, or of a section, a tag, an author, a shop.

For links on an article's page, its own URL is the best example of the site's article URLs.
"""

import re
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, urlsplit

from newsarchive.extract.word_tables import alternatives, words

_SECOND_LEVEL = frozenset("co com org net gov ac edu or ne go gob gov.uk ltd plc nom info mil in id web".split())
_SECTION_WORDS = frozenset(words("section_segment"))
_SERVICES = frozenset(words("service_host"))  # first labels of hosts on which publishers offer other services
_MEDIA_WORDS = frozenset(words("media_segment"))
_TRACKING = re.compile(rf"^(?:{alternatives('tracking_parameter')})$", re.IGNORECASE)
_ID_KEYS = re.compile(rf"^(?:{alternatives('id_parameter')})$", re.IGNORECASE)
_EXTENSION = re.compile(
    r"\.(?:s?html?|php\d?|aspx?|jsp|ece|cms|shtm|xhtml|stm|story|article|do|nc|dml|phtml|print)$", re.IGNORECASE
)
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf|mp[34]|zip|css|js|xml|rss|ico|docx?|xlsx?)$", re.IGNORECASE)
_INDEX = re.compile(r"^(?:index|default|home)\.\w{3,5}$", re.IGNORECASE)
_PERIOD = re.compile(r"^(?:w/)*y(?:/m){0,2}$")  # the shape of the archive of a year, month or day
_LONG_NUMBER = re.compile(r"\d{5,}")
_HEXADECIMAL = "0123456789abcdef"
_MIN_HASH = 8  # shortest hash, in hexadecimal digits or in letters and digits that alternate
_MIXED = re.compile(r"(?:[a-z]{1,4}\d{1,4}){2,}[a-z]{0,4}|(?:\d{1,4}[a-z]{1,4}){2,}\d{0,4}")


@lru_cache(maxsize=4096)
def site_label(host: str) -> str:
    """Return the publisher's name in a host name: "bbc" for www.bbc.co.uk and news.bbc.com.

    >>> site_label("www.bbc.co.uk"), site_label("example.com"), site_label("127.0.0.1")
    ('bbc', 'example', '127.0.0.1')
    """
    labels = host.lower().partition(":")[0].split(".")
    if len(labels) < 2 or labels[-1].isdigit():
        return host.lower().partition(":")[0]
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) <= 3:
        return labels[-3]
    return labels[-2]


@lru_cache(maxsize=4096)
def split_url(url: str) -> SplitResult:
    """Split a URL; an invalid one has empty parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


@lru_cache(maxsize=8192)
def host(url: str) -> str:
    """Return the host name of an absolute URL without port and user, ignoring the rest.

    >>> host("https://user@News.example:8080/a?b")
    'news.example'
    """
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    name = authority.rpartition("@")[2].lower()
    return name.partition("]")[0].lstrip("[") if name.startswith("[") else name.partition(":")[0]


@lru_cache(maxsize=8192)
def page_key(url: str) -> str:
    """Return a key that is equal for all URLs of a page: without scheme, "www.", tracking parameters and trailing
    slash.

    >>> page_key("https://www.a.example/x/?utm_source=b") == page_key("http://a.example/x")
    True
    """
    parts = split_url(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True) if parts.query else ()
    query = "&".join(sorted(f"{key}={value}" for key, value in pairs if not _TRACKING.match(key)))
    return f"{parts.netloc.lower().removeprefix('www.')}{parts.path.rstrip('/')}?{query}"


def remove_tracking(url: str) -> str:
    """Return a URL without tracking parameters and fragment.

    >>> remove_tracking("https://a.example/x?utm_source=b&id=7&fbclid=c#d")
    'https://a.example/x?id=7'
    """
    address, _, query = url.partition("#")[0].partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and not _TRACKING.match(pair.partition("=")[0]))
    return f"{address}?{kept}" if kept else address


def _segments(parts: SplitResult) -> list[str]:
    segments = [segment for segment in parts.path.split("/") if segment]
    # The folder is the name: /2024/05/rain-falls/index.html
    return segments[:-1] if len(segments) > 1 and _INDEX.match(segments[-1]) else segments


def _segment_kind(bare: str) -> str:
    """Return the kind of a segment without extension.

    y(ear), m(onth or day), n(umber), s(lug), S (slug with an id), h(ash), w(ord).
    """
    if bare.isdigit():
        return "y" if len(bare) == 4 and bare[:2] in ("19", "20") else "m" if len(bare) <= 2 else "n"
    words = [p for p in re.split(r"[-_,.+]|%20", bare) if p]
    if len(words) >= 4 or (len(words) == 3 and len(bare) > 18) or bare.count("%") > 8:
        return "S" if _LONG_NUMBER.search(bare) else "s"
    if _LONG_NUMBER.search(bare):
        return "n"
    end = bare[len(bare.rstrip(_HEXADECIMAL)) :]
    if words and len(words[-1]) >= _MIN_HASH and _MIXED.fullmatch(words[-1]):
        return "h"
    return "h" if len(end) >= _MIN_HASH and not end.isdigit() and not end.isalpha() else "w"


@lru_cache(maxsize=4096)
def segment_kinds(url: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return (kind, segment) of a URL's path, and its ending: the extension, and "?" if the query has an id.

    >>> segment_kinds("https://a.example/world/2024/rain.php?id=17")
    ((('w', 'world'), ('y', '2024'), ('w', 'rain')), '.php?')
    """
    parts = split_url(url)
    segments = _segments(parts)
    names = [_EXTENSION.sub("", segment) if "." in segment else segment for segment in segments]
    found = tuple((_segment_kind(name), name) for name in names)
    extension = _EXTENSION.search(segments[-1]) if segments else None
    query = parse_qsl(parts.query) if parts.query else []
    has_id = any(_ID_KEYS.match(key) and any(map(str.isdigit, value)) for key, value in query)
    return found, (extension[0].lower() if extension else "") + ("?" if has_id else "")


def score_article_url(url: str, own: str) -> float:
    """Return how much a URL looks like an article's, about -3 to 4; `own` is the URL of the page with the link."""
    score, kinds, section = _score_alone(url)
    if not kinds:
        return score
    path, sign, _ = url.partition("?")
    # The query names the article: view.htm?lang=en&seq=18159.
    is_sibling = sign and own.startswith(f"{path}?") and any(map(str.isdigit, own[len(path) :]))
    return score + _score_similarity(kinds, section, own) + (1.5 if is_sibling else 0.0)


# Links recur on all pages of a site.
@lru_cache(maxsize=8192)
def _score_alone(url: str) -> tuple[float, str, str]:
    """Return the score of a URL by itself, its shape ("" for a front page or a file), and the first of its folders."""
    found, ending = segment_kinds(url)
    if not found:
        return (1.0 if ending else -3.0), "", ""
    words = [name.lower() for _, name in found]
    if not ending.startswith(".") and _FILE.search(words[-1]):
        return -3.0, "", ""
    kinds = "/".join(kind for kind, _ in found) + ending
    score = _score_shape(kinds, words[-1])
    if host(url).partition(".")[0] in _SERVICES:
        score -= 3.0
    if not _SECTION_WORDS.isdisjoint(words) or "newsletter" in words[-1]:
        score -= 2.5
    if not _MEDIA_WORDS.isdisjoint(words):
        score -= 1.5
    if kinds in ("w", "w/w", "w/w/w") and not split_url(url).query:
        score -= 1.0
    return score, kinds, split_url(url).path.lstrip("/").partition("/")[0].lower() if len(found) > 1 else ""


def _score_shape(kinds: str, name: str) -> float:
    """Score a shape: a slug, a long number, a date, an id in the query."""
    if _PERIOD.search(kinds):
        return 0.0
    last = kinds.rpartition("/")[2]
    score = 0.0
    if last[:1] == "s":
        score = 2.0 if name.count("-") >= 4 or name.count("_") >= 4 or "%" in name else 1.5
    elif last[:1] in ("S", "n", "h"):
        score = 2.0
    elif any(kind in kinds for kind in ("S", "s/", "n")) or "y/m" in kinds:
        score = 1.5
    if "y/m" in kinds:
        score += 1.0
    if kinds.endswith("?"):
        score += 1.5
    return score + 0.5 if "." in last and score < 2 else score


@lru_cache(maxsize=1024)
def _score_similarity(kinds: str, section: str, own: str) -> float:
    """Score what a URL has in common with that of the article with the link."""
    own_kinds, ending = segment_kinds(own)
    own_shape = "/".join(kind for kind, _ in own_kinds) + ending
    can_be_article = any(kind in own_shape for kind in "sSnh?") or "y/m" in own_shape
    if not can_be_article:
        # Beside a short address, what stands in the same folder.
        return 2.0 if section and kinds == own_shape and own.rpartition("/")[0].endswith(f"/{section}") else 0.0
    if kinds == own_shape:
        return 1.5 if section and section == (_segments(split_url(own)) or [""])[0].lower() else 1.0
    return 0.5 if kinds.rpartition("/")[2] == own_shape.rpartition("/")[2] else 0.0


@lru_cache(maxsize=8192)
def is_media_url(url: str) -> bool:
    """Return whether a URL names a video, a gallery or the like."""
    return bool(_MEDIA_WORDS.intersection(s.lower() for s in _segments(split_url(url))))
