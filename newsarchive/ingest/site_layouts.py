"""Which site's layouts a page is read by: the crawl's pages, those that were imported, and one that is read by hand.

The settings alone decide, by the site's name or by its hosts, never what the index happens to know: a page that was
imported before its site was first crawled is read as it will be by `rebuild`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from newsarchive.config.schema import FILE_NAME, Config, SiteConfig
from newsarchive.config.toml_file import load
from newsarchive.ingest.tasks import extractor_with
from storage.errors import ConfigError
from storage.surt import host_of, without_www

if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts

_LONGEST_BOOK = 50_000


class SiteLayouts:
    """The layouts of all sites of an archive.

    Captures name the site that they were made for. What was imported for no site of ours goes by its host in the
    site's place, so a name that no site has is taken for a host.
    """

    def __init__(self, sites: Sequence[SiteConfig] = ()) -> None:
        self._any = any(site.layouts is not None for site in sites)
        self._sites = {site.name: site for site in sites}
        self._hosts = {each: site for site in reversed(sites) for each in _hosts_of(site)}
        self._bare = {without_www(each): site for each, site in self._hosts.items()}
        self._known: dict[str, tuple[Layouts, str] | None] = {}

    def get(self, name: str) -> "Layouts | None":
        """Return the layouts for captures that were made for a site; None where there are none."""
        found = self._find(name)
        return found[0] if found else None

    def extractor(self, name: str) -> str | None:
        """Return the version of what reads such captures; None where it is the reading code alone."""
        found = self._find(name)
        return found[1] if found else None

    def _find(self, name: str) -> "tuple[Layouts, str] | None":
        if not self._any:
            return None
        if name not in self._known:
            if len(self._known) > _LONGEST_BOOK:
                self._known.clear()
            found = self._sites.get(name) or self.owner(f"http://{name}/")
            told = found.layouts if found is not None else None
            self._known[name] = (told, extractor_with(told)) if told is not None else None
        return self._known[name]

    def extractors(self, names: Iterable[str]) -> dict[str, str]:
        """Return those versions by name, of the names that have one."""
        return {name: version for name in names if (version := self.extractor(name)) is not None}

    def owner(self, url: str) -> SiteConfig | None:
        """Return the site to whose hosts a URL's belongs, or lies below: the longest decides, as in the index."""
        asked = host_of(url)
        if (found := self._hosts.get(asked) or self._bare.get(without_www(asked))) is not None:
            return found
        below = asked
        while "." in below:
            below = below.partition(".")[2]
            if below in self._hosts:
                return self._hosts[below]
        return None


def layouts_for(url: str, folder: Path | None, site: str | None) -> "tuple[str, Layouts] | None":
    """Return a site's name and its layouts; None where no settings say anything of the page.

    Args:
        url: Of the page: where no site is named, it is the one that the URL's host belongs to.
        folder: Of the archive. None: the folder one is in, if an archive is there.
        site: Name of the site; ConfigError where the archive has none of that name.
    """
    if folder is None and site is None and not Path(FILE_NAME).exists():
        return None
    config = load(folder or Path())
    found = _named(config, site) if site is not None else SiteLayouts(config.sites).owner(url)
    return (found.name, found.layouts) if found is not None and found.layouts is not None else None


def _named(config: Config, name: str) -> SiteConfig:
    found = next((site for site in config.sites if site.name == name), None)
    if found is None:
        names = ", ".join(site.name for site in config.sites) or "none"
        raise ConfigError(
            f"{config.folder / FILE_NAME} has no site {name}; the page was not read. Its sites: {names}. To add one: "
            "newsarchive add URL"
        )
    return found


def _hosts_of(site: SiteConfig) -> tuple[str, ...]:
    return (host_of(site.url), *(host.lower() for host in site.hosts))
