"""newsarchive remove-site, rename-site and unwatch: what is crawled no more, or under another name."""

from collections.abc import Iterator
from typing import Annotated

from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_line, stdout
from newsarchive.cli.show import find_article
from newsarchive.config import toml_file
from newsarchive.config.schema import FILE_NAME
from newsarchive.crawl.save import clean_url
from storage.index.frontier import url_queue
from storage.index.queries.articles import find_article_id

Name = Annotated[str, Argument(metavar="NAME", help="Name of the site, as in newsarchive.toml.")]
NewName = Annotated[str, Argument(metavar="NEW", help="Its new name.")]


def remove_site(name: Name, *, archive: Folder = HERE) -> None:
    """Remove a site from newsarchive.toml.

    No crawl fetches anything of it any more; its articles are kept. The rest of the file is not changed.
    """
    toml_file.remove_site(archive, name)
    what = f"{name} was removed from {archive / FILE_NAME}. Its articles are kept, and nothing more of it is fetched."
    print_line(stdout(), f"{what} To crawl it again: newsarchive add URL. To remove articles: newsarchive takedown")


def rename_site(name: Name, new: NewName, *, archive: Folder = HERE) -> None:
    """Rename a site in newsarchive.toml.

    The next crawl hands its articles, due URLs and alarms over; former_names keeps the old name, for rebuilds.
    """
    toml_file.rename_site(archive, name, new)
    line = f"{name} is called {new} in {archive / FILE_NAME}, and {name} is one of its former_names."
    print_line(stdout(), f"{line} Its articles are handed over by the next crawl: newsarchive crawl {new}")


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
        before = [url for url in opened.config.unwatched if url not in urls]
        toml_file.set_unwatched(archive, before if undo else [*before, *urls])
        if undo:
            due = {each.url_id: opened.now() for each in opened.index.read(url_queue.find_urls, urls)}
            opened.index.write(url_queue.advance_due_times, due)
        else:
            opened.index.write(url_queue.end_visits, urls)
    for url in urls:
        print_line(stdout(), f"{url} is {'fetched again from now on' if undo else 'not fetched again'}")


def _list_urls(archive: Archive, target: str) -> Iterator[str]:
    """Yield the addresses of an article, or the URL if it is that of no article; NotFound for an unknown number."""
    if not target.isdecimal():
        yield clean_url(target)
    if target.isdecimal() or archive.index.ask(find_article_id, target) is not None:
        article = find_article(archive, target)
        yield from (article.url, *(capture.url for capture in article.captures))
