import gc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.web.concurrency import HeavyRequests, TooBusy
from newsarchive.web.middleware.client_limits import TokenBuckets
from storage.index.engine.database import WorkLimit


@given(st.floats(0.1, 50), st.integers(1, 50), st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_no_client_exceeds_its_rate(rate: float, burst: int, pauses: list[float]) -> None:
    """Over any time a client gets at most the burst plus the rate; after the returned wait a request is accepted."""
    buckets = TokenBuckets(rate, burst)
    now, accepted = 0.0, 0
    for pause in pauses:
        now += pause
        wait = buckets.take("client", now)
        accepted += wait == 0.0
        assert accepted <= burst + now * rate + 1e-6
        if wait:
            assert TokenBuckets.take(buckets, "client", now + wait + 1e-6) == 0.0
            now += wait + 1e-6
            accepted += 1


def test_clients_do_not_share() -> None:
    """The requests of one client do not count against another."""
    buckets = TokenBuckets(1, 1)
    assert [buckets.take("a", 0), buckets.take("b", 0), buckets.take("a", 0), buckets.take("b", 0)] == [0, 0, 1, 1]


def test_the_number_of_buckets_is_bounded() -> None:
    """The least recently used buckets are discarded."""
    buckets = TokenBuckets(1, 1, max_clients=3)
    for number in range(10):
        assert buckets.take(str(number), 0) == 0
    assert [buckets.take(each, 0) for each in ("7", "8", "9")] == [1, 1, 1]
    assert buckets.take("6", 0) == 0


def test_heavy_requests_are_limited() -> None:
    """Without a free slot TooBusy is raised at once; a released slot is free."""
    heavy = HeavyRequests(1)
    with heavy.slot(), pytest.raises(TooBusy), heavy.slot():
        pass
    with heavy.slot():
        pass


def _failing() -> Iterator[int]:
    yield 1
    raise OSError("gone")


def test_a_stream_releases_its_slot_however_it_ends() -> None:
    """At its end, at an error, when closed, and when dropped before it was started."""
    heavy = HeavyRequests(1)
    assert list(heavy.stream(iter([1, 2]), WorkLimit(1))) == [1, 2]
    with pytest.raises(OSError, match="gone"):
        list(heavy.stream(_failing(), WorkLimit(1)))
    heavy.stream(iter([1]), WorkLimit(1)).close()
    heavy.stream(iter([1]), WorkLimit(1))
    gc.collect()
    with heavy.slot():
        pass
