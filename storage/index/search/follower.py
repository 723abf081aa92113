"""The follower: brings the search folder up to date with the SQL index.

    change log since the mark --> articles --> their documents, deleted and added again --> commit --> new mark

A batch that is repeated changes nothing, so a crash at any point costs no more than the batch. A folder that is
missing, damaged, of another index or of an earlier analyser, that is too far behind, or of which more than a tenth are
deleted documents, is made anew beside the present one.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from sqlalchemy import Connection, func, select

from storage.errors import ArchiveError, DiskFull, SearchDamaged, SearchNotReady
from storage.grouping import group_pairs
from storage.index.engine.database import Database
from storage.index.engine.dialect import changes_since, identify_index, read_change_mark
from storage.index.engine.statements import IDS, batches, find_by_ids
from storage.index.fulltext.folder import FolderState, FulltextFolder
from storage.index.fulltext.searcher import EngineSearcher
from storage.index.schema.tables import ArticleRow, SearchChangeRow, VersionParagraphRow, VersionRow
from storage.index.search.documents import load_documents, load_stories
from storage.places.folder import NO_SPACE

POLL_SECONDS = 1.0
INLINE_ARTICLES = 1_000
"""Changed articles that a search indexes itself before it answers."""
_BATCH = 500  # articles that are read at once
_COMMIT = 20_000  # articles of a commit
_MOST_DELETED = 0.1

_LOG = logging.getLogger(__name__)


def open_search(connection: Connection) -> EngineSearcher:
    """Return a view of the search folder, up to date if little has changed and this process may write.

    SearchNotReady if there is no complete index yet.
    """
    folder: FulltextFolder = connection.get_execution_options()["search_folder"]
    state = follow(connection, folder, most=INLINE_ARTICLES)
    if state is None:
        raise SearchNotReady(percent=f"{folder.read_progress() * 100:.0f} %", folder=folder.path)
    return folder.open_searcher(state)


def follow(connection: Connection, folder: FulltextFolder, *, most: int | None = None) -> FolderState | None:
    """Bring the folder up to date, unless another process is doing so, or it takes more than `most` articles.

    Returns the state of the index in use, None if there is none.
    """
    state = _read_usable_state(connection, folder)
    condition = None if state is None else changes_since(connection, state.mark)
    changes = select(ArticleRow.id) if condition is None else select(SearchChangeRow.id).where(condition)
    some = changes.limit((most or 0) + 1).subquery()
    waiting = connection.scalar(select(func.count()).select_from(some)) or 0
    if (condition is not None and not waiting) or (most is not None and waiting > most):
        return state
    with folder.lock() as is_ours:
        if not is_ours:
            return state
        state, mark = _read_usable_state(connection, folder), read_change_mark(connection)
        if state is not None and (state := _apply(connection, folder, state, mark)):
            return state
        ids = connection.scalars(select(ArticleRow.id).order_by(ArticleRow.id)).all()
        stories = sorted(story for some in batches(ids, _BATCH) for story in load_stories(connection, some))
        repeated = {one for one, other in pairwise(stories) if one == other}
        with folder.build(identify_index(connection), mark, repeated) as writer:
            for start in range(0, len(ids), _BATCH):
                folder.report_progress(start / len(ids))
                writer.replace((), load_documents(connection, ids[start : start + _BATCH]))
                if start and start % _COMMIT == 0:
                    writer.commit()
        return folder.read_state()


def _read_usable_state(connection: Connection, folder: FulltextFolder) -> FolderState | None:
    state = folder.read_state()
    if state is None or state.identity != identify_index(connection):
        return None
    return None if changes_since(connection, state.mark) is None else state


def load_changed_articles(connection: Connection, mark: str) -> set[int] | None:
    """Return the articles that changed since a mark; None if the log no longer has all changes."""
    condition = changes_since(connection, mark)
    if condition is None:
        return None
    log = SearchChangeRow
    rows = connection.execute(select(log.article_id, log.site_id, log.paragraph_id).where(condition)).all()
    articles = {row.article_id for row in rows if row.article_id is not None}
    paragraphs = group_pairs((row.site_id, row.paragraph_id) for row in rows if row.article_id is None)
    for site_id, of_site in paragraphs.items():
        carrying = (
            select(VersionRow.article_id)
            .join(VersionParagraphRow, VersionParagraphRow.version_id == VersionRow.id)
            .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
            .where(VersionParagraphRow.paragraph_id.in_(IDS), ArticleRow.site_id == site_id)
        )
        articles |= find_by_ids(connection, carrying, set(of_site))
    return articles


def _apply(connection: Connection, folder: FulltextFolder, state: FolderState, mark: str) -> FolderState | None:
    """Apply changes; None if the folder has to be made anew, as too much of it would be deleted documents."""
    documents = folder.open_searcher(state).searcher.num_docs
    changed = load_changed_articles(connection, state.mark)
    if changed is None or (len(changed) > INLINE_ARTICLES and len(changed) > _MOST_DELETED * documents):
        return None
    with folder.write(state) as writer:
        unmarked: set[int] = set()
        for some in batches(changed, _BATCH):
            unmarked |= writer.replace(some, load_documents(connection, some))
        for some in batches(unmarked, _BATCH):
            writer.replace(some, load_documents(connection, some))
        state = folder.commit(writer, state, mark)
    return None if folder.deleted_share(state) > _MOST_DELETED else state


@contextmanager
def keep_up_to_date(database: Database, folder: FulltextFolder) -> Iterator[None]:
    """Keep the search folder up to date in a thread, while the block runs."""
    ending = threading.Event()
    thread = threading.Thread(target=_run, args=(database, folder, ending), name="search-follower", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _run(database: Database, folder: FulltextFolder, ending: threading.Event) -> None:
    state = folder.read_state()
    # The engine does not notice damaged files, and counts wrong.
    if state is not None and folder.find_damage(state):
        folder.discard()
    while True:
        is_last = ending.wait(POLL_SECONDS)
        try:
            with database.read_transaction() as connection:
                follow(connection, folder)
        except SearchDamaged as error:
            folder.discard()
            _LOG.warning("%s", error)
        except (ArchiveError, OSError) as error:
            # Whoever writes the index reports what is wrong with it; the next poll tries again.
            is_full = isinstance(error, DiskFull) or getattr(error, "errno", None) in NO_SPACE
            _LOG.log(logging.INFO if is_full else logging.WARNING, "search is not up to date: %s", error)
        if is_last:
            return
