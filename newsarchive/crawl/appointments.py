"""When URLs are due again, as far as the run knows and the index does not yet."""

from datetime import datetime

from storage.model import Due


class Appointments:
    """What was asked for or put off, so that nothing is asked for twice at one appointment."""

    def __init__(self) -> None:
        self._kept: dict[int, datetime] = {}
        self.stuck: set[int] = set()
        """URLs for which the index has made no other appointment than the one that was kept."""
        self.later: dict[int, datetime | None] = {}
        """URLs to put off, and until when (None: for ever), that the index was not told of yet."""

    def keep(self, due: Due) -> None:
        """Note that a URL was asked for."""
        self._kept[due.url_id] = due.due_at

    def put_off(self, due: Due, until: datetime | None) -> None:
        """Do without a URL until then; None: for ever."""
        self.later[due.url_id] = until
        self.keep(due)

    def kept(self, due: Due) -> bool:
        """Whether a URL was asked for at this appointment. Once a run is enough: it is stuck."""
        before = self._kept.get(due.url_id)
        if before is None or due.due_at > before:
            return False
        self.stuck.add(due.url_id)
        return True

    def told(self) -> dict[int, datetime | None]:
        """What the index is told of now."""
        later, self.later = self.later, {}
        return later
