"""Lessons made of exported conversations, and exams from other runs: what is learned, what is asked, what is right."""

import json
import pathlib
import random
from typing import Any

import pytest

from surefoot.scripts.benchmarks.run_lessons import (
    LONGEST,
    decided,
    exam_lesson,
    exams_of,
    lessons_of,
    prompts_in,
    read_talks,
    right_reply,
    shuffled,
    singles,
    tokens_of,
    unrefuted,
)

FIRST, SECOND, THIRD = "move-only cw - aaa", "move-only cw 1ab baa", "move-only cw 2ac bca"
WRONG = "[discarded as illegal: disk 2 is not the top of peg a]"


def talk(*told: tuple[str, str, bool]) -> list[dict[str, Any]]:
    """A conversation: what is asked, what is said, and whether it is learned."""
    return [
        message
        for asked, said, train in told
        for message in (
            {"role": "user", "content": asked, "train": False},
            {"role": "assistant", "content": said, "train": train},
        )
    ]


DISCARDED = talk((FIRST, "1ab", True), (SECOND, "2ab", False), (WRONG, "2ac", True))


def test_a_move_is_one_token_and_each_peg_of_a_state_is_one() -> None:
    assert tokens_of("move-only cw 3ca aab ba") == ["move", "-", "only", "cw", "3ca", "a", "a", "b", "b", "a"]
    assert tokens_of("[run 1 did not]") == ["[", "run", "1", "did", "not", "]"]


def test_only_what_the_export_marks_is_learned() -> None:
    (lesson,) = lessons_of([DISCARDED])
    learned = [token for token, said in zip(lesson.tokens, lesson.said, strict=True) if said]
    assert learned == ["1ab", "<end>", "2ac", "<end>"]
    assert "2ab" in lesson.tokens


def test_a_conversation_in_which_nothing_is_learned_is_no_lesson() -> None:
    assert lessons_of([talk((FIRST, "1ab", False))]) == []


def test_a_long_conversation_is_cut_between_questions_and_no_reply_is_parted_from_its_question() -> None:
    long = [message for _ in range(20) for message in DISCARDED]
    lessons = lessons_of([long])
    assert len(lessons) > 1
    assert all(len(one.tokens) <= LONGEST for one in lessons)
    assert all(one.tokens[1] == "move" for one in lessons)
    assert sum(sum(one.said) for one in lessons) == 20 * 4


def test_the_placebo_has_the_same_replies_behind_the_same_questions_and_its_notes_elsewhere() -> None:
    told = talk(*((f"move-only cw - {'a' * n}", f"1a{n}", True) for n in range(1, 9)), (WRONG, "last", True))
    mixed = shuffled(told, random.Random(1))
    pairs = list(zip(mixed[::2], mixed[1::2], strict=True))
    asked = {said["content"]: user["content"].split("\n")[-1] for user, said in pairs}
    assert asked["1a3"] == "move-only cw - aaa"
    assert asked["last"] == f"move-only cw - {'a' * 8}"
    assert [said["content"] for _, said in pairs] != [one["content"] for one in told[1::2]]
    assert sum(WRONG in user["content"] for user, _ in pairs) == 1
    assert mixed == shuffled(told, random.Random(1))
    assert all(said["train"] for _, said in pairs)


def test_the_right_reply_is_the_answer_keys() -> None:
    assert right_reply(SECOND) == "2ac"
    assert right_reply("move cw 1ab baa") == "2ac bca"


def test_the_classes_of_exams() -> None:
    strayed = talk((FIRST, "1ac", False), ("move-only cw 1ac caa", "2ab", False))
    again = talk(("[run 1 did not return what was promised]\n[run 2]\n" + FIRST, "1ab", True))
    found = exams_of([DISCARDED, [*strayed, *again]], set(), 9)
    assert {name: [exam.prompt for exam in exams] for name, exams in found.items()} == {
        "clean": [FIRST, SECOND], "perturbed": ["move-only cw 1ac caa"], "dead end": [SECOND], "rolled back": [FIRST],
    }  # fmt: skip
    (dead,) = found["dead end"]
    assert [text for _, text in dead.context] == [FIRST, "1ab", SECOND, "2ab", WRONG]
    assert dead.right == "2ac"
    assert [text for _, text in found["perturbed"][0].context] == ["move-only cw 1ac caa"]


def test_after_a_run_is_begun_again_nothing_has_strayed() -> None:
    told = talk(
        (FIRST, "1ac", False), ("[run 1 did not return]\n[run 2]\n" + FIRST, "1ab", True), (SECOND, "2ac", True)
    )
    found = exams_of([told], set(), 9)
    assert [exam.prompt for exam in found["clean"]] == [FIRST, SECOND]
    assert "perturbed" not in found


def test_another_ballot_for_the_same_question_is_no_exam() -> None:
    found = exams_of([talk((FIRST, "1ab", False), ("[another ballot]", "1ab", True))], set(), 9)
    assert list(found) == ["clean"]


def test_what_lessons_ask_is_in_no_exam() -> None:
    known = prompts_in([DISCARDED])
    assert known == {FIRST, SECOND}
    assert exams_of([DISCARDED], known, 9) == {}
    assert [exam.prompt for exam in exams_of([DISCARDED], {FIRST}, 9)["clean"]] == [SECOND]


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_exams_than_asked_for_and_none_twice(most: int) -> None:
    found = exams_of([DISCARDED, DISCARDED], set(), most)
    assert len(found["clean"]) == most
    assert len(found["dead end"]) == 1


def test_an_exam_is_cut_like_a_lesson_and_asks_for_the_right_reply_alone() -> None:
    context = [("user", FIRST), ("assistant", "1ab")] * 30 + [("user", SECOND)]
    lesson = exam_lesson(context, "2ac")
    assert len(lesson.tokens) <= LONGEST
    assert lesson.tokens[-3:] == ("<assistant>", "2ac", "<end>")
    assert [token for token, said in zip(lesson.tokens, lesson.said, strict=True) if said] == ["2ac", "<end>"]


def test_conversations_are_read_from_an_exported_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "process.jsonl"
    path.write_text(json.dumps({"messages": DISCARDED, "provenance": {}}) + "\n")
    assert read_talks(path) == [DISCARDED]


def test_a_system_message_is_in_no_exchange() -> None:
    told = [{"role": "system", "content": "rules", "train": False}, *DISCARDED]
    assert lessons_of([told]) == lessons_of([DISCARDED])
    assert exams_of([told], set(), 9) == exams_of([DISCARDED], set(), 9)


def test_a_question_with_more_replies_than_a_lesson_holds_is_left_out() -> None:
    many = talk((FIRST, "2ab", False), *((WRONG, "2ab", False) for _ in range(20)), (WRONG, "1ab", True))
    assert lessons_of([many]) == []
    assert len(lessons_of([many, DISCARDED])) == 1


def test_what_was_outvoted_does_not_lead_astray() -> None:
    told = talk((FIRST, "1ac", False), ("[another ballot]", "1ab", False), ("[another ballot]", "1ab", True))
    told += talk(("[decided, with a lead of 2]\n" + SECOND, "2ac", True))
    found = exams_of([told], set(), 9)
    assert [exam.prompt for exam in found["clean"]] == [FIRST, SECOND]


def test_a_wrong_reply_that_is_discarded_does_not_lead_astray_but_one_gone_on_with_does() -> None:
    kept = talk((SECOND, "1bc", False), (THIRD, "1bc", False))
    found = exams_of([[*DISCARDED, *talk((THIRD, "1bc", True))], kept], set(), 9)
    assert [exam.prompt for exam in found["clean"]] == [FIRST, SECOND, THIRD]
    assert [exam.prompt for exam in found["perturbed"]] == [THIRD]


def test_all_notes_of_a_placebo_are_kept_whatever_the_seed() -> None:
    told = [*DISCARDED, *talk(("[run 1 did not return what was promised]\n[run 2]\n" + FIRST, "1ab", True))]
    for seed in range(10):
        lines = [line for one in shuffled(told, random.Random(seed)) for line in one["content"].split("\n")]
        assert sorted(line for line in lines if line[0] == "[") == [
            WRONG, "[run 1 did not return what was promised]", "[run 2]",
        ]  # fmt: skip


def test_the_exam_at_a_dead_end_shows_the_question_however_long_the_conversation_was() -> None:
    long = talk(*((FIRST, "1ab", True) for _ in range(40)), (SECOND, "2ab", False), (WRONG, "2ac", True))
    (dead,) = exams_of([long], set(), 9)["dead end"]
    lesson = exam_lesson(dead.context, dead.right)
    assert len(lesson.tokens) <= LONGEST
    text = " ".join(lesson.tokens)
    assert " ".join(tokens_of(SECOND)) in text
    assert text.endswith("] <assistant> 2ac <end>")


GIVEN_UP = talk(
    (FIRST, "1ac", False),  # refuted: the second run went on with another
    ("move-only cw 1ac caa", "2ab", False),  # decided, and nothing refutes it
    ("move-only cw 2ab cba", "9zz", False),
    (WRONG, "1cb", False),
    ("[run 1 did not return what was promised]\n[run 2]\n" + FIRST, "1ab", True),
    (SECOND, "2ac", True),
)


def test_what_was_decided_in_a_run_that_was_given_up_is_learned_unless_it_was_refuted_or_discarded() -> None:
    (found,) = unrefuted([GIVEN_UP])
    said = [one for one in found if one["role"] == "assistant"]
    assert [one["content"] for one in said if one["train"]] == ["2ab", "1cb", "1ab", "2ac"]
    assert [one["content"] for one in found] == [one["content"] for one in GIVEN_UP]
    assert not GIVEN_UP[3]["train"]


def test_another_ballot_and_an_undecided_question_decide_nothing() -> None:
    told = talk((FIRST, "1ab", False), ("[another ballot]", "1ac", False), ("[undecided]\n" + SECOND, "2ac", True))
    assert [ended for _, _, ended in decided(told)] == [False, False, True]


def test_single_questions_are_those_that_are_learned_each_once() -> None:
    found = singles([GIVEN_UP, GIVEN_UP, DISCARDED])
    assert [[one["content"] for one in told] for told in found] == [[FIRST, "1ab"], [SECOND, "2ac"]]
    assert all(told[1]["train"] for told in found)
