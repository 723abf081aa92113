"""Blocks of a story as HTML; templates differ in what they wrap them in."""

from html import escape

from newsarchive.demo.edition import Edition
from newsarchive.demo.story import Block
from storage.model import Role


def text(block: Block, edition: Edition) -> str:
    """Return a block's text with its link."""
    if not block.anchor:
        return escape(block.text, quote=False)
    before, found, after = block.text.partition(block.anchor)
    path = edition.desk.brief(block.target).path
    return f'{escape(before, quote=False)}<a href="{path}">{escape(found, quote=False)}</a>{escape(after, quote=False)}'


def html(block: Block, edition: Edition, *, paragraph: str = "p", heading: str = "h2") -> str:
    """Return a block as an element, with a template's own elements for running text and headings."""
    match block.role:
        case Role.HEADING:
            return f"<{heading}>{text(block, edition)}</{heading.split(maxsplit=1)[0]}>\n"
        case Role.QUOTE:
            return f"<blockquote><p>{text(block, edition)}</p></blockquote>\n"
        case Role.LIST:
            items = "".join(f"<li>{escape(item, quote=False)}</li>\n" for item in block.text.split("\n"))
            return f"<ul>\n{items}</ul>\n"
        case Role.TABLE:
            return _table(block.text)
        case _:
            return f"<{paragraph}>{text(block, edition)}</{paragraph.split(maxsplit=1)[0]}>\n"


def _table(text: str) -> str:
    head, *rows = [row.split("\t") for row in text.split("\n")]
    cells = "".join(f"<th>{escape(cell, quote=False)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell, quote=False)}</td>" for cell in row) + "</tr>\n" for row in rows
    )
    return f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"
