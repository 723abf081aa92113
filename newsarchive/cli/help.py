"""newsarchive help."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter

from newsarchive.cli.output import print_lines, print_result, stdout


def show_help(
    topic: Annotated[str | None, Argument(metavar="TOPIC", help="Name of a page; without it, list all.")] = None,
) -> None:
    """Show a page of the manual.

    Prints Markdown, formatted on a terminal. Messages of other commands name the page that explains them.
    """
    pages = find_pages()
    if topic is None:
        titles = {name: page.read_text("utf-8").partition("\n")[0].removeprefix("# ") for name, page in pages.items()}
        lines = [*(f"{name:<16} {title}" for name, title in titles.items()), "To show a page: newsarchive help TOPIC"]
        print_result(titles, lambda: print_lines(stdout(), lines))
        return
    topic = topic.removesuffix(".md").lower()
    if topic not in pages:
        raise BadParameter(f"there is no page {topic!r}. Topics: {', '.join(pages)}", param_hint="TOPIC")
    text = pages[topic].read_text("utf-8")
    print_result({"topic": topic, "text": text}, lambda: _show_page(text))


def _show_page(text: str) -> None:
    if sys.stdout.isatty():
        from rich.markdown import Markdown

        stdout().print(Markdown(text))
    else:
        print(text, end="")


def find_pages() -> dict[str, Path]:
    """Return the pages of the manual by topic: from the wheel, or from the checkout."""
    package = Path(__file__).parents[1]
    folder = package / "help" if (package / "help").is_dir() else package.parent / "docs"
    return {page.stem: page for page in sorted(folder.rglob("*.md"), key=lambda page: page.stem)}
