"""Location of WARC files in the commands `bucket`, `status`, `doctor`, `import`, and in the metrics."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.cli import app
from newsarchive.cli.crawl import update_metrics
from newsarchive.config.toml_file import parse_config
from newsarchive.operations.doctor import _check_bucket
from newsarchive.operations.health import Severity
from storage.errors import ConfigError

pytest.importorskip("obstore")
ONE = {"url": "https://news.example/a", "body": b"<title>One</title><p>A page.</p>"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """A folder that serves as the bucket."""
    made = tmp_path / "bucket"
    made.mkdir()
    return made


@pytest.fixture
def archive(archive_of: Callable[..., Archive], far: Path) -> Archive:
    """An archive with one file that waits to be uploaded."""
    return archive_of(ONE, config=f'bucket = "file://{far}"\nmetrics = "archive.prom"')


@pytest.fixture
def run(archive: Archive, capsys: pytest.CaptureFixture[str]) -> Callable[..., Output]:
    """Return a function that runs a command on the archive."""

    def run_command(*words: str) -> Output:
        capsys.readouterr()
        code = app.run([*words, "--archive", str(archive.folder)])
        out, err = capsys.readouterr()
        return Output(code=code, out=out, err=err)

    return run_command


def rows(text: str) -> dict[str, str]:
    """Return the rows of a table by their first cell."""
    cells = [line.rsplit(maxsplit=3) for line in text.splitlines()]
    return {row[0].strip(): row[1] for row in cells if len(row) == 4}


def test_locations_are_listed(run: Callable[..., Output], archive: Archive, far: Path) -> None:
    """Counts and sizes by location, waiting uploads, each file with --files, everything as JSON."""
    shown = run("bucket")
    assert rows(shown.out)["in the folder"] == rows(shown.out)["waiting to be uploaded"] == "1"
    assert run("bucket", "--check").code == 1
    assert "waits to be uploaded" in run("bucket", "--check").err
    sent = run("bucket", "--upload")
    assert (sent.code, sent.out.splitlines()[0]) == (0, "1 WARC file uploaded.")
    (name,) = (path.name for path in far.glob("*.warc.gz"))
    assert rows(run("bucket").out)["in folder and bucket"] == "1"
    assert run("bucket", "--check") == Output(code=0, out="", err="")
    assert f"{name}  both" in run("bucket", "--files").out
    output = json.loads(run("bucket", "--json").out)
    assert output["bucket"] == f"file://{far}"
    assert [(each["name"], each["where"], each["waits"]) for each in output["files"]] == [(name, "both", False)]


def test_files_are_moved_to_the_bucket_and_back(run: Callable[..., Output], archive: Archive, far: Path) -> None:
    """To the bucket and back; verify and rebuild work with files in either location."""
    assert run("bucket", "--to", "bucket").code == 0
    moved = run("bucket", "--to", "bucket", "--remove")
    assert moved.out.splitlines()[0] == "0 WARC files copied to the bucket, 1 deleted from the folder."
    assert archive.places.local_files() == []
    assert run("verify").code == 0
    assert run("rebuild").code == 0
    back = run("bucket", "--to", "folder", "--remove")
    assert (back.code, "Remove `bucket` from newsarchive.toml" in back.out) == (0, True)
    assert (len(archive.places.local_files()), list(far.glob("*.warc.gz"))) == (1, [])


@pytest.mark.parametrize("words", [("--remove",), ("--to", "bucket", "--upload"), ("--upload", "--remove")])
def test_exclusive_options_are_refused(run: Callable[..., Output], archive: Archive, words: tuple[str]) -> None:
    """None of them is ignored."""
    output = run("bucket", *words)
    assert (output.code, "nothing was done" in " ".join(output.err.split())) == (2, True)
    assert len(archive.places.local_files()) == 1


def test_a_bucket_that_is_the_folder_itself_is_an_error(archive: Archive) -> None:
    """Before any file is regarded as uploaded."""
    config = parse_config(f'contact = "a@b.example"\nbucket = "file://{archive.config.warc_folder}"', archive.folder)
    finding = _check_bucket(config)
    assert (finding.severity, "the folder of the WARC files itself" in finding.sentence) == (Severity.ERROR, True)


def test_a_file_that_differs_is_not_moved(run: Callable[..., Output], archive: Archive, far: Path) -> None:
    """Ends with 1, says which, and leaves both; verify finds it too."""
    run("bucket", "--upload")
    (path,) = far.glob("*.warc.gz")
    path.write_bytes(path.read_bytes()[:-9])
    for words in (("bucket", "--to", "bucket", "--remove"), ("bucket", "--check"), ("verify",)):
        output = run(*words)
        assert output.code == 1, words
        assert path.name in output.err, words
    assert len(archive.places.local_files()) == 1


def test_import_uploads_and_finds_duplicates_in_the_bucket(
    run: Callable[..., Output], archive: Archive, far: Path, tmp_path: Path
) -> None:
    """Imported files are uploaded; a file that is only in the bucket is not imported twice."""
    run("bucket", "--to", "bucket", "--remove")
    again = run("import", str(tmp_path / "others-0.warc.gz"))
    assert (again.code, "already archived" in again.out) == (0, True)
    assert len(list(far.glob("*.warc.gz"))) == 1
    assert archive.places.local_files() == []


def test_an_upload_reports_its_bytes(archive: Archive, archive_of: Callable[..., Archive], tmp_path: Path) -> None:
    """Those sent before each file, and all at the end."""
    archive_of({**ONE, "url": "https://news.example/b", "body": b"<title>Two</title><p>Another page, longer.</p>"})
    archive.import_files([tmp_path / "others-1.warc.gz"])
    sizes = [file.size for file in archive.places.local_files()]
    told: list[tuple[int, int, str]] = []
    archive.upload(progress=lambda *step: told.append(step))
    assert len(sizes) == 2
    assert [done for done, _, _ in told] == [0, sizes[0], sum(sizes)]
    assert {total for _, total, _ in told} == {sum(sizes)}


def test_reextract_reports_missing_files(run: Callable[..., Output], archive: Archive, far: Path) -> None:
    """In whole sentences, with what to do."""
    run("bucket", "--to", "bucket", "--remove")
    (path,) = far.glob("*.warc.gz")
    path.unlink()
    output = run("reextract", "--all")
    said = " ".join(output.err.split())
    assert f"{path.name} is neither in the folder nor in" in said
    assert "To see where every file is: newsarchive bucket. One capture was not read again" in said


def test_reextract_counts_the_captures_that_go_with_a_missing_one(
    archive_of: Callable[..., Archive], far: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All captures of an article are read again, or none."""
    text = "".join(f"<p>Sentence {n} of a long story about the harbour and its ferries.</p>" for n in range(20))
    page = f"<article><h1>Ferries return to the harbour</h1>{text}<p>Version {{}}.</p></article>"
    hours = [datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in range(2)]
    story = [{**ONE, "url": "https://news.example/2026/03/01/ferries", "at": at} for at in hours]
    pages = [{**each, "body": page.format(n).encode()} for n, each in enumerate(story)]
    archive = archive_of(*pages, config=f'bucket = "file://{far}"')
    app.run(["bucket", "--to", "bucket", "--remove", "--archive", str(archive.folder)])
    (path,) = far.glob("*.warc.gz")
    path.unlink()
    capsys.readouterr()
    app.run(["reextract", "--all", "--archive", str(archive.folder)])
    said = " ".join(capsys.readouterr().err.split())
    assert "One capture was not read again, nor were 1 more of the same article" in said


def test_waiting_uploads_are_reported(run: Callable[..., Output], archive: Archive, far: Path) -> None:
    """By status, after an hour by status --check, by doctor and metrics, until they are uploaded."""
    assert "1 WARC file (" in run("status").out
    assert run("status", "--check").err.count("wait") == 0
    (file,) = archive.places.local_files()
    os.utime(archive.config.warc_folder / file.name, (0, 0))
    assert "waits to be uploaded" in run("status", "--check").err
    health = json.loads(run("status", "--json").out)["health"]
    assert (health["unsent"], health["unsent_bytes"]) == (1, file.size)
    assert _check_bucket(archive.config).severity is Severity.WARNING
    assert update_metrics(archive) is None
    assert "newsarchive_warc_files_unsent 1\n" in (archive.folder / "archive.prom").read_text()
    run("bucket", "--upload")
    assert "to be uploaded" not in run("status").out
    assert _check_bucket(archive.config).severity is Severity.OK
    update_metrics(archive)
    assert "newsarchive_warc_bytes_unsent 0\n" in (archive.folder / "archive.prom").read_text()


def test_a_bucket_that_cannot_be_used(run: Callable[..., Output], archive: Archive, far: Path) -> None:
    """Status reports it, doctor reports an error, bucket exits with 74."""
    far.rmdir()
    assert "there is no such folder" in run("status").out
    assert _check_bucket(archive.config).severity is Severity.ERROR
    assert run("bucket").code == 74
    sent = run("bucket", "--upload")
    assert (sent.code, "the next crawl" in sent.err) == (1, True)


def test_files_stay_local_without_a_bucket(
    archive_of: Callable[..., Archive], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The error names the setting."""
    archive = archive_of(ONE)
    for words in (("--to", "bucket"), ("--upload",)):
        assert app.run(["bucket", *words, "--archive", str(archive.folder)]) == ConfigError.exit_code
        assert 'bucket = "s3://NAME/PREFIX"' in capsys.readouterr().err
    assert app.run(["bucket", "--archive", str(archive.folder)]) == 0
    assert _check_bucket(archive.config).sentence.startswith("none")
    assert update_metrics(archive) is None


@pytest.mark.parametrize(
    "bucket",
    ["morgue", "s3://key:secret@morgue", "s3://Morgue", "file://relative", "file:///", "gs://morgue", "s3://m/a?b"],
)
def test_invalid_bucket_urls_are_refused(tmp_path: Path, bucket: str) -> None:
    """Other schemes and anything that could hold a key are refused, with the line."""
    with pytest.raises(ConfigError, match=r"line 1: .*without a key or password"):
        parse_config(f'bucket = "{bucket}"', tmp_path)
