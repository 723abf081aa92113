"""Blocks of a story as HTML; templates differ in what they wrap them in."""

from newsarchive.demo.edition import Edition
from newsarchive.demo.pages.frame import words
from newsarchive.demo.story import Block
from storage.model import Role


def text(block: Block, edition: Edition) -> str:
    """Return a block's text with its link."""
    if not block.anchor:
        return words(block.text)
    before, found, after = block.text.partition(block.anchor)
    path = edition.desk.brief(block.target).path
    return f'{words(before)}<a href="{path}">{words(found)}</a>{words(after)}'


def html(block: Block, edition: Edition, *, paragraph: str = "<p>", heading: str = "<h2>") -> str:
    """Return a block as an element; a template gives its own opening tags for running text and headings."""
    match block.role:
        case Role.HEADING:
            return _in(heading, text(block, edition))
        case Role.QUOTE:
            return f"<blockquote><p>{text(block, edition)}</p></blockquote>\n"
        case Role.LIST:
            items = "".join(f"<li>{words(item)}</li>\n" for item in block.text.split("\n"))
            return f"<ul>\n{items}</ul>\n"
        case Role.TABLE:
            return _table(block.text)
        case Role.CORRECTION:
            return f'<p class="correction">{words(block.text)}</p>\n'
        case _:
            return _in(paragraph, text(block, edition))


def _in(opening: str, inner: str) -> str:
    r"""Return markup in an element, given its opening tag.

    >>> _in('<div class="par">', "text")
    '<div class="par">text</div>\n'
    """
    name = opening.strip("<>").split(maxsplit=1)[0]
    return f"{opening}{inner}</{name}>\n"


def _table(rows: str) -> str:
    head, *body = [row.split("\t") for row in rows.split("\n")]
    cells = "".join(f"<th>{words(cell)}</th>" for cell in head)
    lines = "".join("<tr>" + "".join(f"<td>{words(cell)}</td>" for cell in row) + "</tr>\n" for row in body)
    return f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n"
