"""Corrections, editor's notes and retractions are recognised wherever they stand, in the usual press languages."""

import json
from typing import Any

import pytest

from newsarchive.extract.corrections import is_notice
from newsarchive.extract.page import extract_page
from storage.model import Article, Role

TEXTS = (
    "The harbour of the old town opened on Monday after nine years of work, the council said in a statement.",
    "Ships from six countries came in the first hours, and the crowd on the quay counted them one by one.",
    "The mayor said that the cost had been lower than was feared when the storm of 2017 broke the wall.",
    "Fishermen had asked for a second basin, which will be built next year when the money has been found.",
    "A museum in the old custom house tells the story of the port from its first pier to the new quay.",
)


def read(*, top: str = "", foot: str = "", after: str = "", **data: Any) -> Article:
    """Return the article of a page with something above, below or beside its text, or in its data."""
    ld = {"@type": "NewsArticle", "headline": "Harbour opens", "datePublished": "2026-03-01T05:00:00Z", **data}
    text = "".join(f"<p>{each}</p>" for each in TEXTS)
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Harbour opens</title>'
        f'<script type="application/ld+json">{json.dumps(ld)}</script></head><body><nav><a href="/">Home</a></nav>'
        f"<article><h1>Harbour opens</h1>{top}{text}{foot}</article>{after}"
        "<footer><p>Corrections: Found an error? Write to corrections@news.example</p></footer></body></html>"
    )
    article = extract_page(page.encode(), "https://news.example/2026/harbour").article
    assert article is not None
    return article


def notices(article: Article) -> list[str]:
    """Return the corrections of an article."""
    return [each.text for each in article.paragraphs if each.role is Role.CORRECTION]


NOTE = "The wall broke in 2018, not in 2017 as we wrote."


@pytest.mark.parametrize(
    "place",
    [
        {"foot": f"<p>Correction: {NOTE}</p>"},
        {"foot": f"<p><em>An earlier version misstated the year. {NOTE}</em></p>"},
        {"foot": f"<p>This article was amended on 3 March 2026. {NOTE}</p>"},
        {"foot": f"<footer><p>Clarification: {NOTE}</p></footer>"},
        {"foot": f"<h4>Clarification</h4><p>{NOTE}</p>"},
        {"top": f"<p>Editor's note: {NOTE}</p>"},
        {"top": f"<div><strong>Retraction</strong><p>{NOTE}</p></div>"},
        {"after": f"<aside><h3>Correction</h3><p>{NOTE}</p></aside>"},
        {"after": f'<div class="c-article-correction"><p>{NOTE}</p></div>'},
        {"after": f"<section><p>Correction, 3 March: {NOTE}</p></section>"},
        {"correction": {"@type": "CorrectionComment", "text": NOTE}},
        {"top": f'<p class="byline">By Ada Quill | Correction: {NOTE}</p>'},
        {"top": f'<p class="byline"><span>By Ada Quill</span> | <span>Corrected on 3 March 2026: {NOTE}</span></p>'},
        {"top": f'<figure><img src="/a.jpg"><figcaption>The quay. Correction: {NOTE}</figcaption></figure>'},
        {"foot": f"<blockquote><p>Correction: {NOTE}</p></blockquote>"},
        {"foot": f"<p><strong>Correction</strong> {NOTE}</p>"},
        {"foot": f"<div><strong>Updates and corrections</strong><ul><li>3 March: {NOTE}</li></ul></div>"},
    ],
)
def test_a_correction_is_one_wherever_it_stands(place: dict[str, Any]) -> None:
    """At the foot, at the top, beside the article, in a footer, after a label, or in the page's data only."""
    article = read(**place)
    assert any(NOTE in each for each in notices(article))
    assert [each.text for each in article.paragraphs if each.role is Role.TEXT] == list(TEXTS)
    assert article.dek is None


def test_a_page_without_a_correction_has_none() -> None:
    """The line that asks readers for corrections, under every article, is none."""
    assert notices(read()) == []
    assert notices(read(after='<ul><li><a href="/c">Correction: harbour story of Monday was wrong</a></li></ul>')) == []


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE: This story has been updated to correct the spelling of the mayor's name.",
        "Update, 3 March, 10:15: A previous version of this story gave a wrong year.",
        "Corrected on March 3, 2026: The harbour closed in 2018.",
        "FOR THE RECORD March 3: The harbour closed in 2018.",
        "This article has been removed at the request of the author.",
        "We regret the error.",
        "The Harbour Courier apologises for the error.",
        "Apology: On 3 March we said that Mr Quill was arrested. He was not.",
        "A correction was made on March 3, 2026: An earlier version of this article misstated the year.",
        "This is a corrected version of an article published on March 3.",
        "(This March 3 story has been corrected to say 2018, not 2017, in paragraph 3)",
        "(Corrects year in paragraph 3)",
        "This version CORRECTS the year in the third paragraph.",
        "Berichtigung: Der Hafen wurde 2018 gesperrt.",
        "Dieser Artikel wurde nachträglich korrigiert.",
        "Transparenzhinweis: In einer ersten Version dieses Textes war von 2017 die Rede.",
        "Anmerkung der Redaktion: In der ursprünglichen Fassung stand 2017.",
        "Mise à jour du 3 mars : une erreur sur l'année a été corrigée.",
        "Diferentemente do informado, o porto fechou em 2018.",
        "Correccions: el port va tancar el 2018.",
        "Rechtzetting: de haven sloot in 2018.",
        "Rättelse 3 mars: Hamnen stängdes 2018.",
        "Artikeln har korrigerats.",
        "Berigtigelse: Havnen lukkede i 2018.",
        "Leiðrétting: höfnin lokaði 2018.",
        "Korjaus 3.3.: satama suljettiin 2018.",
        "Juttua korjattu 3.3. kello 10: vuosi oli väärä.",
        "Parandus: sadam suleti 2018.",
        "Labojums: osta slēgta 2018.",
        "Pataisymas: uostas uždarytas 2018.",
        "W poprzedniej wersji artykułu podaliśmy zły rok.",
        "V předchozí verzi článku byl chybný rok.",
        "Ispravak: luka je zatvorena 2018.",
        "Исправка: лука је затворена 2018.",
        "Popravek: pristanišče zaprto 2018.",
        "Rectificare: portul a fost închis în 2018.",
        "Pembetulan: pelabuhan ditutup pada 2018.",
        "Hak jawab: pelabuhan ditutup pada 2018.",
        "แก้ไข: ท่าเรือปิดในปี 2018",
        "সংশোধনী: বন্দর ২০১৮ সালে বন্ধ হয়।",
        "تصحیح: بندرگاہ 2018 میں بند ہوئی۔",
        "來函照登：港口於2018年關閉。",
        "記事の一部を訂正しました。",
        "※初出時、年に誤りがありました。",
        "In einer früheren Version dieses Artikels stand ein falsches Jahr.",
        "Anm. d. Red.: Der Hafen wurde 2018 gesperrt.",
        "Cet article a été modifié le 3 mars : le port a fermé en 2018.",
        "Rectificatif : le port a fermé en 2018.",
        "NDLR : le port a fermé en 2018.",
        "Fe de erratas: el puerto cerró en 2018.",
        "Nota de la redacción: el puerto cerró en 2018.",
        "Correção: o porto fechou em 2018.",
        "Uma versão anterior desta reportagem dizia 2017.",
        "Rettifica: il porto ha chiuso nel 2018.",
        "Una versione precedente di questo articolo diceva 2017.",
        "Dit artikel is aangepast: de haven sloot in 2018.",
        "Rättelse: hamnen stängdes 2018.",
        "Rettelse: Havnen lukkede i 2018.",
        "Oikaisu: satama suljettiin 2018.",
        "В предыдущей версии статьи был указан неверный год.",
        "Примечание редакции: порт закрыли в 2018 году.",
        "Виправлення: порт закрили 2018 року.",
        "Sprostowanie: port zamknięto w 2018 roku.",
        "Oprava: přístav byl uzavřen v roce 2018.",
        "Düzeltme: liman 2018'de kapatıldı.",
        "Ralat: pelabuhan ditutup pada 2018.",
        "Đính chính: cảng đóng cửa năm 2018.",
        "Διόρθωση: το λιμάνι έκλεισε το 2018.",
        "تصحيح: أغلق الميناء في عام 2018.",
        "اصلاحیه: بندر در سال ۲۰۱۸ بسته شد.",
        "תיקון: הנמל נסגר בשנת 2018.",
        "भूल सुधार: बंदरगाह 2018 में बंद हुआ।",
        "更正：港口于2018年关闭。",
        "编者按：港口于2018年关闭。",
        "【訂正】港の閉鎖は2018年でした。",
        "[정정보도] 항구는 2018년에 폐쇄되었습니다.",
        "Helyreigazítás: a kikötőt 2018-ban zárták le.",
        "Correction (3 March 2026): The wall broke in 2018.",
        "Correction on 3 March: the wall broke in 2018.",
        "* Correction: the wall broke in 2018.",
        "[Correction: the wall broke in 2018.]",
        "CORRECTION — The wall broke in 2018.",
        "Corrections & Clarifications: The wall broke in 2018.",
        "Editor’s note (March 3): The wall broke in 2018.",
        "Editors' Note, March 3: The wall broke in 2018.",
        "Ed. note: The wall broke in 2018, not 2017.",
        "Note: This story has been corrected to say that the wall broke in 2018.",
        "NOTE: An earlier version of this article misstated the year.",
        "Note: An earlier version gave the wrong year.",
        "An earlier version misstated the year of the storm.",
        "A previous version of the story said 2017.",
        "This article was amended on 3 March 2026 because an earlier version said 2017.",
        "This article was amended to correct the year.",
        "This article has been amended since publication.",
        "This story was updated to correct the year of the storm.",
        "The article has been corrected: it was 2018.",
        "The story above has been corrected.",
        "This post has been updated with a correction.",
        "This article incorrectly stated that the wall broke in 2017.",
        "The headline of this article has been changed to reflect that the wall broke in 2018.",
        "Clarification, March 3: The mayor spoke of the wall.",
        "CLARIFICATION: The mayor spoke of the wall.",
        "Post-publication correction: the wall broke in 2018.",
        "Post-publication note: the wall broke in 2018, not 2017.",
        "Publisher's note: this article has been withdrawn.",
        "Retraction: We withdraw this article.",
        "RETRACTED: Harbour opens",
        "We have removed this article because it did not meet our standards.",
        "The Courier has retracted this article.",
        "The Harbour Courier has corrected this story.",
        "In an earlier version of this article, we wrote 2017.",
        "In a previous version of this report the year was wrong.",
        "Due to an error, an earlier version of this article said 2017.",
        "Due to a production error, the year was given as 2017.",
        "Owing to an editing error the year was given as 2017.",
        "Because of incorrect information from the port, an earlier version said 2017.",
        "This article previously stated that the wall broke in 2017.",
        "It was previously reported that the wall broke in 2017. This is wrong.",
        "Amended at 10:15 on 3 March to correct the year.",
        "Amendment: 3 March 2026: the year was corrected.",
        "Updated 3 March 2026 to correct the year of the storm.",
        "This report was corrected on March 3 to say 2018.",
        "Erratum: the year was 2018.",
        "Errata: the year was 2018.",
        "Addendum: The mayor has since denied it.",
        "Apology: Mr Quill was not arrested.",
        "Corrigendum: the year was 2018.",
        "Wir haben das Jahr korrigiert: Die Mauer brach 2018.",
        "Korrektur vom 3. März: Die Mauer brach 2018.",
        "Korrektur, 3. März 2026: Die Mauer brach 2018.",
        "Korrigiert am 3. März: Die Mauer brach 2018.",
        "Hinweis: In einer früheren Version dieses Artikels stand 2017.",
        "Hinweis der Redaktion: Wir haben das Jahr korrigiert.",
        "Anmerkung: In einer früheren Version hieß es 2017.",
        "In der ersten Fassung dieses Artikels hieß es 2017. Das war falsch.",
        "In einer ursprünglichen Version stand 2017.",
        "Wir haben den Artikel nachträglich korrigiert.",
        "Dieser Artikel wurde am 3. März korrigiert.",
        "Dieser Text enthielt ursprünglich einen Fehler.",
        "Klarstellung: Der Bürgermeister sprach von der Mauer.",
        "Korrektur: Die Mauer brach 2018.",
        "Update: In einer früheren Version stand 2017.",
        "*Anm. d. Red.: Die Mauer brach 2018.",
        "Correction : le mur a cédé en 2018.",
        "Erratum : le mur a cédé en 2018.",
        "Rectificatif du 3 mars : le mur a cédé en 2018.",
        "Une première version de cet article indiquait 2017.",
        "Dans une première version de cet article, nous indiquions 2017.",
        "Dans une version précédente, nous écrivions 2017.",
        "Contrairement à ce que nous avons écrit, le mur a cédé en 2018.",
        "Précision : le maire parlait du mur.",
        "Mise à jour : l'article a été corrigé.",
        "Article corrigé le 3 mars à 10 h 15.",
        "Cet article a été mis à jour pour corriger l'année.",
        "Note de la rédaction : le mur a cédé en 2018.",
        "Corrección: el muro cedió en 2018.",
        "En una versión anterior de este artículo se decía 2017.",
        "En una primera versión de esta noticia se decía 2017.",
        "Por un error, en una versión anterior se decía 2017.",
        "Este artículo se ha corregido el 3 de marzo.",
        "Esta información ha sido corregida.",
        "Esta noticia ha sido actualizada para corregir el año.",
        "Aclaración: el alcalde hablaba del muro.",
        "Nota del editor: el muro cedió en 2018.",
        "Correção: o muro cedeu em 2018.",
        "Correção (3/3): o muro cedeu em 2018.",
        "Uma primeira versão deste texto dizia 2017.",
        "Numa versão anterior deste artigo lia-se 2017.",
        "Em versão anterior desta reportagem, lia-se 2017.",
        "Ao contrário do publicado, o muro cedeu em 2018.",
        "Errata: o muro cedeu em 2018.",
        "Texto corrigido às 10h15.",
        "Errata corrige: il muro è crollato nel 2018.",
        "Correzione: il muro è crollato nel 2018.",
        "In una prima versione di questo articolo si leggeva 2017.",
        "Una prima versione dell'articolo riportava 2017.",
        "Questo articolo è stato aggiornato per correggere l'anno.",
        "Correctie: de muur brak in 2018.",
        "Rectificatie: de muur brak in 2018.",
        "In een eerdere versie van dit artikel stond 2017.",
        "Correctie 3 maart: de muur brak in 2018.",
        "Aanpassing: eerder stond hier 2017.",
        "Rättelse: Muren brast 2018.",
        "Rättat: Muren brast 2018.",
        "I en tidigare version av artikeln stod 2017.",
        "Artikeln är rättad.",
        "Rettelse: Muren brast i 2018.",
        "I en tidligere version af artiklen stod der 2017.",
        "Rettelse: I en tidligere versjon sto det 2017.",
        "Artikkelen er endret: Muren brast i 2018.",
        "Oikaisu 3.3.2026: muuri murtui 2018.",
        "Korjattu 3.3. kello 10: vuosi oli väärä.",
        "Sprostowanie: mur runął w 2018.",
        "Korekta: mur runął w 2018.",
        "W pierwszej wersji artykułu podaliśmy rok 2017.",
        "Errata: mur runął w 2018.",
        "Oprava: zeď se zřítila 2018.",
        "V původní verzi článku byl uveden rok 2017.",
        "Исправление: стена рухнула в 2018 году.",
        "Исправлено: стена рухнула в 2018 году.",
        "В первой версии статьи был указан 2017 год.",
        "В ранней версии материала говорилось о 2017 годе.",
        "Текст исправлен 3 марта.",
        "Поправка: стена рухнула в 2018 году.",
        "Виправлено: стіна впала 2018 року.",
        "У першій версії статті йшлося про 2017 рік.",
        "Düzeltme: Duvar 2018'de yıkıldı.",
        "Haberin ilk halinde 2017 yazıyordu.",
        "Διόρθωση: το τείχος έπεσε το 2018.",
        "Σε προηγούμενη εκδοχή του άρθρου αναφερόταν το 2017.",
        "تصحيح: انهار الجدار عام 2018.",
        "تصويب: انهار الجدار عام 2018.",
        "في نسخة سابقة من هذا المقال ذكرنا 2017.",
        "תיקון: החומה נפלה ב-2018.",
        "בגרסה קודמת של הכתבה נכתב 2017.",
        "更正：牆於2018年倒塌。",
        "更正:墙于2018年倒塌。",
        "【更正】墙于2018年倒塌。",
        "本文早前版本误写为2017年。",
        "本文曾於早前版本誤植年份。",
        "此前报道有误，应为2018年。",
        "訂正：壁は2018年に崩れた。",
        "【訂正】壁は2018年に崩れた。",
        "お詫びと訂正：壁は2018年に崩れた。",
        "訂正して、おわびします。",
        "本文を修正しました。",
        "正誤表：2018年",
        "정정: 벽은 2018년에 무너졌다.",
        "정정보도문",
        "이 기사는 수정되었습니다.",
        "기사 수정: 2018년",
        "Koreksi: tembok runtuh pada 2018.",
        "Artikel ini telah dikoreksi.",
        "Đính chính: tường sập năm 2018.",
        "Bài viết đã được chỉnh sửa.",
        "भूल सुधार: दीवार 2018 में गिरी।",
        "सुधार: दीवार 2018 में गिरी।",
        "แก้ไข: กำแพงพังในปี 2018",
        "Ispravak: zid se srušio 2018.",
        "Исправка: зид се срушио 2018.",
        "Поправка: стената падна през 2018 г.",
        "Erată: zidul a căzut în 2018.",
        "Helyesbítés: a fal 2018-ban dőlt le.",
        "Korrekció: a fal 2018-ban dőlt le.",
    ],
)
def test_corrections_are_recognised_in_the_languages_of_the_press(text: str) -> None:
    """By their first words."""
    assert is_notice(text, at_edge=True)


@pytest.mark.parametrize(
    "text",
    [
        "An earlier version of the bill passed the lower house in May.",
        "This article of the treaty was never applied.",
        "Correction officers went on strike on Monday.",
        "The retraction of the glacier was measured each year.",
        "Editor’s note: This is an opinion column that reflects the views of its author alone.",
        "Corrections policy: how to report a mistake.",
        "Hinweis: Die Figur kann jederzeit im Bereich „Mein Hafen“ geändert werden.",
        "Updated: 3 March 2026, 10:15",
        "The harbour master corrects the charts each year by hand.",
        "For the record books it was a good year.",
        "The mayor asked for a correction of the budget on Monday.",
        "The report was amended after criticism from the opposition in the senate.",
        "The story was retracted by the newspaper in 2014, and the reporter lost his job.",
        "The city council has amended this rule three times since 2015, officials said.",
        "We have removed this barrier and many others, said the minister.",
        "Updated figures released on Tuesday to correct last month's numbers show a fall.",
        "Correction in the market continued on Monday as shares fell.",
        "Corrections in the state employ 5,000 people.",
        "Amended on 3 May, the law bans protests near schools.",
        "Dans une première version, le projet de loi prévoyait une peine de cinq ans.",
        "Contrairement à ce qui a été affirmé par le ministre, le chômage augmente.",
        "Ao contrário do que foi divulgado pela polícia, o suspeito está vivo.",
        "In einer ursprünglichen Version des Gesetzes war von zehn Jahren die Rede.",
        "En una primera versión de esta ley se preveían multas.",
        "Текст исправлен и передан в Думу.",
        "정정보도를 청구하기로 했다.",
        "Update: The match has begun.",
        "Addendum to the treaty was signed on Monday by both sides.",
        "This article appeared first in the Monday edition.",
        "Note: This article contains spoilers.",
        "In der ersten Fassung des Gesetzes stand das nicht.",
        "В первой версии игры было мало уровней.",
        "This post was shared 500 times.",
        "The story above the shop was rented.",
        "此前报道，墙于2018年倒塌。",
        "Aanpassing van de wet kost miljoenen.",
        "Errata is the name of the band.",
    ],
)
def test_sentences_of_a_story_are_no_corrections(text: str) -> None:
    """Amid the text, and policy lines anywhere."""
    assert not is_notice(text, at_edge=False)


@pytest.mark.parametrize(
    "notice",
    [
        "This article has been removed because it did not meet our standards.",
        "Retraction: We withdraw this article. We apologise to Mr Quill.",
        "Dieser Artikel wurde gelöscht, weil er nicht unseren Standards entsprach.",
        "Cet article a été retiré à la demande de la rédaction.",
    ],
)
def test_a_retraction_that_replaces_the_text_is_read_as_the_article(notice: str) -> None:
    """It is the last version of the article; read as a page without text it would never be seen."""
    ld = {"@type": "NewsArticle", "headline": "Harbour opens", "datePublished": "2026-03-01T05:00:00Z"}
    page = (
        '<html lang="en"><head><title>Harbour opens</title>'
        f'<script type="application/ld+json">{json.dumps(ld)}</script>'
        f"</head><body><article><h1>Harbour opens</h1><p>{notice}</p></article></body></html>"
    )
    article = extract_page(page.encode(), "https://news.example/2026/03/01/harbour-opens.html").article
    assert article is not None
    assert notices(article) == [notice]


@pytest.mark.parametrize("tag", ["div", "section", "article", "main", "aside"])
@pytest.mark.parametrize(
    "name",
    ['class="story-errata"', 'class="CorrectionBox 5"', 'id="editors-note"', 'itemprop="correction"',
     'data-testid="correction-notice"', 'data-component="clarification"', 'itemprop="text correctionNotice"',
     f'data-testid="{"y" * 300}" class="correction"', f'data-module="{"x" * 310}" class="correction"'],
)  # fmt: skip
def test_a_box_is_named_by_any_of_its_attributes(tag: str, name: str) -> None:
    assert notices(read(foot=f"<{tag} {name}><div><p>{NOTE}</p></div></{tag}>")) == [NOTE]


def test_a_heading_is_named_by_its_id() -> None:
    assert notices(read(foot=f'<h4 id="correction">{NOTE}</h4>')) == [NOTE]


def test_a_hidden_box_after_the_text_is_named() -> None:
    notes = [
        f"{NOTE} The mayor told the council so in a letter of {year}, which the paper has read." for year in range(5)
    ]
    box = "".join(f"<p>{note}</p>" for note in notes)
    assert notices(read(foot=f'<div hidden class="correction">{box}</div>')) == notes
