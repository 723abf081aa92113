"""Find the layouts for reading a page, by its site's name or by its host.

Only the settings decide, never the index: an import before the first crawl is read as by `rebuild`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from newsarchive.config.schema import FILE_NAME, SiteConfig
from newsarchive.config.toml_file import load_config
from newsarchive.ingest.tasks import extractor_version
from storage.errors import ConfigError
from storage.urls import strip_www, url_host

if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts


class SiteLayouts:
    """The layouts of all sites of an archive.

    Captures name the site that they were made for. Imported captures of no configured site have their host in its
    place, so a name that no site has is taken for a host.
    """

    def __init__(self, sites: Sequence[SiteConfig] = ()) -> None:
        self._sites = {site.name: site for site in sites}
        self._hosts = {host.lower(): site for site in reversed(sites) for host in (url_host(site.url), *site.hosts)}
        self._hosts_without_www = {strip_www(each): site for each, site in self._hosts.items()}

    def get(self, name: str) -> "Layouts | None":
        """Return the layouts for captures of a site; None if it has none."""
        found = self._sites.get(name) or self.find_site(f"http://{name}/")
        return found.layouts if found is not None else None

    def extractor_version(self, name: str) -> str | None:
        """Return the extractor version for captures of a site; None if no layouts change it."""
        layouts = self.get(name)
        return None if layouts is None else extractor_version(layouts)

    def find_site(self, url: str) -> SiteConfig | None:
        """Return the site whose hosts include the URL's host or its longest parent domain, as in the index."""
        host = url_host(url)
        if (found := self._hosts.get(host) or self._hosts_without_www.get(strip_www(host))) is not None:
            return found
        while "." in host:
            host = host.partition(".")[2]
            if host in self._hosts:
                return self._hosts[host]
        return None


def find_layouts(url: str, folder: Path | None, site: str | None) -> "tuple[str, Layouts] | None":
    """Return a site's name and its layouts; None if no layouts apply to the page.

    Without a `site` the host of the URL names it, without a `folder` the current one counts. ConfigError if unknown.
    """
    if folder is None and site is None and not Path(FILE_NAME).exists():
        return None
    config = load_config(folder or Path())
    by_name = {each.name: each for each in config.sites}
    if site is not None and site not in by_name:
        raise ConfigError.create(
            "no-site-for-layouts", file=config.folder / FILE_NAME, site=site, sites=", ".join(by_name) or "none"
        )
    found = by_name[site] if site is not None else SiteLayouts(config.sites).find_site(url)
    return (found.name, found.layouts) if found is not None and found.layouts is not None else None
