"""One front page is one site, whatever its name."""

from pathlib import Path

import pytest

from newsarchive.config.schema import SiteConfig
from newsarchive.config.toml_file import add_site, load_config, parse_config, rename_site
from storage.errors import ConfigError

FILE = """# The morgue.
contact = "me@example.org"

[[site]]
url = "https://news.example/"
hosts = ["m.news.example"]
'name' = "news"   # first

[[site]]
name = "other"
former_names = ["earlier"]
url = "https://other.example/"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "newsarchive.toml").write_text(FILE)
    return tmp_path


def test_a_former_name_is_written_into_the_table_of_its_site(folder: Path) -> None:
    """All other lines stay byte for byte; a second name joins the first."""
    assert rename_site(folder, "news", "news", "old").former_names == {"old": "news", "earlier": "other"}
    text = (folder / "newsarchive.toml").read_text()
    assert text == FILE.replace("# first\n", '# first\nformer_names = ["old"]\n')
    assert rename_site(folder, "other", "other", "second").sites[1].former_names == ("earlier", "second")


@pytest.mark.parametrize("url", ["http://news.example", "https://www.news.example/", "https://NEWS.example/"])
def test_two_sites_with_one_front_page_are_refused(url: str, tmp_path: Path) -> None:
    """They would take each other's pages, as they do when one is a renamed copy of the other."""
    with pytest.raises(ConfigError, match="'news' has this front page already"):
        parse_config(f'{FILE}\n[[site]]\nname = "copy"\nurl = "{url}"\n', tmp_path)


@pytest.mark.parametrize("names", ['["news"]', '["earlier"]', '["x", "x"]'])
def test_a_former_name_belongs_to_one_site(names: str, tmp_path: Path) -> None:
    """Else a rebuild could not tell whose pages they are."""
    with pytest.raises(ConfigError, match="is the name of another site"):
        parse_config(f'{FILE}\n[[site]]\nname = "third"\nformer_names = {names}\nurl = "https://x.example"\n', tmp_path)


@pytest.mark.parametrize("url", ["https://m.news.example/", "https://www.news.example/sport/"])
def test_add_refuses_a_host_that_another_site_owns(url: str, folder: Path) -> None:
    """The message names the site and both ways out; the file is unchanged. A host below it may be a site."""
    with pytest.raises(ConfigError, match="belongs to the site 'news'") as refused:
        add_site(folder, SiteConfig(name="more", url=url))
    assert "`listings`" in str(refused.value)
    assert "`hosts`" in str(refused.value)
    assert (folder / "newsarchive.toml").read_text() == FILE
    add_site(folder, SiteConfig(name="sport", url="https://sport.news.example/"))
    assert len(load_config(folder).sites) == 3
