"""newsarchive doctor."""

from datetime import UTC, datetime

from typer import Exit

from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import safe_text, stdout, to_json
from newsarchive.operations.doctor import run_checks
from newsarchive.operations.health import Finding, Severity

STYLES = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}


def doctor(*, archive: Folder = HERE, json: Json = False) -> None:
    """Check the installation and the archive for problems.

    Changes nothing and sends no requests to sites. Exits with 1 if there is an error.
    """
    findings: list[Finding] = []
    out = stdout()
    for finding in run_checks(archive, datetime.now(UTC)):
        findings.append(finding)
        if json:
            continue
        line = safe_text(f"{finding.subject:<13}{' ' * (len(finding.subject) > 12)}{finding.sentence}")
        out.print(safe_text(f"{finding.severity:<7}", STYLES[finding.severity]), line)
        for more in (finding.meaning, finding.command and f"next: {finding.command}"):
            if more:
                out.print(safe_text(f"{'':21}{more}"))
    if json:
        print(to_json(findings))
    raise Exit(int(any(finding.severity is Severity.ERROR for finding in findings)))
