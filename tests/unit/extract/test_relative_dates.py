"""Dates relative to the time of the capture."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from newsarchive.extract.parse_date import parse_relative_date
from storage.page_date import PageDate

AT = datetime(2026, 5, 19, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        pytest.param("Updated 3 hours ago", 180, id="en"),
        pytest.param("5 min ago", 5, id="en, short"),
        pytest.param("an hour ago", 60, id="en, one"),
        pytest.param("vor 20 Minuten", 20, id="de"),
        pytest.param("Aktualisiert vor einem Tag", 1440, id="de, one"),
        pytest.param("Mis à jour il y a 2 heures", 120, id="fr"),
        pytest.param("hace 3 días", 3 * 1440, id="es"),
        pytest.param("há 40 minutos", 40, id="pt"),
        pytest.param("2 ore fa", 120, id="it"),
        pytest.param("4 uur geleden", 240, id="nl"),
        pytest.param("för 2 timmar sedan", 120, id="sv"),
        pytest.param("for 3 timer siden", 180, id="no"),
        pytest.param("15 минут назад", 15, id="ru"),
        pytest.param("2 години тому", 120, id="uk"),
        pytest.param("3 godziny temu", 180, id="pl"),
        pytest.param("2 saat önce", 120, id="tr"),
        pytest.param("πριν από 3 ώρες", 180, id="el"),
        pytest.param("منذ ٣ ساعات", 180, id="ar"),
        pytest.param("۲ ساعت پیش", 120, id="fa"),
        pytest.param("לפני 2 שעות", 120, id="he"),
        pytest.param("לפני שעה", 60, id="he, one"),
        pytest.param("3 घंटे पहले", 180, id="hi"),
        pytest.param("2小时前", 120, id="zh"),
        pytest.param("30分前", 30, id="ja"),
        pytest.param("3時間前", 180, id="ja, hours"),
        pytest.param("3시간 전", 180, id="ko"),
        pytest.param("2 ชั่วโมงที่แล้ว", 120, id="th"),
        pytest.param("5 giờ trước", 300, id="vi"),
        pytest.param("3 jam yang lalu", 180, id="id"),
    ],
)
def test_units_ago(text: str, minutes: int) -> None:
    """A count of units is a date if the time of the fetch is known."""
    assert parse_relative_date(text, AT) == PageDate.from_time(AT - timedelta(minutes=minutes))
    assert parse_relative_date(text, None) is None


def test_today_and_yesterday_need_a_time_of_day() -> None:
    """The day is that of the page's zone; without a time of day such a word is part of a sentence."""
    east = timezone(timedelta(hours=9))
    assert parse_relative_date("今日 18:40", AT, east) == PageDate.parse("2026-05-19T18:40:00+09:00")
    assert parse_relative_date("Yesterday at 6:05 pm", AT) == PageDate.parse("2026-05-18T18:05:00")
    assert parse_relative_date("gestern um 23.10 Uhr", AT) == PageDate.parse("2026-05-18T23:10:00")
    assert parse_relative_date("The market opens today", AT) is None


@pytest.mark.parametrize("text", ["", "ago", "3 hours", "The bridge closed 3 hours later", "x" * 200 + "3 hours ago"])
def test_text_without_a_relative_date_gives_none(text: str) -> None:
    """A wrong date is worse than none."""
    assert parse_relative_date(text, AT) is None
