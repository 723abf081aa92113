"""Sites that are removed and renamed in newsarchive.toml."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsarchive.config.schema import SiteConfig
from newsarchive.config.toml_file import add_site, format_site, load_config, parse_config, remove_site, rename_site
from storage.errors import ConfigError

FILE = """# The morgue.
contact = "me@example.org"

# The first one, as
# readers know it.
[[site]]
url = "https://news.example/"
'name' = 'news'   # first
# name = "former"
feeds = [
    "/rss",
]

[[site.layout]]
body = "//div[@id='story']"

[[site.layout.related]]
box = "aside.more"

# The second one.
[[site]]
name = "other"
former_names = ["earlier"]
url = "https://other.example/"

[serve]
port = 8001
"""
FIRST = FILE[FILE.index("# The first") : FILE.index("# The second")]
SECOND = FILE[FILE.index("# The second") : FILE.index("[serve]")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "newsarchive.toml").write_text(FILE)
    return tmp_path


def text_of(folder: Path) -> str:
    return (folder / "newsarchive.toml").read_bytes().decode()


@pytest.mark.parametrize(("name", "part"), [("news", FIRST), ("other", SECOND)])
def test_a_removed_site_takes_its_layouts_and_comments_along(folder: Path, name: str, part: str) -> None:
    """All other lines stay byte for byte."""
    assert [site.name for site in remove_site(folder, name).sites] == [{"news": "other", "other": "news"}[name]]
    assert text_of(folder) == FILE.replace(part, "")


@pytest.mark.parametrize("line", ["hidden = true", 'embargo = "30d"'])
def test_a_withheld_site_is_not_removed_in_passing(folder: Path, line: str) -> None:
    """Its pages would be shown to readers."""
    text = FILE.replace('name = "other"\n', f'name = "other"\n{line}\n')
    (folder / "newsarchive.toml").write_text(text)
    with pytest.raises(ConfigError, match="hidden or under an embargo, which would end; nothing was done"):
        remove_site(folder, "other")
    assert text_of(folder) == text


def test_a_renamed_site_keeps_all_other_lines(folder: Path) -> None:
    """The old name is kept below the new one; renamed back, it is a former name no more."""
    assert rename_site(folder, "news", "Gazette").former_names == {"news": "Gazette", "earlier": "other"}
    new = '\'name\' = "Gazette"   # first\nformer_names = ["news"]\n'
    assert text_of(folder) == FILE.replace("'name' = 'news'   # first\n", new)
    assert rename_site(folder, "Gazette", "news").former_names == {"Gazette": "news", "earlier": "other"}
    assert rename_site(folder, "other", "earlier").former_names == {"Gazette": "news", "other": "earlier"}


@pytest.mark.parametrize("new", ["other", "earlier", "news", "a b", ""])
def test_a_name_that_is_taken_or_none_is_refused(folder: Path, new: str) -> None:
    """The message names the mistake, and the file is unchanged."""
    with pytest.raises(ConfigError, match=r"name.* Nothing was done"):
        rename_site(folder, "news", new)
    assert text_of(folder) == FILE


def test_an_unknown_site_is_refused_with_the_known_ones(folder: Path) -> None:
    """As by `crawl`."""
    with pytest.raises(ConfigError, match="It has: news, other"):
        remove_site(folder, "nosuch")
    with pytest.raises(ConfigError, match="It has: news, other"):
        rename_site(folder, "nosuch", "new")


@pytest.mark.parametrize("text", ['site = [{name = "news", url = "https://news.example/"}]\n'])
def test_unusual_syntax_is_not_edited(tmp_path: Path, text: str) -> None:
    """The error says what to write."""
    (tmp_path / "newsarchive.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"the file is unchanged\. Remove the site news"):
        remove_site(tmp_path, "news")
    with pytest.raises(ConfigError, match=r"the file is unchanged\. Write into the .* name = "):
        rename_site(tmp_path, "news", "new")
    assert text_of(tmp_path) == text


LINES = st.lists(
    st.sampled_from(
        ["", "# a comment", "# [[site]]", "[serve]", 'about = """\n[[site]]\nname = "a"\n"""', 'contact = "x"', "\t"]
    ),
    max_size=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(LINES, LINES, LINES, st.sampled_from(["a", "b"]))
def test_any_other_line_survives(
    tmp_path: Path, before: list[str], between: list[str], after: list[str], name: str
) -> None:
    """A removed site that is added again gives the same settings; where that cannot be, the file is unchanged."""
    sites = [SiteConfig(name=each, url=f"https://{each}.example/") for each in "ab"]
    parts = ["\n".join(before), format_site(sites[0]), "\n".join(between), format_site(sites[1]), "\n".join(after)]
    text = "\n".join(parts) + "\n"
    (tmp_path / "newsarchive.toml").write_text(text)
    try:
        config = parse_config(text, tmp_path)
    except ConfigError:
        return
    try:
        rest = remove_site(tmp_path, name)
    except ConfigError:
        assert text_of(tmp_path) == text
        return
    assert rest.serve == config.serve
    add_site(tmp_path, next(site for site in sites if site.name == name))
    assert set(load_config(tmp_path).sites) == set(sites)
