"""Where the WARC files lie, as the owner is told and tells: `places`, `status`, `doctor`, `import`, metrics."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.cli import app
from newsarchive.cli.crawl import tell_prometheus
from newsarchive.config.toml_file import parse
from newsarchive.operations.doctor import State, _bucket
from storage.errors import ConfigError

pytest.importorskip("obstore")
ONE = {"url": "https://news.example/a", "body": b"<title>One</title><p>A page.</p>"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command said."""

    code: int
    out: str
    err: str


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """The folder that is the bucket."""
    made = tmp_path / "bucket"
    made.mkdir()
    return made


@pytest.fixture
def archive(archive_of: Callable[..., Archive], far: Path) -> Archive:
    """An archive of one file, which waits to be uploaded."""
    return archive_of(ONE, config=f'bucket = "file://{far}"\nmetrics = "archive.prom"')


@pytest.fixture
def say(archive: Archive, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Runs a command on it."""

    def run(*words: str) -> Told:
        capsys.readouterr()
        code = app.run([*words, "--archive", str(archive.folder)])
        out, err = capsys.readouterr()
        return Told(code=code, out=out, err=err)

    return run


def rows(text: str) -> dict[str, str]:
    """A table's lines, by their first cell."""
    cells = [line.rsplit(maxsplit=3) for line in text.splitlines()]
    return {row[0].strip(): row[1] for row in cells if len(row) == 4}


def test_what_lies_where(say: Callable[..., Told], archive: Archive, far: Path) -> None:
    """Counts and sizes by place; what waits; each file with --files; all of it as JSON."""
    shown = say("places")
    assert rows(shown.out)["in the folder"] == rows(shown.out)["waiting to be uploaded"] == "1"
    assert say("places", "--check").code == 1
    assert "waits to be uploaded" in say("places", "--check").err
    sent = say("places", "--upload")
    assert (sent.code, sent.out.splitlines()[0]) == (0, "1 WARC file uploaded.")
    (name,) = (path.name for path in far.iterdir())
    assert rows(say("places").out)["in folder and bucket"] == "1"
    assert say("places", "--check") == Told(code=0, out="", err="")
    assert f"{name}  both" in say("places", "--files").out
    told = json.loads(say("places", "--json").out)
    assert told["bucket"] == f"file://{far}"
    assert [(each["name"], each["where"], each["waits"]) for each in told["files"]] == [(name, "both", False)]


def test_moved_there_and_back(say: Callable[..., Told], archive: Archive, far: Path) -> None:
    """To the bucket and away from the folder, and back; commands work on it wherever it is."""
    assert say("places", "--to", "bucket").code == 0
    moved = say("places", "--to", "bucket", "--remove")
    assert moved.out.splitlines()[0] == "0 WARC files brought to the bucket, 1 taken away from the folder."
    assert archive.places.local() == []
    assert say("verify").code == 0
    assert say("rebuild").code == 0
    back = say("places", "--to", "folder", "--remove")
    assert (back.code, "Take `bucket` out of newsarchive.toml" in back.out) == (0, True)
    assert (len(archive.places.local()), list(far.iterdir())) == (1, [])


@pytest.mark.parametrize("words", [("--remove",), ("--to", "bucket", "--upload"), ("--upload", "--remove")])
def test_words_that_do_not_go_together_are_refused(
    say: Callable[..., Told], archive: Archive, words: tuple[str]
) -> None:
    """None of them is passed over."""
    told = say("places", *words)
    assert (told.code, "nothing was done" in " ".join(told.err.split())) == (2, True)
    assert len(archive.places.local()) == 1


def test_a_bucket_that_is_the_folder_itself_is_told(archive: Archive) -> None:
    """Before anything is taken for uploaded."""
    config = parse(f'contact = "a@b.example"\nbucket = "file://{archive.warc_folder}"', archive.folder)
    finding = _bucket(config, archive.now())
    assert (finding.state, "the folder of the WARC files itself" in finding.found) == (State.WRONG, True)


def test_a_file_that_is_not_the_same_is_not_moved(say: Callable[..., Told], archive: Archive, far: Path) -> None:
    """Ends with 1, says which, and leaves both; verify finds it too."""
    say("places", "--upload")
    (path,) = far.iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    for words in (("places", "--to", "bucket", "--remove"), ("places", "--check"), ("verify",)):
        told = say(*words)
        assert told.code == 1, words
        assert path.name in told.err, words
    assert len(archive.places.local()) == 1


def test_import_uploads_and_knows_what_was_freed(
    say: Callable[..., Told], archive: Archive, far: Path, tmp_path: Path
) -> None:
    """What a command takes in goes to the bucket with it; what lies there alone is not taken in twice."""
    say("places", "--to", "bucket", "--remove")
    again = say("import", str(tmp_path / "others-0.warc.gz"))
    assert (again.code, "in the archive already" in again.out) == (0, True)
    assert len(list(far.iterdir())) == 1
    assert archive.places.local() == []


def test_what_is_nowhere_is_not_read_again_and_that_is_said(
    say: Callable[..., Told], archive: Archive, far: Path
) -> None:
    """In whole sentences, with what to do."""
    say("places", "--to", "bucket", "--remove")
    (path,) = far.iterdir()
    path.unlink()
    told = say("reextract", "--all")
    said = " ".join(told.err.split())
    assert f"{path.name} is neither in the folder nor in" in said
    assert "To see where every file is: newsarchive places. One capture was not read again" in said


def test_what_waits_is_told(say: Callable[..., Told], archive: Archive, far: Path) -> None:
    """By status, and by status --check after an hour; by doctor; by the metrics; and no more once it is done."""
    assert "1 WARC file (" in say("status").out
    assert say("status", "--check").err.count("wait") == 0
    (file,) = archive.places.local()
    os.utime(archive.warc_folder / file.name, (0, 0))
    assert "waits to be uploaded" in say("status", "--check").err
    health = json.loads(say("status", "--json").out)["health"]
    assert (health["unsent"], health["unsent_bytes"]) == (1, file.size)
    assert _bucket(archive.config, archive.now()).state is State.REMARK
    assert tell_prometheus(archive) is None
    assert "newsarchive_warc_files_unsent 1\n" in (archive.folder / "archive.prom").read_text()
    say("places", "--upload")
    assert "to be uploaded" not in say("status").out
    assert _bucket(archive.config, archive.now()).state is State.FINE
    tell_prometheus(archive)
    assert "newsarchive_warc_bytes_unsent 0\n" in (archive.folder / "archive.prom").read_text()


def test_a_bucket_that_cannot_be_used(say: Callable[..., Told], archive: Archive, far: Path) -> None:
    """Status goes on without it and says so, doctor calls it wrong, places ends with 74."""
    far.rmdir()
    assert "there is no such folder" in say("status").out
    assert _bucket(archive.config, archive.now()).state is State.WRONG
    assert say("places").code == 74
    sent = say("places", "--upload")
    assert (sent.code, "the next crawl does it" in sent.err) == (1, True)


def test_without_a_bucket(
    archive_of: Callable[..., Archive], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """There is nothing to move to, and that is said with what to write."""
    archive = archive_of(ONE)
    for words in (("--to", "bucket"), ("--upload",)):
        assert app.run(["places", *words, "--archive", str(archive.folder)]) == ConfigError.exit_code
        assert 'bucket = "s3://NAME/PREFIX"' in capsys.readouterr().err
    assert app.run(["places", "--archive", str(archive.folder)]) == 0
    assert _bucket(archive.config, archive.now()).found.startswith("none")
    assert tell_prometheus(archive) is None


@pytest.mark.parametrize(
    "bucket",
    ["morgue", "s3://key:secret@morgue", "s3://Morgue", "file://relative", "file:///", "gs://morgue", "s3://m/a?b"],
)
def test_what_is_no_bucket(tmp_path: Path, bucket: str) -> None:
    """Other schemes and anything that could hold a key are refused, with the line."""
    with pytest.raises(ConfigError, match=r"line 1: .*no key or password stands in it"):
        parse(f'bucket = "{bucket}"', tmp_path)
