"""Law 8 over weeks: sites that answer with anything but their pages for hours or days lose no article and no edit."""

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.outage import compare_months
from benchmarks.simulation.outages import KINDS, make_papers


@pytest.mark.slow
def test_outages_lose_no_article_and_no_edit(tmp_path: Path) -> None:
    """Neither does anything that is no article become one; `python -m benchmarks.outage` tries more sites."""
    papers = make_papers(sites=4, days=22, seed=6)
    assert len({outage.kind for paper in papers for outage in paper.outages}) > len(KINDS) / 2
    compared = compare_months(papers, days=22, every=timedelta(hours=9), folder=tmp_path)
    assert len(compared.wanted_articles) > 200
    assert len(compared.wanted_edits) > 40
    assert compared.faults == []
