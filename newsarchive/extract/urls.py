"""What an address looks like: an article's, or that of a section, a tag, an author, a shop.

Seen from one page: where that page is an article, its own address is the best example of what the site's articles
look like.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, urlsplit

_SECOND_LEVEL = frozenset("co com org net gov ac edu or ne go gob gov.uk ltd plc nom info mil in id web".split())
_SECTION_WORDS = frozenset(
    "tag tags player players playerpage teams roster stats standings scores quote quotes"
    " topic topics category categories cat author authors profile profiles contributor contributors people "
    "section sections search about about-us contact"
    " contact-us login signin sign-in register account subscribe subscription newsletter newsletters privacy "
    "privacy-policy terms cookies help faq faqs advertise"
    " advertising careers jobs job shop store product products cart events event calendar page rss feed feeds "
    "sitemap archive archives index home staff team"
    " user users member members forum forums wp-content wp-login wp-admin tagged label labels keyword keywords thema "
    "themen autor autoren tema temas etiqueta"
    " sujet auteur rubrique rubrik dossier special specials collection collections series live-updates horoscopes "
    "weather crossword games puzzles obituaries"
    " vacancy vacancies stellenangebote stellenmarkt emplois empleo vagas"
    " classifieds deals coupons giveaways donate support legal imprint impressum kontakt datenschutz".split()
)
_SERVICES = frozenset(
    "jobs job karriere shop store tickets events immo cars auto dating coupons games shopping".split()
)
"""First labels of hosts at which a publisher sells something else."""
_MEDIA_WORDS = frozenset(
    "video videos gallery galleries photo photos pictures slideshow slideshows podcast podcasts audio watch tv "
    "live-tv livestream web-stories webstories"
    " fotos photogallery fotostrecke bildergalerie in-pictures multimedia image images media attachment".split()
)
_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|mc_cid|mc_eid|igshid|ref|ref_src|source|src|cmpid|cmp|ftag|ncid|icid|intcid|intcmp|"
    r"mod|xid|int_\w+|ico|itm_\w+|pgtype|action|module|region|via|tpcc|dicbo|__twitter_impression)$",
    re.IGNORECASE,
)
_ID_KEYS = re.compile(
    r"^(?:id|idx|aid|article|article_?id|articleid|no|newsid|news_?id|nid|sid|story|storyid|p|idxno|aidx|key|num|"
    r"itemid|contentid|docid|artid)$",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"\.(?:s?html?|php\d?|aspx?|jsp|ece|cms|shtm|xhtml|stm|story|article|do|nc|dml|phtml|print)$", re.IGNORECASE
)
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf|mp[34]|zip|css|js|xml|rss|ico|docx?|xlsx?)$", re.IGNORECASE)
_INDEX = re.compile(r"^(?:index|default|home)\.\w{3,5}$", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\d{5,}")
_HASH = re.compile(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}$")


@lru_cache(maxsize=4096)
def site_of(host: str) -> str:
    """Return the name under which a publisher runs a host: "bbc" for www.bbc.co.uk and news.bbc.com.

    >>> site_of("www.bbc.co.uk"), site_of("sport.example.com"), site_of("127.0.0.1")
    ('bbc', 'example', '127.0.0.1')
    """
    labels = host.lower().partition(":")[0].split(".")
    if len(labels) < 2 or labels[-1].isdigit():
        return host.lower().partition(":")[0]
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) <= 3:
        return labels[-3]
    return labels[-2]


@lru_cache(maxsize=4096)
def parts_of(url: str) -> SplitResult:
    """Split a URL; what cannot be split has no parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


@lru_cache(maxsize=8192)
def host(url: str) -> str:
    """Return the host name of an absolute URL, port and user gone, without looking at the rest.

    >>> host("https://user@News.example:8080/a?b")
    'news.example'
    """
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    name = authority.rpartition("@")[2].lower()
    return name.partition("]")[0].lstrip("[") if name.startswith("[") else name.partition(":")[0]


@lru_cache(maxsize=8192)
def same_page(url: str) -> str:
    """Return what two addresses of one page have in common: no scheme, "www.", tracking, trailing slash.

    >>> same_page("https://www.a.example/x/?utm_source=b") == same_page("http://a.example/x")
    True
    """
    parts = parts_of(url)
    query = "&".join(
        sorted(f"{k}={v}" for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k))
    )
    return f"{parts.netloc.lower().removeprefix('www.')}{parts.path.rstrip('/')}?{query}"


def _segments(parts: SplitResult) -> list[str]:
    segments = [segment for segment in parts.path.split("/") if segment]
    # The folder is the name: /2024/05/rain-falls/index.html
    return segments[:-1] if len(segments) > 1 and _INDEX.match(segments[-1]) else segments


def _kind_of(segment: str) -> str:
    """Return a segment's kind: y(ear), m(onth or day), n(umber), s(lug), S (slug with an id), h(ash), w(ord)."""
    bare = _EXTENSION.sub("", segment)
    if bare.isdigit():
        return "y" if len(bare) == 4 and bare[:2] in ("19", "20") else "m" if len(bare) <= 2 else "n"
    pieces = [p for p in re.split(r"[-_,.+]|%20", bare) if p]
    if len(pieces) >= 4 or (len(pieces) == 3 and len(bare) > 18) or bare.count("%") > 8:
        return "S" if _LONG_NUMBER.search(bare) else "s"
    if _LONG_NUMBER.search(bare):
        return "n"
    if _HASH.search(bare):
        return "h"
    return "w"


@lru_cache(maxsize=4096)
def shape(url: str) -> str:
    """Return the shape of a URL's path.

    >>> shape("https://a.example/world/2024/05/rain-falls-on-the-hills.html")
    'w/y/m/s.html'
    """
    parts = parts_of(url)
    segments = _segments(parts)
    return "/".join(_kind_of(s) for s in segments) + _ending(segments[-1], parts.query) if segments else ""


def _ending(name: str, query: str) -> str:
    """Return the extension of a path's last segment, and "?" where the query has an id."""
    extension = _EXTENSION.search(name)
    has_id = bool(query) and any(_ID_KEYS.match(k) and any(c.isdigit() for c in v) for k, v in parse_qsl(query))
    return (extension[0].lower() if extension else "") + ("?" if has_id else "")


def pieces(url: str) -> tuple[list[tuple[str, str]], str]:
    """Return the path's segments, each with its kind (see `shape`), and what the address ends with.

    >>> pieces("https://a.example/world/2024/rain.php?id=17")
    ([('w', 'world'), ('y', '2024'), ('w', 'rain')], '.php?')
    """
    parts = parts_of(url)
    segments = _segments(parts)
    found = [(_kind_of(segment), _EXTENSION.sub("", segment)) for segment in segments]
    return found, _ending(segments[-1], parts.query) if segments else ""


def likeness(url: str, own: str) -> float:
    """Return how much a URL looks like an article's, about -3 to 4; `own` is the address of the page it stands on."""
    alone = _alone(url)
    return alone.score + _beside(alone.kinds, alone.section, own) if alone.is_path else alone.score


@dataclass(frozen=True, slots=True)
class _Alone:
    """What a URL says by itself, whatever page it stands on: those of a site stand on all of its pages."""

    score: float
    kinds: str = ""
    section: str = ""
    """The first of several segments, lower case."""
    is_path: bool = True


@lru_cache(maxsize=8192)
def _alone(url: str) -> _Alone:
    parts = parts_of(url)
    segments = _segments(parts)
    kinds = shape(url)
    if not segments:
        return _Alone(1.0 if kinds.endswith("?") else -3.0, is_path=False)
    if _FILE.search(segments[-1]):
        return _Alone(-3.0, is_path=False)
    words = [_EXTENSION.sub("", s.lower()) for s in segments]
    score = _by_shape(kinds, words[-1])
    if host(url).partition(".")[0] in _SERVICES:
        score -= 3.0
    if not _SECTION_WORDS.isdisjoint(words) or "newsletter" in words[-1]:
        score -= 2.5
    if not _MEDIA_WORDS.isdisjoint(words):
        score -= 1.5
    if kinds in ("w", "w/w", "w/w/w") and not parts.query:
        score -= 1.0
    return _Alone(score, kinds, segments[0].lower() if len(segments) > 1 else "")


def _by_shape(kinds: str, name: str) -> float:
    """Weigh a shape: a title's words, a long number, a date, an id in the query."""
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
def _beside(kinds: str, section: str, own: str) -> float:
    """Weigh what a URL has in common with that of the article it stands on."""
    theirs = shape(own)
    if not theirs or not likely(theirs):
        return 0.0
    if kinds == theirs:
        return 1.5 if section and section == _section(own) else 1.0
    return 0.5 if kinds.rpartition("/")[2] == theirs.rpartition("/")[2] else 0.0


@lru_cache(maxsize=64)
def _section(url: str) -> str:
    return (_segments(parts_of(url)) or [""])[0].lower()


@lru_cache(maxsize=64)
def likely(kinds: str) -> bool:
    """Say whether a shape can be an article's at all."""
    return any(k in kinds for k in ("s", "S", "n", "h", "?")) or "y/m" in kinds


@lru_cache(maxsize=8192)
def is_media(url: str) -> bool:
    """Say whether an address names a video, a gallery or the like."""
    return bool(_MEDIA_WORDS.intersection(s.lower() for s in _segments(parts_of(url))))
