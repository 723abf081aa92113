"""What a user does wrong, and what goes wrong for a user: one clear paragraph and a documented exit code each."""

import fcntl
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["search", "x"],
        ["show", "1"],
        ["export"],
        ["crawl"],
        ["rebuild"],
        ["verify"],
        ["add", "http://x.example"],
    ],
    ids=lambda words: words[0],
)
def test_no_archive_here(words: list[str], in_process: Command) -> None:
    """Every command that needs an archive says that there is none, and how to make one."""
    done = in_process(*words)
    assert (done.returncode, done.stdout) == (3, "")
    assert "newsarchive init" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_setting(in_process: Command, tmp_path: Path) -> None:
    """The word, its line, and the word that was meant."""
    assert in_process("init").returncode == 0
    with (tmp_path / "newsarchive.toml").open("a") as file:
        file.write('[[site]]\nname = "a"\nurl = "http://a.example/"\nlistngs = []\n')
    done = in_process("crawl")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no setting 'listngs'; did you mean 'listings'" in done.stderr


def test_an_unknown_site(in_process: Command) -> None:
    """A crawl of a site that is not configured fetches nothing."""
    assert in_process("init").returncode == 0
    done = in_process("crawl", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "newsarchive add" in done.stderr


def test_no_such_article(in_process: Command) -> None:
    """Numbers and URLs that the archive does not have end with 4."""
    assert in_process("init").returncode == 0
    for name in ("17", "https://news.example/none"):
        done = in_process("show", name)
        assert (done.returncode, done.stdout) == (4, "")
        assert "newsarchive search" in done.stderr


def test_a_site_that_does_not_answer(in_process: Command, tmp_path: Path) -> None:
    """`add` of an address where nothing listens leaves the settings as they were."""
    assert in_process("init").returncode == 0
    before = (tmp_path / "newsarchive.toml").read_bytes()
    done = in_process("add", "http://127.0.0.1:9/")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert (tmp_path / "newsarchive.toml").read_bytes() == before


def test_an_index_of_the_future(in_process: Command, tmp_path: Path) -> None:
    """A database that a later version wrote is refused, not touched."""
    assert in_process("init").returncode == 0
    sqlite3 = pytest.importorskip("sqlite3")
    with sqlite3.connect(tmp_path / "index.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    done = in_process("status")
    assert (done.returncode, done.stdout) == (70, "")
    assert "later version" in done.stderr


def test_a_folder_that_cannot_be_made(in_process: Command, tmp_path: Path) -> None:
    """A file in the way is told of."""
    (tmp_path / "file").write_text("in the way")
    done = in_process("init", "file/morgue")
    assert (done.returncode, done.stdout) == (74, "")
    assert "cannot be created" in done.stderr


def test_importing_a_file_that_is_no_warc_is_an_error(in_process: Command, tmp_path: Path) -> None:
    """A file that holds no record brings nothing, and the import says so."""
    assert in_process("init").returncode == 0
    (tmp_path / "page.warc.gz").write_bytes(b"<html>no archive</html>")
    done = in_process("import", "page.warc.gz")
    assert done.returncode != 0
    assert "page.warc.gz" in done.stdout + done.stderr
    missing = in_process("import", "nowhere.warc.gz")
    assert missing.returncode != 0
    assert "nowhere.warc.gz" in missing.stderr
    assert "Traceback" not in done.stderr + missing.stderr


def test_rebuild_after_the_index_is_lost(in_process: Command, tmp_path: Path) -> None:
    """An archive without WARC files has an empty index, and that is no error."""
    assert in_process("init").returncode == 0
    (tmp_path / "index.sqlite3").unlink()
    shutil.rmtree(tmp_path / "warc")
    assert in_process("rebuild").returncode == 0
    assert in_process("export").stdout == ""


def test_a_second_crawl_of_a_site(in_process: Command, tmp_path: Path) -> None:
    """While a crawl of a site runs, another one says who runs it, and ends with the code that cron lets pass."""
    assert in_process("init").returncode == 0
    with (tmp_path / "newsarchive.toml").open("a") as file:
        file.write('[[site]]\nname = "a"\nurl = "http://127.0.0.1/"\n')
    (tmp_path / "locks").mkdir()
    with (tmp_path / "locks" / "a.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = in_process("crawl")
    assert (done.returncode, done.stdout) == (75, "")
    assert "a is being crawled or rebuilt by" in done.stderr


@pytest.mark.slow
def test_sites_that_give_no_answer(in_process: Command, tmp_path: Path) -> None:
    """A crawl to which no site answers ends with 1, and names the host; the archive stays usable."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert in_process("init").returncode == 0
    with (tmp_path / "newsarchive.toml").open("a") as file:
        file.write('[[site]]\nname = "down"\nurl = "http://127.0.0.1:' + str(port) + '/"\nallow_private = true\n')
    done = in_process("crawl")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    assert in_process("verify").returncode == 0


@pytest.mark.slow
def test_a_lost_index_is_no_empty_archive(in_process: Command, morgue: Path, tmp_path: Path) -> None:
    """Who asks a lost index is told how to get it back; no empty one is left to answer the next."""
    lost = Path(shutil.copytree(morgue, tmp_path / "lost", ignore=shutil.ignore_patterns("*-shm", "*-wal")))
    for file in lost.glob("index.sqlite3*"):
        file.unlink()
    for words in (("search", "harbour"), ("status",), ("verify",), ("export", "-o", "out.jsonl")):
        asked = in_process(*words, "--archive", lost)
        assert (asked.returncode, "newsarchive rebuild" in asked.stderr) == (70, True), asked
        assert not list(lost.glob("index*"))
    assert in_process("rebuild", "--archive", lost).returncode == 0
    assert in_process("verify", "--archive", lost).returncode == 0


@pytest.mark.parametrize("prefix", ["PYTHONIOENCODING=ascii", "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"])
def test_output_is_utf_8_in_any_locale(prefix: str, tmp_path: Path) -> None:
    """Cron may have no locale: what is printed does not depend on it."""
    (tmp_path / "page.html").write_text("<html><head><title>Zürich £5</title></head><body></body></html>", "utf-8")
    done = run_shell(f"{prefix} {{}} extract page.html", tmp_path)
    assert (done.returncode, '"Zürich £5"' in done.stdout.decode(), done.stderr) == (0, True, b"")


@pytest.mark.slow
def test_closed_streams_are_no_error(tmp_path: Path) -> None:
    """Nothing can be printed, and what was asked for is done."""
    done = run_shell("{0} init morgue >&- 2>&-; {0} status -A morgue >&-", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "morgue" / "newsarchive.toml").exists()


def run_shell(line: str, folder: Path) -> CompletedProcess[bytes]:
    """Run a line of the shell with the program's path in place of {}."""
    program = Path(sys.executable).with_name("newsarchive")
    return subprocess.run(["/bin/sh", "-c", line.format(program)], cwd=folder, capture_output=True, check=False)
