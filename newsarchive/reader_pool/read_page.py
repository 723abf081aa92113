"""The workers' task: decode and read one payload, without ever failing."""

from dataclasses import replace

from newsarchive.extract.page import read as read_page
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.site_layout import NO_LAYOUTS
from newsarchive.ingest.tasks import ReadingTask
from newsarchive.version import EXTRACTOR
from storage.errors import PayloadError, PayloadTooLarge
from storage.model import Outcome, Reading
from storage.warc.payload import decode_entity, parse_message


def read_task(arguments: tuple[ReadingTask, int]) -> Reading:
    """Read a task's payload; the second argument is its largest size. A failure is a Reading with the reason."""
    return replace(_read(*arguments), extractor=EXTRACTOR)


def _read(task: ReadingTask, limit: int) -> Reading:
    try:
        if task.message:
            message = parse_message(task.block)
            payload, headers = decode_entity(message.body, message.headers, limit), message.headers
        else:
            payload, headers = task.block, (("Content-Type", task.mime),) if task.mime else ()
        page = PageInput(
            url=task.url,
            headers=headers,
            discovery=task.discovery,
            fetched_at=task.fetched_at,
            status=task.status,
            layouts=task.layouts or NO_LAYOUTS,
            for_archive=True,
        )
        return read_page(payload, page)
    except PayloadTooLarge as error:
        return Reading(outcome=Outcome.TOO_LARGE, reason=str(error))
    except PayloadError as error:
        return Reading(outcome=Outcome.UNREADABLE, reason=str(error))
    except Exception as error:  # noqa: BLE001 - any error of a library is the result of that page
        return Reading(outcome=Outcome.UNREADABLE, reason=f"{type(error).__name__}: {error}"[:300])
