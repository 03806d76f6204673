"""Rankings of passages, with a model whose scores are known: each ranks rightly what it can see, and nothing else."""

import re

import pytest

from surefoot.decompose.tasks.problems.ledger import KINDS
from surefoot.runtime.models.capabilities import WORST, Capability
from surefoot.runtime.models.port import Likelihood, Model, Reply, Request
from surefoot.scripts.benchmarks import relevance
from surefoot.scripts.benchmarks.relevance import RANKINGS, Asked, drawn, measured, top

KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}


class Knowing(Model):
    """Knows which passage answers a question; a blind one finds all texts alike, and says yes to each."""

    name = "knowing"

    def __init__(self, blind: bool = False) -> None:
        self.blind = blind

    def fits(self, text: str, question: str) -> bool:
        user, word = re.findall(r"User (\d+) bought one thing: (\w+)", text)[0]
        return not self.blind and (user in question or KIND_OF[word] in question)

    async def ask(self, request: Request) -> list[Reply]:
        text = request.prompt.user
        if text.endswith("Answer:"):
            return [Reply("it does" if self.fits(text, text.partition("\n")[2]) else "it does not")]
        yes = self.blind or self.fits(text, text.partition("question: ")[2])
        return [Reply(" Yes." if yes else "No")]

    async def score(self, request: Request, text: str) -> Likelihood:
        before = request.prompt.user
        both = "User" in before and "Question:" in before
        fits = both and self.fits(before, (before + text).partition("\n")[2])
        return Likelihood(-1.0 if fits else -4.0, 2)

    def how(self, capability: Capability) -> str:
        return "completion" if capability is Capability.RAW else WORST[capability]


@pytest.mark.parametrize("about", ["user", "kind"])
def test_one_passage_answers_a_question(about: str) -> None:
    for number in range(20):
        asked = drawn(about, 30, number)
        assert asked == drawn(about, 30, number)
        fits = [Knowing().fits(passage, asked.question) for passage in asked.passages]
        assert [at for at, one in enumerate(fits) if one] == [asked.right]
        shared = {word for word in asked.passages[asked.right].split() if word in asked.question.split()}
        assert not shared & set(KIND_OF), "the thing that was bought stands in no question"
    assert drawn(about, 30, 1) != drawn(about, 30, 2)


def test_passages_with_equal_scores_are_in_random_order() -> None:
    assert top([3.0, 2.0, 1.0], 0, 1) == 1.0
    assert top([3.0, 2.0, 1.0], 1, 1) == 0.0
    assert top([1.0] * 4, 2, 1) == 0.25
    assert top([1.0] * 4, 2, 5) == 1.0
    assert top([2.0, 1.0, 1.0, 1.0], 2, 2) == pytest.approx(1 / 3)


@pytest.mark.parametrize("ranking", ["likelihood", "yes-or-no", "delta"])
@pytest.mark.parametrize("about", ["user", "kind"])
async def test_a_model_that_knows_is_followed_and_a_blind_one_guesses(about: str, ranking: str) -> None:
    assert await measured(Knowing(), about, ranking, 20, 4) == (1.0, 1.0)
    first, among = await measured(Knowing(blind=True), about, ranking, 20, 4)
    assert (first, among) == (pytest.approx(1 / 20), pytest.approx(5 / 20))


async def test_words_find_a_number_and_no_kind() -> None:
    assert await measured(Knowing(), "user", "words", 20, 4) == (1.0, 1.0)
    assert (await measured(Knowing(), "kind", "words", 20, 8))[0] <= 0.25, "no better than the order of the files"


async def test_yes_or_no_has_two_values_only() -> None:
    asked = Asked("What did user 1234 buy?", ("User 1234 bought one thing: fig.", "User 99 bought one thing: ash."), 0)
    assert await RANKINGS["yes-or-no"](Knowing(), asked) == [1.0, 0.0]


def test_the_table_has_a_row_for_each_question_and_ranking(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(relevance, "open_model", lambda config: Knowing())
    relevance.main(["--passages", "5", "--questions", "2"])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert rows[0].startswith("| question | ranked by |")
    assert len(rows) == 1 + 2 * len(RANKINGS)
    assert rows[1] == "| user | likelihood | 5 | 2 | 1.00 | 1.00 |"
