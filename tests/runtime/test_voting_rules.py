"""A voting rule from outside the package decides a plan, and everything that reads its run knows the rule."""

import json
import pathlib
import sys

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.payloads import unpack, winner
from surefoot.runtime.records import Contested
from surefoot.runtime.voting_rules import load_rule, rule_named, rule_of
from surefoot.scripts.commands.cli import main
from surefoot.voting.first_to import FirstTo
from surefoot.voting.race import Won, replay
from surefoot.voting.rules import RULES

SOURCE = '''
"""A user's voting rule: a quorum, and a lead of half of it. Nothing but what a rule has to give."""

from surefoot.voting.rule import LeadRule, Rule


class Quorum(LeadRule, frozen=True, tag="quorum"):
    """A candidate wins when k unspoiled ballots are in and it leads by at least half as many."""

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether the quorum is met and the lead is large enough."""
        return mine + sum(others) >= self.k and 2 * (mine - max(others, default=0)) >= self.k


class Unnamable(Quorum, frozen=True, tag="unnamable"):
    """Needs one ballot more than its number says."""

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        """Say whether one more than the quorum is met."""
        return mine > self.k


class Unfinished(Rule, frozen=True):
    """Gives nothing."""


class NoRule:
    """Is none."""
'''
OPTIONS = ["--disks", "6", "--model", "simulated:p_error=0.15", "--address", "none", "--json"]


@pytest.fixture
def users(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A folder with a user's module, which is the current one."""
    (tmp_path / "quorum_rules.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "quorum_rules", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    with pytest.raises(SystemExit) as left:
        main(list(words))
    return int(left.value.code or 0), json.loads(capsys.readouterr().out.splitlines()[-1])


def contested(directory: pathlib.Path) -> list[Contested]:
    journal = open_journal(directory, write=False)
    try:
        payloads = [payload for segment in journal.segments() for payload in journal.payloads(segment)]
    finally:
        journal.close()
    records = [record for payload in payloads for record in unpack(payload) if record.part in ("run", "split")]
    return [entry for record in records for entry in record.entries if isinstance(entry, Contested)]


def test_a_plan_is_decided_by_a_rule_from_outside(users: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without seams, red flags or another wording: only the rule stands between mistakes and the plan."""
    plain = ["--no-seams", "--no-ladder", "--red-flags", "none", "--k", "7"]
    rule = ["--rule", "quorum_rules:Quorum"]
    code, run = said(capsys, "run", "hanoi", *OPTIONS, *plain, *rule, "--run-dir", "mine")
    assert (code, run["status"]) == (0, "solved")
    assert said(capsys, "verify", "mine", "--json")[1]["valid"]
    races = contested(users / "mine")
    assert races
    for entry in races:
        verdict = replay(rule_of("quorum_rules:Quorum", entry.k), 100, entry.ballots)
        assert isinstance(verdict, Won)
        assert verdict.ballots == len(entry.ballots)
    # Placebo: read under another rule the same ballots decide sooner or not at all.
    assert any(replay(FirstTo(4), 100, entry.ballots) != replay(FirstTo(7), 100, entry.ballots) for entry in races)
    assert any(replay(FirstTo(7), 100, entry.ballots) is None for entry in races)
    with pytest.raises(SystemExit) as left:
        main(["report", "mine", "--output", "mine.html"])
    assert left.value.code == 0
    assert "if ballots were independent" in (users / "mine.html").read_text()


def test_looking_at_a_run_executes_nothing_of_its_rule(users: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The module is there and would fail if it were imported again."""
    rule = ["--rule", "quorum_rules:Quorum", "--no-seams", "--red-flags", "none", "--k", "7", "--no-ladder"]
    assert said(capsys, "run", "hanoi", *OPTIONS, *rule, "--run-dir", "mine")[0] == 0
    held = [(entry, winner(entry, "quorum_rules:Quorum")) for entry in contested(users / "mine")]
    (users / "quorum_rules.py").write_text("raise SystemExit('executed')")
    del sys.modules["quorum_rules"]
    for words in (["show", "mine"], ["report", "mine", "--output", "mine.html"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 0
    assert "whose code is not looked at here" in (users / "mine.html").read_text()
    assert held
    assert all(winner(entry, "quorum_rules:Quorum") == known for entry, known in held)


def test_leads_are_chosen_for_a_rule_from_outside(users: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = ["--rule", "quorum_rules:Quorum", "--no-seams", "--k", "auto"]
    code, run = said(capsys, "run", "hanoi", *OPTIONS, *rule, "--run-dir", "auto")
    assert (code, run["status"]) == (0, "solved")
    assert run["leads"]["unguarded"] > 4  # half of it is the lead; a plain lead of 4 would do
    plain = said(capsys, "run", "hanoi", *OPTIONS, "--no-seams", "--k", "auto", "--run-dir", "plain")[1]
    assert run["leads"]["unguarded"] > plain["leads"]["unguarded"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "plurality",
            "unknown rule 'plurality': use first-to-ahead-by, first-to, sequential, looks, or my_module:MyRule",
        ),
        ("quorum_rules:Missing", "quorum_rules has no voting rule Missing"),
        ("quorum_rules:NoRule", "quorum_rules has no voting rule NoRule"),
        ("quorum_rules:Unfinished", "Unfinished has no with_lead"),
        ("quorum_rules:Unnamable", "is satisfied by 2 agreeing ballots, not by 1"),
        ("no_such_rules:Quorum", "No module named 'no_such_rules'"),
        ("surefoot.voting.sequential:Sequential", "journals keep no learned rule"),
    ],
)
def test_what_is_no_rule_is_refused_in_one_line(users: pathlib.Path, name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match="--rule") as refused:
        load_rule(name, users)
    assert reason in refused.value.message
    assert "\n" not in refused.value.message


def test_the_command_line_refuses_a_lead_for_a_rule_that_finds_out_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for name, words in (("sequential", "use --k auto"), ("plurality", "unknown rule")):
        with pytest.raises(SystemExit) as left:
            main(["run", "hanoi", "--disks", "3", "--address", "none", "--k", "2", "--rule", name])
        assert left.value.code == 2
        assert words in capsys.readouterr().err


def test_every_rule_of_the_table_is_found_by_its_name() -> None:
    assert {name: rule_named(name) for name in RULES} == dict(RULES)
