"""Transfer between folder and bucket: a copy is deleted only after the other one is verified."""

import fcntl
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from newsarchive.bucket import upload
from newsarchive.bucket.upload import (
    BackgroundUploader,
    FileLocation,
    Relocation,
    UploadResult,
    files_to_upload,
    locate_files,
    upload_files,
)
from newsarchive.maintenance import recover
from newsarchive.maintenance.recover import unindexed_ranges
from storage.errors import BucketRefused, BucketUnreachable, BytesDiffer, ConfigError
from storage.places import Bucket, Places, WarcFile
from storage.places.transfer import FETCHING, BucketTransfer
from storage.places.transfer import NAME as LEDGER

pytest.importorskip("obstore")
ONE, TWO = os.urandom(200_000), os.urandom(100_000)
OTHER = ONE[:-1] + bytes([ONE[-1] ^ 1])  # a byte of its own may be equal, by chance
NOW = datetime.now(UTC)
AWAY = Bucket(url="s3://morgue", endpoint="http://127.0.0.1:1", region="x", timeout=0.2, retries=0)


class Desk:
    """A folder with two closed files and an open one, and a bucket that is a folder too."""

    def __init__(self, home: Path) -> None:
        self.folder, self.far = home / "warc", home / "bucket"
        for place in (self.folder, self.far):
            place.mkdir()
        (self.folder / "1.warc.gz").write_bytes(ONE)
        (self.folder / "2.warc.gz").write_bytes(TWO)
        (self.folder / "3.warc.gz.open").write_bytes(b"grows")
        self.bucket = Bucket(url=f"file://{self.far}")
        self.places = Places(folder=self.folder, bucket=self.bucket)
        self.carrier = BucketTransfer(self.folder, self.bucket)

    def upload(self, keep: timedelta | None = None, **words: object) -> UploadResult:
        """A round of uploads."""
        words = {
            "places": self.places,
            "load_digests": dict,
            "keep": keep,
            "now": datetime.now(UTC) + timedelta(seconds=5),
            **words,
        }
        return upload_files(**words)  # type: ignore[arg-type]

    def here(self) -> list[str]:
        """Names of closed files in the folder."""
        return sorted(path.name for path in self.folder.glob("*.warc.gz"))

    def there(self) -> list[str]:
        """Names in the bucket."""
        return sorted(path.name for path in self.far.iterdir())


def bytes_of(file: WarcFile) -> bytes:
    """Return the content of a file."""
    with file.open() as opened:
        return opened.read()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder and a bucket, and credentials without any access."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a test's")
    return Desk(tmp_path)


def test_closed_files_are_uploaded_and_stay_by_default(desk: Desk) -> None:
    """Byte for byte; never the open one; a second round finds nothing to do."""
    first = desk.upload()
    assert (first.uploaded, first.freed, first.waiting, first.problems) == (["1.warc.gz", "2.warc.gz"], [], 0, [])
    assert {path.name: path.read_bytes() for path in desk.far.iterdir()} == {"1.warc.gz": ONE, "2.warc.gz": TWO}
    assert desk.here() == ["1.warc.gz", "2.warc.gz"]
    assert desk.upload().uploaded == []


def test_a_local_copy_is_deleted_after_its_retention(desk: Desk) -> None:
    """Not before; only what is in the bucket; never an open file."""
    old = (NOW - timedelta(days=31)).timestamp()
    os.utime(desk.folder / "1.warc.gz", (old, old))
    assert desk.upload(timedelta(days=30)).freed == ["1.warc.gz"]
    assert desk.here() == ["2.warc.gz"]
    assert desk.upload(timedelta()).freed == ["2.warc.gz"]
    assert (desk.folder / "3.warc.gz.open").exists()
    assert [bytes_of(file) for file in desk.places.files()] == [ONE, TWO, b"grows"]


def test_other_bytes_under_that_name_are_refused(desk: Desk) -> None:
    """Nothing is overwritten or deleted, the other files are transferred, and the problem is reported each time."""
    (desk.far / "1.warc.gz").write_bytes(OTHER)
    for _ in range(2):
        done = desk.upload(timedelta())
        assert "1.warc.gz in file://" in done.problems[0]
        assert "waits to be uploaded" in done.problems[1]
    assert desk.here() == ["1.warc.gz"]
    assert (desk.far / "1.warc.gz").read_bytes() == OTHER
    assert [file.name for file in files_to_upload(desk.places)] == ["1.warc.gz"]


def test_the_same_bytes_under_that_name_are_as_good_as_uploaded(desk: Desk) -> None:
    """As after a crash between upload and log entry, or a lost response."""
    (desk.far / "1.warc.gz").write_bytes(ONE)
    assert desk.upload().uploaded == ["1.warc.gz", "2.warc.gz"]


def test_a_file_that_is_damaged_here_is_not_uploaded(desk: Desk) -> None:
    """A file must match its digest in the index."""
    done = desk.upload(load_digests=lambda: {"1.warc.gz": "0" * 64})
    assert done.uploaded == ["2.warc.gz"]
    assert "1.warc.gz in the index differs" in done.problems[0]


@pytest.mark.parametrize(
    "spoil",
    [b"", ONE[:-5], ONE[:-1] + bytes([ONE[-1] ^ 1]), bytes([ONE[0] ^ 1]) + ONE[1:]],
    ids=["empty", "truncated", "last byte changed", "first byte changed"],
)
def test_local_copies_stay_if_the_bucket_copy_is_damaged(desk: Desk, spoil: bytes) -> None:
    """A log entry is no proof: the bucket is checked again before a file is deleted."""
    desk.upload()
    (desk.far / "1.warc.gz").write_bytes(spoil)
    done = desk.upload(timedelta())
    assert done.freed == ["2.warc.gz"]
    assert done.problems
    assert (desk.folder / "1.warc.gz").read_bytes() == ONE


def test_files_missing_from_the_bucket_are_uploaded_again(desk: Desk) -> None:
    """And a file that changed here is compared again before it is deleted."""
    desk.upload()
    (desk.far / "1.warc.gz").unlink()
    os.utime(desk.folder / "2.warc.gz", (0, 0))
    done = desk.upload(timedelta())
    assert (done.uploaded, done.freed, done.problems) == (["1.warc.gz"], ["1.warc.gz", "2.warc.gz"], [])


def test_a_list_torn_by_a_crash_costs_one_comparison(desk: Desk) -> None:
    """Wherever the log is truncated, nothing is lost, nothing unverified is deleted, and the log can be appended to."""
    desk.upload()
    ledger = desk.folder / LEDGER
    whole = ledger.read_bytes()
    for size in range(0, len(whole), 7):
        ledger.write_bytes(whole[:size])
        noted = desk.carrier.log.read()
        assert set(noted) == {"1.warc.gz", "2.warc.gz"} - {file.name for file in files_to_upload(desk.places)}
        assert desk.upload().problems == []
        assert set(desk.carrier.log.read()) == {"1.warc.gz", "2.warc.gz"}


def test_a_list_is_written_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the system writes a line in parts."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data)[:10]))
    desk.carrier.upload("1.warc.gz")
    assert set(desk.carrier.log.read()) == {"1.warc.gz"}


def test_an_empty_file_keeps_no_other_from_safety(desk: Desk) -> None:
    """It is transferred like any other."""
    (desk.folder / "0.warc.gz").write_bytes(b"")
    done = desk.upload()
    assert (done.uploaded, done.problems) == (["0.warc.gz", "1.warc.gz", "2.warc.gz"], [])
    assert (desk.far / "0.warc.gz").read_bytes() == b""


def test_an_unreadable_file_does_not_stop_other_uploads(desk: Desk) -> None:
    """It is reported, with what to do."""
    (desk.folder / "0.warc.gz").mkdir()
    done = desk.upload()
    assert done.uploaded == ["1.warc.gz", "2.warc.gz"]
    assert done.problems[0].startswith("0.warc.gz cannot be read (Is a directory) and was not uploaded")
    assert "newsarchive verify" in done.problems[0]


@pytest.mark.parametrize("linked", [False, True])
def test_the_archive_folder_is_refused_as_its_bucket(desk: Desk, linked: bool) -> None:
    """By any path: its files are the only copies."""
    same = desk.folder
    if linked:
        same = desk.far / "link"
        same.symlink_to(desk.folder)
    desk.places = Places(folder=desk.folder, bucket=Bucket(url=f"file://{same}"))
    done = desk.upload(timedelta())
    assert (done.uploaded, done.freed) == ([], [])
    assert "it is the folder of the WARC files itself" in done.problems[0]
    move = Relocation(places=desk.places, digests={}, remove=True)
    with pytest.raises(BucketRefused):
        move.to_bucket()
    with pytest.raises(BucketRefused):
        move.to_folder()
    assert desk.here() == ["1.warc.gz", "2.warc.gz"]


def test_a_move_deletes_only_after_a_sync_of_the_copy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their names: the power may fail at any time."""
    synced: list[str] = []
    fsync = os.fsync

    def seen(fd: int) -> None:
        fsync(fd)
        synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))

    monkeypatch.setattr(os, "fsync", seen)
    desk.carrier.upload("1.warc.gz")
    assert synced == [str(desk.far / "1.warc.gz"), str(desk.far), str(desk.folder / LEDGER)]
    delete = Bucket.delete

    def before(bucket: Bucket, name: str) -> None:
        assert [str(desk.folder / "1.warc.gz"), str(desk.folder)] == synced[3:5]
        delete(bucket, name)

    monkeypatch.setattr(Bucket, "delete", before)
    assert desk.carrier.remove_remote("1.warc.gz")
    assert desk.there() == []


def test_a_file_that_another_process_has_fetched_leaves_nothing_behind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even an empty partial file."""
    desk.carrier.upload("1.warc.gz")
    desk.carrier.remove_local("1.warc.gz")
    flock = fcntl.flock

    def late(file: IO[bytes], how: int) -> None:
        (desk.folder / "1.warc.gz").write_bytes(ONE)
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    assert not desk.carrier.download("1.warc.gz", None)
    assert desk.here() == ["1.warc.gz", "2.warc.gz"]
    assert list(desk.folder.glob(f"*{FETCHING}")) == []


def test_an_import_reads_what_was_freed_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a crawl that keeps no local files ends at the same time."""
    desk.carrier.upload("1.warc.gz")
    desk.carrier.remove_local("1.warc.gz")
    monkeypatch.setattr(recover, "import_file", lambda path, *_: SimpleNamespace(files=(path,)))
    monkeypatch.setattr(recover, "index_warcs", lambda ranges, *_: ranges)
    ingestor = SimpleNamespace(index=SimpleNamespace(), taken_down=frozenset())
    done = recover.import_files([desk.folder / "1.warc.gz"], desk.places, ingestor)  # type: ignore[arg-type]  # what is used
    found = done.read[0].file  # type: ignore[index]  # the ranges
    assert (found.size, bytes_of(found)) == (len(ONE), ONE)


def test_a_file_closed_during_startup_is_not_reread(desk: Desk) -> None:
    """The index is read after the folder, so that it has what another crawl has closed meanwhile."""
    states = {"1.warc.gz": "closed", "2.warc.gz": "open"}

    class Asked(Places):
        def files(self) -> list[WarcFile]:
            found = Places.files(self)
            states["2.warc.gz"] = "closed"
            return found

    def read(query: object, *names: str) -> object:
        return 0 if names else [SimpleNamespace(name=name, state=state) for name, state in states.items()]

    index = SimpleNamespace(read=read)
    assert unindexed_ranges(Asked(folder=desk.folder), index) == []  # type: ignore[arg-type]


def test_a_bucket_that_is_away_costs_nothing(desk: Desk) -> None:
    """One problem, not one for each file; the next round uploads them."""
    away = Places(folder=desk.folder, bucket=AWAY)
    done = desk.upload(timedelta(), places=away)
    assert (done.uploaded, done.freed, done.waiting, len(done.problems)) == ([], [], 2, 2)
    assert "does not respond" in done.problems[0]
    assert done.problems[1].startswith("2 WARC files (300 kB) wait to be uploaded; the next crawl uploads them")
    assert desk.upload().waiting == 0


def test_two_processes_do_not_carry_one_file(desk: Desk) -> None:
    """A file that another process is transferring is skipped."""
    with (desk.folder / "1.warc.gz").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert desk.upload(timedelta()).uploaded == ["2.warc.gz"]
        assert desk.there() == ["2.warc.gz"]
    assert desk.upload(timedelta()).freed == ["1.warc.gz"]


def test_files_are_uploaded_during_a_crawl(desk: Desk) -> None:
    """Each file as it is closed; a failed one is uploaded at the end; asked to hurry, it waits for nothing."""
    uploader = BackgroundUploader(desk.places)
    uploader.add("1.warc.gz", hashlib.sha256(ONE).hexdigest())
    uploader.add("2.warc.gz", "0" * 64)
    seen: list[list[str]] = []

    def rest() -> object:
        seen.append(desk.there())
        return desk.upload()

    assert uploader.finish(rest) == []  # type: ignore[arg-type]
    assert seen == [["1.warc.gz"]]
    freeing = BackgroundUploader(desk.places, timedelta())
    freeing.add("1.warc.gz", hashlib.sha256(ONE).hexdigest())
    assert freeing.finish(rest) == []  # type: ignore[arg-type]
    assert desk.here() == ["2.warc.gz"]
    hurried = BackgroundUploader(Places(folder=desk.folder, bucket=AWAY))
    hurried.skips_rest = True
    assert hurried.finish(rest) == []  # type: ignore[arg-type]
    assert len(seen) == 2


def test_a_bucket_that_is_away_is_waited_for_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files are closed meanwhile."""
    asked: list[str] = []

    def away(_: BucketTransfer, name: str, __: str) -> bool:
        asked.append(name)
        raise BucketUnreachable(bucket="s3://morgue", reason="timed out")

    monkeypatch.setattr(BucketTransfer, "upload", away)
    uploader = BackgroundUploader(desk.places)
    for number in range(5):
        uploader.add(f"{number}.warc.gz", "")
    nothing = UploadResult()
    assert uploader.finish(lambda: nothing) == []
    assert asked == ["0.warc.gz"]
    monkeypatch.setattr(upload, "RETRY_AFTER", 0.0)
    patient = BackgroundUploader(desk.places)
    for number in range(5):
        patient.add(f"{number}.warc.gz", "")
    patient.finish(lambda: nothing)
    assert len(asked) == 6


def test_an_archive_moves_to_the_bucket_and_back(desk: Desk) -> None:
    """Interrupted and resumed; a copy is deleted only once the other one is complete."""
    digests = {"1.warc.gz": hashlib.sha256(ONE).hexdigest()}
    move = Relocation(places=desk.places, digests=digests, remove=True)
    desk.carrier.upload("1.warc.gz")
    moved = move.to_bucket()
    assert (moved.carried, moved.removed, moved.problems) == (["2.warc.gz"], ["1.warc.gz", "2.warc.gz"], [])
    assert (desk.here(), desk.there()) == ([], ["1.warc.gz", "2.warc.gz"])
    (desk.folder / f"1.warc.gz{FETCHING}").write_bytes(ONE[:50_000])
    (desk.folder / f"2.warc.gz{FETCHING}").write_bytes(TWO + b"too long")
    copied = Relocation(places=desk.places, digests=digests, remove=False).to_folder()
    assert (copied.carried, copied.removed) == (["1.warc.gz", "2.warc.gz"], [])
    assert desk.there() == ["1.warc.gz", "2.warc.gz"]
    back = move.to_folder()
    assert (back.carried, back.removed, back.problems) == ([], ["1.warc.gz", "2.warc.gz"], [])
    assert (desk.here(), desk.there()) == (["1.warc.gz", "2.warc.gz"], [])
    assert [(desk.folder / name).read_bytes() for name in desk.here()] == [ONE, TWO]
    assert sorted(path.suffix for path in desk.folder.iterdir()) == [".gz", ".gz", ".jsonl", ".open"]


def test_a_move_deletes_only_verified_copies(desk: Desk) -> None:
    """A partial file that continues with other bytes, or a damaged object: reported, and nothing is deleted."""
    digests = {"1.warc.gz": hashlib.sha256(ONE).hexdigest()}
    move = Relocation(places=desk.places, digests=digests, remove=True)
    move.to_bucket()
    (desk.folder / f"1.warc.gz{FETCHING}").write_bytes(b"other bytes")
    first = move.to_folder()
    assert (first.carried, len(first.problems)) == (["2.warc.gz"], 1)
    assert desk.here() == ["2.warc.gz"]
    # What was fetched wrongly was thrown away: the second time it comes whole.
    assert move.to_folder().carried == ["1.warc.gz"]
    (desk.far / "1.warc.gz").write_bytes(TWO)
    with pytest.raises(BytesDiffer):
        desk.carrier.remove_remote("1.warc.gz")
    assert desk.there() == ["1.warc.gz"]


def test_a_move_without_a_bucket_or_with_one_that_is_away(desk: Desk) -> None:
    """Reported at once, and nothing is done."""
    with pytest.raises(ConfigError, match="bucket ="):
        Relocation(places=Places(folder=desk.folder), digests={}, remove=True).to_bucket()
    with pytest.raises(BucketUnreachable):
        Relocation(places=Places(folder=desk.folder, bucket=AWAY), digests={}, remove=True).to_bucket()
    assert desk.here() == ["1.warc.gz", "2.warc.gz"]


def test_a_survey_lists_the_location_of_each_file(desk: Desk) -> None:
    """Files to be uploaded, missing, or of two sizes are reported."""
    desk.carrier.upload("1.warc.gz")
    (desk.far / "1.warc.gz").write_bytes(ONE[:-1])
    (desk.far / "4.warc.gz").write_bytes(b"another machine's")
    other = f"newsarchive-{NOW:%Y%m%d%H%M%S}000-00001-another-machine-0a1b2c3d.warc.gz"
    known = {"1.warc.gz": len(ONE), "5.warc.gz": 7, other: 0}
    found = {each.name: each for each in locate_files(desk.places, known, NOW)}
    assert {name: (each.where, each.waits, bool(each.problem)) for name, each in found.items()} == {
        "1.warc.gz": (FileLocation.BOTH, False, True),
        "2.warc.gz": (FileLocation.FOLDER, True, False),
        "3.warc.gz": (FileLocation.OPEN, False, False),
        "4.warc.gz": (FileLocation.BUCKET, False, False),
        "5.warc.gz": (FileLocation.MISSING, False, True),
        other: (FileLocation.ELSEWHERE, False, False),
    }
