"""The modern template: JSON-LD, OpenGraph, figures, subheadings, a pull quote, a read-also card, a most-read box."""

from newsarchive.demo import paper
from newsarchive.demo.article import print_path, slug
from newsarchive.demo.edition import CARD_AFTER, Box, Edition, Line, Sheet
from newsarchive.demo.pages import blocks, dates, frame, metadata
from newsarchive.demo.pages.frame import words

_PULL_AFTER = 9


def page(sheet: Sheet, edition: Edition) -> str:
    """Return the article's page."""
    draft, item = sheet.draft, sheet.item
    section = item.brief.section
    dek = f'<p class="standfirst">{words(draft.dek)}</p>\n' if draft.dek else ""
    extra = metadata.head(sheet, edition) + frame.feeds(edition)
    return (
        frame.html_tag(item.brief.language)
        + frame.head(f"{draft.headline} | {paper.NAME}", extra=extra)
        + f'<body class="modern">\n{frame.masthead()}<main><article>\n'
        f'<a class="kicker" href="/{section.name}/">{section.title}</a>\n<h1>{words(draft.headline)}</h1>\n{dek}'
        f"{_byline(sheet)}{_figure(item.picture)}"
        f'<div class="body">\n{_story(sheet, edition)}</div>\n{_tags(sheet)}'
        f'<div class="disclaimer"><p>{paper.AI_DISCLAIMER}</p></div>\n</article>\n{_related(sheet.related)}'
        f"{_most_read(sheet.latest)}{frame.newsletter()}</main>\n{frame.footer()}</body>\n</html>\n"
    )


def _byline(sheet: Sheet) -> str:
    item = sheet.item
    published = item.brief.published
    authors = ", ".join(
        f'<a class="author" rel="author" href="/author/{slug(author)}">{words(author)}</a>' for author in item.authors
    )
    printing = f' · <a href="{print_path(sheet.path)}">Print</a>' if item.brief.special.variants else ""
    when = f"{dates.short_day(published, item.brief.language)}, {published:%H:%M} UTC"
    time = f'<time datetime="{published.isoformat()}">{when}</time>'
    return f'<div class="byline">By {authors} · {time}{printing}</div>\n'


def _figure(picture: int) -> str:
    return (
        f'<figure><img src="/media/{picture}.png" alt="The bay, seen from the north" width="640" height="360">'
        f"<figcaption>{metadata.caption(picture)}</figcaption></figure>\n"
    )


def _story(sheet: Sheet, edition: Edition) -> str:
    parts = [blocks.html(block, edition) for block in sheet.draft.blocks]
    if len(parts) > _PULL_AFTER:
        parts.insert(_PULL_AFTER, f'<aside class="pull"><p>{words(sheet.draft.blocks[0].text)}</p></aside>\n')
    if sheet.read_also:
        parts.insert(CARD_AFTER, _card(sheet.read_also))
    return "".join(parts)


def _card(line: Line) -> str:
    return f'<div class="read-also"><span>Read also</span> <a href="{line.path}">{words(line.text)}</a></div>\n'


def _tags(sheet: Sheet) -> str:
    links = " ".join(f'<a rel="tag" href="/tag/{slug(tag)}">{words(tag)}</a>' for tag in sheet.item.tags if slug(tag))
    return f'<div class="tags">{links}</div>\n' if links else ""


def _related(box: Box) -> str:
    cards = "".join(f'<li><a href="{line.path}"><h3>{words(line.text)}</h3></a></li>\n' for line in box.lines)
    return f'<section class="more"><h2>{box.label}</h2>\n<ul>\n{cards}</ul></section>\n'


def _most_read(box: Box | None) -> str:
    if box is None:
        return ""
    items = "".join(f'<li><a href="{line.path}">{words(line.text)}</a></li>\n' for line in box.lines)
    return f'<aside class="most-read"><h2>{box.label}</h2>\n<ol>\n{items}</ol></aside>\n'
