from collections import Counter

import pytest
from tantivy import Query

from storage.index.fulltext.fields import build_document
from storage.index.fulltext.folder import index_in_memory


@pytest.mark.parametrize("authors", [3, 999, 1_000, 1_001, 2_500])
@pytest.mark.parametrize("wanted", [2, 999, 1_000, 65_000])
def test_values_are_counted_exactly_whatever_their_number(authors: int, wanted: int) -> None:
    """Fewer, as many, and more than the engine hands over at first; of equally frequent ones the first by name."""
    names = [f"{number % authors:05}" for number in range(authors + authors // 2)]
    engine = index_in_memory(
        build_document({"version": number, "author_label": [name]}) for number, name in enumerate(names)
    )
    expected = sorted(Counter(names).items(), key=lambda one: (-one[1], one[0]))
    assert engine.summarize(Query.all_query(), {"author_label": wanted})[0]["author_label"] == expected[:wanted]


def test_ranges_are_counted_whatever_their_number() -> None:
    """More of them than the engine returns buckets of at once."""
    moments = [5, 5, 7, 69_999, 70_001]
    engine = index_in_memory(build_document({"version": place, "dated": at}) for place, at in enumerate(moments))
    counts = engine.count_ranges(Query.all_query(), "dated", range(70_001))
    assert {at: count for at, count in enumerate(counts) if count} == {5: 2, 7: 1, 69_999: 1}
