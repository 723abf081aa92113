"""Compare the WARC files with the chains of their digests. The index takes no part: a rebuild changes nothing."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from storage.places.chain import MOVES, START, FoldedChain, Link, Reason
from storage.warc.check import FileReport

OURS = frozenset({Reason.CLOSED, Reason.CRASH, Reason.UPGRADE})
"""Reasons of files that this archive wrote: the chain head that they begin with is of these chains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFinding:
    """A contradiction between a chain and the files, or a link that an owner should know of."""

    subject: str
    """Name of a WARC file or of a chain."""
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """The result for all chains."""

    problems: tuple[ChainFinding, ...]
    notes: tuple[ChainFinding, ...]
    """Takedowns, and files that were accepted or are older than the chain."""
    unproved: int
    """Closed files that no stamped or noted head covers."""

    @property
    def sentence(self) -> str:
        """What is proved, in one sentence."""
        if self.problems:
            return "The files are not as the chain has them: see above. What to do: newsarchive help proof"
        return f"Not proved yet: {self.unproved:,} files are as the chain has them, but no head was noted elsewhere"


def check_chains(
    chains: Sequence[FoldedChain],
    reports: Sequence[FileReport],
    still_open: Collection[str],
    is_elsewhere: Callable[[str], bool],
) -> ChainReport:
    """Compare closed files with the chains. Files that other machines have (`is_elsewhere`) may be missing."""
    found = {report.name: report for report in reports if report.name not in still_open}
    links = _find_links(chains)
    problems = [problem for chain in chains for problem in _chain_problems(chain, chains)]
    by_digest = {link.sha256: name for name, (_, _, link) in links.items()}
    for name, report in found.items():
        problems += [ChainFinding(subject=name, what=what) for what in _file_problems(report, links, by_digest, chains)]
    for name, (chain, position, link) in links.items():
        if name not in found and name not in still_open and not is_elsewhere(name):
            what = f"the file is missing: it is in link {position + 1} of {chain.name}, of {link.at}. Restore it"
            problems.append(ChainFinding(subject=name, what=what))
    notes = tuple(
        ChainFinding(subject=link.file, what=f"{link.reason} on {link.at}: {link.note}".rstrip(": "))
        for chain in chains
        for link in chain.links
        if link.reason in {Reason.TAKEDOWN, Reason.FOUND, Reason.UPGRADE, Reason.CRASH}
    )
    return ChainReport(problems=tuple(problems), notes=notes, unproved=len(found))


def _find_links(chains: Sequence[FoldedChain]) -> dict[str, tuple[FoldedChain, int, Link]]:
    """Return the link that has the present SHA-256 of each file, over all chains: a takedown may be in another one."""
    places = [(chain, at, chain.links[at]) for chain in chains for at in chain.files.values()]
    return {place[2].file: place for place in sorted(places, key=lambda place: place[2].at)}


def _chain_problems(chain: FoldedChain, chains: Sequence[FoldedChain]) -> Iterator[ChainFinding]:
    torn = ["its last line is incomplete: its writer was killed. The next link replaces it"] if chain.torn else []
    for what in (*chain.breaks, *torn):
        yield ChainFinding(subject=chain.name, what=what)
    others = {other.name: other for other in chains}
    for position, link in enumerate(chain.links):
        for name, head in link.heads.items():
            if head != START and name in others and head not in others[name].heads:
                what = f"it lacks a link that {chain.name} saw on {link.at} (link {position + 1})"
                yield ChainFinding(subject=name, what=what)


def _file_problems(
    report: FileReport,
    links: dict[str, tuple[FoldedChain, int, Link]],
    by_digest: dict[str, str],
    chains: Sequence[FoldedChain],
) -> Iterator[str]:
    if report.name not in links:
        if links or report.chain_head:
            yield (
                "the file is in no chain: it was inserted, or its link was removed. If you put it there, accept it: "
                "newsarchive verify --repair"
            )
        return
    chain, position, link = links[report.name]
    if report.sha256 != link.sha256:
        other = by_digest.get(report.sha256, report.name)
        swapped = f"; it has the bytes of {other}" if other != report.name else ""
        yield f"the file was changed since link {position + 1} of {chain.name}, of {link.at}{swapped}. Restore it"
    first = next(at for at, each in enumerate(chain.links) if each.file == report.name and each.reason not in MOVES)
    if report.chain_head in {"", START} or chain.links[first].reason not in OURS:
        return
    if report.chain_head not in chain.heads[:first]:
        known = any(report.chain_head in each.heads for each in chains)
        yield (
            f"the file begins with a head that is {'not before its link' if known else 'of no chain'}: links were "
            "removed, changed or inserted before it"
        )
