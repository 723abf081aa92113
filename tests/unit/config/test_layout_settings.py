"""[[site.layout]]: how a site's pages are built, said by the archive's owner."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.config.toml_file import parse_config
from newsarchive.extract.site_layout import EMPTY_LAYOUT, FIELDS, Layout, LayoutBox, Layouts, Selector
from storage.errors import ConfigError
from storage.model import LinkKind, Role

SITE = '[[site]]\nname = "courier"\nurl = "https://courier.example/"\n'
TWO = """
[[site.layout]]
until = 2025-06-30
headline = "h1.old"
body = "//div[@id='story']"
drop = [".poll", ".app"]

[[site.layout]]
from = 2025-06-30
headline = "h1.new"

[[site.layout.related]]
box = "aside.more"
kind = "latest"
"""


def layouts(text: str) -> Layouts:
    """The layouts of the last site in a file."""
    found = parse_config(text, Path("/morgue")).sites[-1].layouts
    assert found is not None
    return found


def test_a_page_is_read_by_the_layouts_of_the_day_it_was_fetched() -> None:
    """Before the change the old ones hold, from that midnight on the new ones, and today those without an end."""
    found = layouts(SITE + TWO)
    old = Layout(
        headline=Selector("h1.old"), body=Selector("//div[@id='story']"), drop=(Selector(".poll"), Selector(".app"))
    )
    new = Layout(headline=Selector("h1.new"), related=(LayoutBox(box=Selector("aside.more"), kind=LinkKind.LATEST),))
    assert found.at(datetime(2025, 6, 29, 23, 59, tzinfo=UTC)) == old
    assert found.at(datetime(2025, 6, 30, tzinfo=UTC)) == new
    assert found.at(None) == new


def test_of_layouts_in_force_the_first_that_names_a_field_decides() -> None:
    """What one of them does not name, a later one may; drops and boxes add up."""
    text = (
        SITE
        + '[[site.layout]]\nheadline = "h1"\ndrop = ".a"\n[[site.layout]]\nheadline = "h2"\ndek = ".d"\ndrop = ".b"\n'
    )
    assert layouts(text).at(None) == Layout(
        headline=Selector("h1"), dek=Selector(".d"), drop=(Selector(".a"), Selector(".b"))
    )


def test_a_site_without_layouts_is_read_like_any_other() -> None:
    """No table, no layout."""
    assert parse_config(SITE, Path("/morgue")).sites[0].layouts is None
    assert Layouts().at(None) is EMPTY_LAYOUT


@pytest.mark.parametrize(
    ("table", "line", "says"),
    [
        ('headline = "h1["', 5, "headline = 'h1[' is not a CSS selector"),
        ('\nbody = "//div["', 6, "body = '//div[' is not an XPath expression"),
        ('title = "h1"', 5, "unknown field 'title' in a layout"),
        ("from = 2025-01-02\nuntil = 2025-01-02", 6, "until is not after from"),
        ('from = "spring"\nbody = "p"', 5, "from = 'spring': must be a date such as 2025-06-30"),
        ("", 4, "the layout has no field"),
        ("body = 7", 5, "body must be a CSS selector or an XPath expression in quotes"),
        ('[[site.layout.related]]\nkind = "related"', 4, "a related box needs a selector"),
        (
            '[[site.layout.related]]\nbox = "p"\nkind = "sport"',
            7,
            "kind = 'sport': must be one of related, latest, inline, listing",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(table: str, line: int, says: str) -> None:
    """The error says where, what, that nothing was done, and how to try a layout."""
    other = '[[site]]\nname = "other"\nurl = "https://other.example/"\n[[site.layout]]\nheadline = "h1"\n'
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{SITE}[[site.layout]]\n{table}\n{other}", Path("/morgue"))
    said = str(caught.value)
    assert said.startswith(f"/morgue/newsarchive.toml, line {line}: {says}")
    assert "Nothing was done" in said
    assert "newsarchive extract FILE --url URL --explain" in said


def test_the_page_about_layouts_is_right() -> None:
    """Its example is a settings file, its tables name every key of a layout, every role and every kind of group."""
    page = (Path(__file__).parents[3] / "docs" / "reading.md").read_text("utf-8")
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert example is not None
    assert len(layouts(example[1]).entries) == 2
    for word in (*FIELDS, "drop", "related", "from", "until", *Role, *LinkKind):
        assert f"`{word}`" in page, word
