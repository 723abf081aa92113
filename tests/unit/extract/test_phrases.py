"""Lines match the phrases of a table as if each were matched against all of them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsarchive.extract import phrases
from newsarchive.extract.blocks import normalize_space
from newsarchive.extract.word_tables import LinePhrases, Phrases, _fold_letters, alternatives, entries, group_by_letter

OPENINGS = (
    "related", "latest", "neighbour", "promo", "for_subscribers", "disclaimer", "correction", "earlier_version",
    "tags", "credit",
)  # fmt: skip
LINES = ("newsletter", "advertisement", "comments", "player", "read_time")
TABLES = [*((name, r"(?!\w)") for name in OPENINGS), *((name, r"\W*$") for name in LINES)]
SURROUNDINGS = st.sampled_from(["{}", "- {}", "“{}”", "({})", "{}.", "{} x", "x {}", "x{}", "{}x", "7 {}", "{}: 5"])


@pytest.mark.parametrize(("name", "end"), TABLES)
def test_a_line_matches_as_if_against_all_patterns(name: str, end: str) -> None:
    table = LinePhrases(entries(name), end)
    whole = re.compile(rf"\W*(?:{_fold_letters(alternatives(name))}){end}")
    printed = st.sampled_from(entries(name)).flatmap(st.from_regex)

    @settings(max_examples=150, deadline=None)
    @given(printed | st.text(max_size=20), SURROUNDINGS)
    def check(text: str, around: str) -> None:
        line = around.format(text)
        found = whole.match(_fold_letters(line.lower().replace("i\u0307", "i")))
        assert table.match(line) is (found is not None), line

    check()


@pytest.mark.parametrize(("name", "end"), TABLES)
def test_a_pattern_that_begins_with_a_backslash_matches_no_letter(name: str, end: str) -> None:
    unsure = group_by_letter(entries(name)).get("", [])
    assert not [pattern for pattern in unsure if re.match(r"\\[wWsSDbB]", pattern)]


@pytest.mark.parametrize("line", ["Read also", "READ ALSO: more", "“Read also”", "— read also", "\u2028Read also"])
def test_signs_before_a_phrase_are_passed_over(line: str) -> None:
    assert phrases.RELATED.match(line)


@pytest.mark.parametrize("line", ["", " ", "—", "_", "Readalso", "x Read also", "ℹ"])
def test_other_lines_do_not_match(line: str) -> None:
    assert not phrases.RELATED.match(line)


@pytest.mark.parametrize("first", ["cat", "2", "[cat", "—"])
@pytest.mark.parametrize(("pattern", "line"), [(r"\[cat \d]", "[cat 7]"), ("▶", "▶ cat"), (r"\d+ cats", "(7 cats)")])
def test_a_pattern_may_begin_with_a_sign_or_a_digit(pattern: str, line: str, first: str) -> None:
    table = LinePhrases([pattern, "dog"], r"(?!\w)")
    table.match(first)  # the patterns of one line are kept for the next
    assert table.match(line)


@pytest.mark.parametrize(
    ("pattern", "line"), [("註", "註 5"), ("e{2}l", "eel"), ("e+l", "eel"), ("l*e", "e"), ("l?", "l")]
)
def test_a_pattern_may_consist_of_a_letter_or_repeat_it(pattern: str, line: str) -> None:
    assert LinePhrases([pattern], r"(?!\w)").match(line)


def test_patterns_are_compiled_for_lines_that_begin_like_one() -> None:
    table = LinePhrases(["read also"], "$")
    assert not any(table.match(chr(first)) for first in range(0x4E00, 0x5E00))
    assert not table.match("Really")
    assert not table._compiled
    assert table.match("Read also")


@pytest.mark.parametrize("prefix", ["Note: ", "Hinweis: ", "注：", "— Update: ", "NOTA BENE: "])
def test_a_correction_may_stand_after_a_prefix(prefix: str) -> None:
    assert phrases.CORRECTION.match(f"{prefix}Correction: it was ten.")
    assert not phrases.CORRECTION.match(f"{prefix}it was ten.")
    assert phrases.CORRECTION.match("注：訂正 二〇二六年")
    assert phrases.CORRECTION.match(f"{prefix}Correction: I\u0307stanbul is a town.")


def test_a_match_is_found_as_it_is_printed() -> None:
    assert phrases.NEIGHBOUR.find("« Previous ARTICLE of the series") == "« Previous ARTICLE"
    assert phrases.NEIGHBOUR.find("The previous article") is None
    assert Phrases("abone ol").find("OKUMAK İÇİN ABONE OL!") == "ABONE OL"
    assert Phrases("abone ol").find("i\u0307 ABONE OL!") == "abone ol"  # its positions differ in lower case


@given(st.text(alphabet=st.characters() | st.sampled_from(" \t\n\xa0\u3000ab"), max_size=30))
def test_white_space_is_collapsed(text: str) -> None:
    assert normalize_space(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("LATEST", "Net binnen | Усі новини | Найчитаніше | הנקראות ביותר | Xem nhiều | Последни новини | Най-ново"),
        ("LATEST", "Najnovije vijesti | Најновије вести | Zadnje novice | Ultima oră | Friss hírek | Právě se děje"),
        ("LATEST", "Najnovšie správy | Na topie | Son Haberler | أحدث الأخبار | جدیدترین اخبار | تازہ ترین | জনপ্রিয়"),
        (
            "LATEST",
            "อ่านมากที่สุด | Paling banyak dibaca | よく読まれている記事 | 가장 많이 본 뉴스 | 點閱排行 | Habari mpya",
        ),
        ("LATEST", "Aktuell | Fil d'actu | Le più lette | Em destaque | El més llegit | Just nu | Siste | Tuoreimmat"),
        ("LATEST", "Viimased uudised | Jaunākās ziņas | Naujausios naujienos | Lajmet e fundit | Nýjustu fréttir"),
        ("RELATED", "За темою | עוד בנושא | Вижте още | Čitajte još | Прочитајте још | Pe aceeași temă | Čítajte aj"),
        (
            "RELATED",
            "Polecamy | Benzer Haberler | شاهد أيضا | همچنین بخوانید | ข่าวแนะนำ | Simak juga | 推薦閱讀 | Leia ainda",
        ),
        (
            "RELATED",
            "Empfohlener Artikel | Lire également | Approfondimenti | Llegeix també | Mer i ämnet | Lestu meira",
        ),
        (
            "RELATED",
            "Relaterede artikler | Aiheeseen liittyvää | Taip pat skaitykite: | Читать далее: | Ezt is olvassa el",
        ),
        ("ADVERTISEMENT", "Annonce | Publicitate | פרסומת | تبلیغات | বিজ্ঞাপন | Mainos Mainos päättyy | [PR] | Oglasi"),
        ("ADVERTISEMENT", "La noticia continúa después de la publicidad | Статья продолжается после рекламы"),
        ("ADVERTISEMENT", "المقال يستمر بعد الإعلان | Bài viết tiếp tục sau quảng cáo | 廣告後繼續閱讀 | 展开全文"),
        ("ADVERTISEMENT", "기사는 광고 후에 계속됩니다 | 広告の後に続きます | Show more | Mehr anzeigen | もっと見る"),
        ("DISCLAIMER", "Parts of this text were made with AI. | Our articles are translated by AI."),
        ("DISCLAIMER", "Dieser Artikel wurde automatisch übersetzt. | Nos articles sont traduits par l'IA."),
        ("DISCLAIMER", "I nostri articoli sono tradotti dall'IA. | Delen van deze tekst zijn gemaakt met AI."),
        ("DISCLAIMER", "Ten artykuł został przetłumaczony automatycznie. | Partes deste texto foram feitas com IA."),
        ("DISCLAIMER", "Nuestros artículos son traducidos por IA. | Våra artiklar översätts av AI."),
        ("DISCLAIMER", "Denne artikel er oversat automatisk. | Deler av denne teksten er laget med KI."),
        ("DISCLAIMER", "Bu haber otomatik olarak çevrilmiştir. | Наши статьи переведены с помощью ИИ."),
        (
            "DISCLAIMER",
            "Цю статтю перекладено автоматично. | تمت ترجمة هذا المقال آليا. | यह लेख स्वचालित रूप से अनुवादित है।",
        ),
        ("DISCLAIMER", "Artikel ini diterjemahkan secara otomatis. | Các bài viết của chúng tôi được dịch bằng AI."),
        ("DISCLAIMER", "この記事は機械翻訳によるものです。 | 본 기사는 AI로 번역되었습니다. | 本文部分内容由AI生成。"),
        ("RELATED", "함께 읽으면 좋은 기사 | 함께 보면 좋은 글"),
        ("DISCLAIMER", "Aviso sobre el uso de la IA | Σημείωση για τη χρήση της τεχνητής νοημοσύνης"),
        ("DISCLAIMER", "AI 활용 안내 | הערה על שימוש בבינה מלאכותית | تنويه بشأن استخدام الذكاء الاصطناعي"),
        ("SITE_DISCLAIMER", "Einige Texte auf dieser Seite entstehen mit KI. | 本站部分内容由人工智能生成。"),
        ("CREDIT", "(jk) | (TASS) | (com Lusa) | (서울=연합뉴스) | (भाषा) | （完） | Bericht: Anna Beispiel"),
        ("ADVERTISEMENT", "Saken fortsetter under annonsen | Tekst gaat verder onder de foto | Haberin devamı aşağıda"),
        (
            "PROMO",
            "Urmărește-ne pe Google News | انتهای پیام/ | Segui la Gazzetta su Google News | Пратите нас на мрежама",
        ),
        ("CREDIT", "/ritzau/ | Izvor: Tanjug | Bron: ANP | Källa: TT | 出典：統計局 | (责编：王芳)"),
        ("COMMENTS", "4 коментара | 12 hozzászólás | Kommentit (3) | Comentarii | মন্তব্য | نظرات"),
        ("TAGS", "Ключови думи: мост | Címkék: híd | Avainsanat: silta | Kata kunci: jembatan | ট্যাগ: সেতু"),
        ("SHARE", "Udostępnij | Сподели | Megosztás Facebook | Κοινοποίηση | แชร์ | شارك | Jaa | Podijeli"),
        (
            "READ_TIME",
            "Publicerad | Opublikowano | Megjelent: | פורסם | تاریخ انتشار: | Δημοσιεύτηκε | 公開日時 | Atnaujinta",
        ),
    ],
)
def test_labels_of_many_languages(table: str, lines: str) -> None:
    assert [line for line in lines.split(" | ") if not getattr(phrases, table).match(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "Aktuell sind die Straßen gesperrt", "Siste sjanse for laksen", "Just nu i havet",
        "المزيد من الجرحى في المدينة", "Hina Khan besucht den Hafen", "Lid van de raad", "Anzeige gegen den Trainer",
    ],
)  # fmt: skip
def test_headings_that_begin_with_a_common_word_are_no_labels(line: str) -> None:
    tables = (phrases.LATEST, phrases.RELATED, phrases.ADVERTISEMENT, phrases.CREDIT, phrases.READ_TIME)
    assert not any(table.match(line) for table in tables)


@pytest.mark.parametrize(
    "line",
    [
        "This article of the law was translated by monks in the ninth century.",
        "Artificial intelligence was used by the police to find the thief.",
        "Our articles of faith are simple, he said.",
        "AI use in hospitals doubles",
        "About the use of AI in the tax office",
        "Some of the stories that he told were written with AI.",
        "This site uses artificial intelligence to sort waste.",
        "Die Texte auf dieser Tafel erzählen von der Flut.",
        "Teile dieses Hauses wurden mit KI geplant, sagt der Architekt.",
        "Cet article a été traduit en douze langues.",
        "Partes deste bairro foram inundadas.",
        "この記事の筆者は東京に住む。",
    ],
)
def test_sentences_of_articles_are_no_disclaimers(line: str) -> None:
    assert not phrases.DISCLAIMER.match(line)


@pytest.mark.parametrize(
    ("printed", "other"),
    [("ΔΙΑΦΗΜΙΣΗ", "Διαφήμιση"), ("\u092a\u095d\u0947\u0902", "\u092a\u0922\u0947\u0902"),
     ("\u09aa\u09a1\u09bc\u09c1\u09a8", "\u09aa\u09dc\u09c1\u09a8")],
)  # fmt: skip
def test_accents_of_greek_and_nuktas_make_no_difference(printed: str, other: str) -> None:
    assert Phrases(other.lower()).match(printed)
    assert LinePhrases([printed.lower()], "$").match(other)
