"""An article on the screen: its head, its text with what each paragraph is, its links, its history."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from newsarchive.cli.output import cell, counted, day, table
from newsarchive.diff.paragraphs import Change, Line
from storage.index.views.articles import ArticleView, BoilerplateView, LinkGroupView, ParagraphView, VersionView
from storage.model import Role

SHOWN_LINKS = 5
UNFOLDED = frozenset({Role.CAPTION, Role.CORRECTION, Role.DEK})
"""Roles that are no body and shown all the same: they belong to the article."""
STYLES = {Change.ADDED: "green", Change.REMOVED: "red strike", Change.SAME: ""}
PLAIN_MARKS = {Change.ADDED: ("{+", "+}"), Change.REMOVED: ("[-", "-]"), Change.SAME: ("", "")}
"""As `git diff --word-diff` writes it, where there is no colour."""


def head(out: Console, article: ArticleView) -> None:
    """Headline, dek, who, when with what vouches for it, and where."""
    now = article.current
    out.print(cell(now.headline, "bold"))
    if now.dek:
        out.print(cell(now.dek, "italic"))
    out.print()
    history = (
        f"{counted(len(article.versions), 'version')}, {counted(len(article.captures), 'capture')}, "
        f"{day(article.first_seen)} to {day(article.last_seen)} UTC"
        + (f", read by extractor {now.extractor}" if now.extractor else "")
    )
    facts = [
        ("article", f"{article.id} · {article.site} · {article.state}"),
        ("url", article.url),
        ("authors", ", ".join(now.authors)),
        ("published", f"{day(now.published)} UTC, by {now.published_source}" if now.published else ""),
        ("modified", f"{day(now.modified)} UTC, by {now.modified_source}" if now.modified else ""),
        ("section", now.section or ""),
        ("tags", ", ".join(now.tags)),
        ("language", now.language or ""),
        ("access", now.access or ""),
        ("image", now.image or ""),
        ("notes", ", ".join(_notes(now))),
        ("kept", history),
    ]
    for name, value in facts:
        if value:
            out.print(Text(f"{name:<10} ", style="dim").append_text(cell(value)), soft_wrap=True)


def _notes(version: VersionView) -> list[str]:
    """What a reader should know of a version before its text."""
    corrections = sum(paragraph.role is Role.CORRECTION for paragraph in version.paragraphs)
    return [
        *(["live blog"] if version.live else []),
        *([counted(corrections, "correction")] if corrections else []),
        *(["its page asks not to be archived (noarchive)"] if version.noarchive else []),
    ]


def text(out: Console, version: VersionView, *, everything: bool = False) -> None:
    """The paragraphs in reading order; what is none of the article's own is folded unless `everything` is wanted."""
    folded: Counter[str] = Counter()
    for paragraph in version.paragraphs:
        if paragraph.role is Role.DEK and paragraph.text == version.dek:
            continue
        if not everything and (paragraph.boilerplate or not (paragraph.is_body or paragraph.role in UNFOLDED)):
            folded["boilerplate" if paragraph.boilerplate else paragraph.role.value] += 1
            continue
        out.print()
        out.print(_paragraph(paragraph))
    if folded:
        out.print()
        what = ", ".join(f"{name} {count}" for name, count in folded.most_common())
        out.print(f"({counted(folded.total(), 'paragraph')} folded: {what}; --all shows them)", style="dim")


def _paragraph(paragraph: ParagraphView) -> Padding | Text:
    if paragraph.boilerplate:
        return cell(f"[boilerplate, {paragraph.role}] {paragraph.text}", "dim")
    match paragraph.role:
        case Role.TEXT | Role.HEADING:
            return cell(paragraph.text, "bold" if paragraph.role is Role.HEADING else "")
        case Role.QUOTE:
            return Padding(cell(paragraph.text, "italic"), (0, 0, 0, 4))
        case Role.LIST:
            return Padding(cell("\n".join(f"- {line}" for line in paragraph.text.split("\n"))), (0, 0, 0, 2))
        case _:
            style = "yellow" if paragraph.role is Role.CORRECTION else "dim"
            return cell(f"[{paragraph.role}] {paragraph.text}", style)


def links(out: Console, groups: Sequence[LinkGroupView], *, everything: bool = False) -> None:
    """Groups of links, each under its own label; links that lead to archived articles carry their number."""
    for group in groups:
        out.print()
        label = f"{group.label} " if group.label else ""
        out.print(cell(f"{label}({group.kind}, {counted(len(group.links), 'link')})", "bold"))
        shown = group.links if everything else group.links[:SHOWN_LINKS]
        for link in shown:
            number = f"{link.article_id:>5}  " if link.article_id is not None else "       "
            out.print(Text(number, style="cyan").append_text(cell(link.anchor or link.url)))
        if len(shown) < len(group.links):
            out.print(f"       and {len(group.links) - len(shown)} more: --related shows them", style="dim")


def linked_from(out: Console, article: ArticleView) -> None:
    """The archived articles that link to this one."""
    if article.linked_from:
        out.print()
        out.print(f"Linked from ({counted(len(article.linked_from), 'article')})", style="bold")
        for line in article.linked_from:
            out.print(Text(f"{line.id:>5}  ", style="cyan").append_text(cell(line.headline)))


def versions(out: Console, article: ArticleView) -> None:
    """The texts that the article has had."""
    listed = table("version", "first seen", "last seen", "captures", "headline", right=("version", "captures"))
    for line in article.versions:
        first, last = day(line.first_seen), day(line.last_seen)
        listed.add_row(str(line.number), first, last, str(line.captures), cell(line.headline))
    out.print(listed)
    if len(article.versions) > 1:
        newest = article.versions[-1].number
        out.print(f"\nTo compare: newsarchive show {article.id} --diff {newest - 1} {newest}")


def captures(out: Console, article: ArticleView) -> None:
    """Where the bytes lie."""
    listed = table(
        "fetched", "status", "kind", "version", "file", "offset", "length", "payload", right=("offset", "length")
    )
    numbers = {line.id: str(line.number) for line in article.versions}
    for capture in article.captures:
        listed.add_row(
            day(capture.fetched_at),
            "-" if capture.status is None else str(capture.status),
            capture.kind,
            "-" if capture.version_id is None else numbers.get(capture.version_id, "-"),
            cell(capture.place.warc),
            str(capture.place.offset),
            str(capture.place.length),
            cell((capture.payload_digest or "-")[:19]),
        )
    out.print(listed)


def comparison(out: Console, lines: Sequence[Line]) -> None:
    """Word by word what changed; paragraphs that did not change are counted."""
    same = 0
    for line in [*lines, None]:
        if line is not None and not line.changed:
            same += 1
            continue
        if same:
            out.print(f"  ({counted(same, 'paragraph')} unchanged)", style="dim")
            same = 0
        if line is not None:
            out.print(_changes(line, colour=out.is_terminal))


def _changes(line: Line, *, colour: bool) -> Text:
    shown = Text("(moved) " if line.moved else "")
    for piece in line.pieces:
        before, after = ("", "") if colour else PLAIN_MARKS[piece.change]
        shown.append_text(cell(f"{before}{piece.text}{after}", STYLES[piece.change]))
    return shown


def boilerplate(out: Console, learnt: Sequence[BoilerplateView], *, everything: bool = False) -> None:
    """What sites print under many articles: which share of them in which time, and whether it is left out."""
    shown = [each for each in learnt if each.verdict or everything]
    if not learnt:
        out.print(
            "No paragraph stands in two articles yet. From the second article on, the next crawl learns what a site "
            "prints under all of them; docs/reading.md says how"
        )
        return
    if shown:
        listed = table(
            "site", "articles", "share", "since", "last", "left out", "paragraph", right=("articles", "share")
        )
        for each in shown:
            listed.add_row(
                cell(each.site),
                f"{each.articles_seen:,} of {each.articles:,}",
                f"{each.share:.0%}",
                f"{each.first_seen:%Y-%m-%d}",
                f"{each.last_seen:%Y-%m-%d}",
                "yes" if each.verdict else "no",
                cell(each.text),
            )
        out.print(listed)
    else:
        out.print("No paragraph is taken for boilerplate")
    if len(shown) < len(learnt):
        stay = counted(len(learnt) - len(shown), "paragraph")
        out.print(f"\n({stay} that a few articles share stay in their bodies: --all shows them)", style="dim")
