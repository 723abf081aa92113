"""Folder and bucket as one set of files, equal to the byte."""

import os
import pickle
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import BucketRefused, BucketUnreachable, FileMissing, NotInBucket
from storage.places import Bucket, Places, WarcFile, bucket
from storage.places.bucket import load_profile_credentials

pytest.importorskip("obstore")
DATA = os.urandom(3_000_000)


class Counted(Bucket):
    """A bucket that counts the bytes it is asked for."""

    data: bytes
    asked: list[int]

    def __init__(self, data: bytes) -> None:
        super().__init__(url=f"s3://{uuid4()}")
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "asked", [])

    def read(self, name: str, begin: int, end: int) -> tuple[bytes, int]:
        del name
        self.asked.append(end - begin)
        return self.data[begin:end], len(self.data)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A folder and a bucket, both empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a test's")
    (tmp_path / "warc").mkdir()
    (tmp_path / "bucket").mkdir()
    return Places(folder=tmp_path / "warc", bucket=Bucket(url=f"file://{tmp_path}/bucket"))


def put(places: Places, name: str, data: bytes) -> None:
    """Put a file into the bucket."""
    assert places.bucket
    Path(places.bucket.url.removeprefix("file://"), name).write_bytes(data)


@given(st.lists(st.tuples(st.integers(0, len(DATA) + 9), st.integers(0, 200_000)), max_size=8))
def test_a_ranged_file_reads_like_a_file(steps: list[tuple[int, int]]) -> None:
    """Any reads at any offset give the same bytes, and none behind the end."""
    with Counted(DATA).open("a") as file:
        for at, count in steps:
            assert file.seek(at) == at
            assert file.read(count) == DATA[at : at + count]
        assert file.seek(0, os.SEEK_END) == len(DATA)
        assert file.read(1) == b""


def test_walks_send_few_requests_and_records_one() -> None:
    """The requests of sequential reading double up to 4 MB; one record costs 64 kB, and nothing the second time."""
    walked = Counted(DATA * 10)
    with walked.open("walk") as file:
        assert file.read() == DATA * 10
    assert len(walked.asked) < 16
    assert max(walked.asked) == bucket.MAX_READ_AHEAD
    single = Counted(DATA)
    for _ in range(3):
        with single.open("one") as file:
            file.seek(1_234_567)
            assert file.read(6_400) == DATA[1_234_567:1_240_967]
    assert single.asked == [bucket.FIRST_RANGE] * 2


def test_stored_error_output_is_bounded() -> None:
    """The cache is bounded; what was used last is kept."""
    place = Counted(DATA)
    count = 2 * bucket.CACHE_SIZE // bucket.FIRST_RANGE
    for number in range(count):
        for name in (f"bounded-{number}", "bounded-0"):
            place.open(name).close()
    assert len(place.asked) == count
    assert bucket._read_first_range.cache_info().currsize * bucket.FIRST_RANGE <= bucket.CACHE_SIZE
    place.open("bounded-1").close()
    assert len(place.asked) == count + 1


def test_all_files_are_listed_once_wherever_they_lie(places: Places) -> None:
    """Open, closed, uploaded, or in both places: one file per name, and WARC files only."""
    (places.folder / "a.warc.gz").write_bytes(b"both")
    (places.folder / "b.warc.gz.open").write_bytes(b"grows")
    for other in ("uploaded.jsonl", "a.warc.gz.torn-7", "c.warc.gz.fetching"):
        (places.folder / other).write_bytes(b"no WARC file")
    put(places, "a.warc.gz", b"both")
    put(places, "c.warc.gz", b"far")
    put(places, "readme.txt", b"no WARC file")
    told = [(file.name, file.size, file.is_open, file.is_local, file.is_remote) for file in places.files()]
    assert told == [
        ("a.warc.gz", 4, False, True, True),
        ("b.warc.gz", 5, True, True, False),
        ("c.warc.gz", 3, False, False, True),
    ]
    assert [bytes_of(file) for file in places.files()] == [b"both", b"grows", b"far"]
    assert [places.stat(file.name).size for file in places.files()] == [4, 5, 3]


def bytes_of(file: WarcFile) -> bytes:
    """Return the content of a file."""
    with file.open() as opened:
        return opened.read()


def test_a_file_goes_to_another_process(places: Places) -> None:
    """A file is plain settings: pickled, it opens in another process."""
    put(places, "a.warc.gz", DATA)
    file = pickle.loads(pickle.dumps(places.file("a.warc.gz")))
    assert bytes_of(file) == DATA


def test_unavailable_content_has_a_reason(places: Places, tmp_path: Path) -> None:
    """Missing without a bucket, missing in the bucket too, no such bucket, a bucket that does not respond."""
    with pytest.raises(FileMissing, match="newsarchive verify") as missing:
        Places(folder=places.folder).open("a.warc.gz")
    assert type(missing.value) is FileMissing
    with pytest.raises(NotInBucket, match="newsarchive bucket"):
        places.open("a.warc.gz")
    with pytest.raises(NotInBucket):
        places.stat("a.warc.gz")
    with pytest.raises(BucketRefused, match="no such folder"):
        Places(folder=places.folder, bucket=Bucket(url=f"file://{tmp_path}/nowhere")).files()
    away = Bucket(url="s3://morgue", endpoint="http://127.0.0.1:1", region="x", timeout=0.2, retries=0)
    with pytest.raises(BucketUnreachable, match="newsarchive bucket --check"):
        Places(folder=places.folder, bucket=away).open("a.warc.gz")


def test_a_silent_bucket_is_not_waited_for_by_each_record(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one timeout the next reads fail at once; later the bucket is asked again."""
    assert places.bucket
    put(places, "a.warc.gz", DATA)
    away = Bucket(url="s3://silent", endpoint="http://127.0.0.1:1", region="x", timeout=0.2, retries=0)
    with pytest.raises(BucketUnreachable, match="error sending request"):
        away.read("a.warc.gz", 0, 1)
    with pytest.raises(BucketUnreachable, match="no response a moment ago"):
        away.read("b.warc.gz", 0, 1)
    monkeypatch.setattr(bucket, "FAILURE_MEMORY", -1.0)
    monkeypatch.setitem(bucket._failed_until, away, 0.0)
    for _ in range(2):
        with pytest.raises(BucketUnreachable, match="error sending request"):
            away.read("a.warc.gz", 0, 1)
    assert places.bucket.read("a.warc.gz", 5, 9) == (DATA[5:9], len(DATA))


def test_a_profile_is_read_where_the_environment_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """~/.aws/credentials by AWS_PROFILE; the environment has precedence; an invalid file is ignored."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b%c\n[other]\naws_access_key_id = d\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    assert load_profile_credentials() == {"access_key_id": "a", "secret_access_key": "b%c"}
    monkeypatch.setenv("AWS_PROFILE", "other")
    assert load_profile_credentials() == {"access_key_id": "d"}
    monkeypatch.setenv("AWS_PROFILE", "unknown")
    assert load_profile_credentials() == {}
    file.write_bytes(b"\xff no settings")
    assert load_profile_credentials() == {}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from the environment")
    assert load_profile_credentials() == {}
