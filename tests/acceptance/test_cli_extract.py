"""`newsarchive extract` as a user has it, and its explanation in a real browser."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from newsarchive.explain.explanation import explain
from newsarchive.explain.report import render_report

Command = Callable[..., CompletedProcess[str]]
PAGES = Path(__file__).parents[1] / "pages"
PAGE = PAGES / "corvan-2019-08-18" / "page.html"
URL = "https://www.echodecorvan.example/actualites/le-dernier-bac-de-la-vire-prend-sa-retraite"
TRAPS = """<meta http-equiv="refresh" content="0; url=https://evil.example/"><base href="https://evil.example/">
<style>@import "https://evil.example/a.css"; body { background: url(https://evil.example/a.png) }</style>
<script src="https://evil.example/a.js"></script><script>document.title = "TAKEN"</script></head>
<body onload="document.title = 'TAKEN'"><img src="https://evil.example/b.png" onerror="document.title = 'TAKEN'">
<p>&lt;img src=x onerror="document.title='TAKEN'"&gt; and some words with it, so that it is a line of the page.</p>"""


def test_a_page_is_read_from_standard_input_or_a_file(command: Command, tmp_path: Path) -> None:
    """The same JSON from both; an explanation as a file, of which standard error tells."""
    said = json.loads(command("extract", PAGE, "--url", URL).stdout)
    assert list(said)[:4] == ["url", "outcome", "reason", "confidence"]
    piped = command("extract", "-", "--url", URL, stdin=PAGE.read_text("utf-8"))
    assert json.loads(piped.stdout) == said
    done = command("extract", "-", "--url", URL, "--html", "why.html", stdin=PAGE.read_text("utf-8"))
    assert (done.returncode, done.stdout) == (0, "")
    assert "why.html" in done.stderr
    assert "Le dernier bac de la Vire prend sa retraite" in (tmp_path / "why.html").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_loads_nothing_and_is_legible_in_a_browser(tmp_path: Path, chromium: Any, scheme: str) -> None:
    """It asks nobody, runs nothing, fits a phone, and its text stands out from what is behind it in light and dark."""
    page = PAGE.read_text("utf-8").replace("</head>", "").replace("<body>", TRAPS)
    assert "evil.example" in page
    (tmp_path / "why.html").write_text(render_report(explain(page.encode(), URL)), "utf-8")
    asked: list[str] = []
    said: list[str] = []
    shown = chromium.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: said.append(message.text))
    shown.goto((tmp_path / "why.html").as_uri())
    shown.wait_for_timeout(300)
    assert asked == [(tmp_path / "why.html").as_uri()]
    assert said == []
    assert shown.title().endswith(": how newsarchive reads it")
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Relative luminance of text and of what is behind it (WCAG 2.2, 1.4.3: 4.5 to 1).
    low = shown.evaluate(
        """() => {
        const parse = text => text.match(/[\\d.]+/g).map(Number)
        const behind = element => {
            for (; element; element = element.parentElement) {
                const colour = parse(getComputedStyle(element).backgroundColor)
                if (colour.length < 4 || colour[3] > 0) return colour
            }
        }
        const light = colour => colour.slice(0, 3).map(c => c / 255)
            .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
        return [...document.querySelectorAll('body *')].filter(e => e.textContent.trim()).map(e => {
            const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x)
            return [(a + 0.05) / (b + 0.05), e.className]
        }).filter(([ratio]) => ratio < 4.5)
    }"""
    )
    assert low == []
    shown.check("#only")
    assert shown.locator(".line.body").first.is_visible()
    assert not shown.locator(".line.around").first.is_visible()
