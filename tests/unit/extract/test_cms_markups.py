"""One article page in the markups of publishing systems, of page builders, and of texts with line breaks alone.

See stories.py for its parts. None of the pages has metadata other than its title.
"""

from collections.abc import Callable

import pytest

from tests.unit.extract.stories import (
    LANGUAGES,
    Language,
    Story,
    assert_parts_are_apart,
    head,
    labelled,
    links,
    notices,
    read_page,
    wrap,
)


def blogger(story: Story) -> str:
    words = story.language
    items = wrap("li", wrap("div class=item-title", links(story.related)).replace("</div><", "</div>\n<").splitlines())
    text = f"<div style='clear: both'><i>{story.dek}</i></div><br>{'<br><br>'.join(story.paragraphs)}"
    post = f"<h3 class='post-title entry-title'>{story.headline}</h3><div class=post-body>{text}</div>"
    widgets = "".join(
        f"<div class=widget><h2 class=title>{name}</h2><div class=widget-content>{notice}</div></div>"
        for name, notice in labelled(story)
    )
    player = f"<div class=widget>0:00 0:00 {words.close}</div>"
    popular = f"<div class='widget PopularPosts'><h2>{words.related}</h2><ul>{items}</ul></div>"
    top = f"<header><div class=title><a href=/>{words.site}</a></div><p class=description>{words.motto}</p></header>"
    date = f"<h2 class=date-header><span>{words.date}</span></h2>"
    posts = f"<div class=blog-posts>{date}<div class=hentry>{post}</div></div>"
    return f"{top}{posts}<aside>{widgets}{player}{popular}</aside>"


def cards_with_dates(story: Story) -> str:
    """Each link holds a card: its headline, and the date of the other article."""
    words = story.language
    cards = "".join(
        f"<article class=card><a href='{url}'><h3>{title}</h3><footer><time datetime=2024-03-02>02 Mar 2024</time>"
        f"</footer></a></article>"
        for title, url in story.related
    )
    return f"{head(story)}{notices(story)}<section><h2>{words.related}</h2><div class=feed>{cards}</div></section>"


def label_that_links(story: Story) -> str:
    """The label of the list is a link within the page, which switches to the list."""
    label = f"<h4><a class=current href='#'>{story.language.related}</a></h4>"
    cards = "".join(
        f"<div class=module><a href='{url}'><img src=/i.jpg alt=''></a><h3><a href='{url}'>{title}</a></h3></div>"
        for title, url in story.related
    )
    return f"{head(story)}{notices(story)}<div class=block>{label}<div class=inner>{cards}</div></div>"


def bullets(story: Story) -> str:
    items = "<br>".join(f"• {link}" for link in links(story.related))
    return f"{head(story)}{notices(story)}<p><b>{story.language.related}</b><br>{items}</p>"


def builder_modules(story: Story) -> str:
    """A page builder puts headline and date, dek, and text in a box each, alike but for a number."""
    words = story.language
    parts = (
        f"<h1>{story.headline}</h1><p class=meta>{words.date}</p>",
        f"<div class=inner><p>{story.dek}</p></div>",
        f"<div class=inner>{wrap('p', story.paragraphs)}</div>",
        *(f"<h4>{name}</h4><div><p>{notice}</p></div>" for name, notice in labelled(story)),
        f"0:00 0:00 {words.close}",
        f"<div class=inner><h3>{words.related}</h3></div>",
        "".join(f"<article><h2>{link}</h2></article>" for link in links(story.related)),
    )
    modules = "".join(f"<div class='module module_{number}'>{part}</div>" for number, part in enumerate(parts))
    return f"<header><a href=/>{words.site}</a></header><div id=content>{modules}</div>"


def paragraphs_as_blocks(story: Story) -> str:
    """Each paragraph is a block with an empty one after it, as some editors write."""
    words = story.language
    text = "".join(f"<div>{paragraph}</div><div><br></div>" for paragraph in story.paragraphs)
    top = f"<div class=sitename><a href=/>{words.site}</a></div><h1>{story.headline}</h1>"
    parts = [f"<h2><span>{name}</span></h2><div><p>{notice}</p></div>" for name, notice in labelled(story)]
    parts += [f"<div>0:00 0:00 {words.close}</div>"]
    parts += [f"<h2><span>{words.related}</span></h2><div>{wrap('div class=item', links(story.related))}</div>"]
    intro = f"<div class=intro>{story.dek}</div><div class=date>{words.date}</div><div class=content>{text}</div>"
    return f"<form>{top}{intro}{wrap('div class=webpart', parts)}</form>"


def text_blocks(story: Story) -> str:
    """Everything is a <div dir=auto> in boxes with hashed classes."""
    words = story.language

    def lines(name: str, *texts: str) -> str:
        return f"<div class=css-175oi2r>{wrap(f'div dir=auto class=css-146c3p1-{name}', texts)}</div>"

    cards = "".join(
        f'<a href="{url}" role=link class=css-1loqt21>{lines("b8", title)}</a>' for title, url in story.related
    )
    text = "".join(lines("f", paragraph) for paragraph in story.paragraphs)
    top = lines("a", words.site, words.motto) + lines("c", story.headline, story.dek, words.date)
    notes = "".join(lines("g", *each) for each in labelled(story)) + lines("i", "0:00", "0:00", words.close)
    return f"{top}<div>{text}</div>{notes}<div>{lines('g', words.related)}<div>{cards}</div></div>"


def headings_by_role(story: Story) -> str:
    words = story.language

    def heading(text: str, level: int) -> str:
        return f"<div role=heading aria-level={level}>{text}</div>"

    lines = wrap("div", (story.dek, words.date, wrap("div", story.paragraphs)))
    text = heading(story.headline, 1) + lines
    notes = "".join(f"<div role=region>{heading(name, 3)}<div>{notice}</div></div>" for name, notice in labelled(story))
    player = f"<div role=group><span>0:00</span> <span>0:00</span> <span role=button>{words.close}</span></div>"
    related = f"{heading(words.related, 2)}<div role=list>{wrap('div role=listitem', links(story.related))}</div>"
    return (
        f"<div role=banner>{words.site}</div><div role=main>{text}{notes}{player}<div role=region>{related}</div></div>"
    )


def mail(story: Story) -> str:
    words = story.language

    def block(content: str) -> str:
        cell = f"<table class=container><tr><td class=content>{content}</td></tr></table>"
        return f"<table class=block width=100%><tr><td class=inner>{cell}</td></tr></table>"

    blocks = [block(f"{words.site}<br>{words.motto}"), block(f"<h1>{story.headline}</h1>")]
    blocks += map(block, (f"<em>{story.dek}</em>", words.date, wrap("p", story.paragraphs)))
    blocks += [block(f"<h3>{name}</h3>{notice}") for name, notice in labelled(story)]
    blocks += [block(f"0:00 0:00 {words.close}"), block(f"<h3>{words.related}</h3>{'<br>'.join(links(story.related))}")]
    return f"<center><table id=body><tr><td>{''.join(blocks)}</td></tr></table></center>"


def spans_as_blocks(story: Story) -> str:
    words = story.language
    after = (words.ai, words.disclaimer, words.newsletter, words.offer, f"0:00 0:00 {words.close}", words.related)
    lines = (words.site, story.headline, story.dek, words.date, *story.paragraphs, *after, *links(story.related))
    return f"<span>{wrap('span style=display:block', lines)}</span>"


def single_line_breaks(story: Story) -> str:
    """Nothing but single <br> is between the paragraphs, notices and links, all in one element."""
    words = story.language
    notes = [f"<b>{name}</b><br>{notice}" for name, notice in labelled(story)]
    after = [*notes, f"0:00 0:00 {words.close}", f"<b>{words.related}</b>", *links(story.related)]
    return f"<h1>{story.headline}</h1>{'<br>'.join((f'<b>{story.dek}</b>', words.date, *story.paragraphs, *after))}"


def title_and_line_breaks(story: Story) -> str:
    """Headline, dek and date are lines of one element, and so are the paragraphs."""
    words = story.language
    title = f"<span class=h>{story.headline}</span><br><span class=k>{story.dek}</span><br><span>{words.date}</span>"
    text = "<br />".join(f"&emsp;{paragraph}" for paragraph in story.paragraphs)
    related = f"<div><b>{words.related}</b><br>{'<br />'.join(links(story.related))}</div>"
    return f"<div>{words.site}</div><div>{title}<br><br>{text}</div>{notices(story)}{related}"


def preformatted(story: Story) -> str:
    return text_with_lists(story, wrap("pre", ("\n\n".join(story.paragraphs),)))


def kept_lines(story: Story) -> str:
    return text_with_lists(story, wrap("div style=white-space:pre-line", ("\n".join(story.paragraphs),)))


def text_with_lists(story: Story, text: str) -> str:
    words = story.language
    top = f"<div>{words.site}</div><h1>{story.headline}</h1><p>{story.dek}</p><p>{words.date}</p>"
    return f"{top}{text}{notices(story)}<h4>{words.related}</h4><ul>{wrap('li', links(story.related))}</ul>"


MARKUPS: tuple[Callable[[Story], str], ...] = (
    blogger,
    cards_with_dates,
    label_that_links,
    bullets,
    builder_modules,
    paragraphs_as_blocks,
    text_blocks,
    headings_by_role,
    mail,
    spans_as_blocks,
    single_line_breaks,
    title_and_line_breaks,
    preformatted,
    kept_lines,
)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda markup: markup.__name__)
def test_parts_are_read_apart(markup: Callable[[Story], str], language: Language) -> None:
    """From the first article of a site on, whatever its language."""
    story = Story.generate(language, 34)
    assert_parts_are_apart(story, read_page(story, markup(story)))
