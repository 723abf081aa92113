"""newsarchive.toml as its owner meets it."""

import re
import stat
import tomllib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.config.schema import SETTINGS, SITE_SETTINGS, Config, SiteConfig
from newsarchive.config.toml_file import (
    add_site,
    format_site,
    format_starter_file,
    load_config,
    parse_config,
    to_toml,
    write_setting,
)
from storage.errors import ConfigError, NoArchive
from storage.model import Site

FOLDER = Path("/morgue")
NEWS = SiteConfig(name="news", url="https://news.example/")
INDEX = ("index", "postgresql://db/news", "postgresql+psycopg://db/news")
"""A setting, its new value, and how that is read."""


def error_of(text: str) -> str:
    """Return the error message for a file with this text."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, FOLDER)
    return str(caught.value)


def test_an_empty_file_gives_every_default() -> None:
    """No setting is required, and paths and the index are absolute."""
    assert parse_config("", FOLDER) == Config(
        folder=FOLDER,
        warc_folder=FOLDER / "warc",
        search_folder=Path("/morgue/search"),
        index="sqlite:////morgue/index.sqlite3",
        user_agent="newsarchive/0.1.0",
    )


def test_a_full_file_is_read_as_written() -> None:
    """Each kind of value arrives as the program uses it."""
    config = parse_config(
        """
        operator = "The Morgue"
        contact = "https://morgue.example/bot"
        obey_robots = false
        warc_folder = "/mnt/warc"
        warc_size = "500MB"
        index = "postgresql://db/news"
        delay = "2.5s"
        commit_seconds = 2
        recheck = ["30m", "1d12h"]
        reader_processes = 3
        [[site]]
        name = "news"
        url = "https://news.example/"
        hosts = ["m.news.example"]
        feeds = ["/rss.xml", "https://feeds.example/news"]
        delay = "10s"
        allow_private = true
        """,
        FOLDER,
    )
    assert config == Config(
        folder=FOLDER,
        operator="The Morgue",
        contact="https://morgue.example/bot",
        user_agent="newsarchive/0.1.0 (+https://morgue.example/bot)",
        obey_robots=False,
        warc_folder=Path("/mnt/warc"),
        search_folder=Path("/morgue/search"),
        warc_size=500_000_000,
        index="postgresql+psycopg://db/news",
        delay=timedelta(seconds=2.5),
        commit_seconds=2.0,
        recheck=(timedelta(minutes=30), timedelta(hours=36)),
        reader_processes=3,
        sites=(
            SiteConfig(
                name="news",
                url="https://news.example/",
                hosts=("m.news.example",),
                feeds=("https://news.example/rss.xml", "https://feeds.example/news"),
                delay=timedelta(seconds=10),
                allow_private=True,
            ),
        ),
    )
    assert config.sites[0].to_site() == Site(name="news", url="https://news.example/", hosts=("m.news.example",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\ndelya = "1s"\n', "line 2: there is no setting 'delya'; did you mean 'delay'? Nothing"),
        ("zzz = 1", "line 1: there is no setting 'zzz'. Nothing"),
        (f"{format_site(NEWS)}[serv]\nport = 1", "line 5: there is no setting 'serv'; did you mean 'serve'? Nothing"),
        ("delay = 3", "line 1: delay = 3: must be text in quotes"),
        ('delay = "3"', "a duration such as"),
        ('warc_age = "0s"', "must be a duration above zero"),
        ('warc_size = "1 chest"', "a size such as"),
        ("warc_size = 0", "at least one byte"),
        ("reader_processes = true", "must be a whole number, 0 or more"),
        ("concurrency = 0", "must be a whole number, 1 or more"),
        ("commit_seconds = inf", "must be a number of seconds"),
        ('obey_robots = "yes"', "must be true or false"),
        ('recheck = "1h"', "must be a list"),
        (f'{format_site(NEWS)}listings = ["http://[x"]', 'line 5: listings = ["http://[x"]: must be URLs that begin'),
        ('warc_folder = ""', "must be a path"),
        ("operator = ", "is not TOML"),
        ("site = 3", "sites are written as [[site]]"),
        ("allow_private = true", "is a setting of a site; move it below a [[site]]"),
        (
            '[[site]]\nname="a"\nurl="http://a.example"\nwarc_size=1',
            "line 4: warc_size is no setting of a site; if it is",
        ),
        ('[[site]]\nurl = "http://a.example"', "line 1: the site has no name"),
        ('[[site]]\nname = "a/b"\nurl = "http://a.example"', "line 2: name"),
        ('[[site]]\nname = "a"\nurl = "a.example"', 'line 3: url = "a.example": must be a URL'),
        ('[[site]]\nname = "a"\nurl = "http://[a"', "line 3: url"),
        (
            '[[site]]\nname="a"\nurl="http://a.example"\n\n[[site]]\nurl="http://b.example"\nname="a"',
            "line 7: two sites",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, message: str) -> None:
    """An error names the setting, its line, and what the value must be."""
    assert message in error_of(text)
    assert "othing was done" in error_of(text)


def test_no_file_is_no_archive(tmp_path: Path) -> None:
    """A folder without newsarchive.toml is no archive; a file that is not UTF-8 is a mistake in it."""
    with pytest.raises(NoArchive, match="newsarchive init"):
        load_config(tmp_path / "nowhere")
    (tmp_path / "newsarchive.toml").write_bytes(b'operator = "\xff"')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path)


def test_adding_a_site_keeps_what_the_owner_wrote(tmp_path: Path) -> None:
    """A site is appended; every byte that was there stays, and so do the file's permissions."""
    file = tmp_path / "newsarchive.toml"
    before = "# mine\r\ndelay='3s'   # slow\r\n[[site]]\nname = \"old\"\nurl = 'http://old.example'"
    file.write_bytes(before.encode())
    file.chmod(0o640)
    found = SiteConfig(name="news", url="https://news.example/", feeds=("https://news.example/rss",))
    config = add_site(tmp_path, found, {"feeds": "named by the front page"})
    assert file.read_bytes().decode() == (
        before + '\n\n[[site]]\nname = "news"\nurl = "https://news.example/"\n'
        '# named by the front page\nfeeds = ["https://news.example/rss"]\n'
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert config == load_config(tmp_path)
    assert [site.name for site in config.sites] == ["old", "news"]


@pytest.mark.parametrize(
    "again", [NEWS, SiteConfig(name="other", url=NEWS.url), SiteConfig(name="news", url="http://x.example")]
)
def test_a_site_is_added_once(tmp_path: Path, again: SiteConfig) -> None:
    """The same name or the same front page is refused, and the file stays as it was."""
    file = tmp_path / "newsarchive.toml"
    file.write_text("")
    add_site(tmp_path, NEWS)
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="already"):
        add_site(tmp_path, again)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_file_has_the_defaults() -> None:
    """The starter file parses to the defaults, as it is and with its comments made settings."""
    text = format_starter_file()
    assert parse_config(text, FOLDER) == parse_config("", FOLDER)
    uncommented = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    assert parse_config(uncommented, FOLDER) == parse_config("", FOLDER)
    assert parse_config(format_starter_file(contact="a@b.example"), FOLDER).contact == "a@b.example"


def test_every_setting_can_be_written_and_read() -> None:
    """A default as the table shows it is a value of its type."""
    for setting in (*SETTINGS, *SITE_SETTINGS):
        if setting.default is not None:
            written = tomllib.loads(f"x = {to_toml(setting.default)}")["x"]
            assert setting.value_type.parse(written) == setting.value_type.parse(setting.default)


def test_sites_are_chosen_by_name() -> None:
    """All sites, or those that are named, in the file's order; an error for an unknown name lists the known ones."""
    text = "".join(
        format_site(SiteConfig(name=name, url=f"http://{name}.example/")) for name in ("one", "two", "three")
    )
    config = parse_config(text, FOLDER)
    assert [site.name for site in config.select_sites()] == ["one", "two", "three"]
    assert [site.name for site in config.select_sites(["three", "one"])] == ["one", "three"]
    with pytest.raises(ConfigError, match="It has: one, two, three"):
        config.select_sites(["four"])


@given(
    st.fixed_dictionaries(
        {
            "hosts": st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=2).map(tuple),
            "delay": st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=99)),
            "allow_private": st.booleans(),
            "obey_robots": st.none() | st.booleans(),
        }
    )
)
def test_a_written_site_reads_back_as_itself(values: dict[str, Any]) -> None:
    """A site written as [[site]] is parsed to the same values."""
    site = SiteConfig(name="news", url="https://news.example/", **values)
    assert parse_config(format_site(site, {"hosts": "a note\nin two lines"}), FOLDER).sites == (site,)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is settings or a ConfigError, never another error."""
    with suppress(ConfigError):
        parse_config(text, FOLDER)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('# index = ""\n\n[[site]]\n', '# index = ""\nindex = "postgresql://db/news"\n\n[[site]]\n'),
        ('index = "old.sqlite3"  # mine\ndelay = "2s"\n', 'index = "postgresql://db/news"  # mine\ndelay = "2s"\n'),
        ('delay = "2s"', 'delay = "2s"\nindex = "postgresql://db/news"\n'),
        ('delay = "2s"\r\n[serve]\r\n', 'delay = "2s"\r\nindex = "postgresql://db/news"\r\n[serve]\r\n'),
        ("", 'index = "postgresql://db/news"\n'),
    ],
)
def test_another_index_is_one_line(tmp_path: Path, before: str, after: str) -> None:
    """The line replaces the old one, or goes below its comment, or above the first table."""
    site = 'name = "news"\nurl = "https://news.example/"\n' if "[[site]]" in before else ""
    file = tmp_path / "newsarchive.toml"
    file.write_text(before + site, newline="")
    assert write_setting(tmp_path, *INDEX).index == "postgresql+psycopg://db/news"
    assert file.read_bytes().decode() == after + site


def test_an_index_setting_in_unusual_syntax_is_not_edited(tmp_path: Path) -> None:
    """A line that only looks like the setting is not changed; the error has the line to write."""
    file = tmp_path / "newsarchive.toml"
    file.write_text('contact = """\nindex = "me@here.example"\n"""\n')
    with pytest.raises(ConfigError, match=r'is unchanged. Write into it.*index = "postgresql://db/news"'):
        write_setting(tmp_path, *INDEX)
    assert file.read_text() == 'contact = """\nindex = "me@here.example"\n"""\n'
