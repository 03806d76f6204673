"""Typed questions and voting together, as a runtime joins them: replies in, a value of the user's type out."""

import datetime
from decimal import Decimal
from typing import Annotated

from surefoot.decompose.step import Flag
from surefoot.decompose.typed.annotations import Near
from surefoot.decompose.typed.output_type import OutputType
from surefoot.decompose.typed.question import TypedQuestion
from surefoot.decompose.typed.template import Template
from surefoot.voting.ballot import Ballot
from surefoot.voting.decision import decide
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Won
from surefoot.voting.record_race import FieldWise
from surefoot.voting.representatives import FieldRepresentatives, Representatives, gathered
from tests.decompose.typed.user_types import Invoice, Measured

TEMPLATE = Template("Read {text}")


def ballots(question: TypedQuestion, replies: list[str]) -> list[Ballot]:
    said = [question.parse(reply) for reply in replies]
    return [Ballot(i, None, one.name) if isinstance(one, Flag) else Ballot(i, one) for i, one in enumerate(said)]


REPLIES = [
    '{"vendor": "ACME", "day": "2024-02-03", "total": "$5", "paid": true}',
    '{"vendor": "acme", "day": "2024-02-30", "total": 5.0, "paid": "yes"}',
    '{"paid": true, "vendor": "Acme ", "day": "2024-02-03", "total": 6}',
    "I cannot read it.",
    '{"vendor": "Apex", "day": "2024-02-03", "total": 5, "paid": false}',
    '{"vendor": "acme", "day": "2024-02-04", "total": 5, "paid": true}',
    '{"vendor": "acme", "day": "2024-02-03", "total": 5, "paid": true}',
]


def test_field_by_field_a_record_is_decided_that_whole_answers_do_not_decide() -> None:
    apart = TypedQuestion(TEMPLATE, OutputType(Invoice), field_wise=True)
    verdict = decide(FieldWise((FirstToAheadBy(2),) * 4), 7, ballots(apart, REPLIES))
    assert isinstance(verdict, Won)
    assert apart.decode(verdict.candidate) == Invoice("acme", datetime.date(2024, 2, 3), Decimal("5.00"), True)
    together = TypedQuestion(TEMPLATE, OutputType(Invoice))
    assert not isinstance(decide(FirstToAheadBy(3), 7, ballots(together, REPLIES)), Won)


def test_near_answers_are_counted_for_the_first_of_them() -> None:
    question = TypedQuestion(TEMPLATE, OutputType(Annotated[float, Near(absolute=0.01)]))
    said = ballots(question, ["Answer: 2.004", "Answer: 2.00", "Answer: 9", "Answer: 2.01"])
    verdict = decide(FirstToAheadBy(2), 4, gathered(said, Representatives(question.same)))
    assert verdict == Won("2.004", 2, 2)
    assert not isinstance(decide(FirstToAheadBy(2), 4, said), Won)


def test_near_fields_are_counted_for_the_first_of_them() -> None:
    question = TypedQuestion(TEMPLATE, OutputType(Measured), field_wise=True)
    rule = FieldWise((FirstToAheadBy(2),) * 3, stated_whole=True)
    said = ballots(question, [f'{{"name": "A", "weight": {w}, "unit": "KG"}}' for w in (1.0, 1.004, 7, 1.0)])
    found = decide(rule, 4, gathered(said, FieldRepresentatives(question.same_field, 3)))
    assert isinstance(found, Won)
    assert question.decode(found.candidate) == Measured("a", 1.0, "kg")
    assert found.ballots == 2
