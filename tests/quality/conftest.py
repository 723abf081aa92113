"""The table of figures: each test of this folder adds its measurements, and it is printed at the end of the run."""

import os
import pickle
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.model import Reading
from tests.quality.scoring import ReadPage, read_page, text_digest

FLOORS = tomllib.loads(Path(__file__).with_name("floors.toml").read_text("utf-8"))
SLACK = 0.0005
OWN_PAGES = "test_page_fixtures.py::test_page_reads_as_expected["


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measurement, its floor, and its target."""

    name: str
    value: float
    floor: float
    target: float | None
    is_ceiling: bool
    slower: float = 1.0
    """How much slower this machine may be than the one on which the ceiling was measured."""

    @property
    def holds(self) -> bool:
        """The figure is not worse than its floor."""
        if self.is_ceiling:
            return self.value <= self.floor * self.slower + SLACK
        return self.value >= self.floor - SLACK

    @property
    def reached(self) -> str:
        """The figure has reached its target: "yes", "no", or "" without a target."""
        if self.target is None:
            return ""
        return "yes" if (self.value <= self.target if self.is_ceiling else self.value >= self.target) else "no"

    @property
    def line(self) -> str:
        """The line of the table."""
        target = "" if self.target is None else f"{self.target:g}"
        return f"{self.name:<52}{self.value:>10.4g}{self.floor:>10g}{target:>10}{self.reached:>10}"


@dataclass(slots=True)
class Figures:
    """All measurements so far."""

    measured: list[Figure] = field(default_factory=list)

    def add(self, part: str, key: str, value: float, name: str, *, slower: float = 1.0) -> None:
        """Record a figure, and fail if it is worse than its floor in floors.toml.

        Keys that end in "_at_most" are ceilings. `slower` is how much slower than the machine on which a ceiling of
        time was measured this one may be.
        """
        is_ceiling = key.endswith("_at_most")
        target = FLOORS["targets"].get(part, {}).get(key)
        floor = FLOORS[part][key]
        figure = Figure(name=name, value=value, floor=floor, target=target, is_ceiling=is_ceiling, slower=slower)
        self.measured.append(figure)
        assert figure.holds, f"{name} is {value:.4f}; it had reached {figure.floor}"


FIGURES = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    """Create an empty table."""
    config.stash[FIGURES] = Figures()


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Figures:
    """Return the table of this run."""
    return request.config.stash[FIGURES]


@pytest.fixture(scope="session")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> ReadPage:
    """`read_page` for the tests of all processes of a run: what one has read, the others take from a file."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "readings"
    folder.mkdir(exist_ok=True)

    def read(eval_folder: Path, file: str, url: str) -> Reading:
        kept = folder / text_digest(f"{file} {url}")
        if not kept.exists():
            reading = read_page(eval_folder, file, url)
            written = kept.with_suffix(f".{os.getpid()}")
            written.write_bytes(pickle.dumps(reading))
            written.replace(kept)
            return reading
        found: Reading = pickle.loads(kept.read_bytes())
        return found

    return read


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    right = sum(OWN_PAGES in report.nodeid for report in terminalreporter.stats.get("passed", ()))
    wrong = sum(OWN_PAGES in report.nodeid for report in terminalreporter.stats.get("failed", ()))
    measured = config.stash[FIGURES].measured
    if not measured and not right + wrong:
        return
    terminalreporter.section("quality of reading and ranking")
    terminalreporter.line(f"{'':<52}{'now':>10}{'floor':>10}{'target':>10}{'reached':>10}")
    for figure in measured:
        terminalreporter.line(figure.line)
    if right + wrong:
        own = Figure(
            name="our own pages read exactly as written", value=right, floor=right + wrong, target=40, is_ceiling=False
        )
        terminalreporter.line(own.line)
