import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tantivy import Query

from storage.grouping import group_by
from storage.index.fulltext.fields import build_document
from storage.index.fulltext.folder import FulltextFolder, index_in_memory
from storage.index.search.query import SearchTerm
from storage.index.search.translate import Translation


@pytest.mark.parametrize("authors", [3, 999, 1_000, 1_001, 2_500])
@pytest.mark.parametrize("wanted", [2, 999, 1_000, 65_000])
def test_values_are_counted_exactly_whatever_their_number(authors: int, wanted: int) -> None:
    """Fewer, as many, and more than the engine hands over at first; of equally frequent ones the first by name."""
    names = [f"{number % authors:05}" for number in range(authors + authors // 2)]
    engine = index_in_memory(
        build_document({"version": number, "section_label": [name]}) for number, name in enumerate(names)
    )
    expected = sorted(Counter(names).items(), key=lambda one: (-one[1], one[0]))
    assert engine.summarize(Query.all_query(), {"section_label": wanted})[0]["section_label"] == expected[:wanted]


def test_ranges_are_counted_whatever_their_number() -> None:
    """More of them than the engine returns buckets of at once."""
    moments = [5, 5, 7, 69_999, 70_001]
    engine = index_in_memory(build_document({"version": place, "dated": at}) for place, at in enumerate(moments))
    counts = engine.count_ranges(Query.all_query(), "dated", range(70_001))
    assert {at: count for at, count in enumerate(counts) if count} == {5: 2, 7: 1, 69_999: 1}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.lists(st.integers(1, 3), max_size=3), st.booleans()), max_size=12))
def test_copies_are_marked(steps: list[tuple[int, list[int], bool]]) -> None:
    """Both of two, in whatever order and commits articles are written, and written anew with other texts."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:  # a merge of segments may still write
        folder = FulltextFolder(Path(name))
        written: dict[int, list[dict[str, int]]] = {}
        with folder.build("an index", "0") as writer:
            for article, stories, commits in steps:
                written[article] = [{"version": article, "article": article, "story": story} for story in stories]
                for unmarked in writer.replace([article], written[article]):
                    assert not writer.replace([unmarked], written[unmarked])
                if commits:
                    writer.commit()
        assert_copies_are_marked(folder, written)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.integers(1, 5), st.lists(st.integers(1, 3), max_size=3), max_size=5))
def test_copies_are_marked_at_once_in_a_new_folder(texts: dict[int, list[int]]) -> None:
    """By the stories of several articles, which are known before, so that no document is deleted."""
    counts = Counter(story for stories in texts.values() for story in {*stories})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:  # a merge of segments may still write
        folder = FulltextFolder(Path(name))
        written = {
            article: [{"version": article, "article": article, "story": story} for story in stories]
            for article, stories in texts.items()
        }
        with folder.build("an index", "0", {story for story, count in counts.items() if count > 1}) as writer:
            for documents in written.values():
                assert not writer.replace((), documents)
        for story, _, marked in assert_copies_are_marked(folder, written):
            assert marked == (counts[story] > 1)


def assert_copies_are_marked(
    folder: FulltextFolder, written: dict[int, list[dict[str, int]]]
) -> list[tuple[int, int, int]]:
    """The folder has the documents that were written, marked where another article has the story.

    Those of an article with several stories have another mark, too. Return the story of each, its article, and 1 if its
    own story is marked.
    """
    state = folder.read_state()
    assert state is not None
    columns = folder.open_searcher(state).list_columns(Query.all_query(), "story", "article", "repeated")
    folder.close()
    for documents in group_by(zip(*columns, strict=True), itemgetter(1)).values():
        several = any(mark & 1 for _, _, mark in documents) and len({story for story, *_ in documents}) > 1
        assert {mark & 2 for _, _, mark in documents} == {2 * several}
    texts = [(story, article, mark & 1) for story, article, mark in zip(*columns, strict=True)]
    assert sorted((story, article) for story, article, _ in texts) == sorted(
        (each["story"], article) for article, documents in written.items() for each in documents
    )
    for (story, article, marked), (other_story, other, other_marked) in combinations(texts, 2):
        if story == other_story and article != other:
            assert marked
            assert other_marked
    return texts


class CountingSearcher:
    """Counts how many threads list terms at once, and how often terms are listed."""

    def __init__(self) -> None:
        self.lists, self.running, self.most = 0, 0, 0

    def terms_with_prefix(self, field: str, prefix: str, **options: Any) -> list[tuple[str, int]]:
        self.lists, self.running = self.lists + 1, self.running + 1
        self.most = max(self.most, self.running)
        time.sleep(0.02)
        self.running -= 1
        return [(f"{prefix}ter", 1), (f"{prefix}d", 1)]


def test_one_thread_at_a_time_lists_the_terms_of_a_field() -> None:
    """The list of a large archive takes 100 MB while it is made: eight readers must not take eight times as much."""
    counting = CountingSearcher()
    engine = replace(index_in_memory([]), searcher=counting)  # type: ignore[arg-type]  # only lists terms
    terms = [SearchTerm((word,)) for word in ("win*", "win*", "mis*", "win*t*r") * 4]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda term: Translation(engine, ("en",)).term(term), terms))
    assert len(found) == len(terms)
    assert (counting.lists, counting.most) == (2, 1)
