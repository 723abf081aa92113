"""Pages that stand in an article's place: challenge, consent wall, soft 404, the stub before a paywall, a player."""

from dataclasses import dataclass

from newsarchive.extract import zones
from newsarchive.extract.jsonld import types
from newsarchive.extract.page_features import Impression
from newsarchive.extract.phrases import Phrases
from newsarchive.extract.urls import is_media
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
_CONSENT = Phrases(
    r"before you continue|we (?:and our (?:\d+ )?partners|value your privacy)|accept (?:all )?(?:cookies|"
    r"and continue)|your privacy choices|consent to|mit werbung weiterlesen|pur-abo|weiter mit werbung|"
    r"datenschutzeinstellungen|zustimmen und weiter|nous et nos (?:\d+ )?partenaires"
    r"|continuer sans accepter|tout accepter|accepter (?:et|les)|con publicidad|aceptar (?:y|todo|las)|accetta|"
    r"akzeptieren|alle akzeptieren|accept all|souhlas|alles accepteren|waarderen (?:uw|je) privacy|zgod[aęy]|"
    r"godta alle|acceptera alla",
)
_OF_PRIVACY = Phrases(
    r"tracking|privacy|datenschutz|werbung|données personnelles|datos personales|dados pessoais|dati personali|"
    r"persoonsgegevens|personuppgifter|персональных данных|クッキー|개인정보",
)
"""What a paragraph of a consent wall speaks of, if not of consent itself: stories do so too."""
_WALL = 800
"""Characters of running text that a consent wall has at most, where it speaks of privacy more than of cookies."""
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
_SHORT = 2_000
"""Characters of a page that is all about being no article."""
_MEDIA_TYPES = frozenset(
    "VideoObject AudioObject ImageGallery MediaGallery PodcastEpisode RadioEpisode TVEpisode VideoGallery Clip".split()
)
_A_LIST = 12
"""Links to articles from which a page is a list of them, though one of them is a video."""
_OWN_TEXT = 350
"""Characters of running text from which a page with a player is an article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a page is, why, and how sure that is."""

    outcome: Outcome
    reason: str
    confidence: float
    """0 to 1, as Reading.confidence."""


def stand_in(seen: Impression, status: int) -> Verdict | None:
    """Return what stands in an article's place: a challenge, a consent wall, a soft 404; None for a page of its own."""
    title = f"{seen.head.title} {seen.headline}"
    opening = " ".join(b.text for b in seen.flow.blocks[:60])[:4000]
    return _challenge(seen, title, opening, status) or _not_found(seen, title, opening) or _consent(seen, opening)


def _challenge(seen: Impression, title: str, opening: str, status: int) -> Verdict | None:
    length = seen.flow.characters
    if length >= _SHORT * (2 if status >= 400 else 1):
        return None
    marked = next((m for m in _CHALLENGE_MARKS if m in seen.marks), None)
    said = _CHALLENGE.said(title) or _CHALLENGE.said(opening)
    if said and (marked or status >= 400 or length < 1_200):
        sure = 0.98 if marked or status >= 400 else 0.85
        return Verdict(outcome=Outcome.CHALLENGE, reason=f'says "{said}"', confidence=sure)
    if marked and length < 300:
        return Verdict(outcome=Outcome.CHALLENGE, reason=f"little text, and {marked}", confidence=0.8)
    return None


def _not_found(seen: Impression, title: str, opening: str) -> Verdict | None:
    text = sum(len(b.text) for b in seen.body if len(b.text) > 80)
    if text < 1_500 and (said := _NOT_FOUND.said(title)) and not (seen.node and text > 600):
        sure = 0.95 if text < 400 else 0.75
        return Verdict(outcome=Outcome.SOFT_404, reason=f'title says "{said}"', confidence=sure)
    short = text < 400 and seen.flow.characters < _SHORT and not seen.node
    if short and (said := _NOT_FOUND.said(opening[:800])):
        return Verdict(outcome=Outcome.SOFT_404, reason=f'says "{said}"', confidence=0.8)
    return None


def _consent(seen: Impression, opening: str) -> Verdict | None:
    text = sum(len(b.text) for b in seen.body if len(b.text) > 80)
    if seen.node is not None or seen.flow.characters >= 6_000 or text >= 3_000:
        return None
    said = _CONSENT.said(opening)
    if not said:
        return None
    of_privacy = text < _WALL and _asks_consent(seen)
    about = sum(
        len(b.text)
        for b in seen.flow.blocks
        if b.zone & zones.CONSENT
        or _CONSENT.search(b.text)
        or "cookie" in b.text.lower()
        or (of_privacy and _OF_PRIVACY.search(b.text))
    )
    share = about / max(seen.flow.characters, 1)
    if share <= 0.5:
        return None
    return Verdict(outcome=Outcome.CONSENT_WALL, reason=f'says "{said}"', confidence=min(0.95, 0.6 + share / 2))


def _asks_consent(seen: Impression) -> bool:
    """Say whether a page asks for consent itself, and not only links to its settings of privacy, as most do."""
    return any(
        _CONSENT.search(b.text)
        for b in seen.flow.blocks[:60]
        if b.link_share < 0.5 and not b.zone & (zones.NAV | zones.FOOTER | zones.MENU)
    )


def paywalled(seen: Impression) -> Verdict | None:
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
    said = _PAYWALL.said(after[:4000])
    stated = seen.access is Access.PAYWALLED
    if said and (stated or text < 900):
        why = f'{text} characters, then "{said}"'
        return Verdict(outcome=Outcome.PAYWALL_STUB, reason=why, confidence=0.95 if stated else 0.75)
    if stated and seen.body and seen.body[-1].text.endswith(("...", "…")):
        why = f"not free, and breaks off after {text} characters"
        return Verdict(outcome=Outcome.PAYWALL_STUB, reason=why, confidence=0.8)
    return None


def medium(seen: Impression, links: int = 0) -> Verdict | None:
    """Return why a page is a gallery, a video or an audio with little text of its own; None where it is not.

    A page with a player and an article's own text is an article; one with a player and many `links` to articles lists
    them.
    """
    if seen.own_text >= _OWN_TEXT or (seen.node is not None and seen.own_text > _OWN_TEXT // 2):
        return None
    og = seen.head.first("og:type").lower()
    shown = [node for node in seen.found if types(node) & _MEDIA_TYPES]
    # A section page lists its videos; the page of one video has it once.
    named = {kind for node in shown for kind in types(node)} & _MEDIA_TYPES if len(shown) == 1 else set()
    says = [
        f"og:type {og}" if og.startswith(("video", "music")) else "",
        f"JSON-LD {'/'.join(sorted(named))}" if named else "",
        "its address" if is_media(seen.url) else "",
    ]
    says = [why for why in says if why]
    weak = len(says) == 1 and not says[0].startswith("og:")
    if not says or (weak and (links >= _A_LIST or not (named or _has_player(seen)))):
        return None
    reason = f"{', '.join(says)}, {seen.own_text} characters of text"
    return Verdict(outcome=Outcome.MEDIA, reason=reason, confidence=0.9 if len(says) > 1 else 0.7)


def _has_player(seen: Impression) -> bool:
    """Say whether a player or several pictures stand on the page."""
    page = seen.headline_block.element.getroottree().getroot() if seen.headline_block is not None else None
    if page is None:
        return False
    return page.find(".//video") is not None or page.find(".//audio") is not None or len(page.findall(".//figure")) > 2
