"""Names of sites: of one that was renamed in newsarchive.toml, and of one that other archives name otherwise."""

from collections.abc import Iterable
from pathlib import Path

from newsarchive.config.schema import Config, SiteConfig
from newsarchive.config.toml_file import front_page_key, rename_site
from storage.errors import ArchiveError
from storage.index import Index
from storage.warc.reader import RunStarted, read_captures


def hand_over_renamed_sites(config: Config, index: Index, sites: Iterable[SiteConfig]) -> tuple[Config, list[str]]:
    """Hand over what the index has of renamed sites to these ones, which are locked; return settings and messages.

    A site was renamed if the index has its front page under a name that newsarchive.toml lacks. The file gets the
    former name, from which a rebuild knows it.
    """
    names = {site.name for site in config.sites}
    by_front_page = {front_page_key(site.url): site.name for site in sites if site.name in names}
    for known in index.sites():
        present = by_front_page.get(front_page_key(known.url))
        if known.name not in names and present and known.name not in config.former_names:
            config = rename_site(config.folder, present, present, known.name)
    former_names = {old: new for old, new in config.former_names.items() if new in by_front_page.values()}
    renamed = index.rename_sites(former_names) if former_names else ()
    return config, [
        f"the site {former} is called {former_names[former]} now: its articles, due URLs and rates were handed over;"
        " newsarchive.toml has the former name in former_names"
        for former in renamed
    ]


def find_other_names(config: Config, files: Iterable[Path]) -> dict[str, str]:
    """Return the names that WARC files have for sites of the archive that are named otherwise here: (theirs, ours)."""
    by_front_page = {front_page_key(site.url): site.name for site in config.sites}
    known = {*by_front_page.values(), *config.former_names}
    found: dict[str, str] = {}
    for file in files:
        try:
            first = next(iter(read_captures(file)), None)
        except (ArchiveError, OSError):
            continue  # the import reports it
        for site in first.run.sites if isinstance(first, RunStarted) else ():
            ours = by_front_page.get(front_page_key(site.url))
            if ours is not None and site.name not in known:
                found[site.name] = ours
    return found
