"""Compare the WARC files with the chains of their digests. The index takes no part: a rebuild changes nothing."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newsarchive.config.units import pluralize
from storage.grouping import group_pairs
from storage.places.chain import LOST, MOVES, PREFIX, START, KeyPeriod, ParsedChain
from storage.warc.check import FileReport

WRITTEN_HERE = frozenset({"closed", "crash", "upgrade"})
"""Reasons of files that this archive wrote: the chain head that they begin with is of these chains."""
NOTE_REASONS = frozenset({"takedown", "found", "upgrade", "crash"})
Finding = tuple[str, str]
"""Name of a WARC file or chain, and what is to be said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadProof:
    """A head that is known from elsewhere: what it covers was not changed since."""

    head: str
    at: str = ""
    """Time in UTC that the witness states; "": that of the link."""
    witness: str = "a head noted elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """The result for all chains."""

    problems: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    """Takedowns, crashes, and files that were accepted or are older than the chain; keys that were lost."""
    proved: Mapping[str, Sequence[HeadProof]]
    """The proofs of each file that a head covers which is known from elsewhere."""
    unproved: int
    """Closed files that no such head covers, or that were not read."""
    is_begun: bool = True
    """False if there is no chain yet, as in an archive of an earlier version."""

    @property
    def sentence(self) -> str:
        """One sentence on what is proved, for the command."""
        if self.problems:
            return "The files are not as the chain has them: see above. What to do: newsarchive help proof"
        files = f"{pluralize(self.unproved, 'file')}, which {'is' if self.unproved == 1 else 'are'}"
        if not self.is_begun:
            return f"Not proved yet: {files} in no chain. To begin one: newsarchive seal"
        unproved = f"not proved yet: {files} as the chain has them"
        if not self.proved:
            return unproved.capitalize()
        last = max(self.proved.values(), key=lambda proofs: max(proof.at for proof in proofs))
        proved = f"{describe_proofs(last)}: {pluralize(len(self.proved), 'file')}"
        return f"{proved}; {unproved}" if self.unproved else proved


def describe_proofs(proofs: Sequence[HeadProof]) -> str:
    """Return what the proofs of a file say, as "Unchanged since 2026-05-04 08:12 UTC, by ..."."""
    at = max(proof.at for proof in proofs)[:16].replace("T", " ")
    return f"Unchanged since {at} UTC, by {' and '.join(dict.fromkeys(proof.witness for proof in proofs))}"


def prove_files(chains: Sequence[ParsedChain], proofs: Sequence[HeadProof]) -> dict[str, list[HeadProof]]:
    """Return for each file the proofs of the first head that covers its link, or a link with the head of its chain."""
    known: dict[str, list[HeadProof]] = {}
    stated = {proof.head for proof in proofs}
    for chain in chains:
        seen: list[str] = []
        for head, link in zip(chain.heads, chain.links, strict=True):
            seen += link.heads.values()
            if head in stated:
                of_head = [replace(each, at=each.at or link.at) for each in proofs if each.head == head]
                for each in (head, *seen):
                    known.setdefault(each, of_head)
                seen = []
    covering: dict[tuple[str, int], list[HeadProof]] = {}
    for chain in chains:
        found: list[HeadProof] = []
        for position in reversed(range(len(chain.heads))):
            covering[chain.name, position] = found = known.get(chain.heads[position], found)
    latest = latest_links(chains).items()
    return {name: found for name, (chain, position) in latest if (found := covering[chain.name, position])}


def latest_links(chains: Sequence[ParsedChain]) -> dict[str, tuple[ParsedChain, int]]:
    """Return the chain and position of each file's link; a takedown may be in the chain of another machine."""
    places = [(chain, position) for chain in chains for position in chain.files.values()]
    places.sort(key=lambda place: (place[0].links[place[1]].at, place[0].links[place[1]].reason == "takedown"))
    return {chain.links[position].file: (chain, position) for chain, position in places}


def check_chains(
    chains: Sequence[ParsedChain], reports: Sequence[FileReport], still_open: Collection[str],
    other_machine: Callable[[str], str | None], proofs: Sequence[HeadProof] = (),
) -> ChainReport:  # fmt: skip
    """Compare closed files with the chains. Those of an `other_machine` may be missing."""
    still_open = {*still_open}.difference(*(chain.files for chain in chains))  # a file with a link was closed
    found = {report.name: report for report in reports if report.name not in still_open}
    problems = [*_chain_problems(chains, proofs), *_conflicts(chains), *_file_problems(chains, found)]
    for chain in chains:
        for name, position in chain.files.items():
            if name not in found and name not in still_open and not other_machine(name):
                problems.append((name, f"the file of link {position + 1} of {chain.name} is missing. Restore it"))
    links = [(each, chain.name) for chain in chains for each in chain.links]
    links = [each for each in links if each[0].reason in NOTE_REASONS or each[0].note == LOST]
    proved = {name: each for name, each in prove_files(chains, proofs).items() if name in found}
    notes = tuple((link.file or "key", f"{link.reason} on {link.at} in {name}: {link.note}") for link, name in links)
    unproved, is_begun = len(found) - len(proved), any(chain.links for chain in chains)
    return ChainReport(problems=tuple(problems), notes=notes, proved=proved, unproved=unproved, is_begun=is_begun)


def _chain_problems(chains: Sequence[ParsedChain], proofs: Sequence[HeadProof]) -> Iterator[Finding]:
    heads = {chain.name: {START, *chain.heads} for chain in chains}
    for chain in chains:
        torn = ["its last line is incomplete: its writer was killed. The next link replaces it"] if chain.torn else []
        yield from ((chain.name, what) for what in (*chain.breaks, *torn))
        for number, link in enumerate(chain.links, 1):
            lacking = [name for name, head in link.heads.items() if head not in heads.get(name, ())]
            yield from ((name, f"it lacks a link that {chain.name} saw (link {number}, {link.at})") for name in lacking)
    for proof in proofs:
        if not any(proof.head in known for known in heads.values()):
            yield proof.witness, f"no chain has the head {proof.head}: links were changed or removed since"


def _conflicts(chains: Sequence[ParsedChain]) -> Iterator[Finding]:
    """Yield files of which two chains contradict each other; a takedown may change a file that it knows.

    All chains that have a link of the file must have linked its chain as that of a machine: a chain can be added by
    anybody, with any key. After a key that was lost it must be linked again.
    """
    rows = [row for chain in chains for row in zip(chain.periods, chain.heads, chain.links, strict=True)]
    periods = {(period[0], head): period for period, head, _ in rows}
    vouching = ((period, link.heads.items()) for period, _, link in rows if link.reason == "machine" and link.signature)
    trusted = group_pairs((period, periods[named]) for period, heads in vouching for named in heads if named in periods)
    linking = group_pairs((link.file, period[0]) for period, _, link in rows if link.file)
    digests: dict[str, list[str]] = {}
    for (name, lost), _, link in sorted(rows, key=lambda row: (row[2].at, row[2].reason == "takedown", row[0])):
        if link.file and link.reason not in MOVES:
            known, is_takedown = digests.setdefault(link.file, []), link.reason == "takedown"
            others = {*linking[link.file]} - {name} if is_takedown and known else ()
            unaware = [other for other in sorted(others) if (name, lost) not in _find_machines(other, trusted)]
            if is_takedown and known and (unaware or not link.signature):
                vouch = f"if it is yours, run there: newsarchive seal --machine {name.removeprefix(PREFIX)}"
                why = f"is of a machine that {unaware[0]} does not vouch for ({vouch})" if unaware else "is not signed"
                what = f"a takedown of it ({link.at}) in {name} {why}. Restore the file, and remove that chain"
                yield link.file, what
            if known and (link.was if is_takedown else link.sha256) not in (known if is_takedown else known[-1:]):
                yield link.file, f"{name} gives the file another SHA-256 than before ({link.reason}, {link.at})"
            known.append(link.sha256)


def _find_machines(name: str, trusted: Mapping[KeyPeriod, Collection[KeyPeriod]]) -> set[KeyPeriod]:
    """Return the chains that a chain has linked as those of machines, and that these have."""
    found, waiting = set[KeyPeriod](), [period for period in trusted if period[0] == name]
    while waiting:
        if (period := waiting.pop()) not in found:
            found.add(period)
            waiting += trusted.get(period, ())
    return found


def _file_problems(chains: Sequence[ParsedChain], found: Mapping[str, FileReport]) -> Iterator[Finding]:
    links = latest_links(chains)
    first: dict[tuple[str, str], int] = {}
    for chain in chains:
        for at, link in enumerate(chain.links):
            if link.reason not in MOVES:
                first.setdefault((chain.name, link.file), at)
    head_positions = {chain.name: {head: at for at, head in enumerate(chain.heads)} for chain in chains}
    by_digest = {chain.links[position].sha256: name for name, (chain, position) in links.items()}
    for name, report in found.items():
        if name not in links:
            if links or report.chain_head:
                what = "the file is in no chain: it was inserted, its link was removed, or a retired machine wrote it"
                yield name, f"{what}. If you know where it is from, accept it: newsarchive verify --repair"
            continue
        chain, position = links[name]
        if report.sha256 != chain.links[position].sha256:
            other = by_digest.get(report.sha256)
            swapped = f"; it has the bytes of {other}" if other else ""
            yield name, f"the file was changed since link {position + 1} of {chain.name}{swapped}. Restore it"
        link_at = first[chain.name, name]
        head_at = head_positions[chain.name].get(report.chain_head, link_at)
        if chain.links[link_at].reason in WRITTEN_HERE and report.chain_head not in {"", START} and head_at >= link_at:
            known = any(report.chain_head in each.heads for each in chains)
            what = "was not a head before its link" if known else "is of no chain"
            yield name, f"the head that the file begins with {what}: links were removed, changed or inserted"
