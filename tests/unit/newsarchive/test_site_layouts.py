"""A page read by hand gets the layouts that the crawl would use."""

from pathlib import Path

import pytest

from newsarchive.config.toml_file import load_config
from newsarchive.ingest.site_layouts import SiteLayouts, find_layouts
from storage.errors import ConfigError, NoArchive
from storage.index.rows.site_registry import KnownSite, SiteRegistry, site_name_from_host
from storage.urls import url_host

SITES = {
    "courier": ("https://www.courier.example/", ("Static.courier.example",)),
    "sport": ("https://sport.courier.example/", ()),
    "post": ("https://post.example/", ("m.post.example",)),
    "local": ("http://127.0.0.1:8080/", ()),
}
URLS = [
    "https://www.courier.example/a", "https://courier.example/a", "http://WWW.courier.example:80/a",
    "https://static.courier.example/a", "https://sport.courier.example/a", "https://x.sport.courier.example/a",
    "https://post.example/", "https://www.post.example/", "https://far.m.post.example/", "https://x.post.example/",
    "https://other.example/", "http://127.0.0.1:8080/a", "http://127.0.0.1:8081/a", "https://example/", "nonsense", "",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive's folder with a layout for each site."""
    blocks = [
        f'[[site]]\nname = "{name}"\nurl = "{url}"\nhosts = [{", ".join(repr(host) for host in hosts)}]\n'
        f'[[site.layout]]\nheadline = "h1.{name}"\n'
        for name, (url, hosts) in SITES.items()
    ]
    (tmp_path / "newsarchive.toml").write_text("\n".join(blocks))
    return tmp_path


@pytest.mark.parametrize("url", URLS)
def test_the_site_is_the_one_that_the_index_files_the_page_under(folder: Path, url: str) -> None:
    """Settings and index assign hosts to sites by the same rule."""
    book = SiteRegistry(
        KnownSite(id=number, name=name, url=front, hosts=(url_host(front), *map(str.lower, hosts)), configured=True)
        for number, (name, (front, hosts)) in enumerate(SITES.items())
    )
    filed = book.find(url)
    found = find_layouts(url, folder, None)
    assert (found[0] if found else None) == (filed.name if filed else None)
    if found is not None:
        assert [entry.layout.headline.text for entry in found[1].entries if entry.layout.headline] == [f"h1.{found[0]}"]


@pytest.mark.parametrize("url", URLS)
def test_imported_pages_without_a_site_use_the_layouts_of_their_host(folder: Path, url: str) -> None:
    """Such captures have their host as site name; it gives the same layouts and extractor version."""
    layouts = SiteLayouts(load_config(folder).sites)
    owner = layouts.find_site(url)
    name = owner.name if owner else "nobody"
    assert layouts.get(site_name_from_host(url)) == layouts.get(name)
    assert layouts.extractor_version(site_name_from_host(url)) == layouts.extractor_version(name)
    assert (layouts.extractor_version(name) is None) == (owner is None)


def test_a_site_can_be_named(folder: Path) -> None:
    """Whatever the URL: the page may have moved."""
    found = find_layouts("https://elsewhere.example/", folder, "post")
    assert found is not None
    assert found[0] == "post"


def test_an_unknown_site_is_an_error_that_names_the_known_ones(folder: Path) -> None:
    """The error says what happened, that nothing was read, and what to do."""
    with pytest.raises(
        ConfigError, match=r"has no site poste; the page was not read\. Its sites: courier, sport, post"
    ):
        find_layouts("https://post.example/", folder, "poste")


def test_outside_an_archive_no_layout_holds(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an archive no layouts apply; a given folder without an archive is an error."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert find_layouts("https://post.example/", None, None) is None
    with pytest.raises(NoArchive):
        find_layouts("https://post.example/", empty, None)
    monkeypatch.chdir(folder)
    found = find_layouts("https://post.example/", None, None)
    assert found is not None
    assert found[0] == "post"
