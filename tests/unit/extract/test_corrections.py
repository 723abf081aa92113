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
    ],
)
def test_sentences_of_a_story_are_no_corrections(text: str) -> None:
    """Amid the text, and policy lines anywhere."""
    assert not is_notice(text, at_edge=False)
