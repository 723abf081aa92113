"""Parsing of dates."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract.parse_date import _fold_word, parse_iso_date, parse_printed_date, stems_by_month
from storage.page_date import PageDate


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-11-18", utc(2019, 11, 18)),
        ("Thứ hai, ngày 3 tháng 11 năm 2025, 14:05", utc(2025, 11, 3, 14, 5)),
        ("12 tháng 1, 2025", utc(2025, 1, 12)),
        ("March 3, 2025", utc(2025, 3, 3)),
        ("2019-11-18T10:05:06.123Z", utc(2019, 11, 18, 10, 5, 6)),
        ("2019-11-18T10:05:00+0530", utc(2019, 11, 18, 4, 35)),
        ("2019-11-18 10:05:00 -05:00", utc(2019, 11, 18, 15, 5)),
        ("20191118T101010Z", utc(2019, 11, 18, 10, 10, 10)),
        ("Mon, 18 Nov 2019 10:05:00 GMT", utc(2019, 11, 18, 10, 5)),
        ("Mon, 18 Nov 2019 10:05:00 +0100", utc(2019, 11, 18, 9, 5)),
        ("2019-W47-1", utc(2019, 11, 18)),
        ("2019W471T100500+0530", utc(2019, 11, 18, 4, 35)),
        ("2019-W47-1T10:05:06 CET", utc(2019, 11, 18, 9, 5, 6)),
        ("2026-W53-5T00:30:00+01:00", utc(2026, 12, 31, 23, 30)),
        ("1574071200", utc(2019, 11, 18, 10)),
        ("1574071200000", utc(2019, 11, 18, 10)),
    ],
)
def test_machine_dates(text: str, moment: datetime) -> None:
    """ISO 8601 in its variants, RFC 2822, and seconds since 1970 are parsed."""
    date = parse_iso_date(text)
    assert date is not None
    assert date.at == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("Tuesday, May 19, 2026", utc(2026, 5, 19), id="en-US"),
        pytest.param("Nov. 18, 2019 3:04 p.m. ET", utc(2019, 11, 18, 20, 4), id="en-US, time and zone"),
        pytest.param("ថ្ងៃទី៥ ខែមីនា ឆ្នាំ២០២៤", utc(2024, 3, 5), id="km"),
        pytest.param("5 მარტი, 2024", utc(2024, 3, 5), id="ka"),
        pytest.param("5 DE MARÇO DE 2024", utc(2024, 3, 5), id="pt, capitals"),
        pytest.param("5 مارس/ آذار 2024", utc(2024, 3, 5), id="ar, names of two calendars"),
        pytest.param("5 مارس (آذار) 2024", utc(2024, 3, 5), id="ar, the second in parentheses"),
        pytest.param("5 ม.ค. 2567", utc(2024, 1, 5), id="th, abbreviated"),
        pytest.param("5 มีนาคม พ.ศ. 2567", utc(2024, 3, 5), id="th, era"),
        pytest.param("ማርች 5, 2024", utc(2024, 3, 5), id="am"),
        pytest.param("৫ মার্চ ২০২৪", utc(2024, 3, 5), id="bn"),
        pytest.param("၂၀၂၄ မတ် ၅", utc(2024, 3, 5), id="my"),
        pytest.param("5 மார்ச் 2024", utc(2024, 3, 5), id="ta"),
        pytest.param("2024 m. kovo 5 d.", utc(2024, 3, 5), id="lt"),
        pytest.param("2024 m. kovo mėn. 5 d.", utc(2024, 3, 5), id="lt, with the word for month"),
        pytest.param("2024-ųjų kovo 5 d.", utc(2024, 3, 5), id="lt, ordinal"),
        pytest.param("Otrdiena, 2024. gada 5. marts", utc(2024, 3, 5), id="lv"),
        pytest.param("2024. gada 5. martā, 12:30", utc(2024, 3, 5, 12, 30), id="lv, with time"),
        pytest.param("2024ko martxoaren 5a", utc(2024, 3, 5), id="eu"),
        pytest.param("令和6年3月5日", utc(2024, 3, 5), id="ja, era"),
        pytest.param("平成元年3月5日", utc(1989, 3, 5), id="ja, first year of an era"),
        pytest.param("民國113年3月5日", utc(2024, 3, 5), id="zh-TW, era"),
        pytest.param("Monday 18 November 2019 10.33 GMT", utc(2019, 11, 18, 10, 33), id="en-GB"),
        pytest.param("18. März 2020, 14:05 Uhr", utc(2020, 3, 18, 14, 5), id="de"),
        pytest.param("Publié le 18 août 2019 à 10h05", utc(2019, 8, 18, 10, 5), id="fr"),
        pytest.param("18 de noviembre de 2019", utc(2019, 11, 18), id="es"),
        pytest.param("sexta-feira, 22 de outubro de 2010 às 20:13", utc(2010, 10, 22, 20, 13), id="pt"),
        pytest.param("lunedì 3 giugno 2024", utc(2024, 6, 3), id="it"),
        pytest.param("18 ноября 2019, 12:40", utc(2019, 11, 18, 12, 40), id="ru"),
        pytest.param("7 травня 2021", utc(2021, 5, 7), id="uk"),
        pytest.param("12 Ağustos 2021", utc(2021, 8, 12), id="tr"),
        pytest.param("3. kesäkuuta 2021", utc(2021, 6, 3), id="fi"),
        pytest.param("5 października 2022", utc(2022, 10, 5), id="pl"),
        pytest.param("07 Μαΐου 2020", utc(2020, 5, 7), id="el"),
        pytest.param("2019年11月18日10时05分", utc(2019, 11, 18, 10, 5), id="zh"),
        pytest.param("2020年10月3日 18時30分", utc(2020, 10, 3, 18, 30), id="ja"),
        pytest.param("2019. 11. 18. 오후 3:05", utc(2019, 11, 18, 15, 5), id="ko"),
        pytest.param("١٨ نوفمبر ٢٠١٩", utc(2019, 11, 18), id="ar"),
        pytest.param("3 เมษายน 2563", utc(2020, 4, 3), id="th, Buddhist year"),
        pytest.param("ngày 3/4/2020", utc(2020, 4, 3), id="vi"),
        pytest.param("11/18/2019", utc(2019, 11, 18), id="day and month by what is possible"),
        pytest.param("02.12.26, 10:15 Uhr", utc(2026, 12, 2, 10, 15), id="year of two digits"),
        pytest.param("2/12/26", utc(2026, 12, 2), id="year of two digits, slashes"),
        pytest.param("12/22/26", utc(2026, 12, 22), id="year of two digits, month first"),
    ],
)
def test_printed_dates(text: str, moment: datetime) -> None:
    """Dates are parsed as newspapers print them in their languages."""
    date = parse_printed_date(text)
    assert date is not None
    assert date.at == moment


def test_a_time_without_zone_uses_the_given_zone() -> None:
    """The caller knows the zone from another date of the page; without that the time has no offset."""
    east = timezone(timedelta(hours=2))
    assert parse_iso_date("2019-11-18T10:00", east) == PageDate(at=utc(2019, 11, 18, 8), offset=120)
    assert parse_iso_date("2019-11-18T10:00") == PageDate(at=utc(2019, 11, 18, 10))


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("2026-06-11T06:30:00+08:00", "2026-06-11T06:30:00+08:00"),
        ("Thu, 11 Jun 2026 06:30:00 +0800", "2026-06-11T06:30:00+08:00"),
        ("2026-06-11 06:30:00 -0330", "2026-06-11T06:30:00-03:30"),
        ("2026-06-11T06:30:00Z", "2026-06-11T06:30:00Z"),
        ("2026-06-11T06:30", "2026-06-11T06:30:00"),
        ("2026-06-11", "2026-06-11"),
        ("2026-06-11T00:00:00+08:00", "2026-06-11T00:00:00+08:00"),
        ("11 June 2026, 6:30 pm ET", "2026-06-11T18:30:00-05:00"),
        ("2026年6月11日", "2026-06-11"),
    ],
)
def test_a_date_keeps_the_offset_and_the_precision_in_which_it_is_stated(text: str, stated: str) -> None:
    """A day is no midnight, and a time without a zone has none: the text form says which, and reads back the same."""
    date = parse_iso_date(text)
    assert date is not None
    assert date.isoformat() == stated
    assert PageDate.parse(stated) == date


def test_a_year_of_two_digits_in_english_needs_the_country() -> None:
    """Which of two numbers is the month depends on it."""
    assert parse_printed_date("12/2/26", language="en") is None
    american = parse_printed_date("12/2/26", language="en", day_first=False)
    assert american is not None
    assert american.at == utc(2026, 12, 2)


@pytest.mark.parametrize("text", ["Version 1.2.26", "10.12.26.5", "03.12.45.67", "a/12/26", "1/2/345", "99.99.26"])
def test_other_numbers_are_no_dates(text: str) -> None:
    assert parse_printed_date(text) is None


@pytest.mark.parametrize(
    "text", ["", "no date in 2019", "2019-13-45", "99/99/2019", "0000-00-00T00:00:00", "12345", "May 2020"]
)
def test_text_without_a_date_gives_none(text: str) -> None:
    """A wrong date is worse than none."""
    assert parse_iso_date(text) is None


@given(st.text(alphabet=st.sampled_from("0123456789-/.:T+Z ,年月日時分 MayApril de"), max_size=60))
def test_any_text_is_read_without_error(text: str) -> None:
    """Any text gives an aware date in UTC, or None."""
    for moment in (parse_iso_date(text), parse_printed_date(text)):
        assert moment is None or moment.at.utcoffset() == timedelta(0)


NAMES = """
    January February March April May June July August September October November December
    Jan. Feb. Mar. Apr. May June July Aug. Sept. Oct. Nov. Dec.
    Jänner Feber März April Mai Juni Juli August September Oktober November Dezember
    janvier février mars avril mai juin juillet août septembre octobre novembre décembre
    janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    gener febrer març abril maig juny juliol agost setembre octubre novembre desembre
    xaneiro febreiro marzo abril maio xuño xullo agosto setembro outubro novembro decembro
    gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
    janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
    januari februari maart april mei juni juli augustus september oktober november december
    januar februar marts april maj juni juli august september oktober november december
    janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember
    tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta
        marraskuuta joulukuuta
    jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
    janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
    sty lut mar kwi maj cze lip sie wrz paź lis gru
    ledna února března dubna května června července srpna září října listopadu prosince
    januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra
    januar februar marec april maj junij julij avgust september oktober november december
    januar februar mart april maj jun jul avgust septembar oktobar novembar decembar
    јануар фебруар март април мај јун јул август септембар октобар новембар децембар
    януари февруари март април май юни юли август септември октомври ноември декември
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    студзеня лютага сакавіка красавіка мая чэрвеня ліпеня жніўня верасня кастрычніка лістапада снежня
    січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
    január február március április május június július augusztus szeptember október november december
    ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
    Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου Δεκεμβρίου
    Ιαν Φεβ Μαρ Απρ Μαΐ Ιουν Ιουλ Αυγ Σεπ Οκτ Νοε Δεκ
    janar shkurt mars prill maj qershor korrik gusht shtator tetor nëntor dhjetor
    Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık
    Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara
    Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember
    Januari Februari Mac April Mei Jun Julai Ogos September Oktober November Disember
    Januari Februari Machi Aprili Mei Juni Julai Agosti Septemba Oktoba Novemba Desemba
    Enero Pebrero Marso Abril Mayo Hunyo Hulyo Agosto Setyembre Oktubre Nobyembre Disyembre
    يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
    جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر
    בינואר בפברואר במרץ באפריל במאי ביוני ביולי באוגוסט בספטמבר באוקטובר בנובמבר בדצמבר
    जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर
    जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितम्बर अक्टूबर नवम्बर दिसम्बर
    جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر
    มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม
"""


def test_every_month_of_every_language_is_known() -> None:
    """As newspapers print it after a day; all twelve months of every language."""
    words = NAMES.split()
    assert len(words) % 12 == 0
    read = [(word, at % 12 + 1, parse_printed_date(f"12 {word} 2025")) for at, word in enumerate(words)]
    assert [
        (word, number) for word, number, found in read if found != PageDate(at=utc(2025, number, 12), is_day=True)
    ] == []


@pytest.mark.parametrize(
    "line",
    [
        "2024 में 10 लाख",
        "वर्ष 2011 में 20 लाख",
        "2019 में 10",
        "10 મેચ 2024",
        "2024 మేరకు 10",
        "Марина 5, 2020",
        "Spalding 5, 2020",
        "Vasarely 12, 2019",
        "Kovoor 5, 2019",
        "5 sausages 2024",
    ],
)
def test_a_word_that_only_begins_like_a_short_month_is_none(line: str) -> None:
    """Two letters of Hindi, or four of a language that is little read, begin many other words."""
    assert parse_printed_date(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "5 मे 2024",
        "5 மே 2024",
        "5 మే 2024",
        "5 મે 2024",
        "5 ಮೇ 2024",
        "2024 m. gegužės 5 d.",
        "5 მაისს, 2024",
        "5 maiatza 2024",
        "5 мая 2024",
        "5 маја 2024",
    ],
)
def test_a_short_month_is_read_as_a_whole_word(line: str) -> None:
    """Also with the endings of its language."""
    assert parse_printed_date(line) == PageDate(at=utc(2024, 5, 5), is_day=True)


def test_short_stems_of_other_scripts_are_whole_words() -> None:
    """Fewer than four letters of them begin too many words."""
    stems = (_fold_word(stem) for of_month in stems_by_month().values() for stem in of_month)
    assert [stem for stem in stems if len(stem) < 4 and not stem.isascii() and not stem.endswith(" ")] == []


def test_no_stem_is_in_two_months() -> None:
    """The later stem would win unnoticed."""
    stems = [stem for of_month in stems_by_month().values() for stem in {_fold_word(stem) for stem in of_month}]
    assert sorted(stem for stem, count in Counter(stems).items() if count > 1) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-11T24:00:00Z", utc(2026, 6, 12)),
        ("2026-12-31T24:00:00+05:45", utc(2026, 12, 31, 18, 15)),
        ("2026年6月11日 25時30分", utc(2026, 6, 12, 1, 30)),
    ],
)
def test_an_hour_from_24_on_is_of_the_next_day(text: str, moment: datetime) -> None:
    """24:00 is the end of a day (ISO 8601), and 25:30 is half past one of the next day, as in Japan."""
    found = parse_iso_date(text) or parse_printed_date(text)
    assert found is not None
    assert found.at == moment
