"""What short lines around an article say, in the languages of newspapers.

These are words of the trade ("Read also", "Newsletter"), not lists of sites. They are compared with short lines whose
place or markup bears them out: taking long paragraphs out of a body for a word in them was measured to do harm.

Each table holds patterns, " / " between them, in no order that matters.
"""

import re


def _patterns(table: str) -> str:
    return "|".join(pattern for line in table.splitlines() for pattern in line.strip().split(" / ") if pattern)


def _line(table: str) -> re.Pattern[str]:
    """Match a line that is one of the patterns and nothing else."""
    return re.compile(rf"^\W*(?:{_patterns(table)})\W*$", re.IGNORECASE)


def _start(table: str) -> re.Pattern[str]:
    """Match a line that begins with one of the patterns."""
    return re.compile(rf"^\W*(?:{_patterns(table)})(?!\w)", re.IGNORECASE)


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
    σχετικά (?:άρθρα|θέματα) / διαβάστε (?:επίσης|ακόμα) / اقرأ (?:أيضا|أيضًا|المزيد) / مواضيع ذات صلة
    أخبار ذات صلة / קראו (?:גם|עוד) / 相关(?:新闻|阅读|文章|报道|推荐)? / 相關(?:新聞|閱讀|文章|報導)
    延伸(?:阅读|閱讀) / 推荐阅读
    関連(?:記事|ニュース|リンク)? / あわせて読みたい / おすすめ(?:記事)? / 관련\s?(?:기사|뉴스) / संबंधित खबरें
    यह भी पढ़ें
    """
)
LATEST = _start(
    r"""
    (?:the )?latest(?: (?:news|stories|articles|headlines|posts|updates|from))?
    most (?:read|popular|viewed|shared|recent|commented|watched)
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
    подпис(?:ыв|ат|ыва|еш)\w* / schrijf je in / abone ol\w* / ikuti / 关注 / 扫码 / 扫描二维码 / フォロー / 구독
    تابعنا / اشترك
    get access to / start your free trial / buy now / the views expressed (?:in|by)[^.]{0,60}newsletter
    """
)
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
    """
)
CORRECTION = _start(
    r"""
    corrections?\s*[:(] / correction (?:appended|made) / clarifications?\s*:
    this (?:article|story|post|piece|report) (?:has been|was) (?:corrected|amended|updated|edited)
    an earlier version of this / berichtigung / korrektur\s*: / rectificati(?:f|on)\s*: / corrección\s*:
    fe de erratas / correção\s*: / rettifica\s*: / исправление\s*: / 更正 / 訂正 / 정정
    """
)
_SHARE_WORDS = """
    share|shares|teilen|partager|compartir|compartilhar|condividi|delen|dela|del|поделиться|paylaş|bagikan|chia sẻ|分享
    |シェア|シェアする|공유|مشاركة|facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|flipboard|e-?mail|mail|print|drucken|imprimer|copy
    |link|copied|tweet|pin|save|gift|bookmark|messenger|line|weibo|wechat|微信|微博|viber|vk|вконтакте|одноклассники|xing|pocket
    |tumblr|sms|on|via|this|article|story|the|with|friends|a|to|and|or|comments?|\\d+k?|views?|like
"""
_SHARE_WORD = "(?:" + "".join(line.strip() for line in _SHARE_WORDS.splitlines()) + ")"
SHARE = re.compile(rf"^\W*{_SHARE_WORD}(?:[\s\W]+{_SHARE_WORD})*\W*$", re.IGNORECASE)
SHARE_WORD = re.compile(
    r"share|teilen|partager|compart|condivid|tweet|facebook|twitter|whatsapp|print|email|e-mail|подел|paylaş|分享|"
    r"シェア|공유"
    r"|مشاركة|linkedin|pinterest|copy link",
    re.IGNORECASE,
)
COMMENTS = _line(
    r"""
    (?:\d+ |leave a |post a |add a |write a |view |show |load |all |read )*comments?(?: \(?\d+\)?| below| section)?
    (?:\d+ |leave a |post a |view |show |all )*repl(?:y|ies)(?: \(?\d+\)?)? / join the (?:conversation|discussion)
    \d+ responses? / kommentare?(?: \(?\d+\)?)? / (?:\d+ )?commentaires? / (?:\d+ )?comentarios?
    (?:\d+ )?comentários? / commenti / комментари[ий](?: \(?\d+\)?)? / reacties / kommentarer / yorumlar / komentar
    bình luận / 评论 / 評論 / コメント / 댓글 / تعليقات / tell us what you think / what do you think / leave a reply
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
    """
)
TAGS = _start(
    r"""
    tags?\s*: / tags$ / filed under / topics?\s*: / keywords?\s*: / categor(?:y|ies)\s*: / posted in
    tagged(?: with)? / schlagw(?:orte|örter) / mots[- ]clés / etiquetas / теги / метки / 标签 / 關鍵字 / タグ
    etiketler
    temas\s*: / in this (?:article|story)\s*:?$ / explore more topics
    """
)
CREDIT = _start(
    r"""
    (?:additional |original )?reporting (?:and \w+ )?by\b / \(?reporting by / \(?writing by / \(?editing by
    \(?compiled by / with (?:files|reporting|inputs?|additional reporting) from / source\s*:\s*(?=[^.]{2,60}$)
    sources?\s*:\s*$ / quelle\s*: / fuente\s*: / fonte\s*: / источник\s*: / 来源\s*[:：] / 來源\s*[:：] / 责任编辑
    責任編輯
    \(?(?:(?:photo|image|picture|foto|bild|фото)s?\s*(?:credit|courtesy|by)?\s*[:：])
    """
)
CONTRIBUTED = re.compile(r"\bcontributed (?:reporting|to this|from)\b|\bcontributed\.?$", re.IGNORECASE)
READ_TIME = _line(
    r"""
    (?:\d+|one) ?-?min(?:ute)?s? (?:read|listen) / (?:reading|read) time\W+.{0,20}
    (?:tempo de leitura|lesezeit|temps de lecture|tiempo de lectura|tempo di lettura|время чтения|leestijd)\W*.{0,20}
    \d+ min(?:uten)? lesezeit / estimated read time.{0,30} / 閱讀時間.{0,20} / views?\W*\d[\d,.]*k? / \d[\d,.]*k? views?
    updated / published / posted / last updated / (?:font|text) size\W*.{0,20} / [aA][-+ ]{1,3}[aA]?[-+]?
    """
)
