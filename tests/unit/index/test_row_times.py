from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column, create_engine, literal, select, text

from storage.index.schema.base import UtcDateTime

SQLITE = create_engine("sqlite://")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2020-01-01", datetime(2020, 1, 1, tzinfo=UTC)),
        ("2020-01-01 06:30", datetime(2020, 1, 1, 6, 30, tzinfo=UTC)),
        ("2020-01-01T06:30:00.25", datetime(2020, 1, 1, 6, 30, 0, 250_000, tzinfo=UTC)),
        ("2020-01-01 06:30:00+02:00", datetime(2020, 1, 1, 4, 30, tzinfo=UTC)),
        (None, None),
    ],
)
def test_a_time_that_was_set_by_hand_is_read_as_utc(written: str | None, moment: datetime | None) -> None:
    """In any form of ISO 8601: users may change the index by SQL."""
    asked = select(column("at", UtcDateTime())).select_from(text("(SELECT :written AS at)"))
    with SQLITE.connect() as connection:
        assert connection.execute(asked, {"written": written}).scalar_one() == moment


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),  # noqa: DTZ001 - a zone comes
    st.integers(-14 * 60, 14 * 60),
)
def test_times_are_stored_in_utc_and_their_text_sorts(wall: datetime, minutes: int) -> None:
    """To the microsecond, from any time zone."""
    moment = wall.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    later = moment + timedelta(microseconds=1)
    with SQLITE.connect() as connection:
        row = connection.execute(
            select(
                literal(moment, UtcDateTime()).label("back"),
                (literal(moment, UtcDateTime()) < literal(later, UtcDateTime())).label("sorts"),
            )
        ).one()
    assert (row.back, row.back.utcoffset(), row.sorts) == (moment, timedelta(0), True)
