"""Phrases of short lines around an article ("Read also", "Newsletter"), in the languages of newspapers.

They are matched against short lines whose position or markup supports them. Removing long paragraphs from a body
because of a word was measured to do harm.

Each table holds patterns in lower case, separated by " / ", in any order.
"""

import re
from functools import lru_cache

_QUANTIFIERS = frozenset("?*+{")
"""Quantifiers of regular expressions: a letter before one of them may be missing or repeated."""


class Phrases:
    """Patterns of short lines, ignoring case.

    Matched in lower case, because re.IGNORECASE takes ten times as long, for each line of each page.
    """

    __slots__ = ("_pattern", "_required")

    def __init__(self, pattern: str, required: str = "") -> None:
        """Compile a pattern; `required` is a text in all its matches, so that lines without it are skipped."""
        self._pattern = re.compile(_fold_letters(pattern))
        self._required = required

    def match(self, text: str) -> bool:
        """Return whether a line matches from its beginning."""
        return self._pattern.match(_lower(text)) is not None

    def search(self, text: str) -> bool:
        """Return whether a line contains a match."""
        low = _lower(text)
        return self._required in low and self._pattern.search(low) is not None

    def find(self, text: str) -> str | None:
        """Return the first match as it is printed in the text; None for none.

        >>> Phrases("abone ol").find("Okumak için ABONE OL!")
        'ABONE OL'
        """
        low = _lower(text)
        found = self._pattern.search(low)
        if found is None:
            return None
        # Lower-casing "İ" changes the length of the text and so the positions: the match is returned in lower
        # case.
        return text[found.start() : found.end()] if len(low) == len(text) else found[0]


# One line is matched against table after table.
@lru_cache(maxsize=8)
def _lower(text: str) -> str:
    low = text.lower()
    return low if low.isascii() else _fold_letters(low.replace("i\u0307", "i"))


def _fold_letters(text: str) -> str:
    """Replace the Turkish dotless i and the final sigma by their plain forms."""
    return text.replace("ı", "i").replace("ς", "σ")


def _patterns(table: str) -> str:
    """Return a table as one pattern, grouped by first letter, so that a line is matched against a few of two hundred.

    >>> _patterns("read (?:more|also) / related / e?mail")
    'r(?:ead (?:more|also)|elated)|(?:e?mail)'
    """
    by_letter: dict[str, list[str]] = {}
    for line in table.splitlines():
        for pattern in filter(None, line.strip().split(" / ")):
            letter = "" if not pattern[0].isalpha() or pattern[1:2] in _QUANTIFIERS else pattern[0]
            by_letter.setdefault(letter, []).append(pattern.removeprefix(letter))
    return "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())


def _line(table: str) -> Phrases:
    """Match lines that consist of one of the patterns."""
    return Phrases(rf"^\W*(?:{_patterns(table)})\W*$")


def _start(table: str) -> Phrases:
    """Match lines that begin with one of the patterns."""
    return Phrases(rf"^\W*(?:{_patterns(table)})(?!\w)")


RELATED = _start(
    r"""
    more\W*$
    related(?: (?:articles?|stor(?:y|ies)|news|posts?|content|topics?|coverage|reading|links?|video|program))?\b
    read (?:more|also|next|this next|related|on) / also read / see (?:also|more)
    more (?:on|from|stories|news|articles|coverage|headlines|about|in|to read) / must read
    don'?t (?:forget to read|miss)
    you (?:may|might|should) (?:also )?(?:like|be interested in|enjoy|read|have missed)
    recommended(?: for you| reading| stories| articles)? / what to read next / up next / next up / keep reading
    further reading / dig deeper / also on / watch(?: also| more| now)? / listen(?: to)? / read / click here
    story timeline / stories to watch / editor'?s? picks? / lesen sie (?:auch|mehr|hier)
    mehr (?:zum thema|dazu|aus|von|artikel|news) / auch interessant / das könnte sie auch interessieren
    weitere (?:artikel|meldungen|themen|nachrichten) / lesetipps? / verwandte (?:artikel|themen) / à lire aussi
    lire aussi / à lire / voir aussi / sur le même sujet / (?:nos )?articles (?:liés|associés|similaires)
    vous aimerez aussi / lire (?:la suite|plus) / le[ea] (?:también|además|más) / le puede interesar
    te puede interesar / vea (?:también|además) / noticias relacionadas / más (?:información|noticias|sobre)
    también te puede interesar / relacionad[oa]s? / leia (?:também|mais) / veja (?:também|mais)
    notícias relacionadas / mais (?:lidas|notícias|sobre) / leggi anche / ti potrebbe interessare
    articoli correlati / potrebbe interessarti / lees ook / lees meer / meer over / gerelateerd\w*
    läs (?:också|även|mer) / les (?:også|mer) / læs (?:også|mere) / lue (?:myös|lisää) / читайте (?:также|еще|ещё)
    по теме / похожие (?:новости|статьи|материалы) / смотрите также / материалы по теме / читайте / читайте також
    czytaj (?:także|też|również|więcej) / zobacz (?:także|też|również) / přečtěte si / čtěte také / ilgili haberler
    bunlar da ilginizi çekebilir / baca juga / artikel terkait / xem thêm / tin liên quan / đọc thêm
    kapcsolódó(?: cikk\w*)? / ajánlott(?: cikk\w*)? / olvass(?:a|on|d)? (?:el|tovább)
    ilgili haber / σχετικά (?:άρθρα|θέματα) / διαβάστε (?:επίσης|ακόμα) / اقرأ (?:أيضا|أيضًا|المزيد) / مواضيع ذات صلة
    أخبار ذات صلة / קראו (?:גם|עוד) / 相关(?:新闻|阅读|文章|报道|推荐)? / 相關(?:新聞|閱讀|文章|報導)
    延伸(?:阅读|閱讀) / 推荐阅读
    関連(?:記事|ニュース|リンク)? / あわせて読みたい / おすすめ(?:記事)? / 관련\s?(?:기사|뉴스) / संबंधित खबरें
    (?:यह|ये|इसे) भी (?:पढ़ें|पढ़ें|देखें)
    explore further / you'?ll (?:also )?(?:like|love) / mehr zu diesem thema / zum thema / auch lesenswert
    das könnte dich
    weiterführende (?:artikel|links) / passend (?:dazu|zum thema) / dazu auch / siehe auch / lesen sie dazu
    nos lecteurs lisent aussi / à lire (?:ensuite|également) / pour aller plus loin / lisez aussi / sur le même thème
    sigue leyendo / también en / te recomendamos / no te pierdas / otras noticias / noticia relacionada
    en esta noticia
    saiba mais / confira também / continue lendo / leia mais / veja mais / recomendad[oa]s / per approfondire
    leggi (?:di più|altro|ancora) / vedi anche / correlati / lees verder / zie ook / ook interessant / mer om
    relaterat
    anbefalte / flere saker / relaterte saker / læs videre / katso myös / aiheesta lisää / ещё по теме / ще по темі
    також (?:читайте|дивіться) / дивіться також / powiązane / przeczytaj (?:też|także|również) / související
    mohlo by vás zajímat / souvisejíc\w+ / bunlara da bakın / bunu da oku / önerilen haberler / haber(?:in|e) ait
    lihat juga / baca selengkapnya / có thể bạn quan tâm / bài liên quan / δείτε (?:επίσης|ακόμα) / περισσότερα για
    مواضيع (?:متعلقة|مشابهة) / إقرأ (?:أيضا|أيضًا) / قد يعجبك / مطالب مرتبط / اخبار مرتبط / بیشتر بخوانید
    عוד בנושא / כתבות נוספות / אולי יעניין אותך / संबंधित (?:समाचार|लेख) / इसे भी पढ़ें / और पढ़ें
    ข่าวที่เกี่ยวข้อง / อ่านเพิ่มเติม / อ่านข่าวเพิ่มเติม / 相关(?:链接|专题|资讯) / 更多(?:新闻|报道)? / 猜你喜欢
    相關(?:報導|新聞) / 更多(?:報導|新聞) / 你可能也想看 / 合わせて読みたい / 関連(?:する)?記事
    続きを読む / こちらもおすすめ
    관련\s?(?:링크|콘텐츠) / 함께 보면 좋은 / 이 기사와 함께
    """
)
LATEST = _start(
    r"""
    (?:the )?latest(?: (?:news|stories|articles|headlines|posts|updates|from))?
    most (?:read|popular|viewed|shared|recent|commented|watched|e-?mailed)
    popular(?: (?:on|in|stories|articles|posts|now|news))? / trending(?: (?:now|stories|articles|news|on|topics))?
    top (?:stories|news|headlines|articles) / breaking news / recent (?:posts|stories|articles|news)
    today'?s (?:top )?(?:stories|news|headlines) / just in / news ticker / headlines
    new(?:est)? (?:articles|stories) / in the news / hot (?:stories|topics|now) / meist(?:gelesen|geklickt)\w*
    neueste\w*(?: (?:artikel|meldungen|nachrichten))? / aktuelle(?: (?:nachrichten|meldungen|artikel))?
    top-?themen / beliebt\w* / newsticker / les plus (?:lus|vus|populaires)
    derniers? (?:articles|titres|nouvelles|infos)? / dernières (?:nouvelles|actualités|infos) / à la une
    en continu / tendances? / lo más (?:leído|visto|popular|reciente) / (?:las )?más (?:leídas?|vistas?|leídos)
    últimas (?:noticias|notícias)? / lo último / mais (?:lidas|lidos|populares|recentes) / i più (?:letti|visti)
    più letti / ultime (?:notizie|news) / ultim'?ora / meest gelezen / laatste nieuws / mest (?:läst|lest|læst)\w*
    senaste (?:nytt|nyheterna) / siste nytt / seneste(?: nyt)? / luetuimmat
    последни[ей] (?:новости|статьи|публикации) / самое (?:читаемое|популярное|обсуждаемое) / популярн\w+
    главн(?:ое|ые)(?: новости)? / новости(?: дня)? / лента новостей / останні новини / головне / najnowsze
    najczęściej czytane / popularne / nejčtenější / nejnovější / son dakika / en çok okunan\w* / çok okunanlar
    terpopuler / terkini / berita (?:terkini|terbaru|terpopuler) / tin mới(?: nhất)? / đọc nhiều(?: nhất)?
    δημοφιλή / τελευταία νέα / الأكثر (?:قراءة|مشاهدة) / آخر الأخبار / 最新(?:消息|新闻|文章|ニュース|記事)? / 热门\w*
    熱門\w*
    热点\w* / 排行\w* / ランキング / アクセスランキング / 人気(?:記事)? / 많이 본 (?:뉴스|기사) / 인기 ?(?:기사|뉴스)
    최신 ?(?:기사|뉴스) / 주요 ?뉴스
    gerade (?:beliebt|aktuell) / am meisten gelesen / das interessiert gerade / jetzt (?:gelesen|beliebt)
    dernière minute / en direct / lo más nuevo / últim[oa]s? hora / em alta / più recenti / mest sett
    sist(?:e)? oppdatert saker / mest populära / nyeste / найпопулярніш\w+ / читають зараз / популярні
    na żywo / najczęściej / aktuality / öne çıkanlar / gündem / terbanyak / phổ biến / ροή ειδήσεων / πιο διαβασμένα
    legolvasottabb\w* / legfrissebb\w*
    الأكثر (?:شعبية|تداولا|زيارة) / پربازدید\w* / آخرین اخبار / הנצפות / הכי נקרא\w* / सबसे ज़्यादा / ताज़ा खबर\w*
    ข่าวล่าสุด / ข่าวยอดนิยม / 即时(?:新闻)? / 即時(?:新聞)? / 点击排行 / 新着(?:記事|ニュース)? / 速報 / 실시간
    """
)
NEWSLETTER = _line(
    r"""
    newsletters? / (?:our |the |free |daily |weekly )*newsletter(?: sign-?up)? / subscribe(?: now| today)?
    sign up(?: now| today)? / get (?:our|the) .{0,40}newsletter / stay (?:informed|updated|connected)
    join (?:our|the) .{0,30}(?:newsletter|mailing list)
    infolettre / boletín / boletim / nieuwsbrief / nyhetsbrev / nyhedsbrev / рассылка / bülten / 뉴스레터
    ニュースレター / 邮件订阅 / النشرة البريدية
    подпис\w+ / 订阅 / 訂閱 / 구독 / اشترك.{0,30} / abonnieren(?: sie)? / abonnez-vous / suscríbete / advertisement
    advert / advertising / ad / sponsored(?: content)? / anzeige / werbung / publicité / publicidad / publicidade
    pubblicità / реклама / 広告 / 广告 / 廣告 / 광고 / reklama / reklam / annons / annonse / advertentie / iklan
    story continues below(?: advertisement)? / article continues below(?: advertisement)? / continue reading below
    scroll to continue(?: with content)? / loading\W*
    """
)
NEWSLETTER_NAME = re.compile(
    r"newsletter|infolettre|bolet[íi]|nieuwsbrief|nyhetsbrev|nyhedsbrev|рассылк|bülten|뉴스레터|ニュースレター|邮件|"
    r"النشرة|subscri|sign",
    re.IGNORECASE,
)
PROMO = _start(
    r"""
    sign up (?:for|to|here|now|today) / subscribe (?:to|now|here|today|for)
    (?:click|tap) here to (?:subscribe|sign up|join|get)
    get (?:the|our|all the) (?:latest|best|top|day's|biggest|[\w' ]{1,30}newsletter)
    get [\w' ]{1,40} (?:delivered|in your inbox|straight to) / download (?:the|our) [\w' ]{0,30}app
    (?:follow|like|join|find) (?:us|[\w' ]{1,30}) on (?:facebook|twitter|x|instagram|whatsapp|telegram|linkedin)
    (?:follow|like|join|find) (?:us|[\w' ]{1,30}) on (?:youtube|google news|tiktok|threads|bluesky)
    join (?:our|the) [\w' ]{0,30}(?:whatsapp|telegram|newsletter|community|channel|mailing)
    support (?:our|independent) journalism / donate / become a (?:member|subscriber|supporter)
    stay up to date with / never miss / enjoy(?:ing|ed)? (?:this|our) (?:article|story|content)
    like this (?:story|article|post) / listen to (?:the|our) podcast / have a (?:tip|story|question)
    for more (?:news|stories|information|on this)[^.]{0,60}(?:click|visit|follow|subscribe|sign up) / want more
    thanks for (?:signing up|subscribing|reading) / keep up with / abonnieren sie / melden sie sich
    jetzt (?:abonnieren|anmelden|testen|newsletter) / abonnez-vous / inscrivez-vous / recevez / suscríbe(?:te|se)
    síguenos / sigue a / recibe / siga (?:o|a|nosso) / inscreva-se / assine / iscriviti / seguici
    подпис(?:ыв|ат|ыва|еш)\w* / schrijf je in / abone ol\w* / ikuti / 关注 / 扫码\w* / 扫描二维码\w* / フォロー / 구독
    تابعنا / اشترك
    get access to / start your free trial / buy now / the views expressed (?:in|by)[^.]{0,60}newsletter
    if you (?:enjoyed|liked|like) this (?:article|story|post|piece)
    follow [^.]{1,70} on (?:facebook|twitter|x|instagram|whatsapp|telegram|linkedin|youtube|google news)
    (?:enter|provide) your e-?mail / by (?:signing up|subscribing|clicking) / please enter a valid
    more (?:from|on) our (?:app|podcast) / (?:open|view|continue) in (?:the |our )?app / read in the app
    mehr (?:nachrichten|news) (?:gibt|finden|bekommen) / (?:hier|jetzt) (?:geht es|kostenlos) / lade (?:die|unsere) app
    folgen sie uns / folge uns / unser(?:en)? (?:whatsapp|telegram|newsletter)[- ]?\w* / sie möchten / keine news mehr
    retrouvez (?:toute|tous|plus|notre) / suivez[- ](?:nous|l['’]actualité) / téléchargez / s['’]inscrire
    únete / descarga (?:la|nuestra) app / regístrate / apúntate / puedes seguir / hazte (?:socio|suscriptor)
    receba (?:as|nossas?|nosso|notícias) / siga-nos / baixe (?:o|nosso) / entre no (?:canal|grupo)
    rimani aggiornato / segui(?:ci)? su / abbonati / resta aggiornato / volg ons / meld je aan / download de app
    följ oss / prenumerera / ladda ner / følg oss / abonner / last ned / meld deg på / tilmeld / følg os / tilaa
    приєднуйтесь / підпис\w+ / стежте за / слідкуйте / присоединяйтесь / следите за / читайте нас
    subskrybuj / dołącz do / zapisz się / obserwuj nas / sledujte nás / přihlaste se / bizi takip / kanalımıza
    haberler\w* için / ikuti kami / dapatkan / theo dõi / đăng ký nhận / ακολουθήστε / εγγραφείτε / γίνετε
    تابعنا / حمل (?:تطبيق|التطبيق) / انضم / عضو(?:یت| شوید) / ما را در / הצטרפו / הירשמו / עקבו אחרינו
    हमें फॉलो / जुड़ें / व्हाट्सएप / ติดตาม / สมัครสมาชิก / 关注我们\w* / 追蹤 / 訂閱 / 下載app
    無料(?:会員)?登録\w* / 会員登録\w*
    メルマガ / 구독하기 / 제보는 / ▶ / ☞
    ログイン\w* / .{0,30}(?:下載|下载)\s?app / .{0,30}[用在]\s?app\s?看
    """
)
FOR_SUBSCRIBERS = _start(
    r"""
    cet article est réservé / (?:cet|cette) (?:article|contenu) .{0,40}abonnés / dieser artikel ist (?:nur|exklusiv)
    this (?:article|story|content) is (?:for|reserved|only|exclusive) / this is a subscriber / already a subscriber
    bereits abonnent / contenido (?:exclusivo|solo) / conteúdo exclusivo / contenuto riservato / この記事は有料\w*
    este (?:contenido|artículo) es (?:solo|sólo|exclusivo|reservado|para) .{0,20}suscriptor\w*
    esta noticia es (?:solo|sólo|exclusiva|reservada|para) .{0,20}suscriptor\w*
    est[ea] (?:conteúdo|notícia|matéria) é (?:só|apenas|exclusiv[oa]|reservad[oa]|para) .{0,20}assinante\w*
    (?:ya (?:soy|eres)|já (?:sou|é)) (?:suscriptor\w*|assinante) / questo (?:articolo|contenuto) è riservato
    esclusiva per gli abbonati / alleen voor abonnees / endast för prenumeranter / только для подписчиков
    (?:artykuł|materiał|treść) .{0,20}tylko dla (?:prenumerator|subskrybent|abonent)\w* / оформіть передплату
    цей матеріал .{0,20}(?:тільки|лише) для (?:наших )?(?:передплатник|підписник)\w*
    denne (?:artikel|artikkelen|sak|saken) er (?:kun |forbeholdt )?(?:for )?abonnent\w* / er du allerede abonnent
    tylko dla prenumeratorów / 有料会員\w* / 会員限定\w*
    """
)
"""The beginning of a notice in place of the rest of an article."""
DISCLAIMER = _start(
    r"""
    (?:ai |legal |general |affiliate |medical |financial |investment )?(?:disclaimer|disclosure)s?
    copyright(?: ?[©ⓒ]| \(c\)|\W+\d{4}) / © / \(c\) ?\d{4} / all rights reserved
    this (?:article|content|story|text|translation|summary) (?:was|has been|is) \w+[^.]{0,60}\bai\b
    haftungsausschluss / ki-hinweis / hinweis der redaktion / alle rechte vorbehalten / tous droits réservés
    avertissement / todos los derechos reservados / aviso legal / descargo de responsabilidad
    todos os direitos reservados / tutti i diritti riservati / все права защищены / отказ от ответственности / 免责声明
    免責聲明 / 版权(?:声明|所有) / 著作権 / 免責事項 / 무단\s?전재 / 저작권자? / إخلاء (?:مسؤولية|المسؤولية)
    sorumluluk reddi / bản quyền
    copyright [^.]{1,60}\b\d{4}\b / this (?:site|page|copy) is (?:protected|for your personal)
    ai[- ](?:assisted|generated) / (?:dieser|der) (?:text|artikel|beitrag) (?:wurde|ist) (?:maschinell|mit (?:hilfe|ki))
    mit (?:hilfe von )?ki (?:erstellt|übersetzt) / maschinell (?:erstellt|übersetzt) / ce (?:texte|contenu) a été généré
    contenido (?:generado|elaborado) (?:con|por) / conteúdo gerado / nota (?:legale|legal) / reprodução proibida
    prohibida su reproducción / riproduzione riservata / reproduction interdite / alle rechten voorbehouden
    усі права захищені / передрук / przedruk / wszelkie prawa / všechna práva / tüm hakları / hak cipta
    جميع الحقوق / کلیه حقوق / כל הזכויות / सर्वाधिकार / สงวนลิขสิทธิ์ / 版權所有 / 未经授权 / 未經授權
    本文(?:由|为)\s?ai
    無断転載 / 無断複写 / 무단 ?복제 / ⓒ / 저작권 ?자 / με την επιφύλαξη / απαγορεύεται η αναδημοσίευση
    """
)
CORRECTION = _start(
    r"""
    corrections?(?: and clarifications?| notice)?\s*(?:[:(–—|.-]|$) / correction (?:appended|made) / erratum
    corrections?,? (?:\w+,? ){0,3}\d{1,4}\b / clarifications?\s*(?:[:(–—|.-]|$) / clarification (?:appended|made)
    this (?:article|story|post|piece|report|column|headline|caption|page|transcript) (?:\w+ ){0,6}corrected
    this (?:article|story|post|piece|report|column) (?:\w+ ){0,4}(?:amended|clarified|retracted|withdrawn|revised)
    this (?:article|story|post|piece|report) (?:has been|was) (?:updated|edited|changed|altered)
    (?:this|the) (?:article|story|post|piece|report) (?:originally|initially|previously|incorrectly|mistakenly|wrongly)
    (?:an|a) (?:earlier|previous|prior) version of this / we (?:have )?(?:corrected|amended|retracted|withdrawn) this
    editor(?:s|['’]s|s['’])?(?:['’])? notes?\s*(?:[:(–—.-]|$) / (?:a )?note (?:from the editors?|to (?:our )?readers)\W
    retractions?\s*(?:[:(–—|.-]|$) / retracted\s*: / amendments?\s*: / for the record\s*: / update \(?\d / berichtigung
    korrektur(?:en)?\s*(?:[:(–—]|$) / richtigstellung / gegendarstellung / widerruf\s*: / korrekturhinweis
    in einer (?:früheren|vorherigen|ersten) (?:version|fassung) / anm(?:\.|erkung) d(?:er|\.) red
    (?:anmerkung|hinweis) der redaktion\s*[:(]? ?(?=.{0,200}(?:korrig|berichtig|fehler|früheren|ergänzt|geändert))
    (?:hinweis|transparenzhinweis)\s*: ?(?=.{0,120}(?:korrig|früheren|zunächst|ursprünglich)) / redaktionelle anmerkung
    rectificati(?:f|on)s?\s*(?:[:(–—]|$) / précisions?\s*: / correctif / une (?:première|précédente) version
    (?:une )?version (?:antérieure|précédente) de (?:cet|ce|notre) / mise au point\s*: / erratum\s*: / ndlr\W
    droit de réponse / (?:note|nda) de la rédaction / note de l['’]éditeur
    cet article a été (?:modifié|corrigé|rectifié|amendé|retiré) / correcci(?:ón|ones)\s*(?:[:(–—]|$)
    fe de err(?:at|or)[ae]s / aclaración\s*: / rectificación / retractación
    (?:una )?versión (?:anterior|previa) de (?:est|nuestr) / una versión anterior
    nota de(?:l editor| la redacción| redacción) / nota del? (?:la )?editora?\W / n\. de (?:la )?r\.
    este (?:artículo|texto) (?:ha sido|fue) (?:corregido|modificado|rectificado|retirado)
    correç(?:ão|ões)\s*(?:[:(–—]|$) / esclarecimento\s*: / errata(?:\s*:|$| corrige) / erramos / retratação
    uma versão anterior / nota d(?:a redação|o editor|a editora)
    est[ea] (?:artigo|texto|matéria|reportagem) foi (?:corrigid|retirad|alterad)\w+ / rettifica\s*(?:[:(–—]|$)
    precisazione\s*: / correzione\s*: / nota della redazione / nota del direttore\s*:
    (?:in )?una (?:versione precedente|precedente versione)
    questo articolo è stato (?:corretto|modificato|rettificato|ritirato) / correcties?(?:\s*[:(–—]|$) / rectificatie
    in een eerdere versie / een eerdere versie / noot van de redactie / naschrift\s*: / aanvulling\s*:
    dit artikel is (?:aangepast|gecorrigeerd|gewijzigd|ingetrokken) / rättelser?\s*(?:[:(–—]|$) / korrigering\s*:
    förtydligande\s*: / i en tidigare version / red(?:aktionens)? anm / retting(?:er)?\s*: / rettelser?\s*:
    korreksjon\s*: / beriktigelse / presisering\s*: / præcisering\s*: / i en tidligere (?:versjon|version|utgave)
    redaktionens note / red\.? ?anm\W
    (?:artikkelen|artiklen|artikeln) (?:er|har|är|blev) (?:rettet|korrig|ändr|endret|blevet rettet) / korjaus\s*:
    toimituksen huomautus / jutun aiemmassa versiossa / (?:oikaisu|helyesbítés|helyreigazítás)(?=\s*(?:[:\d(–—-]|$))
    (?:a )?szerkesztő megjegyzése / pontosítás\s*: / исправлени[ея](?:\s*:|$) / уточнение\s*: / поправка
    опровержение\s*: / примечание (?:редакции|редактора) / от редакции\W
    в (?:предыдущей|первоначальной|более ранней) версии / виправлення / уточнення / спростування / примітка редакції
    від редакції\W / у попередній версії / sprostowani[ea] / korekta\s*: / od redakcji\s*: / przypis redakcji
    wcześniejsza wersja / we wcześniejszej wersji / oprav(?:a|ujeme)\s*: / upřesnění\s*: / poznámka redakce
    předchozí verze / düzeltme(?:\s*[:(–—]|$) / editörün notu / editör notu / tekzip / haberin önceki / koreksi\s*:
    ralat / catatan (?:redaksi|editor) / versi sebelumnya / đính chính / ghi chú của (?:tòa soạn|biên tập) / cải chính
    διόρθωση / διευκρίνιση\s*: / επανόρθωση / σημείωση (?:της )?σύνταξης / σε προηγούμενη έκδοση / تصحيح / توضيح\s*:
    تنويه\s*: / ملاحظة (?:المحرر|من المحرر|التحرير) / تصویب / اصلاحیه / توضیح سردبیر / یادداشت (?:سردبیر|ویراستار)
    תיקון(?: טעות)? / הבהרה\s*: / הערת (?:המערכת|העורך) / भूल ?सुधार / संशोधन / स्पष्टीकरण\s*:
    संपादक(?:ीय)? (?:की )?(?:टिप्पणी|नोट) / แก้ไข(?:ข่าว|ข้อมูล) / หมายเหตุ(?:กองบรรณาธิการ|บรรณาธิการ)
    更正(?:启事|啟事|\W)? / 勘误 / 勘誤 / 订正 / 訂正 / 澄清\s*[:：] / 撤稿 / 编者按 / 编者注 / 編者按 / 編者註 / 编辑注
    編按 / 【?(?:お詫びと)?訂正 / 【?(?:お詫び|おわび)と訂正 / 編集部注 / 編集部より / 記事の訂正
    記事を(?:訂正|修正|取り消) / 정정 / \[?정정(?:보도)?\]? / 바로잡습니다 / 바로잡음 / 반론보도 / 편집자\s?주
    \[?바로잡습니다\]?
    """
)
EARLIER_VERSION = _start(
    r"""
    (?:an|a|the) (?:earlier|previous|prior|original|first) (?:version|edition|headline)\b
    (?:the|a) (?:headline|caption|photo caption|chart|graphic|map) (?:\w+ ){0,6}(?:corrected|amended|misstated|changed)
    because of (?:an? )?(?:editing|reporting|production|transcription|typing) error / due to an editing error
    aufgrund eines (?:fehlers|redaktionellen) / wir haben (?:den|diesen) (?:fehler|text|artikel|satz|abschnitt)
    wir bitten,? (?:den|dies|das|diesen) / nous (?:avons|prions) / lamentamos (?:el|o) err
    pedimos (?:disculpas|desculpas) / ci scusiamo / приносим извинения / редакция приносит / omluv / przepraszamy
    özür dileriz / 特此更正 / お詫びいたします / 사과드립니다
    """
)
"""The beginning of a correction that other sentences begin with too: only at an end of the article is it one."""
CORRECTION_POLICY = Phrases(
    r"(?:report|spot|found|find|notice|see)\w* (?:an?|any|some|something)?\s?(?:error|mistake|typo|inaccura|wrong)|"
    r"(?:submit|request|suggest|send)\w* (?:a|us|your|corrections?)|corrections? (?:policy|page|column|desk)|how to|"
    r"fehler (?:gefunden|entdeckt|melden)|signale[rz] une|erreur \?|reportar (?:un )?err|encontrou (?:um )?err|segnala|"
    r"fout (?:gezien|gevonden|melden)|сообщи(?:те|ть) об|hata bildir|rapport\w* (?:en )?fe[ij]l"
)
"""Found in a line that asks readers for corrections and is none."""
_SHARE_WORDS = """
    share|shares|teilen|partager|compartir|compartilhar|condividi|delen|dela|del|поделиться|paylaş|bagikan|chia sẻ|分享
    |シェア|シェアする|공유|مشاركة|facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|flipboard|e-?mail|mail|print|drucken|imprimer|copy
    |link|copied|tweet|pin|save|gift|bookmark|messenger|line|weibo|wechat|微信|微博|viber|vk|вконтакте|одноклассники|xing|pocket
    |tumblr|sms|on|via|this|article|story|the|with|friends|a|to|and|or|comments?|\\d+k?|views?|like
"""
_SHARE_WORD = "(?:" + "".join(line.strip() for line in _SHARE_WORDS.splitlines()) + ")"
SHARE = Phrases(rf"^\W*{_SHARE_WORD}(?:[\s\W]+{_SHARE_WORD})*\W*$")
SHARE_WORD = Phrases(
    r"share|teilen|partager|compart|condivid|tweet|facebook|twitter|whatsapp|print|email|e-mail|подел|paylaş|分享|"
    r"シェア|공유"
    r"|مشاركة|linkedin|pinterest|copy link"
)
COMMENTS = _line(
    r"""
    (?:\d+ |leave a |post a |add a |write a |view |show |load |all |read )*comments?(?: \(?\d+\)?| below| section)?
    (?:\d+ |leave a |post a |view |show |all )*repl(?:y|ies)(?: \(?\d+\)?)? / join the (?:conversation|discussion)
    \d+ responses? / tell us what you think / what do you think / leave a reply
    (?:\d+ )?(?:kommentare?r?|commentaires?|coment[aá]rios?|commenti|комментари[ийев]+|reacties)(?: \(?\d+\)?)?
    (?:\d+ )?(?:yorum(?:lar)?|komentar(?:ze|zy)?|komentáře|коментарі|σχόλια|تعليقات|תגובות|टिप्पणियां)(?: \(?\d+\)?)?
    (?:bình luận|评论|評論|コメント|댓글)(?:\W?\d+\W?)?
    """
)
PLAYER = _line(
    r"""
    \d{1,2}:\d\d(?::\d\d)?(?:\s*[/|–-]?\s*\d{1,2}:\d\d(?::\d\d)?)*(?:\W*(?:close|play|pause|mute|unmute|fullscreen|min\.?))?
    close / play(?: video| audio| now| all)? / pause / (?:un)?mute / fullscreen
    (?:video|audio) player(?: is loading)? / loading (?:video|player|audio) / this video (?:file )?cannot be played
    \(?error code: ?\d+\)? / your browser does not support[^.]{0,60} / watch (?:video|now|live)
    listen(?: to (?:this )?(?:article|story))? / \d{1,2}:\d\d min\b.{0,40} / current time \d.{0,60}
    duration \d.{0,40} / (?:playback )?speed / auto ?play / now playing / replay / skip ad(?: in \d+)?
    listen \(?\d+ min\w*\)? / (?:jw|video) player / video unavailable / このビデオを再生 / 播放
    this slideshow requires javascript / an error (?:has )?occurred.{0,40} / (?:please )?try again(?: later)?
    video (?:ansehen|abspielen|wird geladen).{0,30} / (?:artikel|beitrag) (?:an|vor)h?ören.{0,20} / vorlesen(?: lassen)?
    (?:video|audio)\W*\d{1,2}:\d\d / \d{1,2}:\d\d\W*min\.{1,2} .{0,60} / .{0,30}verfügbar bis .{0,30}
    écouter(?: (?:cet article|l'article))?.{0,20} / lire la vidéo / regarder(?: la vidéo)? / escuchar.{0,20} / ver vídeo
    reproducir / ouvir.{0,20} / assistir / assista.{0,20} / ascolta.{0,20} / guarda il video / beluister.{0,20}
    lyssna.{0,20} / spela upp / lytt.{0,15} / spill av / слушать.{0,20} / слухати.{0,20} / смотреть(?: видео)?
    dinle / izle / videoyu izle / oynat / استمع.{0,20} / شاهد.{0,20} / پخش / האזינו / צפו / सुनें / देखें / ฟัง / ชม
    播放视频 / 收听 / 聽新聞 / 再生(?:する)? / 音声で聞く / 기사 ?듣기 / 동영상 ?재생 / 재생
    """
)
TAGS = _start(
    r"""
    tags?\s*: / tags$ / filed under / topics?\s*: / keywords?\s*: / categor(?:y|ies)\s*: / posted in
    tagged(?: with)? / schlagw(?:orte|örter) / mots[- ]clés / etiquetas / теги / метки / 标签 / 關鍵字 / タグ
    etiketler
    temas\s*: / in this (?:article|story)\s*:?$ / explore more topics
    themen?\s*: / mehr zum thema\s*: / thématiques?\s*: / sujets?\s*: / archivado en / temas relacionados
    assuntos?\s*:
    argomenti\s*: / onderwerpen\s*: / ämnen\s*: / emner\s*: / aiheet\s*: / темы\s*: / ключевые слова / теми\s*:
    tagi\s*:
    štítky / konu(?:lar)?\s*: / topik\s*: / từ khóa / chủ đề\s*: / ετικέτες / θέματα\s*: / الكلمات (?:المفتاحية|الدالة)
    وسوم / برچسب\w*‌?ها / תגיות / टैग्?स?\s*: / แท็ก / 标签\s*[:：] / 關鍵字 / キーワード / 태그
    """
)
CREDIT = _start(
    r"""
    (?:additional |original )?reporting (?:and \w+ )?by\b / \(?reporting by / \(?writing by / \(?editing by
    \(?compiled by / with (?:files|reporting|inputs?|additional reporting) from / source\s*:\s*(?=[^.]{2,60}$)
    sources?\s*:\s*$ / quelle\s*: / fuente\s*: / fonte\s*: / источник\s*: / 来源\s*[:：] / 來源\s*[:：] / 责任编辑
    責任編輯
    \(?(?:(?:photo|image|picture|foto|bild|фото)s?\s*(?:credit|courtesy|by)?\s*[:：])
    \(?(?:mit )?material von / mit (?:dpa|afp|reuters|apa|sda)
    \(?(?:dpa|afp|ap|apa|sda|reuters|efe|ansa|kna|epd|sid)(?:\W.{0,20})?\)?$
    quellen?\s*: ?(?=[^.]{0,60}$) / \(?avec (?:afp|reuters|ap)\b / con información de / com informações d[aeo]
    mitarbeit\s*: / redaktion\s*: / redigering / redactie\s*: / redazione\s*: / fontes?\s*: / джерело\s*: / źródło\s*:
    zdroj\s*: / kaynak\s*: / sumber\s*: / nguồn\s*: / πηγή\s*: / المصدر\s*: / منبع\s*: / מקור\s*: / स्रोत\s*:
    ที่มา\s*:
    编辑\s*[:：] / 責編\s*[:：] / 责编\s*[:：] / 記者[^。]{1,20}／ / 取材・文\s*[:：]? / (?:撮影|写真)\s*[:：／/=＝]
    """
)
CONTACT = Phrases(
    r"^\W*(?:(?:you can )?(?:e-?mail|contact|reach(?: out to)?|write to|follow|tweet(?: at)?)(?: the)? "
    r"(?:author|writer|reporter|editor|journalist|him|her|them|me)s?\b|"
    r"(?:e-?mail|contact|reach|write to|follow)\s+\w[^.!?:]{3,80}(?:@| on (?:twitter|x|facebook|bluesky|threads)\b)|"
    r"about the authors?\b|"
    r"(?:über|zur|zum) (?:den autor|die autorin|person|autor(?:in)?)\b|sobre (?:el|la|o|a) autora?\b|"
    r"à propos de l['’]auteur|об авторе\b|про автора\b|作者简介|著者プロフィール)"
)
"""The beginning of a line with the contact or the biography of an author."""
FOLLOWED = Phrases(r"\bfollow (?:him|her|them|me) (?:on|@)", required="follow")
"""Found anywhere in such a line."""
INTRODUCES = re.compile(
    r"^(?:is|was|writes|covers|reports|ist|war|schreibt|arbeitet|berichtet|est|écrit|es|escribe|é|escreve|è|scrive|är|"
    r"er|skriver|works|работает|пишет|працює|jest|je|yazıyor)\b|^[(,–—]"
)
"""Words after a name in a line that introduces an author."""
CONTRIBUTED = Phrases(r"\bcontributed (?:reporting|to this|from)\b|\bcontributed\.?$", required="contributed")
READ_TIME = _line(
    r"""
    (?:\d+|one) ?-?min(?:ute)?s? (?:read|listen) / (?:reading|read) time\W+.{0,20}
    (?:tempo de leitura|lesezeit|temps de lecture|tiempo de lectura|tempo di lettura|время чтения|leestijd)\W*.{0,20}
    \d+ min(?:uten)? lesezeit / estimated read time.{0,30} / 閱讀時間.{0,20} / views?\W*\d[\d,.]*k? / \d[\d,.]*k? views?
    updated / published / posted / last updated / (?:font|text) size\W*.{0,20} / a[-+ ]{1,3}a?[-+]?
    updated(?: at)? \d{1,2}[:.]\d\d.{0,20} / lesedauer\W*.{0,20} / durée de lecture\W*.{0,20} / lecture \d+ min.{0,10}
    \d+ min(?:utes?)? de (?:lecture|lectura|leitura) / \d+ min(?:uti)? di lettura / \d+ minuten leestijd
    \d+ min(?:ut)?er? (?:lesetid|lästid|læsetid) / lesetid\W*.{0,20} / czas czytania\W*.{0,20}
    \d+ dk(?:\.| )?okuma.{0,10}
    okuma süresi\W*.{0,20} / χρόνος ανάγνωσης\W*.{0,20} / час читання\W*.{0,20} / читать \d+ мин.{0,10} / 读完约.{0,20}
    \d+\s?分钟阅读 / 阅读\W*\d+.{0,10} / 字号\W*.{0,10} / 読了時間.{0,20} / 입력\W.{0,60}
    수정\W.{0,60} / veröffentlicht
    aktualisiert
    mis à jour / publié / publicado / actualizado / atualizado / aggiornato / pubblicato / oppdatert / publisert
    uppdaterad
    """
)
