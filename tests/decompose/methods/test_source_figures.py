"""Acceptance figures of the sources (systems reference, sections 4 to 9 and 11), each with the test that holds it here.

Most stand beside the method; this is the list, and the one that belongs to two of them. Section 12 has none. Those that
need trained networks are listed apart, and those that were missed say so in docs/methods.md.
"""

import importlib
import pathlib
import re

import pytest

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.generated import Generated
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from tests.decompose.methods.walking import Walk

METHODS = "tests.decompose.methods"
SEARCH, ADVISOR = "tests.scripts.benchmarks.test_sequential_or_parallel", "tests.scripts.benchmarks.test_advisor"
RUNS, KILLS = "tests.runtime.session.test_rewoo_runs", "tests.runtime.session.test_methods"
HELD = {
    "4 A1": (f"{METHODS}.test_two_stage", "test_both_roles_matter_each_by_itself"),
    "4 A2": (__name__, "test_one_split_costs_half_and_a_chain_of_steps_is_for_follow_ups"),
    "5 A1": (f"{METHODS}.test_token_law", "test_slopes_are_one_and_two_where_the_steps_outweigh_the_instructions"),
    "5 A2": (RUNS, "test_a_plan_takes_as_long_as_its_longest_path"),
    "5 A3": (f"{METHODS}.test_rewoo", "test_large_plans_are_what_a_reference_interpreter_says"),
    "5 A4": (RUNS, "test_a_failed_line_stops_what_reads_it_and_nothing_else"),
    "5 A5": (f"{METHODS}.test_rewoo", "test_a_wrong_plan_that_every_draw_of_a_prompt_gives_is_seen_in_other_words"),
    "5 A6": (f"{METHODS}.test_abstract_chain", "test_one_plan_serves_five_hundred_questions"),
    "5 A7": (KILLS, "test_killed_at_every_journal_event"),
    "6 A1": (f"{METHODS}.test_program", "test_a_step_sees_the_fields_that_it_declares"),
    "6 A2": (f"{METHODS}.test_program", "test_a_step_in_a_hundred_thousand_is_asked_like_the_tenth"),
    "6 A3": (f"{METHODS}.test_program", "test_hidden_errors_lead_to_no_others"),
    "6 A4": (f"{METHODS}.test_program", "test_errors_of_single_steps_tell_those_of_the_run"),
    "6 A5": ("tests.scripts.benchmarks.test_relevance", "test_a_model_that_knows_is_followed_and_a_blind_one_guesses"),
    "7 A1": (f"{METHODS}.test_atom", "test_every_contraction_has_the_same_answer_and_is_simpler"),
    "7 A2": (f"{METHODS}.test_atom", "test_nothing_of_an_earlier_stage_is_shown_later"),
    "7 A3": (f"{METHODS}.test_atom", "test_wrong_contractions_are_caught_by_the_judge"),
    "7 A4": (f"{METHODS}.test_atom", "test_contractions_beat_the_whole_question_and_the_judge_beats_none"),
    "7 A5": (f"{METHODS}.test_atom", "test_malformed_dependencies_are_a_red_flag"),
    "7 A6": (f"{METHODS}.test_atom", "test_a_contracted_question_is_cheaper_for_another_method"),
    "8 A1": (SEARCH, "test_short_runs_stay_at_a_guess"),
    "8 A2": (SEARCH, "test_one_run_with_all_its_steps_is_right"),
    "8 A3": (SEARCH, "test_the_votes_it_takes_grow_with_the_depth"),
    "8 A4": (SEARCH, "test_what_was_seen_is_what_it_takes"),
    "8 A5": (SEARCH, "test_steps_are_voted_on_and_whole_answers_are_guesses"),
    "8 A6": (ADVISOR, "test_the_advisor_names_what_is_cheapest"),
    "9 A1": (f"{METHODS}.test_recursive", "test_the_roots_prompt_does_not_grow_with_the_input"),
    "9 A2": (f"{METHODS}.test_recursive", "test_counts_and_pairs_are_exact"),
    "9 A3": (f"{METHODS}.test_recursive", "test_limits_hold_whatever_cells_do"),
    "9 A4": (f"{METHODS}.test_recursive", "test_one_failed_sub_question_leaves_the_rest_of_its_batch"),
    "9 A5": (KILLS, "test_killed_at_every_journal_event"),
    "9 A6": (f"{METHODS}.test_recursive", "test_two_levels_are_roots_below_a_root"),
    "11 A1": (f"{METHODS}.test_thread", "test_the_memory_is_what_the_rule_says"),
    "11 A2": (f"{METHODS}.test_thread", "test_live_tokens_are_bounded"),
    "11 A3": (f"{METHODS}.test_thread", "test_a_detail_that_is_missing_is_shown_again"),
    "11 A4": (f"{METHODS}.test_thread", "test_prompts_begin_as_the_one_before"),
    "11 A6": (f"{METHODS}.test_thread", "test_what_is_pruned_misleads_no_more"),
}
OF_NETWORKS = {"4 A3", "11 A5"}
"""What needs trained networks as a whole, and is not here."""
OF_EXPORTS = {"4 A4"}
"""Decompositions for training: ``tests/runtime/trace``."""
LAST = {4: 4, 5: 7, 6: 5, 7: 6, 8: 6, 9: 6, 11: 6}
"""Figures of each section."""
PAGE = pathlib.Path(__file__).parents[3] / "docs" / "methods.md"


def test_every_figure_of_the_sections_is_held_or_named() -> None:
    asked = {f"{section} A{number}" for section, last in LAST.items() for number in range(1, last + 1)}
    assert set(HELD) | OF_NETWORKS | OF_EXPORTS == asked
    assert not set(HELD) & (OF_NETWORKS | OF_EXPORTS)


@pytest.mark.parametrize("figure", HELD)
def test_a_figure_has_its_test(figure: str) -> None:
    module, name = HELD[figure]
    assert callable(getattr(importlib.import_module(module), name))


def test_every_figure_stands_in_the_table_of_the_page() -> None:
    """Each row begins with the figures that it is about, such as ``| 7 A1, A2 |`` or ``| 8 A1 to A5 |``."""
    shown: set[str] = set()
    for section, told in re.findall(r"^\| (\d+) (A[^|]+?) \|", PAGE.read_text(), re.M):
        numbers = [int(one) for one in re.findall(r"A(\d)", told)]
        numbers = list(range(numbers[0], numbers[-1] + 1)) if " to " in told else numbers
        shown |= {f"{section} A{number}" for number in numbers}
    assert set(HELD) | OF_EXPORTS <= shown


def right_and_words(method: str, family: str, length: int, p_error: float) -> tuple[int, int]:
    """Questions answered rightly of twenty, each prompt by the majority of five draws, and words of all prompts."""
    right = words = 0
    for number in range(1, 21):
        model = SimulatedModel(answers, parse_profile(f"p_error={p_error}"), name=f"{method} {number}")

        def reply(prompt: Prompt, model: SimulatedModel = model) -> str:
            said = [model.reply(Request(prompt, (draw,), 1.0, 4096, 0), draw).text for draw in range(5)]
            return max(said, key=said.count)

        task = Generated(family=family, length=length, number=number, method=method)
        walk = Walk(task, reply)
        right += walk.run() == answer_of(task.question())
        words += walk.words
    return right, words


def test_one_split_costs_half_and_a_chain_of_steps_is_for_follow_ups() -> None:
    """4 A2: as right on independent parts for half the words; where each step needs the one before, follow-ups win."""
    once, cheap = right_and_words("two-stage", "expressions", 8, 0.01)
    each, dear = right_and_words("self-ask", "expressions", 8, 0.01)
    assert abs(once - each) <= 1
    assert cheap <= dear / 2
    once, _ = right_and_words("two-stage", "chains", 30, 0.04)
    each, _ = right_and_words("self-ask", "chains", 30, 0.04)
    assert each >= 18 > 14 >= once
