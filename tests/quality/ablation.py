"""Print what each rule of reading contributes: figures of annotated pages with all rules, and without one at a time.

`make quality ABLATE=1` runs it after the table of figures. A rule is replaced by one that decides nothing (a predicate
that is never true, a score that nothing reaches), in a process of its own, and a fixed sample is read again.

    python -m tests.quality.ablation [BEGINNING OF A RULE'S NAME...]
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from math import inf
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from lxml.html import HtmlElement

from newsarchive.extract.blocks import Block
from newsarchive.extract.blocks import _find_article_boxes as find_article_boxes
from newsarchive.extract.blocks import _is_label_line as is_label_line
from newsarchive.extract.media import _object_to as object_to
from newsarchive.extract.roles import label_role
from newsarchive.extract.zones import HEADINGS, zones_of_names
from storage.article_parts import MediaKind
from storage.index.boilerplate.boxes import SiteBox, find_site_boxes
from storage.model import Outcome, Reading, Role
from tests.quality.scoring import (
    LinkTally,
    body,
    body_figures,
    caption_tally,
    gathered_groups,
    media_tally,
    read_page,
    read_together,
    world_figures,
)

PACKAGES = ("newsarchive.extract", "storage.index.boilerplate")
"""Packages of the modules that rules name."""
WORKERS = 2
WORLD_SAMPLE = 200
COLUMNS = {
    "pages F1": "pages_f1",
    "exact": "pages_exact",
    "world F1": "world_f1",
    "exact ": "world_exact",
    "sent.": "world_sentences",
    "title": "world_title",
    "persons": "world_persons",
    "day": "world_day",
    "sites F1": "sites_f1",
    "together": "together_f1",
    "exact  ": "together_exact",
    "captions": "captions_kept",
    "links F1": "links_f1",
    "inline": "links_inline",
    "label": "links_label",
    "world-l. F1": "links_world_f1",
    "inline ": "links_world_inline",
    "label ": "links_world_label",
    "kind": "links_world_kind",
    "kinds": "kinds_article_f1",
    "media F1": "media_f1",
    "caption": "media_caption",
    "credit": "media_credit",
    "kind ": "media_kind",
}
"""Heads of the columns, and the figures in them."""


def always(value: object) -> Callable[..., object]:
    """Return a function that returns a fixed value."""
    return lambda *_args, **_options: copy(value)


NEVER = re.compile("(?!)")
"""Replaces a pattern: it matches nothing."""


def keep_groups_apart(groups: list[Any], _content: object) -> list[Any]:
    """Replace the merging of link groups: each keeps its own label."""
    for group in groups:
        if group.label is not None:
            group.label_text = group.label.text
    return groups


def zones_without_large_type(names: str) -> int:
    """Replace the zones of class names: large type is no dek."""
    return zones_of_names(names.replace("large-font", ""))


def label_outside_of_header_cells(block: Block) -> Role | None:
    """Replace the roles of labels: a header cell announces nothing."""
    return None if block.tag == "th" else label_role(block)


def label_in_its_own_type(block: Block) -> Role | None:
    """Replace the roles of labels: a plain line announces nothing."""
    return label_role(block) if block.tag in HEADINGS or block.strong else None


def boxes_outside_of_lists(body: HtmlElement, collector: Any) -> set[HtmlElement]:
    """Replace the search for boxes that are the article: none of them is a list or a quotation."""
    return {box for box in find_article_boxes(body, collector) if box.tag not in ("ul", "ol", "dl", "blockquote")}


def bold_label(text: str, is_bold: bool) -> bool:
    """Replace the test of labels beside line breaks: all of them are bold."""
    return is_bold and is_label_line(text, is_bold)


def object_to_none_around(*arguments: Any, **options: Any) -> str | None:
    """Replace the objections to media: none to those above the headline or below the article."""
    objection = object_to(*arguments, **options)
    return None if objection and objection.startswith("above") else objection


def learn_without(part: str) -> Callable[[Iterable[Mapping[str, Any]]], list[SiteBox]]:
    """Replace the learning of a site's boxes: none holds this part."""
    return lambda pages: [box for box in find_site_boxes(pages) if box.holds != part]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: where it is, and what decides nothing in its place."""

    name: str
    module: str
    """Below newsarchive.extract, or with its package."""
    attribute: str
    replacement: object

    @property
    def original(self) -> object:
        """The rule as it is now."""
        module = self.module if "." in self.module else f"newsarchive.extract.{self.module}"
        return getattr(import_module(module), self.attribute)

    def disable(self) -> None:
        """Put the replacement into each module that has imported the rule."""
        original = self.original
        for name, module in list(sys.modules.items()):
            if name.startswith(PACKAGES) and getattr(module, self.attribute, None) is original:
                setattr(module, self.attribute, self.replacement)


RULES = (
    Rule(
        "select: remove boxes beside the article",
        "select_body",
        "_copy_without_non_article",
        lambda page, _content, _candidates: copy(page.root),
    ),
    Rule("select: the only element with running text", "only_text", "find_only_text", always((set(), set()))),
    Rule("select: elements alike", "only_text", "_group_like_boxes", lambda box, text, _alike: {box: text}),
    Rule("select: boxes beside the text", "only_text", "_ZONES_BESIDE", 0),
    Rule("select: ask about what may be text", "select_body", "_list_boxes_beside", always([])),
    Rule("select: the rest of an element", "only_text", "find_missed_parts", always(set())),
    Rule("select: densest text", "select_body", "_MIN_RESCUED", inf),
    Rule("select: keep what is much of the text", "select_body", "_remove_unless_large", lambda _b, c, some: c - some),
    Rule("select: remove menus, hidden, before headline", "select_body", "remove_non_body", lambda _b, c, _h: set(c)),
    Rule("select: text like its siblings", "select_body", "find_missed_text", always(set())),
    Rule("select: title of the text after it", "select_body", "_is_title_of_text", always(False)),
    Rule("select: read a short body again", "select_body", "find_cut_text", always(set())),
    Rule("select: boxes alike", "select_body", "_find_repeated_boxes", always([])),
    Rule("blocks: boxes that are the article", "blocks", "_find_article_boxes", always(set())),
    Rule("blocks: text that a button reveals", "blocks", "_continues_text", always(False)),
    Rule("blocks: sentences in a box of teasers", "blocks", "_is_text_without_link", always(False)),
    Rule("blocks: lists and quotations that are the article", "blocks", "_find_article_boxes", boxes_outside_of_lists),
    Rule("blocks: labels between line breaks", "blocks", "_is_label_line", bold_label),
    Rule("blocks: labels of notices that begin a line", "blocks", "_is_notice_label", always(False)),
    Rule("blocks: buttons that head a panel", "blocks", "_headed_panel", always(None)),
    Rule("blocks: signs and bullets without words", "blocks", "has_no_words", always(False)),
    Rule("blocks: spaces that only style adds", "blocks", "_needs_space", always(False)),
    Rule("blocks: paragraphs between line breaks", "blocks", "_are_paragraphs", always(False)),
    Rule("tree: text after the end of the body", "tree", "_repair_ends", lambda html: html),
    Rule("tree: streamed parts", "tree", "_place_streamed_parts", always(None)),
    Rule("select: zones around the body", "select_body", "dominant_zones", always(0)),
    Rule("body: JSON-LD articleBody", "article", "_use_jsonld_body", lambda body, _parts, _context: body),
    Rule("body: boxes beside that of a label", "body", "_widen_box", lambda _blocks, _index, box: box),
    Rule("body: what labels announce", "body", "_apply_labels", always(None)),
    Rule("body: no label announces most of the text", "body", "_is_most_of_text", always(False)),
    Rule("body: captions around the text", "body", "_is_figcaption", always(False)),
    Rule("body: newsletters that a label announces", "body", "_opens_promo_box", always(False)),
    Rule("body: trim the end", "body", "_trim_end", always(None)),
    Rule("body: short lines after teasers", "body", "_lines_after_teasers", always(set())),
    Rule("body: corrections", "corrections", "find_corrections", always(())),
    Rule("dek: all", "dek", "find_dek_block", always(-1)),
    Rule("dek: in large type", "zones", "zones_of_names", zones_without_large_type),
    Rule("dek: first paragraphs and notices", "dek", "_is_of_text_or_notice", always(False)),
    Rule("dek: sentence beside the date", "dek", "_is_dated_sentence", always(False)),
    Rule("dek: unlike the text", "dek", "_differs_from_text", always(True)),
    Rule("roles: by surrounding elements", "roles", "_role_by_zones", always(None)),
    Rule("roles: by wording of a line", "roles", "_role_by_phrase", always(None)),
    Rule("roles: by opening words", "roles", "_role_by_opening", always(None)),
    Rule("roles: date lines", "roles", "_is_dateline", always(False)),
    Rule("roles: relative dates", "roles", "_is_relative_date_line", always(False)),
    Rule("roles: bylines", "roles", "_is_byline", always(False)),
    Rule("roles: biographies", "roles", "_is_bio", always(False)),
    Rule("roles: labels in header cells", "roles", "label_role", label_outside_of_header_cells),
    Rule("roles: labels that are plain lines", "roles", "label_role", label_in_its_own_type),
    Rule("roles: teasers", "roles", "_is_teaser", always(False)),
    Rule("roles: captions beside a picture", "roles", "_shares_element_with_image", always(False)),
    Rule("roles: captions by class", "roles", "_is_caption", always(False)),
    Rule("roles: cells of a page's layout", "roles", "_is_layout_cell", always(False)),
    Rule("headline: kickers inside", "headline", "split_kicker", lambda block, _claims: ("", block.text)),
    Rule("headline: heading above the text", "headline", "_find_heading_above_text", always(None)),
    Rule("headline: kickers above", "headline", "_kicker_above", always("")),
    Rule("headline: kickers above without a class", "headline", "_is_kicker_line", always(False)),
    Rule(
        "headline: parts within the metadata", "headline", "_is_claimed", lambda part, _own, keys: part.lower() in keys
    ),
    Rule("headline: kickers in two parts", "headline", "_two_parts", always((None, None))),
    Rule("headline: a line of the page in its title", "headline", "_printed_part", lambda title, _printed: title),
    Rule("headline: site's name in titles", "headline", "remove_site_name", lambda title, _site: title),
    Rule("links: short headlines in lists", "related", "_add_short_headlines", always(None)),
    Rule("links: labels above", "related", "_find_label", always(None)),
    Rule("links: labels of lists before", "related", "_shared_label", always(None)),
    Rule("links: labels of tabs", "related", "_tab_label", always("")),
    Rule("links: names of boxes, whatever their markup", "related", "_opens_box", always(False)),
    Rule("links: headings of empty boxes", "related", "_labels_empty_box", always(False)),
    Rule("links: kickers of first cards", "related", "_first_block_of_list", lambda g, _: g.candidates[0].anchor.block),
    Rule("links: two lines of a label", "related", "_continues_heading", always(False)),
    Rule("links: headings of cards", "related", "_title_of", lambda anchor, *_: anchor.text),
    Rule("links: rows of tabs", "related", "_tab_names", always([])),
    Rule("links: names of boxes in attributes", "related", "_own_name", always("")),
    Rule("links: labels in a line of links", "related", "_inline_label", always("")),
    Rule("links: titles of cards for links without text", "related", "_name_links_without_text", always(None)),
    Rule("links: headlines in menus after the text", "related", "_MIN_MENU_SCORE", inf),
    Rule("links: previous and next article", "related", "_find_neighbour", always("")),
    Rule("links: merge groups", "related", "_merge_groups", keep_groups_apart),
    Rule("links: read also", "related", "_is_read_also", always(False)),
    Rule("links: words of a headline", "related", "_score_anchor_text", always(0.0)),
    Rule("authors: the owner of the site", "authors", "_owner", always(())),
    Rule("authors: lines below the text", "authors", "_below_text", always(())),
    Rule('authors: lines that begin with "By"', "authors", "_lead_lines", always([])),
    Rule("authors: bylines without spaces", "authors", "_unspaced_names", always([])),
    Rule('authors: "By" and names', "authors", "_is_lead_line", always(False)),
    Rule("authors: links to their pages", "authors", "_author_links", always([])),
    Rule("authors: names beside a date", "authors", "_dated_name", always(None)),
    Rule("authors: names below a label", "authors", "_labelled_name", always([])),
    Rule("authors: names that stand alone", "authors", "_bare_name", always([])),
    Rule("authors: marked parts of a line", "authors", "_marked_parts", always([])),
    Rule("authors: organisations", "authors", "is_organisation", always(False)),
    Rule("authors: degrees and places", "authors", "_is_degree_or_place", always(False)),
    Rule("dates: data of scripts", "dates", "find_script_date", always(None)),
    Rule("dates: days without a year", "dates", "parse_yearless_date", always(None)),
    Rule("dates: doubtful claims", "dates", "_is_doubtful", always(False)),
    Rule("dates: in URLs", "dates", "_url_date", always(None)),
    Rule("dates: of updates", "dates", "_find_update_word", always(None)),
    Rule("kinds: headline, date and text in one piece", "classify", "_is_story", always(False)),
    Rule("kinds: galleries and players", "classify", "detect_media_page", always(None)),
    Rule("kinds: paywall stubs", "classify", "detect_paywall_stub", always(None)),
    Rule("kinds: challenges, consent walls, soft 404s", "classify", "detect_placeholder", always(None)),
    Rule("decode: Chinese, Japanese, Korean", "decode", "_guess_cjk_codec", always(None)),
    Rule("decode: UTF-16 without a mark", "decode", "utf16_codec", always(None)),
    Rule("media: menus, portraits and others by their boxes", "media", "_FOREIGN", 0),
    Rule("media: portraits and offers by their captions", "media", "_object_to_caption", always(None)),
    Rule("media: all other objections", "media", "_object_to", always(None)),
    Rule("media: beside a link to another article", "media", "_leads_to_article", always(False)),
    Rule("media: hidden or beside, no caption", "media", "_ONLY_WITH_CAPTION", 0),
    Rule("media: linked, no caption", "media", "_leads_to_picture", always(True)),
    Rule("media: above or below, no caption", "media", "_object_to", object_to_none_around),
    Rule("media: icons by their names", "media", "_ICON", NEVER),
    Rule("media: icons by their folders", "media", "_LOGO_PATH", NEVER),
    Rule("media: icons by their classes", "media", "_ICON_CLASS", NEVER),
    Rule("media: icons by their sizes", "media", "_is_icon", always(False)),
    Rule("media: placeholders", "media", "_PLACEHOLDER", NEVER),
    Rule("media: hosts of counters", "media", "_NO_MEDIA", NEVER),
    Rule("media: copies in other sizes", "media", "_key", lambda media: media.url),
    Rule("media: kinds by addresses", "media", "_kind_of_url", always(MediaKind.EMBED)),
    Rule("stated media: all", "stated_media", "add_stated", lambda _parts, media: iter(media)),
    Rule("stated media: videos and audios", "stated_media", "_list_nodes", always(())),
    Rule("stated media: captions of pictures", "stated_media", "_describe_pictures", lambda _parts, media: iter(media)),
    Rule("stated media: the lead picture", "stated_media", "is_same_picture", always(False)),
    Rule("captions: to which picture", "captions", "attach_captions", always({})),
    Rule("captions: lines without a class", "captions", "_is_line_of_picture", always(False)),
    Rule("captions: offers of licences", "captions", "_OFFER", NEVER),
    Rule("captions: labels for screen readers", "captions", "_CAPTION_LABEL", NEVER),
    Rule("captions: credits by wording", "captions", "split_credit", lambda text: ("", text)),
    Rule("captions: credits by class", "captions", "_find_named_credit", always("")),
    Rule("captions: copyright signs", "captions", "_COPYRIGHT", NEVER),
    Rule("captions: names before a label", "captions", "_BEHIND", NEVER),
    Rule("captions: labels and agencies", "captions", "_is_credit", always(False)),
    Rule("captions: credits consist of names", "captions", "_consists_of_names", always(True)),
    Rule("learnt: paragraphs", "storage.index.boilerplate.rule", "is_boilerplate", always(False)),
    Rule("learnt: boxes of deks", "storage.index.boilerplate.boxes", "find_site_boxes", learn_without("dek")),
    Rule(
        "learnt: boxes beside the text", "storage.index.boilerplate.boxes", "find_site_boxes", learn_without("beside")
    ),
)


def sample_world(world: dict[str, Any], needed: set[str]) -> dict[str, Any]:
    """Return a fixed sample of the pages, which includes those with annotated links."""
    others = [page for page in world if page not in needed]
    step = len(others) / (WORLD_SAMPLE - len(needed))
    chosen = needed | {others[int(number * step)] for number in range(WORLD_SAMPLE - len(needed))}
    return {page: answer for page, answer in world.items() if page in chosen}


def link_figures(
    name: str, folder: Path, answers: list[dict[str, Any]], readings: dict[str, Reading]
) -> dict[str, float]:
    tally = LinkTally()
    for answer in answers:
        reading = readings.get(answer["id"]) or read_page(folder, answer["file"], answer["url"])
        tally.page(answer, gathered_groups(reading))
    return {
        f"{name}_f1": mean(tally.macro),
        f"{name}_inline": tally.inline_f1,
        f"{name}_label": tally.same_label / (tally.matched or 1),
        f"{name}_kind": tally.same_kind / (tally.matched or 1),
    }


def article_f1(folder: Path) -> float:
    """Return F1 of the pages of all kinds that are read as articles."""
    gold = json.loads((folder / "kinds.json").read_text("utf-8"))
    taken, articles = set(), {page for page, answer in gold.items() if answer["kind"] == "article"}
    for page, answer in gold.items():
        reading = read_page(folder, f"kinds/{page}.html.gz", answer["url"])
        if reading.outcome in (Outcome.ARTICLE, Outcome.PAYWALL_STUB):
            taken.add(page)
    return 2 * len(taken & articles) / (len(taken) + len(articles))


def measure(folder: Path, rule: int | None) -> dict[str, float]:
    """Return the figures of the sample without a rule, or with all."""
    if rule is not None:
        import_module("newsarchive.extract.page")
        RULES[rule].disable()
    gold = {name: json.loads((folder / name).read_text("utf-8")) for name in ("bodies.json", "links.json")}
    linked = json.loads((folder / "links_world.json").read_text("utf-8"))["pages"]
    world = sample_world(
        json.loads((folder / "world" / "world.json").read_text("utf-8")), {answer["id"] for answer in linked}
    )
    pages = {
        page: read_page(folder, f"pages/{page}.html.gz", answer["url"]) for page, answer in gold["bodies.json"].items()
    }
    readings = {page: read_page(folder, f"world/pages/{page}.html.gz", answer["url"]) for page, answer in world.items()}
    bodies = {page: answer["body"] for page, answer in gold["bodies.json"].items()}
    siblings = json.loads((folder / "sites.json").read_text("utf-8"))
    sites = {page: read_page(folder, f"sites/{page}.html.gz", answer["url"]) for page, answer in siblings.items()}
    site_bodies = {page: "\n".join(answer["body"]) for page, answer in siblings.items()}
    with TemporaryDirectory() as home:
        together = body_figures(site_bodies, read_together(siblings, sites, f"sqlite:///{home}/index.sqlite3"))
    media = media_tally(folder).figures()
    captions = [caption_tally(folder, page, reading) for page, reading in readings.items()]
    f1, exact = body_figures(bodies, {page: body(reading) for page, reading in pages.items()})
    return {
        "pages_f1": f1,
        "pages_exact": exact,
        "sites_f1": body_figures(site_bodies, {page: body(each, dek=True) for page, each in sites.items()})[0],
        "together_f1": together[0],
        "together_exact": together[1],
        "captions_kept": sum(kept for kept, _, _ in captions) / sum(total for _, _, total in captions),
        **{f"world_{key}": value for key, value in world_figures(world, readings).items()},
        **link_figures("links", folder, gold["links.json"]["pages"], pages),
        # By their own addresses, which those of the set may lack.
        **link_figures("links_world", folder, linked, {}),
        "kinds_article_f1": article_f1(folder),
        **{f"media_{key}": value for key, value in media.items()},
    }


def main() -> None:
    """Print a line for each rule, or each whose name begins as told: by how much each figure differs without it."""
    folder = os.environ.get("NEWSARCHIVE_EVAL")
    if not folder:
        sys.exit("NEWSARCHIVE_EVAL names no folder of annotated pages, so that no rule can be measured. Set it to one.")
    beginnings = tuple(sys.argv[1:]) or ("",)
    rules = [number for number, rule in enumerate(RULES) if rule.name.startswith(beginnings)]
    widths = [max(8, len(head) + 2) for head in COLUMNS]
    print(f"{'':<52}" + "".join(f"{head:>{width}}" for head, width in zip(COLUMNS, widths, strict=True)))
    # A process for each: some functions cache what they have computed.
    pool = ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn"), max_tasks_per_child=1)
    with pool:
        results = pool.map(measure, [Path(folder)] * (len(rules) + 1), [None, *rules])
        full = next(results)
        row = "".join(f"{full[key]:>{width}.3f}" for key, width in zip(COLUMNS.values(), widths, strict=True))
        print(f"{'all rules':<52}{row}", flush=True)
        for number, without in zip(rules, results, strict=True):
            differences = [round(without[key] - full[key], 4) for key in COLUMNS.values()]
            cells = (f"{each:+.4f}" if each else "." for each in differences)
            row = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
            print(f"{'- ' + RULES[number].name:<52}" + row, flush=True)


if __name__ == "__main__":
    main()
