"""Detect pages that are served in place of an article: challenges, consent walls, soft 404s, paywall stubs, players."""

from dataclasses import dataclass

from newsarchive.extract import zones
from newsarchive.extract.blocks import count_ideographs
from newsarchive.extract.jsonld import node_types
from newsarchive.extract.page_features import PageFeatures
from newsarchive.extract.phrases import Phrases
from newsarchive.extract.urls import is_media_url
from storage.model import Access, Outcome

_CHALLENGE = Phrases(
    r"verify(?:ing)? (?:that )?you are (?:a )?human|checking (?:your browser|if the site connection is secure)|"
    r"are you a (?:human|robot)|not a robot|press (?:&|and) hold|attention required! \| cloudflare|"
    r"just a moment\.\.\."
    r"|ddos protection by|pardon our interruption|access (?:to this page )?(?:has been )?denied|unusual (?:traffic|"
    r"activity) from|enable javascript and cookies to continue|request unsuccessful\. incapsula|"
    r"security check to access|bot (?:detection|protection)"
    r"|human verification|bestätigen sie, dass sie ein mensch|vérifiez que vous êtes humain|"
    r"verifica que eres humano|подтвердите, что (?:вы|запросы)|我不是机器人|人机验证|ロボットではありません",
)
_CHALLENGE_SCRIPTS = (
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
_CONSENT = Phrases(
    r"before you continue|we (?:and our (?:\d+ )?partners|value your privacy)|accept (?:all )?(?:cookies|"
    r"and continue)|your privacy choices|consent to|mit werbung weiterlesen|pur-abo|weiter mit werbung|"
    r"datenschutzeinstellungen|zustimmen und weiter|nous et nos (?:\d+ )?partenaires"
    r"|continuer sans accepter|tout accepter|accepter (?:et|les)|con publicidad|aceptar (?:y|todo|las)|accetta|"
    r"akzeptieren|alle akzeptieren|accept all|souhlas|alles accepteren|waarderen (?:uw|je) privacy|zgod[aęy]|"
    r"godta alle|acceptera alla",
)
_PRIVACY = Phrases(
    r"tracking|privacy|datenschutz|werbung|données personnelles|datos personales|dados pessoais|dati personali|"
    r"persoonsgegevens|personuppgifter|персональных данных|クッキー|개인정보",
)
"""Words in the paragraphs of a consent wall other than consent itself; articles contain them, too."""
_MAX_WALL_TEXT = 800
"""Longest running text, in characters, of a consent wall that mentions privacy more than cookies."""
_NOT_FOUND = Phrases(
    r"(?:page|article|story|content|file|url|site)\s+(?:you requested\s+|you are looking for\s+|"
    r"you were looking for\s+|you're looking for\s+)?(?:was |could |can|has |is |does |cannot |can't )*(?:not |n't |"
    r"no longer )?(?:be )?(?:found|available|exist|removed|moved|missing)"
    r"|\b404\b(?=\W|$)|not found|no longer available|doesn'?t exist|does not exist|nothing (?:was )?found|"
    r"\boo+ps\b|\bops(?=!)|"
    r"seite (?:wurde )?nicht gefunden|nicht (?:mehr )?(?:verfügbar|gefunden)|page (?:introuvable|non trouvée)|"
    r"n'existe (?:pas|plus)|página no encontrada|no (?:se ha )?encontrad[ao]"
    r"|página não encontrada|não encontramos (?:(?:a|esta|essa) página|o que você)|"
    r"no (?:hemos )?encontra(?:mos|do) (?:la|esta) página|"
    r"pagina non trovata|pagina niet gevonden|sidan (?:kunde inte hittas|finns inte)|"
    r"страница не найдена|сторінку не знайдено|nie znaleziono|stránka nenalezena|sayfa bulunamadı|"
    r"halaman tidak ditemukan|không tìm thấy|الصفحة غير موجودة|页面不存在|找不到(?:页面|頁面|该页)|"
    r"ページが見つかりません|見つかりません|페이지를 찾을 수 없|πεδί|δεν βρέθηκε",
)
_PAYWALL = Phrases(
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
    r"ен) (?:только )?по подписке|tylko dla prenumeratorów|"
    r"(?:тільки|лише) для (?:перед)?(?:платників|підписників)|kun for abonnente[rn]e?|forbeholdt (?:vores )?abonnenter|"
    r"allerede abonnent|vain (?:meidän )?tilaajille|(?:jen|pouze) pro předplatitele|csak előfizető\w+|"
    r"μόνο για συνδρομητές|(?:sadece|yalnızca) abone\w+|abonelere özel|doar pentru abonați|"
    r"للمشتركين فقط|למנויים בלבד|khusus pelanggan|"
    r"구독자 ?전용|유료 ?회원 ?전용|會員專屬|付費會員|会員限定|有料会員|この記事は有料|"
    r"(?:訂閱|登入|订阅|登录)[後后].{0,8}(?:閱讀|阅读|全文|繼續|继续)",
)
_SHORT_PAGE = 2_000
"""Longest challenge or soft 404, in characters."""
_MEDIA_TYPES = frozenset(
    "VideoObject AudioObject ImageGallery MediaGallery PodcastEpisode RadioEpisode TVEpisode VideoGallery Clip".split()
)
_MIN_LISTED = 12
"""Links to articles from which a page with a video is a listing."""
_MIN_ARTICLE_TEXT = 350
"""Characters of running text from which a page with a player is an article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedOutcome:
    """An outcome detected from the features of a page."""

    outcome: Outcome
    reason: str
    confidence: float
    """0 to 1, as Reading.confidence."""


def detect_placeholder(features: PageFeatures, status: int) -> DetectedOutcome | None:
    """Return the challenge, consent wall or soft 404 that a page is; None for none of them."""
    title = f"{features.head.title} {features.article.headline}"
    opening = " ".join(b.text for b in features.content.blocks[:60])[:4000]
    placeholder = _challenge(features, title, opening, status) or _not_found(features, title, opening)
    return placeholder or _consent(features, opening)


def _challenge(features: PageFeatures, title: str, opening: str, status: int) -> DetectedOutcome | None:
    length = features.content.characters
    if length >= _SHORT_PAGE * (2 if status >= 400 else 1):
        return None
    script = next((m for m in _CHALLENGE_SCRIPTS if m in features.loaded_scripts), None)
    phrase = _CHALLENGE.find(title) or _CHALLENGE.find(opening)
    if phrase and (script or status >= 400 or length < 1_200):
        confidence = 0.98 if script or status >= 400 else 0.85
        return DetectedOutcome(outcome=Outcome.CHALLENGE, reason=f'says "{phrase}"', confidence=confidence)
    if script and length < 300:
        return DetectedOutcome(outcome=Outcome.CHALLENGE, reason=f"little text, and {script}", confidence=0.8)
    return None


def _not_found(features: PageFeatures, title: str, opening: str) -> DetectedOutcome | None:
    text = sum(len(b.text) for b in features.body if len(b.text) > 80)
    if text < 1_500 and (phrase := _NOT_FOUND.find(title)) and not (features.jsonld.article and text > 600):
        confidence = 0.95 if text < 400 else 0.75
        return DetectedOutcome(outcome=Outcome.SOFT_404, reason=f'title says "{phrase}"', confidence=confidence)
    short = text < 400 and features.content.characters < _SHORT_PAGE and not features.jsonld.article
    if short and (phrase := _NOT_FOUND.find(opening[:800])):
        return DetectedOutcome(outcome=Outcome.SOFT_404, reason=f'says "{phrase}"', confidence=0.8)
    return None


def _consent(features: PageFeatures, opening: str) -> DetectedOutcome | None:
    text = sum(len(b.text) for b in features.body if len(b.text) > 80)
    if features.jsonld.article or features.content.characters >= 6_000 or text >= 3_000:
        return None
    phrase = _CONSENT.find(opening)
    if not phrase:
        return None
    on_privacy = text < _MAX_WALL_TEXT and _asks_for_consent(features)
    about = sum(
        len(b.text)
        for b in features.content.blocks
        if b.zone & zones.CONSENT
        or _CONSENT.search(b.text)
        or "cookie" in b.text.lower()
        or (on_privacy and _PRIVACY.search(b.text))
    )
    share = about / max(features.content.characters, 1)
    if share <= 0.5:
        return None
    confidence = min(0.95, 0.6 + share / 2)
    return DetectedOutcome(outcome=Outcome.CONSENT_WALL, reason=f'says "{phrase}"', confidence=confidence)


def _asks_for_consent(features: PageFeatures) -> bool:
    """Return whether a page asks for consent itself, rather than only linking to its privacy settings."""
    return any(
        _CONSENT.search(b.text)
        for b in features.content.blocks[:60]
        if b.link_share < 0.5 and not b.zone & (zones.NAV | zones.FOOTER | zones.MENU)
    )


def detect_paywall_stub(features: PageFeatures) -> DetectedOutcome | None:
    """Return the outcome of a paywall stub; None if the article is complete, or free."""
    # An ideograph says as much as two letters.
    text = sum(len(b.text) + count_ideographs(b.text) for b in features.body)
    if text > 1_800 or features.article.access is Access.FREE:
        return None
    last = max((b.index for b in features.body), default=0)
    after = " ".join(
        b.text
        for b in features.content.blocks[max(0, last - 6) : last + 25]
        # A label in a list of links belongs to another article.
        if not b.zone & (zones.NAV | zones.FOOTER | zones.MENU | zones.RELATED | zones.LATEST) and b.link_share < 0.8
    )
    phrase = _PAYWALL.find(after[:4000])
    paywalled = features.article.access is Access.PAYWALLED
    if phrase and (paywalled or text < 900):
        why = f'{text} characters, then "{phrase}"'
        return DetectedOutcome(outcome=Outcome.PAYWALL_STUB, reason=why, confidence=0.95 if paywalled else 0.75)
    if paywalled and features.body and features.body[-1].text.endswith(("...", "…")):
        why = f"not free, and breaks off after {text} characters"
        return DetectedOutcome(outcome=Outcome.PAYWALL_STUB, reason=why, confidence=0.8)
    return None


def detect_media_page(features: PageFeatures, links: int = 0) -> DetectedOutcome | None:
    """Return the outcome of a gallery, video or audio page with little text; None for other pages.

    A page with a player and text of its own is an article; one with a player and many `links` to articles is a listing.
    """
    if features.running_text_length >= _MIN_ARTICLE_TEXT or (
        features.jsonld.article and features.running_text_length > _MIN_ARTICLE_TEXT // 2
    ):
        return None
    og = features.head.first("og:type").lower()
    media = [node for node in features.jsonld.nodes if node_types(node) & _MEDIA_TYPES]
    # A section page describes all its videos, the page of one video only that one.
    types = {kind for node in media for kind in node_types(node)} & _MEDIA_TYPES if len(media) == 1 else set()
    signs = [
        f"og:type {og}" if og.startswith(("video", "music")) else "",
        f"JSON-LD {'/'.join(sorted(types))}" if types else "",
        "its address" if is_media_url(features.page.url) else "",
    ]
    signs = [why for why in signs if why]
    is_weak = len(signs) == 1 and not signs[0].startswith("og:")
    if not signs or (is_weak and (links >= _MIN_LISTED or not (types or _has_player(features)))):
        return None
    reason = f"{', '.join(signs)}, {features.running_text_length} characters of text"
    return DetectedOutcome(outcome=Outcome.MEDIA, reason=reason, confidence=0.9 if len(signs) > 1 else 0.7)


def _has_player(features: PageFeatures) -> bool:
    page = features.headline_block.element.getroottree().getroot() if features.headline_block is not None else None
    if page is None:
        return False
    return page.find(".//video") is not None or page.find(".//audio") is not None or len(page.findall(".//figure")) > 2
