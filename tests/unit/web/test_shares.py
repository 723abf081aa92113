import gc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.web.middleware.rate_limit import Buckets, Heavy, TooBusy


@given(
    st.floats(0.1, 50),
    st.integers(1, 50),
    st.lists(st.floats(0, 2), min_size=1, max_size=200),
)
def test_a_client_never_gets_more_than_its_share(per_second: float, burst: int, pauses: list[float]) -> None:
    """Over any time a client gets at most the burst and what has flowed in since; who waits as told is let in."""
    buckets = Buckets(per_second, burst)
    now, given_out = 0.0, 0
    for pause in pauses:
        now += pause
        wait = buckets.take("client", now)
        given_out += wait == 0.0
        assert given_out <= burst + now * per_second + 1e-6
        if wait:
            assert Buckets.take(buckets, "client", now + wait + 1e-6) == 0.0
            now += wait + 1e-6
            given_out += 1


def test_clients_do_not_share() -> None:
    """One client's hunger takes nothing from another."""
    buckets = Buckets(1, 1)
    assert [buckets.take("a", 0), buckets.take("b", 0), buckets.take("a", 0), buckets.take("b", 0)] == [0, 0, 1, 1]


def test_no_number_of_clients_costs_memory() -> None:
    """Those that asked longest ago are forgotten."""
    buckets = Buckets(1, 1, most=3)
    for number in range(10):
        buckets.take(str(number), 0)
    assert len(buckets) == 3
    assert buckets.take("9", 0) > 0
    assert buckets.take("0", 0) == 0


def test_heavy_requests_have_so_many_places() -> None:
    """Who finds none is told at once, and a place that was given back is free."""
    heavy = Heavy(1)
    with heavy.one(), pytest.raises(TooBusy), heavy.one():
        pass
    with heavy.one():
        pass


def _failing() -> Iterator[int]:
    yield 1
    raise OSError("gone")


def test_a_stream_gives_its_place_back_however_it_ends() -> None:
    """At its end, at an error, when it is closed, and when it is dropped before anybody began it."""
    heavy = Heavy(1)
    assert list(heavy.stream(iter([1, 2]))) == [1, 2]
    with pytest.raises(OSError, match="gone"):
        list(heavy.stream(_failing()))
    heavy.stream(iter([1])).close()
    heavy.stream(iter([1]))
    gc.collect()
    with heavy.one():
        pass
