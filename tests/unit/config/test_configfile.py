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
from newsarchive.config.toml_file import add_site, load, parse, set_index, site_block, starter, toml
from storage.errors import ConfigError, NoArchive
from storage.model import Site

FOLDER = Path("/morgue")
NEWS = SiteConfig(name="news", url="https://news.example/")


def wrong(text: str) -> str:
    """What the owner is told of a file with this text."""
    with pytest.raises(ConfigError) as caught:
        parse(text, FOLDER)
    return str(caught.value)


def test_an_empty_file_gives_every_default() -> None:
    """No setting must be given, and paths and the index are absolute."""
    assert parse("", FOLDER) == Config(
        folder=FOLDER,
        warc_folder=FOLDER / "warc",
        index="sqlite:////morgue/index.sqlite3",
        user_agent="newsarchive/0.1.0",
    )


def test_a_full_file_is_read_as_written() -> None:
    """Each kind of value arrives as the program uses it."""
    config = parse(
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
        workers = 3
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
        warc_size=500_000_000,
        index="postgresql+psycopg://db/news",
        delay=timedelta(seconds=2.5),
        commit_seconds=2.0,
        recheck=(timedelta(minutes=30), timedelta(hours=36)),
        workers=3,
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
    ("text", "told"),
    [
        ('\ndelya = "1s"\n', "line 2: there is no setting 'delya'; it may be meant for 'delay'"),
        ("zzz = 1", "line 1: there is no setting 'zzz'. Nothing"),
        ("delay = 3", "line 1: delay = 3: wants text in quotes"),
        ('delay = "3"', "a length of time such as"),
        ('warc_age = "0s"', "wants a length of time above zero"),
        ('warc_size = "1 chest"', "a size such as"),
        ("warc_size = 0", "at least one byte"),
        ("workers = true", "wants a whole number, 0 or more"),
        ("concurrency = 0", "wants a whole number, 1 or more"),
        ("commit_seconds = inf", "wants a number of seconds"),
        ('obey_robots = "yes"', "wants true or false"),
        ('recheck = "1h"', "wants a list"),
        (f'{site_block(NEWS)}listings = ["http://[x"]', 'line 5: listings = ["http://[x"]: wants addresses that begin'),
        ('warc_folder = ""', "wants a path"),
        ("operator = ", "is not TOML"),
        ("site = 3", "sites are written as [[site]]"),
        ("allow_private = true", "is a setting of a site; move it below a [[site]]"),
        (
            '[[site]]\nname="a"\nurl="http://a.example"\nwarc_size=1',
            "line 4: warc_size is no setting of a site; if it is",
        ),
        ('[[site]]\nurl = "http://a.example"', "line 1: the site has no name"),
        ('[[site]]\nname = "a/b"\nurl = "http://a.example"', "line 2: name"),
        ('[[site]]\nname = "a"\nurl = "a.example"', 'line 3: url = "a.example": wants an address'),
        ('[[site]]\nname = "a"\nurl = "http://[a"', "line 3: url"),
        (
            '[[site]]\nname="a"\nurl="http://a.example"\n\n[[site]]\nurl="http://b.example"\nname="a"',
            "line 7: two sites",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, told: str) -> None:
    """Whoever made a mistake learns which word it is, where it stands and what was wanted."""
    assert told in wrong(text)
    assert "othing was done" in wrong(text)


def test_no_file_is_no_archive(tmp_path: Path) -> None:
    """A folder without newsarchive.toml is no archive; bytes that are no text are a mistake in the file."""
    with pytest.raises(NoArchive, match="newsarchive init"):
        load(tmp_path / "nowhere")
    (tmp_path / "newsarchive.toml").write_bytes(b'operator = "\xff"')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path)


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
    assert config == load(tmp_path)
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


def test_a_new_file_says_the_defaults() -> None:
    """The starter file is read as all defaults, and so it is with every comment taken up."""
    text = starter()
    assert parse(text, FOLDER) == parse("", FOLDER)
    taken_up = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    assert parse(taken_up, FOLDER) == parse("", FOLDER)
    assert parse(starter(contact="a@b.example"), FOLDER).contact == "a@b.example"


def test_every_setting_can_be_written_and_read() -> None:
    """A default as the table shows it is a value of its kind."""
    for setting in (*SETTINGS, *SITE_SETTINGS):
        if setting.default is not None:
            written = tomllib.loads(f"x = {toml(setting.default)}")["x"]
            assert setting.kind.read(written) == setting.kind.read(setting.default)


def test_sites_are_chosen_by_name() -> None:
    """All sites, or those that are named, in the file's order; an unknown name tells the known ones."""
    text = "".join(site_block(SiteConfig(name=name, url=f"http://{name}.example/")) for name in ("one", "two", "three"))
    config = parse(text, FOLDER)
    assert [site.name for site in config.chosen()] == ["one", "two", "three"]
    assert [site.name for site in config.chosen(["three", "one"])] == ["one", "three"]
    with pytest.raises(ConfigError, match="It has: one, two, three"):
        config.chosen(["four"])


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
    """Whatever a site's values are, its [[site]] gives them back."""
    site = SiteConfig(name="news", url="https://news.example/", **values)
    assert parse(site_block(site, {"hosts": "a note\nin two lines"}), FOLDER).sites == (site,)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is settings or a ConfigError, never another error."""
    with suppress(ConfigError):
        parse(text, FOLDER)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('# index = ""\n\n[[site]]\n', '# index = ""\nindex = "postgresql://db/news"\n\n[[site]]\n'),
        ('index = "old.sqlite3"  # mine\ndelay = "2s"\n', 'index = "postgresql://db/news"\ndelay = "2s"\n'),
        ('delay = "2s"', 'delay = "2s"\nindex = "postgresql://db/news"\n'),
        ('delay = "2s"\r\n[serve]\r\n', 'delay = "2s"\r\nindex = "postgresql://db/news"\r\n[serve]\r\n'),
        ("", 'index = "postgresql://db/news"\n'),
    ],
)
def test_another_index_is_one_line(tmp_path: Path, before: str, after: str) -> None:
    """The line takes the place of the old one, or stands below its comment, or above the first table."""
    site = 'name = "news"\nurl = "https://news.example/"\n' if "[[site]]" in before else ""
    file = tmp_path / "newsarchive.toml"
    file.write_text(before + site, newline="")
    assert set_index(tmp_path, "postgresql://db/news").index == "postgresql+psycopg://db/news"
    assert file.read_bytes().decode() == after + site


def test_an_index_that_is_written_in_a_strange_way_is_left_to_its_owner(tmp_path: Path) -> None:
    """What only looks like the setting is not changed, and the line to write is told."""
    file = tmp_path / "newsarchive.toml"
    file.write_text('contact = """\nindex = "me@here.example"\n"""\n')
    with pytest.raises(ConfigError, match=r'as it was. Write into it.*index = "postgresql://db/news"'):
        set_index(tmp_path, "postgresql://db/news")
    assert file.read_text() == 'contact = """\nindex = "me@here.example"\n"""\n'
