"""Classify edits that the index has not classified yet: after it has settled, when all texts are known."""

from typing import Any

from newsarchive.diff.edits import classify_edit
from storage.index.index import Index
from storage.index.queries.observations import list_edits_to_classify
from storage.index.rows.article_changes import store_edits
from storage.index.views.history import EditToClassify

_AT_ONCE = 100


def classify_edits(index: Index) -> None:
    """Classify all edits that are not classified, some in each transaction; an interrupted run is continued later."""
    while edits := index.read(list_edits_to_classify, _AT_ONCE):
        index.write(store_edits, [_classify(edit) for edit in edits])


def _classify(edit: EditToClassify) -> dict[str, Any]:
    key = {"article_id": edit.article_id, "capture_id": edit.capture_id, "texts": edit.texts}
    if edit.older is None or edit.newer is None:
        return key | {"kinds": "", "notice": None, "added": 0, "removed": 0, "older": None, "newer": None}
    found = classify_edit(edit.older, edit.newer)
    return key | {
        "kinds": " ".join(found.kinds), "notice": found.notice.value, "added": found.added, "removed": found.removed,
        "older": found.older, "newer": found.newer,
    }  # fmt: skip
