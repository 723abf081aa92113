"""What kind of page this is, and why: article, listing, other, or one of the pages that stand in an article's place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsarchive.extract import zones
from newsarchive.extract.addresses import likeness, parts_of
from newsarchive.extract.blocks import Block, Flow
from newsarchive.extract.heads import Head
from newsarchive.extract.jsonld import Node, types
from storage.model import Access, Discovery, Outcome, UrlKind

_CHALLENGE = re.compile(
    r"verify(?:ing)? (?:that )?you are (?:a )?human|checking (?:your browser|if the site connection is secure)|"
    r"are you a (?:human|robot)|not a robot|press (?:&|and) hold|attention required! \| cloudflare|"
    r"just a moment\.\.\."
    r"|ddos protection by|pardon our interruption|access (?:to this page )?(?:has been )?denied|unusual (?:traffic|"
    r"activity) from|enable javascript and cookies to continue|request unsuccessful\. incapsula|"
    r"security check to access|bot (?:detection|protection)"
    r"|human verification|bestätigen sie, dass sie ein mensch|vérifiez que vous êtes humain|"
    r"verifica que eres humano|подтвердите, что (?:вы|запросы)|我不是机器人|人机验证|ロボットではありません",
    re.IGNORECASE,
)
_CHALLENGE_MARKS = (
    "cf-challenge",
    "challenge-platform",
    "captcha",
    "px-captcha",
    "cf_chl",
    "datadome",
    "incapsula",
    "_incap_",
    "awswaf",
    "perimeterx",
    "hcaptcha",
    "turnstile",
    "geetest",
    "ddos-guard",
)
_CONSENT = re.compile(
    r"before you continue|we (?:and our (?:\d+ )?partners|value your privacy)|accept (?:all )?(?:cookies|"
    r"and continue)|your privacy choices|consent to|mit werbung weiterlesen|pur-abo|weiter mit werbung|"
    r"datenschutzeinstellungen|zustimmen und weiter|nous et nos (?:\d+ )?partenaires"
    r"|continuer sans accepter|tout accepter|accepter (?:et|les)|con publicidad|aceptar (?:y|todo|las)|accetta|"
    r"akzeptieren|alle akzeptieren|accept all|souhlas",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"(?:page|article|story|content|file|url|site)\s+(?:you requested\s+|you are looking for\s+|"
    r"you were looking for\s+|you're looking for\s+)?(?:was |could |can|has |is |does |cannot |can't )*(?:not |n't |"
    r"no longer )?(?:be )?(?:found|available|exist|removed|moved|missing)"
    r"|\b404\b(?=\W|$)|not found|no longer available|doesn'?t exist|does not exist|nothing (?:was )?found|oops|"
    r"seite (?:wurde )?nicht gefunden|nicht (?:mehr )?(?:verfügbar|gefunden)|page (?:introuvable|non trouvée)|"
    r"n'existe (?:pas|plus)|página no encontrada|no (?:se ha )?encontrad[ao]"
    r"|página não encontrada|pagina non trovata|pagina niet gevonden|sidan (?:kunde inte hittas|finns inte)|"
    r"страница не найдена|сторінку не знайдено|nie znaleziono|stránka nenalezena|sayfa bulunamadı|"
    r"halaman tidak ditemukan|không tìm thấy|الصفحة غير موجودة|页面不存在|找不到(?:页面|頁面|该页)|"
    r"ページが見つかりません|見つかりません|페이지를 찾을 수 없|πεδί|δεν βρέθηκε",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"subscribe (?:now )?to (?:continue|read|keep reading|unlock|access)|"
    r"(?:to )?continue reading(?: this article)?[^.]{0,40}(?:subscribe|sign|log|register)|already a subscriber|"
    r"subscribers? only|for subscribers|exclusive to subscribers|this (?:article|content|story) is (?:for|"
    r"only available|reserved|exclusive)|unlock this article|become a (?:member|subscriber) to|"
    r"register to (?:continue|read)|sign in to (?:continue|read)|log in to (?:continue|read)|"
    r"you have reached your (?:article )?limit|free articles? (?:left|remaining)"
    r"|weiterlesen mit|jetzt (?:weiterlesen|testen|abonnieren)|dieser artikel ist (?:für|nur)|"
    r"exklusiv für abonnenten|abonnenten vorbehalten|bereits abonnent|article (?:réservé|est réservé)|"
    r"réservé aux abonnés|abonnez-vous pour|il vous reste|contenido exclusivo|solo para suscriptores|"
    r"suscríbete para|conteúdo exclusivo|exclusivo para assinantes|assine para|contenuto (?:riservato|esclusivo)|"
    r"riservato agli abbonati|alleen voor abonnees|endast för prenumeranter|только для подписчиков|доступ(?:но|"
    r"ен) (?:только )?по подписке|tylko dla prenumeratorów|会員限定|有料会員|この記事は有料|订阅后|登录后",
    re.IGNORECASE,
)
_SHOPS = re.compile(r"/(?:products?|shop|store|collections?|cart|buy|c|p|dp|item)/", re.IGNORECASE)
_FORUMS = re.compile(
    r"forum|/threads?/|/questions?/|viewtopic|/t/[^/]+/\d+|/r/\w+/comments/|/discussions?/|/topic/", re.IGNORECASE
)
_MANUALS = re.compile(
    r"/(?:docs?|documentation|reference|manual|handbook|tutorials?|api|learn|guide)/|^https?://(?:docs|developers?|"
    r"learn|help|support)\.|^https?://[^/]*\.readthedocs",
    re.IGNORECASE,
)
_JOURNALS = re.compile(
    r"/(?:blogs?|news|articles?|story|stories|post|posts|p|opinion|features?|magazine)/[^/]{8,}|^https?://blog\.",
    re.IGNORECASE,
)
_PUBLICATION = ("article:published_time", "datepublished", "parsely-pub-date", "pubdate")
_PRICE = re.compile(r"[$€£¥₹]\s?\d|\d\s?(?:€|USD|EUR|GBP|zł|kr)\b")
_NOT_ARTICLES = frozenset(
    "Product ProductGroup DiscussionForumPosting QAPage JobPosting SoftwareApplication Course Event".split()
)
_SHORT = 2_000
"""Characters of a page that is all about being no article."""
ENOUGH = 2.8
"""Weight from which a page is an article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """What is known of a page when its kind is told."""

    url: str
    canonical_url: str
    head: Head
    node: Node | None
    found: Sequence[Node]
    flow: Flow
    headline: str
    headline_block: Block | None
    body: Sequence[Block]
    """Blocks of the body."""
    access: Access | None
    discovery: Discovery | None
    dated: bool
    """The page itself gives a publication date."""
    marked_up: bool
    """Microdata calls something on the page an article."""
    signed: bool
    """The page names an author."""
    marks: str
    """Names of the scripts and frames that the page loads, lower case."""


def stand_in(seen: Impression, status: int) -> tuple[Outcome, str] | None:
    """Return what stands in an article's place: a challenge, a consent wall, a soft 404; None for a page of its own."""
    flow = seen.flow
    title = f"{seen.head.title} {seen.headline}"
    opening = " ".join(b.text for b in flow.blocks[:60])[:4000]
    if flow.characters < _SHORT * (2 if status >= 400 else 1):
        marked = next((m for m in _CHALLENGE_MARKS if m in seen.marks), None)
        said = _CHALLENGE.search(title) or _CHALLENGE.search(opening)
        if said and (marked or status >= 400 or flow.characters < 1_200):
            return Outcome.CHALLENGE, f'says "{said[0]}"'
        if marked and flow.characters < 300:
            return Outcome.CHALLENGE, f"little text, and {marked}"
    text = sum(len(b.text) for b in seen.body if len(b.text) > 80)
    if text < 1_500 and (said := _NOT_FOUND.search(title)) and not (seen.node and text > 600):
        return Outcome.SOFT_404, f'title says "{said[0]}"'
    if text < 400 and flow.characters < _SHORT and (said := _NOT_FOUND.search(opening[:800])) and not seen.node:
        return Outcome.SOFT_404, f'says "{said[0]}"'
    if seen.node is None and flow.characters < 6_000 and text < 3_000 and (said := _CONSENT.search(opening)):
        about = sum(
            len(b.text)
            for b in flow.blocks
            if b.zone & zones.CONSENT or _CONSENT.search(b.text) or "cookie" in b.text.lower()
        )
        if about * 2 > flow.characters:
            return Outcome.CONSENT_WALL, f'says "{said[0]}"'
    return None


def paywalled(seen: Impression) -> str | None:
    """Return why an article is only its stub; None where it is whole, or free."""
    text = sum(len(b.text) for b in seen.body)
    if text > 1_800:
        return None
    last = max((b.index for b in seen.body), default=0)
    after = " ".join(
        b.text
        for b in seen.flow.blocks[max(0, last - 6) : last + 25]
        if not b.zone & (zones.NAV | zones.FOOTER | zones.MENU)
    )
    said = _PAYWALL.search(after[:4000])
    if said and (seen.access is Access.PAYWALLED or text < 900):
        return f'{text} characters, then "{said[0]}"'
    if seen.access is Access.PAYWALLED and seen.body and seen.body[-1].text.endswith(("...", "…")):
        return f"not free, and breaks off after {text} characters"
    return None


def weigh(seen: Impression) -> tuple[float, str]:
    """Return how much speaks for an article, and the strongest reason."""
    url = seen.url
    score, reasons = 0.0, []
    if seen.node is not None:
        score += 2.0
        reasons.append("JSON-LD " + "/".join(sorted(types(seen.node))))
    kinds = {t for n in seen.found for t in types(n)}
    if kinds & _NOT_ARTICLES and seen.node is None:
        score -= 2.5
    og = seen.head.first("og:type").lower()
    if "article" in og or og in ("blog", "news"):
        score += 1.2
        reasons.append(f"og:type {og}")
    if og.startswith("product"):
        score -= 3.0
    if seen.head.first(*_PUBLICATION):
        score += 1.6 if "article" in og else 1.3
        reasons.append("a publication date")
    elif seen.marked_up:
        score += 1.5
        reasons.append("microdata of an article")
    elif seen.dated:
        score += 0.6
        reasons.append("a date")
    score += 0.4 if seen.signed else 0.0
    text = _by_text(seen, reasons)
    # A stub has little text because it is one.
    score += _by_address(url) + (max(text, 0.0) if paywalled(seen) else text) + _by_layout(seen)
    if seen.discovery is not None:
        score += _by_discovery(seen.discovery)
    return score, ", ".join(reasons[:3]) or "its text"


def _by_address(url: str) -> float:
    parts = parts_of(url)
    if not parts.path.strip("/") and not parts.query:
        return -4.0
    like = likeness(url, "")
    score = 2.2 if like >= 2.5 else 1.5 if like >= 1.5 else 0.5 if like >= 0.5 else -1.5 if like <= -2 else 0.0
    if _JOURNALS.search(url):
        score += 1.0
    if _SHOPS.search(url):
        score -= 2.0
    if _FORUMS.search(url):
        score -= 2.5
    if _MANUALS.search(url):
        score -= 1.5
    return score


def _by_text(seen: Impression, reasons: list[str]) -> float:
    running = [b for b in seen.body if _weight(b.text) > 40 and b.link_share < 0.4]
    size = sum(_weight(b.text) for b in running)
    whole = sum(len(b.text) for b in seen.body) > 0.6 * seen.flow.characters
    return _amount(size, seen, reasons, len(running)) + (0.7 if whole else 0.0)


def _weight(text: str) -> int:
    """Return a text's length, an ideograph or a kana counting three letters."""
    return len(text) if text.isascii() else len(text) + 2 * sum(1 for c in text if c >= "\u2e80")


def _amount(size: int, seen: Impression, reasons: list[str], running: int) -> float:
    if size >= 2_500:
        reasons.append(f"{running} paragraphs")
        return 2.0
    if size >= 900:
        reasons.append(f"{running} paragraphs")
        return 1.0
    if size >= 350:
        return 0.0
    return -0.5 if sum(len(b.text) for b in seen.body) >= 350 and seen.dated else -1.5


def _by_layout(seen: Impression) -> float:
    score = 0.0
    headings = [b for b in seen.flow.blocks if b.tag in ("h2", "h3", "h4") and not b.zone & (zones.NAV | zones.FOOTER)]
    linked = sum(1 for b in headings if b.link_share > 0.8)
    if linked >= 8 and linked * 2 > len(headings):
        score -= 1.0
    if seen.headline_block is None or seen.headline_block.tag != "h1" or seen.headline_block.link_share > 0.8:
        score -= 0.5
    share = sum(b.linked for b in seen.body) / (sum(len(b.text) for b in seen.body) or 1)
    if share > 0.25 and not (seen.dated and seen.head.first("og:type").lower() == "article"):
        score -= 2.5 if share > 0.4 else 1.0
    prices = sum(1 for b in seen.flow.blocks if _PRICE.search(b.text))
    return score - 1.5 if prices >= 8 and seen.node is None and not seen.dated else score


def _by_discovery(discovery: Discovery) -> float:
    if discovery.kind is UrlKind.LISTING:
        return -2.0
    if discovery.kind is UrlKind.ARTICLE and discovery.via_kind is UrlKind.FEED:
        return 1.5
    return 0.5 if discovery.kind is UrlKind.ARTICLE and discovery.published else 0.0
