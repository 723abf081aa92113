"""Text to moments."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract.moments import iso, printed


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-11-18", utc(2019, 11, 18)),
        ("2019-11-18T10:05:06.123Z", utc(2019, 11, 18, 10, 5, 6)),
        ("2019-11-18T10:05:00+0530", utc(2019, 11, 18, 4, 35)),
        ("2019-11-18 10:05:00 -05:00", utc(2019, 11, 18, 15, 5)),
        ("20191118T101010Z", utc(2019, 11, 18, 10, 10, 10)),
        ("Mon, 18 Nov 2019 10:05:00 GMT", utc(2019, 11, 18, 10, 5)),
        ("Mon, 18 Nov 2019 10:05:00 +0100", utc(2019, 11, 18, 9, 5)),
        ("1574071200", utc(2019, 11, 18, 10)),
        ("1574071200000", utc(2019, 11, 18, 10)),
    ],
)
def test_machine_dates(text: str, moment: datetime) -> None:
    """ISO 8601 in its dialects, RFC 2822, and seconds since 1970 are read."""
    assert iso(text) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("Tuesday, May 19, 2026", utc(2026, 5, 19), id="en-US"),
        pytest.param("Nov. 18, 2019 3:04 p.m. ET", utc(2019, 11, 18, 20, 4), id="en-US, time and zone"),
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
    ],
)
def test_printed_dates(text: str, moment: datetime) -> None:
    """Newspapers' dates are read in the languages that they print."""
    assert printed(text) == moment


def test_a_time_without_zone_is_read_in_the_zone_given() -> None:
    """The caller knows the zone from another date of the page; without it UTC is taken."""
    assert iso("2019-11-18T10:00", timezone(timedelta(hours=2))) == utc(2019, 11, 18, 8)
    assert iso("2019-11-18T10:00") == utc(2019, 11, 18, 10)


@pytest.mark.parametrize(
    "text", ["", "no date in 2019", "2019-13-45", "99/99/2019", "0000-00-00T00:00:00", "12345", "May 2020"]
)
def test_what_is_no_date_gives_none(text: str) -> None:
    """A guess is worse than nothing."""
    assert iso(text) is None


@given(st.text(alphabet=st.sampled_from("0123456789-/.:T+Z ,年月日時分 MayApril de"), max_size=60))
def test_any_text_is_read_without_error(text: str) -> None:
    """Whatever stands there, the answer is an aware moment in UTC or None."""
    for moment in (iso(text), printed(text)):
        assert moment is None or moment.utcoffset() == timedelta(0)
