"""What cron, a health check, Prometheus and the owner of the machine get to see of crawls."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.in_process import run_in_process
from tests.newsroom import Newsroom, NewsroomServer, serve
from tests.newsroom.clock import Clock

pytestmark = pytest.mark.slow

SETTINGS = """
contact = "tests@localhost"
delay = "0s"
reader_processes = 1
log = "logs/crawl.log"
log_json = {log_json}
log_size = "2kB"
log_files = 2
metrics = "metrics/newsarchive.prom"
[[site]]
name = "lantern"
url = "{url}"
allow_private = true
max_pages = 12
"""


class Check(http.server.ThreadingHTTPServer):
    """A health check that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Told)
        self.told: list[tuple[str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/ping/1"


class _Told(http.server.BaseHTTPRequestHandler):
    server: Check

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self.server.told.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def check() -> Iterator[Check]:
    """A health check."""
    with Check() as check:
        yield check
        check.shutdown()


@pytest.fixture
def site() -> Iterator[NewsroomServer]:
    """A newsroom."""
    with serve(Newsroom(articles=60), clock=Clock()) as server:
        yield server


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as cron does: no terminal, and a crawl in a process of its own."""
    if words[0] != "crawl":
        return run_in_process(*words, "--archive", folder)
    command = [sys.executable, "-m", "newsarchive", *words, "--archive", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment, stdin=subprocess.DEVNULL
    )


def configure(folder: Path, url: str, *, log_json: str = "false") -> None:
    (folder / "newsarchive.toml").write_text(SETTINGS.format(url=url, log_json=log_json))


def test_a_crawl_under_cron_is_silent_and_logged(site: NewsroomServer, check: Check, tmp_path: Path) -> None:
    """Quiet, exit 0; the health check hears begin and end with the summary; log and metrics are there."""
    configure(tmp_path, site.url)
    done = run(tmp_path, "crawl", "--quiet", "--ping", check.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path for path, _ in check.told] == ["/ping/1/start", "/ping/1"]
    assert check.told[1][1].startswith("lantern: ")
    lines = "".join(path.read_text() for path in sorted((tmp_path / "logs").glob("crawl.log*"))).splitlines()
    assert len([line for line in lines if " lantern " in line and site.url in line]) >= 12
    assert "lantern: finished after " in lines[-1] or "lantern: stopped after " in lines[-1]
    metrics = (tmp_path / "metrics" / "newsarchive.prom").read_text()
    assert 'newsarchive_last_crawl_success{site="lantern"} 1\n' in metrics
    assert 'newsarchive_captures{site="lantern",outcome=' in metrics
    assert list((tmp_path / "metrics").iterdir()) == [tmp_path / "metrics" / "newsarchive.prom"]


def test_a_crawl_without_responses_is_reported_on_standard_error(check: Check, tmp_path: Path) -> None:
    """What is wrong, what it means and the next command; exit 1; the health check hears of it."""
    configure(tmp_path, "http://127.0.0.1:9999/")
    done = run(tmp_path, "crawl", "--quiet", "--ping", check.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "127.0.0.1 robots.txt cannot be fetched" in done.stderr
    assert "newsarchive doctor" in done.stderr
    assert [path for path, _ in check.told] == ["/ping/1/start", "/ping/1/fail"]


def test_a_health_check_that_is_down_costs_no_page(site: NewsroomServer, tmp_path: Path) -> None:
    """The crawl goes on, ends with 0, and the log tells."""
    configure(tmp_path, site.url)
    done = run(tmp_path, "crawl", "--quiet", "--ping", "http://127.0.0.1:9/x")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = "".join(path.read_text() for path in (tmp_path / "logs").glob("crawl.log*"))
    assert "the health check at http://127.0.0.1:9/x could not be pinged" in lines


def test_the_log_begins_anew_when_it_is_full_and_can_be_json(site: NewsroomServer, tmp_path: Path) -> None:
    """No file grows beyond its size by more than a line, no more are kept than the setting says, every line is JSON."""
    configure(tmp_path, site.url, log_json="true")
    for _ in range(3):
        assert run(tmp_path, "crawl", "--quiet").returncode == 0
    files = sorted(path.name for path in (tmp_path / "logs").glob("crawl.log*"))
    assert files == ["crawl.log", "crawl.log.1", "crawl.log.2"]
    for name in files:
        text = (tmp_path / "logs" / name).read_text()
        assert len(text) < 2_000 + 800
        facts = [json.loads(line) for line in text.splitlines()]
        assert all(each["at"].endswith("Z") for each in facts)
        assert any(each.get("site") == "lantern" and each.get("outcome") for each in facts)


def test_the_printed_schedule_runs(site: NewsroomServer, tmp_path: Path) -> None:
    """The crontab's command is a command: absolute paths, quoted; it crawls, and says nothing."""
    folder = tmp_path / "my archive"
    folder.mkdir()
    configure(folder, site.url)
    printed = run(folder, "schedule", "--cron", "--every", "15m")
    assert printed.returncode == 0
    line = printed.stdout.splitlines()[-1]
    assert line.startswith("*/15 * * * * /")
    done = subprocess.run(
        line.removeprefix("*/15 * * * * "), shell=True, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (folder / "index.sqlite3").exists()


def test_systemd_takes_what_schedule_prints(tmp_path: Path) -> None:
    """A service and a timer, each below its file's name; a code of 75 is a success there."""
    configure(tmp_path, "http://127.0.0.1:9999/")
    units = run(tmp_path, "schedule", "--systemd", "--every", "1h").stdout
    assert "# /etc/systemd/system/newsarchive.service" in units
    assert "SuccessExitStatus=75 143" in units
    assert "OnUnitInactiveSec=3600s" in units
    assert f"--archive {tmp_path}" in units


def test_status_check_tells_whether_a_person_is_needed(site: NewsroomServer, tmp_path: Path) -> None:
    """0 and silence where all is well; 1 and the reason where a WARC file is gone, with the captures in it."""
    configure(tmp_path, site.url)
    assert run(tmp_path, "status", "--check").returncode == 1
    assert run(tmp_path, "crawl", "--quiet").returncode == 0
    done = run(tmp_path, "status", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (warc,) = (tmp_path / "warc").glob("*.warc.gz")
    warc.rename(tmp_path / "elsewhere")
    done = run(tmp_path, "status", "--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{warc.name}: The file is missing, and with it 13 captures" in done.stderr
    (missing,) = json.loads(run(tmp_path, "status", "--json").stdout)["health"]["missing"]
    assert (missing["warc"], missing["captures"]) == (warc.name, 13)
    assert site.url in missing["urls"]
    assert "the file is missing: 13 of its captures" in run(tmp_path, "verify").stderr
