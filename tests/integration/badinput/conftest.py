"""The command line in front of sites and folders that are not as they should be."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import file_systems
from tests.in_process import run_in_process
from tests.newsroom import Newsroom, NewsroomServer, serve
from tests.newsroom.clock import Clock
from tests.newsroom.hostile import page
from tests.newsroom.http_messages import Request, Response

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
"""When all that a crawl at noon had brought to light is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a bad site sends under one path."""

    body: bytes
    mime: str = "text/html; charset=utf-8"
    linked: bool = True
    """Whether the front page leads to it."""


class BadNewsroom(Newsroom):
    """Only the given pages, a good article at /good, and a front page that leads to all of them."""

    def __init__(self, pages: Mapping[str, Sent]) -> None:
        super().__init__(articles=60)
        self.pages = dict(pages)

    def get_response(self, origin: str, request: Request, at: datetime) -> Response:
        """Return one of the pages, or 404; nothing of the usual newsroom."""
        del at
        pages = {"/": Sent(body=self._front()), "/good": Sent(body=page("good", origin)), **self.pages}
        sent = pages.get(request.target)
        if sent is None:
            return Response(data=b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {sent.mime}\r\nContent-Length: {len(sent.body)}\r\n\r\n"
        return Response(data=head.encode() + sent.body)

    def _front(self) -> bytes:
        links = "".join(
            f'<div class="card"><h3><a href="{path}">Harbour office reports a case of {path[1:]}</a></h3></div>\n'
            for path in ("/good", *(path for path, sent in self.pages.items() if sent.linked))
        )
        return f"<!DOCTYPE html><title>The Bad Lantern</title><h1>Latest</h1>\n{links}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def sentence(self) -> str:
        """What stands on standard error: exactly one paragraph, in words."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("newsarchive: "), self.err
        assert "Traceback" not in self.err + self.out
        assert "internal error" not in self.err
        return lines[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """An archive in a folder."""

    folder: Path

    def run(self, *words: str) -> Ended:
        """Run a command to its end."""
        done = run_in_process(*words, "--archive", self.folder)
        return self._ended(done.returncode, done.stdout, done.stderr)

    def _ended(self, code: int, out: str, err: str) -> Ended:
        ended = Ended(code=code, out=out, err=err)
        assert "Traceback" not in ended.out + ended.err, ended
        return ended

    def crawl(self, *, later: bool = False) -> Ended:
        """Crawl as if it were noon, or a minute later."""
        return self.run("crawl", "--clock", (LATER if later else NOON).isoformat())

    def configure(self, site: str, **settings: str) -> None:
        """Write newsarchive.toml: one site, and top-level settings as TOML values."""
        lines = [f"{name} = {value}" for name, value in {"contact": '"tests@localhost"', **settings}.items()]
        lines += ['delay = "0s"', "", "[[site]]", 'name = "bad"', f'url = "{site}"', "allow_private = true", ""]
        (self.folder / "newsarchive.toml").write_text("\n".join(lines))

    def export(self) -> list[str]:
        """Every version, sorted."""
        ended = self.run("export", "--all-versions", "--format", "jsonl")
        assert ended.code == 0, ended.err
        return sorted(ended.out.splitlines())

    def assert_whole(self) -> None:
        """`verify` finds nothing wrong, and the index is what `rebuild` makes of the files, if there are any."""
        verified = self.run("verify")
        assert verified.code == 0, verified.out + verified.err
        if not any((self.folder / "warc").glob("*.warc*")):
            return
        before = self.export()
        rebuilt = self.run("rebuild")
        assert rebuilt.code == 0, rebuilt.err
        assert self.export() == before


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """An archive folder without a newsarchive.toml yet."""
    folder = tmp_path / "archive"
    folder.mkdir()
    return Rig(folder=folder)


@pytest.fixture
def site() -> Iterator[Callable[..., NewsroomServer]]:
    """Serves newsrooms, or bad pages."""
    servers: list[NewsroomServer] = []

    def make(what: Newsroom | Mapping[str, Sent]) -> NewsroomServer:
        newsroom = what if isinstance(what, Newsroom) else BadNewsroom(what)
        servers.append(serve(newsroom, clock=Clock()))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def sent() -> type[Sent]:
    """Makes what a bad site sends."""
    return Sent


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address of this machine at which nothing answers: bound, so that nobody takes it, and never listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/"


Mount = Callable[..., None]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mounts file systems in memory with options such as size=1m; a second time, changes their options."""
    mounted: list[Path] = []

    def at(folder: Path, options: str) -> None:
        again = folder in mounted
        file_systems.mount("-t", "tmpfs", "-o", f"remount,{options}" if again else options, "tmpfs", folder)
        if not again:
            mounted.append(folder)

    yield at
    for folder in mounted:
        file_systems.unmount(folder)


@pytest.fixture(scope="session", autouse=True)
def importable() -> None:
    """Child processes find the checkout whatever their folder is."""
    root = str(Path(__file__).parents[3])
    known = os.environ.get("PYTHONPATH", "")
    if root not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, known]))
