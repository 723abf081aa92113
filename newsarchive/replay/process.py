"""pywb as a process of ours: started with the server, watched, started again where it dies, stopped with the server."""

import logging
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from newsarchive.archive import Archive
from newsarchive.replay.environment import Environment, default_environment
from newsarchive.replay.settings import COLLECTION, ReplaySettings, config
from newsarchive.web.middleware.auth import hashed
from newsarchive.web.serve_options import Serving, is_loopback
from storage.errors import ConfigError, ReplayFailure

log = logging.getLogger(__name__)

HOST = "replay.localhost"
"""Another host than that of our pages: cookies and storage of the one are nothing to the other. Browsers take every
name under .localhost for this machine."""
_USER = "newsarchive-replay"
_START = 60.0
"""Seconds until pywb has to answer for the first time."""
_LOOK_EVERY = 5.0
_MISSES = 3
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How pywb is run."""

    environment: Environment
    folder: Path
    """For its configuration and its log."""
    port: int
    hosts: tuple[str, ...]

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "pywb.log"

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it; it ends with this process, whose end closes its standard input."""
        script = str(Path(__file__).with_name("launch.py"))
        words = [str(self.environment.python), "-I", script, str(self.folder / "config.yaml"), str(self.port)]
        with self.log.open("ab") as said:
            return subprocess.Popen(  # noqa: S603 - our own words
                [*words, *self.hosts], cwd=self.folder, stdin=subprocess.PIPE, stdout=said, stderr=said
            )

    def is_well(self) -> bool:
        """True where it answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/", headers={"host": self.hosts[0]})
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def running(
    archive: Archive, serving: Serving, *, port: int | None = None, environment: Environment | None = None
) -> Iterator[Serving]:
    """Run pywb beside the server; yields how to serve, with the replay's address in `replay`.

    ReplayFailure where pywb is not installed or does not come up; ConfigError where the archive is served so that the
    replay would be open to people who may not read it.
    """
    environment = environment or default_environment()
    if environment.installed is None:
        raise ReplayFailure(
            "pywb, which replays pages with their scripts, is not installed; nothing was started. "
            "Install it into an environment of its own with: newsarchive replay install"
        )
    port = port or serving.port + 1
    address = serving.replay or f"http://{HOST}:{port}"
    if not serving.replay and (serving.auth or not is_loopback(serving.host)):
        raise ConfigError(
            "pywb knows no users and listens on this machine alone; nothing was started. To replay for others put a "
            f"proxy that asks for their names before 127.0.0.1:{port}, under another host name than the archive's, and "
            "give its address as `replay` in [serve] of newsarchive.toml"
        )
    secret = secrets.token_urlsafe(24)
    served = _with_user(serving, secret, address)
    with tempfile.TemporaryDirectory(prefix="newsarchive-replay-") as folder:
        settings = ReplaySettings(index=_own_address(served, secret), warc_folder=archive.warc_folder.absolute())
        (Path(folder) / "config.yaml").write_text(config(settings))
        (Path(folder) / "config.yaml").chmod(0o600)
        hosts = (urlsplit(address).hostname or HOST, "127.0.0.1", "localhost")
        program = Program(environment=environment, folder=Path(folder), port=port, hosts=hosts)
        watch = Watch(program)
        try:
            yield served
        finally:
            watch.stop()


def _with_user(serving: Serving, secret: str, address: str) -> Serving:
    """Let pywb in where names are asked for."""
    users: Mapping[str, str] = {**serving.users, _USER: hashed(secret)} if serving.auth else serving.users
    return replace(serving, replay=f"{address}/{COLLECTION}", users=users)


def _own_address(serving: Serving, secret: str) -> str:
    """Where our server is for pywb."""
    host = "127.0.0.1" if serving.host in {"0.0.0.0", "", "localhost"} else serving.host  # noqa: S104 - not bound to
    host = "[::1]" if host in {"::", "::1"} else host
    user = f"{_USER}:{secret}@" if serving.auth else ""
    return f"http://{user}{host}:{serving.port}"


class Watch:
    """Starts a program, and again whenever it has died or does not answer; later each time."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._process = program.start()
        self._stopped = threading.Event()
        self._await_first()
        self._thread = threading.Thread(target=self._watch, name="replay", daemon=True)
        self._thread.start()

    def _await_first(self) -> None:
        until = time.monotonic() + _START
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            if self._program.is_well():
                return
            self._stopped.wait(0.1)
        self._end()
        said = self._program.log.read_text(errors="replace").strip().splitlines()[-3:]
        raise ReplayFailure(
            f"pywb did not come up on port {self._program.port}: {' '.join(said) or 'it said nothing'}. The archive is "
            "untouched. Name another port with --replay-port, or install pywb again: newsarchive replay install"
        )

    def _watch(self) -> None:
        pause, misses, until = 1.0, 0, 0.0
        while not self._stopped.wait(_LOOK_EVERY):
            if self._process.poll() is None:
                if self._program.is_well():
                    pause, misses, until = 1.0, 0, 0.0
                    continue
                misses += 1
                # What was just started has its time; what answered before is asked three times.
                if time.monotonic() < until or misses < _MISSES:
                    continue
            log.warning("pywb died or does not answer; it is started again in %.0f s", pause)
            self._end()
            if self._stopped.wait(pause):
                return
            self._process = self._program.start()
            pause, misses, until = min(pause * 2, _LONGEST_PAUSE), 0, time.monotonic() + _START

    def stop(self) -> None:
        """Stop watching, and the program."""
        self._stopped.set()
        self._thread.join(timeout=20)
        self._end()

    def _end(self) -> None:
        """End the program: it is told by its standard input, then by a signal."""
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        for ask in (None, self._process.terminate, self._process.kill):
            if ask is not None:
                ask()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=3)
                return
