"""What a worker does with one task: undo the codings, read the payload, and never fail."""

from newsarchive.crawl.workers import Task
from newsarchive.extract.page import read as read_page
from storage.errors import PayloadError
from storage.model import Outcome, Reading
from storage.warc.payload import decoded, http_headers


def read_task(asked: tuple[Task, int]) -> Reading:
    """Read one task's payload of at most so many bytes. What cannot be read is a Reading that says why."""
    task, limit = asked
    try:
        return _read(task, limit)
    except PayloadError as error:
        return Reading(outcome=Outcome.UNREADABLE, reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever a page does to the libraries, it is that page's reading
        return Reading(outcome=Outcome.UNREADABLE, reason=f"{type(error).__name__}: {error}"[:300])


def _read(task: Task, limit: int) -> Reading:
    status, headers = http_headers(task.block)
    return read_page(
        decoded(task.block, limit),
        url=task.url,
        headers=headers if task.headers is None else task.headers,
        discovery=task.discovery,
        fetched_at=task.fetched_at,
        status=(200 if status is None else status) if task.status is None else task.status,
    )
