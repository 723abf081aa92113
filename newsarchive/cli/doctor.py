"""newsarchive doctor."""

from dataclasses import asdict
from datetime import UTC, datetime

import typer

from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import as_json, cell, stdout
from newsarchive.operations.doctor import Finding, State, examine

COLOURS = {State.FINE: "green", State.REMARK: "yellow", State.WRONG: "bold red"}


def doctor(*, archive: Folder = HERE, json: Json = False) -> None:
    """Look for what is wrong here, and say what to do.

    Changes nothing and asks no site. Ends with 1 where something is wrong.
    """
    findings: list[Finding] = []
    for finding in examine(archive, datetime.now(UTC)):
        findings.append(finding)
        if not json:
            _print(finding)
    if json:
        stdout().print(as_json([asdict(finding) for finding in findings]), soft_wrap=True)
    raise typer.Exit(int(any(finding.state is State.WRONG for finding in findings)))


def _print(finding: Finding) -> None:
    out = stdout()
    out.print(cell(f"{finding.state:<7}", COLOURS[finding.state]), cell(f"{finding.what:<13}{finding.found}"))
    for more in (finding.meaning, finding.command and f"next: {finding.command}"):
        if more:
            out.print(cell(f"{'':21}{more}"))
