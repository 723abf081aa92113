"""What keeps a worker running."""

from pathlib import Path

import pytest

from newsarchive.cli.app import run
from newsarchive.operations.cron import ScheduledCrawl, systemd_units


def test_a_workers_service_is_started_again_whatever_ended_it() -> None:
    """A worker that gave up its sites has to come back; one that is told to end gets the time it needs."""
    unit = systemd_units(
        ScheduledCrawl(command=Path("/srv/venv/bin/newsarchive"), archive=Path("/srv/50% news"), user="archive"),
        worker=True,
    )
    assert 'ExecStart=/srv/venv/bin/newsarchive worker --archive "/srv/50%% news"\n' in unit
    assert "Restart=always\n" in unit
    assert "StartLimitIntervalSec=0\n" in unit
    assert "User=archive\n" in unit
    assert "KillMode=mixed\n" in unit
    assert 'ReadWritePaths="/srv/50%% news"\n' in unit


def test_the_schedule_of_a_worker_is_the_archives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is printed, and takes no rhythm of its own."""
    (tmp_path / "newsarchive.toml").write_text("")
    assert run(["schedule", "--worker", "--archive", str(tmp_path)]) == 0
    assert f"worker --archive {tmp_path}" in capsys.readouterr().out
    assert run(["schedule", "--worker", "--every", "5m", "--archive", str(tmp_path)]) == 2
    assert run(["schedule", "--worker", "--cron", "--archive", str(tmp_path)]) == 2
