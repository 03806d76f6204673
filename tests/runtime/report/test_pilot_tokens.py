"""Tokens of the pilot are left out of what a run measured, whatever the pilot asked for."""

import pathlib

import pytest

from surefoot.runtime import api
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.report.facts import facts_of


@pytest.mark.parametrize("steps", [1, "auto"])
def test_what_the_pilot_took_is_what_its_journal_says(steps: int | str, tmp_path: pathlib.Path) -> None:
    """With long replies, kinds count answers by step: tokens worked out from them were more than the whole run's."""
    run = api.run(
        "hanoi", "simulated:p_error=0.03", run_dir=tmp_path / "r", disks=8, steps_per_call=steps, address="none"
    )
    journal = open_journal(run.run_dir, write=False)
    try:
        said = journal.meta("pilot_tokens")
    finally:
        journal.close()
    facts = facts_of(run.run_dir)
    assert [facts.predicted["pilot_tokens_in"], facts.predicted["pilot_tokens_out"]] == said
    assert 0 < said[0] < facts.counts.tokens_in
    assert 0 < said[1] < facts.counts.tokens_out
