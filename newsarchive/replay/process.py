"""Configuration of pywb: one collection that uses /cdx as its index and the WARC files for records."""

import json
import logging
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from newsarchive.archive import Archive
from newsarchive.replay.environment import ReplayEnvironment, default_environment
from newsarchive.urls.ssrf import is_loopback
from newsarchive.web.middleware.auth import hash_secret
from newsarchive.web.serve_options import ServeOptions
from storage.errors import ConfigError, ReplayFailure

COLLECTION = "archive"
CSP = (
    "default-src 'unsafe-eval' 'unsafe-inline' 'self' data: blob: mediastream:; form-action 'self'; "
    "object-src 'none'; frame-ancestors 'self'"
)
"""Policy of archived pages: scripts run, and connect to the replay only. pywb's default allows ws: and wss:."""


def format_config(index: str, warc_folder: Path) -> str:
    """Return config.yaml of pywb, as JSON, which is valid YAML. `index`: URL of this server, with user and password."""
    # `{limit}` passes the limits of pywb's fuzzy queries. The file name decides which of the two archive paths has a
    # record: a file that is being written has another name in the folder and is read over HTTP.
    query = "url={url}&closest={closest}&sort=closest&from={from}&to={to}&limit={limit}"
    collection = {
        "index_group": {"newsarchive": {"type": "cdx", "api_url": f"{index}/cdx?{query}", "replay_url": ""}},
        # After so many seconds without an answer from the index a page seems not to be archived.
        "timeout": 5,
        "archive_paths": [f"{warc_folder}/", f"{index}/warcs/"],
    }
    # pywb's own CDX API would disclose record locations; /cdx obeys the access rules.
    settings = {"enable_auto_colls": False, "framed_replay": True, "enable_memento": True, "cdx_api_endpoint": ""}
    return json.dumps({**settings, "csp-header": CSP, "collections": {COLLECTION: collection}}, indent=2)


# pywb as a child process of the server: started, supervised, restarted, and stopped with it.

log = logging.getLogger(__name__)

HOST = "replay.localhost"
"""Another host than the archive's, with cookies of its own; browsers resolve names under .localhost to this machine."""
_USER = "newsarchive-replay"
_START_TIMEOUT = 60.0  # seconds until pywb must respond for the first time
_CHECK_INTERVAL = 5.0
_MAX_MISSES = 3
_MAX_PAUSE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PywbProgram:
    """Command line and files of pywb."""

    environment: ReplayEnvironment
    folder: Path
    """Contains its configuration and log."""
    port: int
    hosts: tuple[str, ...]

    @property
    def log_path(self) -> Path:
        """Path of its log."""
        return self.folder / "pywb.log"

    def start(self) -> "subprocess.Popen[bytes]":
        """Start pywb; it ends with this process, which closes its standard input."""
        script = str(Path(__file__).with_name("launch.py"))
        command = [str(self.environment.python), "-I", script, str(self.folder / "config.yaml"), str(self.port)]
        with self.log_path.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - a fixed command
                [*command, *self.hosts], cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log
            )

    def is_responding(self) -> bool:
        """Return True if pywb responds."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection, suppress(OSError):
            connection.request("GET", "/", headers={"host": self.hosts[0]})
            return connection.getresponse().status < 500
        return False


@contextmanager
def run_pywb(
    archive: Archive, options: ServeOptions, *, port: int | None = None, environment: ReplayEnvironment | None = None
) -> Iterator[ServeOptions]:
    """Run pywb beside the server; yield the options with the URL of the replay in `replay_url`.

    ReplayFailure if pywb is not installed or does not start; ConfigError if the replay would be open to others.
    """
    environment = environment or default_environment()
    if environment.installed_version is None:
        raise ReplayFailure.create("pywb-missing")
    port = port or options.port + 1
    address = options.replay_url or f"http://{HOST}:{port}"
    if not options.replay_url and (options.auth or not is_loopback(options.host)):
        raise ConfigError.create("pywb-local-only", port=port)
    secret = secrets.token_urlsafe(24)
    users = {**options.users, _USER: hash_secret(secret)} if options.auth else options.users
    replay_options = replace(options, replay_url=f"{address}/{COLLECTION}", users=users)
    with tempfile.TemporaryDirectory(prefix="newsarchive-replay-") as folder:
        # The URL of this server for pywb.
        host = "127.0.0.1" if options.host in {"0.0.0.0", "", "localhost"} else options.host  # noqa: S104 - not bound to
        host = "[::1]" if host in {"::", "::1"} else host
        user = f"{_USER}:{secret}@" if options.auth else ""
        config = Path(folder) / "config.yaml"
        config.write_text(format_config(f"http://{user}{host}:{options.port}", archive.config.warc_folder.absolute()))
        config.chmod(0o600)
        hosts = (urlsplit(address).hostname or HOST, "127.0.0.1", "localhost")
        program = PywbProgram(environment=environment, folder=Path(folder), port=port, hosts=hosts)
        supervisor = PywbSupervisor(program)
        try:
            yield replay_options
        finally:
            supervisor.stop()


class PywbSupervisor:
    """Starts pywb, and restarts it with increasing delay when it has died or does not respond."""

    def __init__(self, program: PywbProgram) -> None:
        self._program = program
        self._process = program.start()
        self._stopped = threading.Event()
        self._wait_until_ready()
        self._thread = threading.Thread(target=self._supervise, name="replay", daemon=True)
        self._thread.start()

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _START_TIMEOUT
        while time.monotonic() < until and self._process.poll() is None:
            if self._program.is_responding():
                return
            self._stopped.wait(0.1)
        self._terminate()
        output = self._program.log_path.read_text(errors="replace").strip().splitlines()[-3:]
        raise ReplayFailure.create("pywb-not-started", port=self._program.port, output=" ".join(output) or "no output")

    def _supervise(self) -> None:
        pause, misses, until = 1.0, 0, 0.0
        while not self._stopped.wait(_CHECK_INTERVAL):
            if self._process.poll() is None:
                if self._program.is_responding():
                    pause, misses, until = 1.0, 0, 0.0
                    continue
                misses += 1
                # A new process gets its start time; one that responded before is asked three times.
                if time.monotonic() < until or misses < _MAX_MISSES:
                    continue
            log.warning("pywb died or does not respond; restarting in %.0f s", pause)
            self._terminate()
            if self._stopped.wait(pause):
                return
            self._process = self._program.start()
            pause, misses, until = min(pause * 2, _MAX_PAUSE), 0, time.monotonic() + _START_TIMEOUT

    def stop(self) -> None:
        """Stop supervision and pywb."""
        self._stopped.set()
        self._thread.join(timeout=20)
        self._terminate()

    def _terminate(self) -> None:
        """End pywb: by closing its standard input, then by signals."""
        process = self._process
        assert process.stdin is not None
        for end in (process.stdin.close, process.terminate, process.kill):
            with suppress(OSError):
                end()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=3)
                return
