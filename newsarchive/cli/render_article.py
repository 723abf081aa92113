"""Rendering of an article on the terminal: metadata, paragraphs with their roles, links, versions, captures."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from newsarchive.cli.output import TEXTS, create_table, print_line, safe_text, short_time
from newsarchive.config.units import pluralize
from newsarchive.diff.articles import Comparison, RowKind
from newsarchive.diff.paragraphs import TextChange
from storage.article_fields import ParagraphView
from storage.article_parts import EntityRelation
from storage.index.queries.links import Backlink
from storage.index.queries.visit_schedule import VisitSchedule
from storage.index.views.articles import ArticleView, BoilerplateView, LinkGroupView, VersionView
from storage.model import Role
from storage.observations import ObservedSpan

LINKS_PER_GROUP = 5
UNFOLDED = frozenset({Role.CAPTION, Role.CORRECTION, Role.DEK})
"""Roles outside the body that are printed too: they belong to the article."""
STYLES = {TextChange.ADDED: "green", TextChange.REMOVED: "red strike", TextChange.SAME: ""}
PLAIN_MARKS = {TextChange.ADDED: ("{+", "+}"), TextChange.REMOVED: ("[-", "-]"), TextChange.SAME: ("", "")}
"""Marks without colour, as in `git diff --word-diff`."""


def describe_schedule(schedule: VisitSchedule) -> str:
    """Return when a URL is fetched again, or why not, to follow "it is"."""
    if schedule.due_at is None:
        return f"not fetched again: {TEXTS['ends'][schedule.ended_by or 'refused']}"
    named = f", named by {schedule.named_by[0]}" if schedule.named_by else ""
    others = len(schedule.named_by) - 1
    more = f" and {pluralize(others, 'other source')}" if others > 0 else ""
    return f"fetched again from {short_time(schedule.due_at)} UTC{named}{more}"


def print_head(
    out: Console, article: ArticleView, schedule: VisitSchedule | None = None, credentials: str = ""
) -> None:
    """Print headline, dek and metadata, each date with its source, and when it is fetched again.

    `credentials` is said of the image's Content Credentials.
    """
    now = article.current
    out.print(safe_text(now.headline, "bold"))
    if now.dek:
        out.print(safe_text(now.dek, "italic"))
    out.print()
    others = sum(capture.version_number is None for capture in article.captures)
    counts = f"{pluralize(len(article.versions), 'version')}, {pluralize(len(article.captures), 'capture')}"
    counts += f" ({others:,} without a version)" if others else ""
    reader = f", read by extractor {now.extractor}" if now.extractor else ""
    history = f"{counts}, {short_time(article.first_seen)} to {short_time(article.last_seen)} UTC{reader}"
    corrections = sum(paragraph.role is Role.CORRECTION for paragraph in now.all_paragraphs)
    notes = (
        "live blog" if now.live_blog else "",
        pluralize(corrections, "correction") if corrections else "",
        "the page asks not to be archived (noarchive)" if now.noarchive else "",
    )
    facts = [
        ("article", f"{article.id} · {article.site} · {article.state}"),
        ("url", article.url),
        ("authors", ", ".join(now.authors)),
        ("published", f"{now.published.describe()}, by {now.published_source}" if now.published else ""),
        ("modified", f"{now.modified.describe()}, by {now.modified_source}" if now.modified else ""),
        ("section", now.section or ""),
        ("tags", ", ".join(now.tags)),
        ("language", now.language or ""),
        ("access", now.access or ""),
        ("image", now.image or ""),
        ("media", ", ".join(f"{kind} {count}" for kind, count in Counter(each.kind for each in now.media).items())),
        ("about", ", ".join(each.name for each in now.entities if each.relation is EntityRelation.ABOUT)),
        ("credentials", credentials),
        ("notes", ", ".join(filter(None, notes))),
        ("archived", history),
        ("schedule", describe_schedule(schedule) if schedule else ""),
    ]
    for name, value in facts:
        if value:
            out.print(Text(f"{name:<10} ", style="dim").append_text(safe_text(value)), soft_wrap=True)


def print_text(out: Console, version: VersionView, *, everything: bool = False) -> None:
    """Print the corrections, then the other paragraphs; without `everything`, boilerplate and furniture are counted."""
    folded: Counter[str] = Counter()
    for paragraph in sorted(version.all_paragraphs, key=lambda each: each.role is not Role.CORRECTION):
        if paragraph.role is Role.DEK and paragraph.text == version.dek:
            continue
        if not everything and (paragraph.boilerplate or not (paragraph.is_body or paragraph.role in UNFOLDED)):
            folded["boilerplate" if paragraph.boilerplate else paragraph.role.value] += 1
            continue
        out.print()
        out.print(_render_paragraph(paragraph))
    if folded:
        out.print()
        what = ", ".join(f"{name} {count}" for name, count in folded.most_common())
        out.print(f"({pluralize(folded.total(), 'paragraph')} folded: {what}; --all shows them)", style="dim")


def _render_paragraph(paragraph: ParagraphView) -> Padding | Text:
    if paragraph.boilerplate:
        return safe_text(f"[boilerplate, {paragraph.role}] {paragraph.text}", "dim")
    match paragraph.role:
        case Role.TEXT | Role.HEADING:
            return safe_text(paragraph.text, "bold" if paragraph.role is Role.HEADING else "")
        case Role.QUOTE:
            return Padding(safe_text(paragraph.text, "italic"), (0, 0, 0, 4), expand=False)
        case Role.LIST:
            return Padding(safe_text(f"- {paragraph.text}".replace("\n", "\n- ")), (0, 0, 0, 2), expand=False)
        case _:
            style = "yellow" if paragraph.role is Role.CORRECTION else "dim"
            return safe_text(f"[{paragraph.role}] {paragraph.text}", style)


def print_links(out: Console, groups: Sequence[LinkGroupView], *, everything: bool = False) -> None:
    """Print groups of links under their labels; links to archived articles with the number of the article."""
    for group in groups:
        out.print()
        label = f"{group.label} " if group.label else ""
        out.print(safe_text(f"{label}({group.kind}, {pluralize(len(group.links), 'link')})", "bold"))
        shown = group.links if everything else group.links[:LINKS_PER_GROUP]
        for link in shown:
            number = f"{link.article_id:>5}  " if link.article_id is not None else "       "
            out.print(Text(number, style="cyan").append_text(safe_text(link.anchor or link.url)))
        if len(shown) < len(group.links):
            out.print(f"       and {len(group.links) - len(shown)} more: --related shows them", style="dim")


def print_backlinks(out: Console, links: Sequence[Backlink]) -> None:
    """Print the archived articles that link to one."""
    if links:
        out.print()
        out.print(f"Linked from ({pluralize(len(links), 'article')})", style="bold")
        for link in links:
            out.print(Text(f"{link.article.id:>5}  ", style="cyan").append_text(safe_text(link.article.headline)))


def print_versions(out: Console, article: ArticleView) -> None:
    """Print a table of what was seen when, oldest first, and the changes of dates, tags and the image address."""
    listed = create_table("seen", "from (UTC)", "to (UTC)", "captures", "what changed", right=("captures",))
    for span in article.history:
        first, last = short_time(span.first_seen), short_time(span.last_seen)
        seen = span.state.value if span.version is None else f"version {span.version}"
        listed.add_row(seen, first, last, str(span.looks), describe_change(span))
    out.print(listed)
    for line in article.versions:
        print_line(out, f"version {line.number}: {line.headline}")
    if len(article.history) > 1:
        out.print("What stood between the end of one line and the start of the next is not known.", style="dim")
    for change in article.metadata_changes:
        values = f"{change.field} changed from {change.old or 'none'} to {change.new or 'none'}"
        between = f"between {short_time(change.seen_before)} and {short_time(change.seen)} UTC"
        print_line(out, f"{values}, {between}")
    if len(article.versions) > 1:
        newest = article.versions[-1].number
        out.print(f"\nTo compare: newsarchive show {article.id} --diff {newest - 1} {newest}")


def describe_change(span: ObservedSpan) -> str:
    """Return what changed from the text that was seen before."""
    changed = f"{'changed back: ' if span.is_changed_back else ''}{', '.join(span.changed)}"
    return "; ".join(filter(None, ("back" if span.is_back else "", changed)))


def print_captures(out: Console, article: ArticleView) -> None:
    """Print a table of the captures with their WARC records."""
    listed = create_table(
        "fetched (UTC)", "status", "kind", "version", "file", "offset", "length", "payload", right=("offset", "length")
    )
    files = list(dict.fromkeys(capture.place.warc for capture in article.captures))
    for capture in article.captures:
        place, digest = capture.place, (capture.payload_digest or "-").rpartition(":")[2][:8]
        numbers = (files.index(place.warc) + 1, place.offset, place.length)
        status, version = ("-" if each is None else str(each) for each in (capture.status, capture.version_number))
        found = (short_time(capture.fetched_at), status, capture.kind, version)
        listed.add_row(*found, *map(str, numbers), safe_text(digest))
    out.print(listed)
    for number, name in enumerate(files, 1):
        print_line(out, f"file {number}: {name}")


def print_comparison(out: Console, found: Comparison) -> None:
    """Print changed paragraphs word by word, changed metadata, and whether the page mentions it."""
    rows = [each for each in (found.headline, found.dek, found.byline, *found.rows) if each is not None]
    for is_same, run in groupby(rows, key=lambda row: row.kind is RowKind.SAME):
        if is_same:
            out.print(f"  ({pluralize(len(list(run)), 'paragraph')} unchanged)", style="dim")
            continue
        for row in (row for row in run if row.kind is not RowKind.LEFT):
            shown = Text(f"({row.kind}) " if row.kind is RowKind.MOVED else "")
            for piece in row.pieces:
                before, after = ("", "") if out.is_terminal else PLAIN_MARKS[piece.change]
                shown.append_text(safe_text(f"{before}{piece.text}{after}", STYLES[piece.change]))
            out.print(shown)
    for name, before, after in found.facts:
        print_line(out, f"{name}: {before or 'none'} -> {after or 'none'}")
    print_line(out, f"({found.notice.verdict}: {TEXTS['verdicts'][found.notice.verdict]})", "dim")


def print_boilerplate(out: Console, found: Sequence[BoilerplateView], *, everything: bool = False) -> None:
    """Print repeated paragraphs of sites: share of the articles, dates, and whether they are left out."""
    shown = [each for each in found if each.verdict or everything]
    if not found:
        how = "Boilerplate is learnt from the second article on, by the next crawl; see newsarchive help reading"
        out.print(f"No paragraph appears in two articles yet. {how}")
        return
    if shown:
        listed = create_table(
            "site", "articles", "share", "since", "last", "left out", "paragraph", right=("articles", "share")
        )
        for each in shown:
            count, share = f"{each.articles_seen:,} of {each.articles:,}", f"{each.share:.0%}"
            first, last = f"{each.first_seen:%Y-%m-%d}", f"{each.last_seen:%Y-%m-%d}"
            verdict = "yes" if each.verdict else "no"
            listed.add_row(safe_text(each.site), count, share, first, last, verdict, safe_text(each.text))
        out.print(listed)
    else:
        out.print("No paragraph is classified as boilerplate")
    if len(shown) < len(found):
        rest = pluralize(len(found) - len(shown), "paragraph")
        out.print(f"\n({rest} shared by a few articles, not boilerplate: --all shows them)", style="dim")
