"""Content codings as servers really send them."""

import gzip
import random
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from isal import igzip

from storage.errors import PayloadError
from storage.warc.payload import MAX_CODINGS, decode_entity

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 1 << 20
PAGE = b"<html>" + "Näheres folgt. 明天见。".encode() * 200 + random.Random(3).randbytes(300).hex().encode()


def raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "DEFLATE": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def decoded(body: bytes, *codings: str, limit: int = LIMIT) -> bytes:
    return decode_entity(body, tuple(("Content-Encoding", coding) for coding in codings), limit)


@given(body=st.binary(max_size=3000), coding=st.sampled_from(sorted(CODINGS)))
def test_coded_payloads_are_decoded(body: bytes, coding: str) -> None:
    """Every coding decodes to its input."""
    coded = CODINGS[coding](body)
    assert decoded(coded, coding) == body


@given(body=st.binary(min_size=1, max_size=300), codings=st.lists(st.sampled_from(sorted(CODINGS)), max_size=3))
def test_codings_are_undone_from_the_last_to_the_first(body: bytes, codings: list[str]) -> None:
    """Several codings, in one field or in many, are decoded in reverse order (RFC 9110 8.4)."""
    coded = body
    for coding in codings:
        coded = CODINGS[coding](coded)
    assert decoded(coded, *codings) == body
    assert decoded(coded, ", ".join(codings)) == body


@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_a_body_cut_short_gives_its_beginning(coding: str) -> None:
    """A truncated body gives what can be decoded."""
    coded = CODINGS[coding](PAGE)
    for size in range(len(coded) // 2, len(coded)):
        found = decoded(coded[:size], coding)
        assert PAGE.startswith(found)
        if coding not in ("br", "zstd"):
            assert found


@pytest.mark.parametrize("coding", ["gzip", "deflate", "DEFLATE"])
def test_damage_without_members_affects_the_rest_of_the_file(coding: str) -> None:
    """A flipped bit near the end leaves the beginning readable; a wrong checksum alone costs nothing."""
    noise = random.Random(4).randbytes(40_000).hex().encode()
    coded = bytearray(CODINGS[coding](noise))
    if coding != "DEFLATE":
        coded[-1] ^= 1
        assert decoded(bytes(coded), coding) == noise
        coded[-1] ^= 1
    cut = bytes(coded[: len(coded) - 5000]) + b"\xff" * 5000
    found = decoded(cut, coding)
    assert len(found) > 60_000
    assert noise[:60_000] == found[:60_000]


def test_gzip_members_that_follow_are_read_and_garbage_is_not() -> None:
    """Consecutive members are one body, however long the first; other trailing bytes are dropped."""
    noise = random.Random(5).randbytes(300_000)
    coded = gzip.compress(noise) + gzip.compress(b"") + gzip.compress(PAGE)
    assert decoded(coded + b"\0\0garbage", "gzip") == noise + PAGE
    assert decoded(coded[:-4], "gzip") == noise + PAGE
    coded = zstd.compress(noise) + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd.compress(PAGE)
    assert decoded(coded + b"garbage", "zstd") == noise + PAGE


@pytest.mark.parametrize(
    "text", [PAGE, b"{}", "明天".encode("gb18030") * 50, b"\xef\xbb\xbf<?xml?>", b"; css", b"plain"]
)
@pytest.mark.parametrize("label", ["gzip", "deflate", "br", "zstd", "compress", "utf-8", "gzip, gzip", "", "aws"])
def test_text_with_a_wrong_label_is_taken_as_it_is(text: bytes, label: str) -> None:
    """Tools store bodies decoded and keep the label (CC-NEWS); servers announce codings that they did not apply."""
    assert decoded(text, label) == text


def test_one_coding_named_twice_is_undone_once() -> None:
    """A proxy that repeats the label did not repeat the coding."""
    assert decoded(gzip.compress(PAGE), "gzip, gzip") == PAGE
    assert decoded(gzip.compress(PAGE), "deflate") == PAGE


@pytest.mark.parametrize("label", ["gzip", "deflate", "br", "zstd", "compress", "dcb"])
def test_undecodable_payloads_are_named(label: str) -> None:
    """Bytes that are neither text nor in that coding are an error that names the coding."""
    begin = {"gzip": b"\x1f\x8b\x08\0", "zstd": b"\x28\xb5\x2f\xfd"}.get(label, b"")
    with pytest.raises(PayloadError, match=label):
        decoded(begin + b"\xff\0\x01\x02" * 40, label)


def test_too_many_content_codings_are_refused() -> None:
    """A body that decodes to itself must not be decoded forever."""
    with pytest.raises(PayloadError, match="codings"):
        decoded(PAGE, *["gzip"] * (MAX_CODINGS + 1))


@given(body=st.binary(max_size=400), label=st.sampled_from([*sorted(CODINGS), "gzip, br", "zstd, deflate"]))
def test_any_bytes_are_decoded_or_refused(body: bytes, label: str) -> None:
    """Any bytes under any label give bytes or a PayloadError."""
    for begin in (b"", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"\x78\x9c"):
        with suppress(PayloadError):
            assert len(decoded(begin + body, label, limit=5000)) <= 5000


@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_the_limit_is_exact(coding: str) -> None:
    """A body of the limit's size is decoded, one byte more is an error."""
    coded = CODINGS[coding](PAGE)
    assert decoded(coded, coding, limit=len(PAGE)) == PAGE
    with pytest.raises(PayloadError, match=f"more than the limit of {len(PAGE) - 1} "):
        decoded(coded, coding, limit=len(PAGE) - 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "DEFLATE", "br", "zstd"])
def test_a_bomb_stops_at_the_limit(coding: str) -> None:
    """A bomb of hundreds of megabytes is rejected before it takes more memory than a few limits."""
    quick: dict[str, Callable[[bytes], bytes]] = {"gzip": igzip.compress, "br": partial(brotli.compress, quality=2)}
    bomb = quick.get(coding, CODINGS[coding])(bytes(100 << 20))
    tracemalloc.start()
    with pytest.raises(PayloadError, match="more than"):
        decoded(bomb, coding)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * LIMIT
