"""A simulated month of forty sources: how soon articles are found, and at what price, by this schedule and by others.

python -m benchmarks.schedule [--days 30] [--seed 1]
"""

import argparse
import time

from benchmarks.simulation.crawl import Outcomes, crawl
from benchmarks.simulation.newsroom import Month, month
from benchmarks.simulation.policies import POLICIES

HEAD = ("policy", "p50", "p90", "found", "readings", "times fewer", "visits", "edits", "alarms", "false", "CPU s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of a policy's name")
    options = parser.parse_args()
    simulated = month(options.days, options.seed)
    polling = 144 * options.days * len(list(simulated.sources()))
    print("".join(f"{name:>14}" for name in HEAD))
    for name, policy in POLICIES.items():
        if options.only not in name:
            continue
        began = time.process_time()
        done = crawl(simulated, policy)
        print(_line(name, done, polling, time.process_time() - began))
        if name == "ours":
            notes = _notes(simulated, done)
    print(*notes, sep="\n")


def _line(name: str, done: Outcomes, polling: int, seconds: float) -> str:
    false = sum(not alarm.true for alarm in done.alarms)
    cells = (
        name,
        f"{done.percentile(50):.0f} min",
        f"{done.percentile(90):.0f} min",
        f"{done.share:.2%}",
        f"{done.readings:,}",
        f"{polling / done.readings:.1f}",
        f"{done.visits:,}",
        f"{done.caught}/{done.edits}",
        f"{len(done.alarms)}",
        f"{false}",
        f"{seconds:.0f}",
    )
    return "".join(f"{cell:>14}" for cell in cells)


def _notes(simulated: Month, done: Outcomes) -> list[str]:
    notes = [f"lost by ours: {done.lost or 'nothing'}"]
    for alarm in done.alarms:
        told = "" if alarm.true else ", though it was not so"
        notes.append(f"day {alarm.at / 1440:.2f}: {alarm.source.name} {alarm.what}{told}")
    notes.append(f"{simulated.silent.name} ended on day {simulated.silent.ends / 1440:.2f}")
    return notes


if __name__ == "__main__":
    main()
