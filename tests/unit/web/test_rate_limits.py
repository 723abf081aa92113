import gc
import subprocess
import sys
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
    """Of more clients than buckets some share one: the limit is never exceeded, and they are served later."""
    buckets, served = TokenBuckets(1, 1, size=3), 0
    for now in (0, 1):
        accepted = [number for number in range(100) if buckets.take(str(number), now) == 0]
        assert 1 <= len(accepted) <= 3
        served += len(accepted)
    assert served <= 6


def test_a_token_that_is_given_back_can_be_taken_again() -> None:
    """And no more than these: the bucket is not filled above its size."""
    buckets = TokenBuckets(1, 2)
    assert [buckets.take("a", 0), buckets.take("a", 0, -1), buckets.take("a", 0, -1)] == [0, 0, 0]
    assert [buckets.take("a", 0) for _ in range(3)] == [0, 0, 1]


def test_heavy_requests_are_limited() -> None:
    """Without a free slot TooBusy is raised at once; a released slot is free."""
    heavy = HeavyRequests(1)
    with heavy.slot(), pytest.raises(TooBusy), heavy.slot():
        pass
    with heavy.slot():
        pass


SHARED = """
from multiprocessing import get_context
from newsarchive.web.concurrency import HeavyRequests, TooBusy
from newsarchive.web.middleware.client_limits import TokenBuckets

def take_many():
    begun.wait()
    accepted.put(sum(buckets.take("client", 5.0) == 0 for _ in range(30_000)))

def hold():
    with heavy.slot():
        held.wait()
        free.wait()

fork = get_context("fork")
buckets, heavy = TokenBuckets(0.001, 40_000), HeavyRequests(1)
accepted, begun, held, free = fork.SimpleQueue(), fork.Barrier(2), fork.Barrier(2), fork.Barrier(2)
takers = [fork.Process(target=take_many) for _ in range(2)]
for each in takers:
    each.start()
print(sum(accepted.get() for _ in takers))
holder = fork.Process(target=hold)
holder.start()
held.wait()
try:
    with heavy.slot():
        print("free")
except TooBusy:
    print("busy")
free.wait()
holder.join()
with heavy.slot():
    print("free")
"""


def test_forked_processes_share_limits() -> None:
    """Not one request more is accepted than of one process, and a slot that another one holds is taken."""
    done = subprocess.run([sys.executable, "-c", SHARED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["40000", "busy", "free"]


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
