"""The layouts that an archive's settings have for a page that is read by hand."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsarchive.config import FILE_NAME, Config, SiteConfig
from newsarchive.configfile import load
from storage.errors import ConfigError

if TYPE_CHECKING:
    from newsarchive.extract.layout import Layouts

_USUAL_PORTS = {"http": ":80", "https": ":443"}


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
    found = _named(config, site) if site is not None else _owner(config, url)
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


def _owner(config: Config, url: str) -> SiteConfig | None:
    """The site to whose hosts the URL's belongs, or lies below: the longest decides, as it does in the index."""
    asked = _host(url)
    hosts = {each: site for site in reversed(config.sites) for each in (_host(site.url), *site.hosts)}
    if asked in hosts:
        return hosts[asked]
    bare = {each.removeprefix("www."): site for each, site in hosts.items()}
    if (found := bare.get(asked.removeprefix("www."))) is not None:
        return found
    below = asked
    while "." in below:
        below = below.partition(".")[2]
        if below in hosts:
            return hosts[below]
    return None


def _host(url: str) -> str:
    """Host of a URL, with ":port" where it is not the scheme's own."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.netloc.rpartition("@")[2].lower().removesuffix(_USUAL_PORTS.get(parts.scheme, "\0"))
