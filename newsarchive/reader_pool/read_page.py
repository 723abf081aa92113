"""What a worker does with one task: undo the codings, read the payload, and never fail."""

from dataclasses import replace

from newsarchive.extract.page import read as read_page
from newsarchive.extract.page_input import Asked
from newsarchive.extract.site_layout import NO_LAYOUTS
from newsarchive.ingest.tasks import Task
from newsarchive.version import EXTRACTOR
from storage.errors import PayloadError, PayloadTooLarge
from storage.model import Outcome, Reading
from storage.warc.payload import decoded, http_headers


def read_task(asked: tuple[Task, int]) -> Reading:
    """Read one task's payload of at most so many bytes. What cannot be read is a Reading that says why."""
    return replace(_read(*asked), extractor=EXTRACTOR)


def _read(task: Task, limit: int) -> Reading:
    try:
        payload, headers = _payload(task, limit)
        asked = Asked(
            url=task.url,
            headers=headers,
            discovery=task.discovery,
            fetched_at=task.fetched_at,
            status=task.status,
            layouts=task.layouts or NO_LAYOUTS,
        )
        return read_page(payload, asked)
    except PayloadTooLarge as error:
        return Reading(outcome=Outcome.TOO_LARGE, reason=str(error))
    except PayloadError as error:
        return Reading(outcome=Outcome.UNREADABLE, reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever a page does to the libraries, it is that page's reading
        return Reading(outcome=Outcome.UNREADABLE, reason=f"{type(error).__name__}: {error}"[:300])


def _payload(task: Task, limit: int) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    if not task.message:
        return task.block, (("Content-Type", task.mime),) if task.mime else ()
    return decoded(task.block, limit), http_headers(task.block)[1]
