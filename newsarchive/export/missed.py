"""What could not be exported: how many, and the first of them in words."""

from dataclasses import dataclass, field

MOST_TOLD = 20


@dataclass(slots=True)
class Missed:
    """A tally; a damaged archive may lack millions, and their names are not kept."""

    count: int = 0
    first: list[str] = field(default_factory=list)
    """At most 20."""

    def add(self, what: str) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < MOST_TOLD:
            self.first.append(what)
