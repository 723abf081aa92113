"""newsarchive remove-site, rename-site, new-spider and unwatch: what is crawled, and how."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Annotated
from urllib.parse import urlsplit

from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_line, print_lines, print_result, stdout
from newsarchive.cli.show import find_article
from newsarchive.config import toml_file
from newsarchive.config.schema import FILE_NAME, SiteConfig
from newsarchive.crawl.download.connect import resolve_addresses
from newsarchive.crawl.save import clean_url
from newsarchive.crawl.site_spider import SPIDERS
from newsarchive.urls.ssrf import is_public
from storage.errors import ConfigError
from storage.index.frontier import url_queue
from storage.index.queries.articles import find_article_id
from storage.urls import url_host

Name = Annotated[str, Argument(metavar="NAME", help="Name of the site, as in newsarchive.toml.")]
NewName = Annotated[str, Argument(metavar="NEW", help="Its new name.")]
TEMPLATES = Path(toml_file.__file__).parent.parent / "crawl" / "spider_templates"


def remove_site(name: Name, *, archive: Folder = HERE) -> None:
    """Remove a site from newsarchive.toml.

    No crawl fetches anything of it any more; its articles are kept. The rest of the file is not changed.
    """
    toml_file.remove_site(archive, name)
    what = f"{name} was removed from {archive / FILE_NAME}. Its articles are kept, and nothing more of it is fetched."
    line = f"{what} To crawl it again: newsarchive add URL. To remove articles: newsarchive takedown"
    print_result({"removed": name}, lambda: print_line(stdout(), line))


def rename_site(name: Name, new: NewName, *, archive: Folder = HERE) -> None:
    """Rename a site in newsarchive.toml.

    The next crawl hands its articles and due URLs over; former_names keeps the old name, for rebuilds.
    """
    toml_file.rename_site(archive, name, new)
    what = f"{name} is called {new} in {archive / FILE_NAME}, and {name} is one of its former_names."
    line = f"{what} Its articles are handed over by the next crawl: newsarchive crawl {new}"
    print_result({"renamed": name, "name": new}, lambda: print_line(stdout(), line))


def new_spider(
    name: Annotated[str, Argument(metavar="NAME", help="Name of the spider, and of a new site.")],
    url: Annotated[str, Argument(metavar="URL", help="Front page of the site.")],
    *,
    template: Annotated[str, Option(metavar="NAME", help="plain, api, archive, scroll, sitemap or login.")] = "plain",
    archive: Folder = HERE,
) -> None:
    """Write a spider for one site.

    It is spiders/NAME.py beside newsarchive.toml, with a test over a saved page; comments say what to change. A host
    that no site has becomes a site. For sites that the common spider cannot read.
    """
    config, folder, url = toml_file.load_config(archive), archive / SPIDERS, clean_url(url)
    names = {"spider.py.txt": f"{name}.py", "test.py.txt": f"test_{name}.py"}
    kinds = sorted(each.name for each in TEMPLATES.iterdir())
    if (folder / f"{name}.py").exists():
        raise ConfigError.create("spider-exists", path=folder / name, name=name, file=archive / FILE_NAME)
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or template not in kinds:
        raise ConfigError.create("no-such-template", path=folder / name, template=template, templates=", ".join(kinds))
    site = next((each for each in config.sites if url_host(each.url) == url_host(url)), None)
    if site is None:
        addresses = resolve_addresses(urlsplit(url).hostname or "")
        is_private = bool(addresses) and not any(map(is_public, addresses))
        toml_file.add_site(archive, SiteConfig(name=name, url=url, spider=name, allow_private=is_private))
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    words = {"NAME": name, "CLASS": name.title().replace("_", ""), "UPPER": name.upper(), "URL": url}
    for file in sorted((TEMPLATES / template).iterdir()):
        text = Template(file.read_text("utf-8")).substitute(words)
        (folder / names.get(file.name, f"pages/{name}{file.suffix}")).write_text(text, "utf-8")
    todo = f'write spider = "{name}" into the [[site]] {site.name} of {archive / FILE_NAME}, and run' if site else "run"
    added = "" if site else f", and the site {name} was added to {archive / FILE_NAME}"
    line = f"{folder / name}.py is written{added}. Change it until its test passes (python -m pytest {folder}), then "
    result = {"spider": folder / f"{name}.py", "site": site.name if site else name}
    print_result(result, lambda: print_line(stdout(), f"{line}{todo}: newsarchive crawl {result['site']}"))


def unwatch(
    targets: Annotated[list[str], Argument(metavar="ARTICLE|URL...", help="Numbers of articles, or URLs.")],
    *,
    undo: Annotated[bool, Option("--undo", help="Resume the visits.")] = False,
    archive: Folder = HERE,
) -> None:
    """End the visits of articles: they are not fetched again.

    All addresses of an article are written into `unwatched` of newsarchive.toml. What is archived stays, and save
    fetches such a page all the same.
    """
    with Archive.open(archive) as opened:
        urls = dict.fromkeys(url for target in targets for url in _list_urls(opened, target))
        before = tuple(url for url in opened.config.unwatched if url not in urls)
        unwatched = before if undo else (*before, *urls)
        toml_file.write_setting(archive, "unwatched", unwatched, unwatched)
        if undo:
            due = {each.url_id: opened.now() for each in opened.index.read(url_queue.find_urls, urls)}
            opened.index.write(url_queue.advance_due_times, due)
        else:
            opened.index.write(url_queue.end_visits, urls)
    line = "{} is " + ("fetched again from now on" if undo else "not fetched again")
    print_result({"urls": list(urls), "watched": undo}, lambda: print_lines(stdout(), map(line.format, urls)))


def _list_urls(archive: Archive, target: str) -> Iterator[str]:
    """Yield the addresses of an article, or the URL if it is that of no article; NotFound for an unknown number."""
    if not target.isdecimal():
        yield clean_url(target)
    if target.isdecimal() or archive.index.ask(find_article_id, target) is not None:
        article = find_article(archive, target)
        yield from (article.url, *(capture.url for capture in article.captures))
