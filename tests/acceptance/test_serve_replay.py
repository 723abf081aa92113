"""`newsarchive serve --replay` with a real browser: the scripts of a page run, and reach nothing outside."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from newsarchive.archive import Archive
from newsarchive.replay.environment import HOME_VARIABLE, ReplayEnvironment

URL = "http://scripted.example/story"
STAMP = "20260301060000"
SCRIPT = b"""
document.querySelector('h1').textContent = 'Told by a script';
fetch('/more.json?_=' + Date.now()).then(a => a.json()).then(a => document.querySelector('#more').textContent = a.text);
document.cookie = 'theirs=1; domain=localhost';
new Image().src = 'http://tracker.example/seen.gif';
try { new WebSocket('ws://tracker.example/live') } catch (refused) {}
"""
PAGE = b"""<!doctype html><html><head><title>Story</title><script src="http://cdn.example/app.js" defer></script></head>
<body><h1>Not told yet</h1><p id="more"></p><a href="/next">Further</a></body></html>"""
ANSWERS: tuple[dict[str, Any], ...] = (
    {"url": URL, "body": PAGE},
    {"url": "http://cdn.example/app.js", "body": SCRIPT, "mime": "text/javascript"},
    {"url": "http://scripted.example/more.json?_=17", "body": b'{"text": "and more"}', "mime": "application/json"},
    {"url": "http://scripted.example/next", "body": b"<!doctype html><h1>The next page</h1>"},
)
REACH = """async (address) => {
    const tried = async (way) => { try { return String(await way()) } catch (refused) { return 'refused' } };
    return {
        cookie: document.cookie,
        asked: await tried(() => fetch(address + '/api/v1/sites', {credentials: 'include'}).then(a => a.text())),
        real: await tried(async () => (await import('data:text/javascript,export default globalThis')).default
            .fetch(address + '/api/v1/sites').then(a => a.text())),
    }
}"""


@pytest.fixture
def served(archive_of: Callable[..., Archive], pywb: ReplayEnvironment) -> Iterator[tuple[str, str]]:
    """Run the command over a small archive; yield its URL and that of the replay."""
    archive = archive_of(*ANSWERS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "newsarchive", "serve", "--archive", str(archive.folder), "--port", "0", "--replay",
         "--replay-port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", HOME_VARIABLE: str(pywb.folder)},
    )  # fmt: skip
    assert process.stdout is not None
    found = re.search(r" at (http://\S+) ", process.stdout.readline())
    try:
        assert found, process.communicate()
        yield found[1].rstrip("/"), f"http://replay.localhost:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    said = [line for line in err.splitlines() if "pywb died" not in line]
    assert (process.returncode, out, said) == (0, "", [])
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", port), 5):
        pass


def pywb_of(port: int) -> list[int]:
    """Return the pywb processes on a port."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(port).encode() in words and any(word.endswith(b"replay/launch.py") for word in words):
            found.append(int(path.parent.name))
    return found


@pytest.mark.slow
def test_installed_packages_are_reported(pywb: ReplayEnvironment) -> None:
    """With the version and the next command."""
    asked = [sys.executable, "-m", "newsarchive", "replay"]
    done = subprocess.run(
        asked, env={**os.environ, HOME_VARIABLE: str(pywb.folder)}, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert re.match(r"pywb 2\.10\.\d+ is installed in ", done.stdout)
    assert done.stdout.endswith("To start it: newsarchive serve --replay\n")


@pytest.mark.slow
def test_a_page_replays_with_its_scripts_and_reaches_nothing(served: tuple[str, str], chromium: Any) -> None:
    """By the link of the snapshot. Scripts and their requests are served from the archive; no request leaves this
    machine; the archive's own origin is out of reach, also by requests that are not rewritten.
    """
    address, replay = served
    context = chromium.new_context()
    context.add_cookies([{"name": "session", "value": "secret", "url": address}])
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("websocket", lambda opened: asked.append(opened.url))
    page.goto(f"{address}/web/{STAMP}/{URL}")
    assert '{"sites":' in page.evaluate(REACH, address)["asked"], "the attack would not work"
    page.get_by_role("link", name="Replay with scripts").click()
    page.wait_for_url(f"{replay}/archive/{STAMP}/{URL}")
    framed = page.frame_locator("#replay_iframe")
    framed.locator("text=Told by a script").wait_for(timeout=60_000)
    framed.locator("text=and more").wait_for(timeout=60_000)
    inner = next(frame for frame in page.frames if "mp_/" in frame.url)
    reached = inner.evaluate(REACH, address)
    # What scripts ask for is asked of the archive's captures, or refused.
    for said in (reached["asked"], reached["real"]):
        assert '{"sites":' not in said
        assert said == "refused" or "URL Not Found" in said
    assert "session" not in reached["cookie"]
    framed.get_by_role("link", name="Further").click()
    framed.locator("text=The next page").wait_for(timeout=60_000)
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1", "replay.localhost"}
    assert [cookie["name"] for cookie in context.cookies(address)] == ["session"]
    context.close()


@pytest.mark.slow
def test_a_killed_replay_is_restarted(served: tuple[str, str], chromium: Any) -> None:
    """While its pages are in use."""
    _, replay = served
    port = urlsplit(replay).port or 0
    [first] = pywb_of(port)
    os.kill(first, signal.SIGKILL)
    for _ in range(600):
        if (now := pywb_of(port)) and now != [first]:
            break
        time.sleep(0.1)
    assert len(pywb_of(port)) == 1
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            break
        time.sleep(0.1)
    page = chromium.new_page()
    page.goto(f"{replay}/archive/{STAMP}/{URL}")
    page.frame_locator("#replay_iframe").locator("text=Told by a script").wait_for(timeout=60_000)
    page.close()
