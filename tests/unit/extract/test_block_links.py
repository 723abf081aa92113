"""Links and lines of blocks."""

import pytest
from lxml.html import document_fromstring

from newsarchive.extract.blocks import collect_blocks


@pytest.mark.parametrize(
    ("html", "texts", "links"),
    [
        ('<div><a href="/x" style="display:block">Rain falls</a></div>', ["Rain falls"], ["Rain falls"]),
        ('<div><b style="display:block">Rain</b> falls</div>', ["Rain falls"], []),
        ('<div>Rain<span style="display:block">Falls</span></div>', ["Rain", "Falls"], []),
        ('<div style="white-space:pre-wrap">Rain.<br><br>\nSnow.</div>', ["Rain.", "Snow."], []),
        ('<pre>See <a href="/x">rain falls\non the hills</a> today</pre>',
         ["See rain falls on the hills today"], ["rain falls on the hills"]),
        ('<p><a href="/x">Rain<br>falls</a></p>', ["Rain falls"], ["Rain falls"]),
    ],
)  # fmt: skip
def test_links_keep_their_text_in_blocks_and_lines(html: str, texts: list[str], links: list[str]) -> None:
    """A link that is shown as a block is a link; one over two lines has a space between them."""
    body = document_fromstring(f"<body>{html}</body>").find("body")
    assert body is not None
    content = collect_blocks(body)
    assert [block.text for block in content.blocks] == texts
    assert [anchor.text for anchor in content.anchors] == links
    assert any(block.linked for block in content.blocks) == bool(links)
