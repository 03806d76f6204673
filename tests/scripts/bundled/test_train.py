"""Training the bundled model: right lessons, an export that computes the same, and a recipe that repeats."""

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from surefoot.decompose.answer_keys import hanoi, multiply
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.runtime.models.bundled import WEIGHTS, BundledModel
from surefoot.scripts.bundled import exams, lines, questions
from surefoot.scripts.bundled.evaluate import FINITE

if TYPE_CHECKING:
    from surefoot.scripts.bundled.train import Rectangle


@pytest.mark.parametrize("kind", questions.SHARES)
def test_generated_replies_are_the_keys_answers(kind: str) -> None:
    rng, known = random.Random(kind), set(questions.vocabulary())
    key = multiply if kind in ("times", "plus", "halve") else hanoi
    for _ in range(1500):
        prompt, reply = questions.question(rng, kind)
        assert key.answers(Prompt(prompt)).right == (reply,), prompt
        assert known.issuperset(f"{prompt} {reply}".split(" "))


def test_exams_are_held_out_and_have_the_keys_answers() -> None:
    for where, row, draw in exams.classes():
        for prompt, reply in exams.exam(draw, 20, random.Random(row), where in FINITE):
            key = multiply if where == "digits" else hanoi
            assert questions.held_out(prompt) or questions.finite(prompt)
            assert key.answers(Prompt(prompt)).right == (reply,), prompt


def test_an_exam_has_nothing_that_was_taught_unless_it_says_so() -> None:
    pairs = exams.exam(lambda rng: exams.met_move(rng, 4), 50, random.Random(1))
    assert len(pairs) == 50
    assert all(questions.held_out(prompt) for prompt, _ in pairs)
    assert exams.exam(questions.times, 50, random.Random(1)) == []


def test_what_is_held_out_is_never_taught() -> None:
    lesson = questions.lesson(random.Random(1), 5000)
    assert not any(questions.held_out(prompt) for prompt, _ in lesson)
    drawn = [questions.question(random.Random(i), "move")[0] for i in range(2000)]
    assert 0.07 < sum(map(questions.held_out, drawn)) / 2000 < 0.13


def test_every_question_of_both_tasks_is_in_the_vocabulary() -> None:
    known = set(questions.vocabulary())
    assert len(known) == len(questions.vocabulary())
    for disks in range(1, 31):
        for state_by in ("model", "task"):
            task = Hanoi(disks=disks, state_by=state_by)
            for number in range(0, 64, 3):
                assert known.issuperset(task.prompt(task.sample_step(number), "compact").user.split(" "))
    for number in range(200):
        product = Multiply(digits=20)
        assert known.issuperset(product.prompt(product.sample_step(number), "compact").user.split(" "))


def test_lessons_reach_the_states_that_runs_reach() -> None:
    """Each disk moves, large ones too, and each tower height leads: uniform states would show these to nobody."""
    lesson = questions.lesson(random.Random(2), 20_000)
    moves = [(prompt, reply.split(" ")[0]) for prompt, reply in lesson if prompt.startswith("move ")]
    for disk in range(1, 21):
        assert sum(move[:-2] == str(disk) for _, move in moves) > 30, disk
    assert sum(" - " in prompt for prompt, _ in moves) > 200
    assert {prompt.count(" ") for prompt, _ in moves} == {3, 4, 5, 6, 7, 8}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model trained for a few steps."""
    pytest.importorskip("torch", reason="needs the extra train")
    from surefoot.scripts.bundled.train import main

    folder = tmp_path_factory.mktemp("trained") / "weights"
    main([*TINY, "--out", str(folder)])
    return folder


TINY = [
    *("--seed", "3", "--steps", "12", "--every", "6", "--batch", "48", "--layers", "2", "--width", "32"),
    *("--heads", "4", "--inner", "48", "--threads", "1", "--quantization", "float32"),
]


def test_the_same_seed_gives_the_same_weights(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from surefoot.scripts.bundled.train import main

    main([*TINY, "--out", str(tmp_path / "again")])
    assert (tiny / "model.bin").read_bytes() == (tmp_path / "again" / "model.bin").read_bytes()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["step", "6"], ["step", "12"]]
    assert "wrong: move" in lines[0]
    main([*TINY, "--seed", "4", "--out", str(tmp_path / "other")])
    assert (tiny / "model.bin").read_bytes() != (tmp_path / "other" / "model.bin").read_bytes()


def test_a_width_that_heads_cannot_share_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="needs the extra train")
    from surefoot.scripts.bundled.train import main

    with pytest.raises(SystemExit, match="2"):
        main(["--width", "32", "--heads", "3"])
    assert "--heads" in capsys.readouterr().err


def test_a_gpu_that_is_not_there_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra train")
    from surefoot.scripts.bundled.train import main

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="2"):
        main(["--device", "cuda"])
    assert "finds no GPU" in capsys.readouterr().err


def test_training_lowers_the_loss(capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra train")
    torch.set_num_threads(1)  # threads of so small a model mostly wait for each other
    from surefoot.scripts.bundled.courses import course_of
    from surefoot.scripts.bundled.decoder import Recipe
    from surefoot.scripts.bundled.train import Session, train

    train(Recipe(steps=40, batch=48, layers=1, width=32, heads=4, inner=48), course_of("runs"), Session(every=20))
    first, last = (float(line.split()[3]) for line in capsys.readouterr().out.splitlines())
    assert last < first < 6.41  # ln of 601 words


def test_what_is_exported_computes_what_was_trained(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra train")
    import ctranslate2
    import numpy as np

    from surefoot.scripts.bundled.decoder import Decoder, Recipe, export

    recipe, known = Recipe(layers=2, width=64, heads=4, inner=96), questions.vocabulary()
    torch.manual_seed(5)
    model = Decoder(recipe, len(known))
    with torch.no_grad():
        for weight in model.parameters():  # sharp attention and unequal norms, so that nothing cancels
            weight.mul_(1 + torch.rand_like(weight)).mul_(4 if weight.dim() == 3 else 1)
    export(model, recipe, known, tmp_path, None)
    line = ["<bos>", *["split", "7ab", "aaaaa", "aabcc", "cba"], "<sep>"]
    tokens = torch.tensor([[known.index(word) for word in line]])
    wanted = torch.arange(tokens.numel())
    generator = ctranslate2.Generator(str(tmp_path))
    exported = np.array(generator.forward_batch([line]))[0]
    trained = model(tokens, wanted).detach().numpy()
    assert np.abs(trained).max() > 1
    np.testing.assert_allclose(exported, trained, rtol=1e-3, atol=1e-3)


async def test_a_model_trained_for_seconds_runs_and_knows_nothing(tiny: Path) -> None:
    from surefoot.runtime.models.port import Request

    model = BundledModel(tiny)
    said = [
        (await model.ask(Request(Prompt(f"plus {x} {y} 0"), (0,), 0.0, 3, 1)))[0].text
        == f"{(x + y) // 10} {(x + y) % 10}"
        for x in range(10)
        for y in range(5)
    ]
    await model.close()
    assert sum(said) < 25


def test_the_package_has_the_vocabulary_that_is_trained() -> None:
    import json

    assert json.loads((WEIGHTS / "vocabulary.json").read_text()) == questions.vocabulary()


def test_questions_about_one_castle_do_not_hear_each_other() -> None:
    """They share its description in one line, and are told and taught as the model reads each when it is asked."""
    torch = pytest.importorskip("torch", reason="needs the extra train")
    from surefoot.scripts.bundled.decoder import Decoder, Recipe
    from surefoot.scripts.bundled.module_questions import lesson, vocabulary
    from surefoot.scripts.bundled.train import blocks, rectangle

    number = {word: i for i, word in enumerate(vocabulary())}
    pairs = [pair for pair in lesson(random.Random(5), 60) if "|" in pair[0]]
    torch.manual_seed(1)
    model = Decoder(Recipe(layers=2, width=32, heads=4, inner=48), len(number))
    with torch.no_grad():
        for weight in model.parameters():  # sharp attention, so that positions matter
            weight.mul_(20 if weight.dim() == 3 else 2)

    def loss(part: "Rectangle", told: bool = True) -> float:
        places = part.places if told else None
        scores = torch.log_softmax(model(part.tokens, part.wanted, places, part.heard), 1)
        return -scores.gather(1, part.words[:, None]).sum().item()

    shared, alone = ([rectangle(block) for block in blocks(pairs, number, 3, share)] for share in (True, False))
    assert any(part.heard is not None for part in shared)
    assert all(part.heard is None for part in alone)
    right = sum(loss(part, told=False) for part in alone)
    assert sum(map(loss, alone)) == pytest.approx(right, rel=1e-5)
    assert sum(map(loss, shared)) == pytest.approx(right, rel=1e-5)
    assert sum(loss(part, told=False) for part in shared) != pytest.approx(right, rel=1e-4)  # the placebo


def test_positions_do_not_tell_how_long_a_reply_is() -> None:
    number = {word: i for i, word in enumerate(["<bos>", "<sep>", "<eos>", "a", "b", "|", "c", "d", "e"])}
    for share in (True, False):
        found = lines.lines_of([("a | b", "c"), ("a | b", "d e")], number, share)
        places = [place for line in found for place, question in zip(line[2], line[1], strict=True) if question]
        assert places == [3, 4, 5, 6, 3, 4, 5, 6, 7]


def test_gaps_are_only_between_words_of_lines_that_are_not_long() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra train")
    from surefoot.scripts.bundled.module_questions import lesson, vocabulary
    from surefoot.scripts.bundled.train import GAPPED, alone, apart, blocks

    number = {word: i for i, word in enumerate(vocabulary())}
    torch.manual_seed(1)
    (block,) = (one for one in blocks(lesson(random.Random(5), 300), number, 1) if alone(one))
    told = apart(block, 0.15)
    moved = (told.places != block.places).any(1)
    long = block.said[:, GAPPED + 1 :].any(1)
    assert len(told.places) > 50
    assert not moved[long].any()
    assert 0.25 < moved[~long].mean() < 0.75  # every other line; 60 lines or so, and the seed is fixed
    assert (told.places >= block.places)[moved].all()
    assert (told.tokens == block.tokens).all()
    assert not (apart(block, 0.0).places != block.places).any()


def test_training_goes_on_from_exported_weights(tmp_path: Path) -> None:
    """They come back as exact as they are stored, in either form; a model of another size is refused."""
    torch = pytest.importorskip("torch", reason="needs the extra train")
    from surefoot.scripts.bundled.courses import course_of
    from surefoot.scripts.bundled.decoder import Decoder, Recipe, export, restore
    from surefoot.scripts.bundled.train import spelling

    course, recipe = course_of("planner"), Recipe(layers=2, width=32, heads=4, inner=48)
    words = course.vocabulary()

    def made(seed: int) -> Decoder:
        torch.manual_seed(seed)
        return Decoder(recipe, len(words), spelling(course))

    asked, wanted = torch.randint(len(words), (4, 20)), torch.arange(80)
    first = made(1)
    with torch.no_grad():
        right = first(asked, wanted)
        for quantization, most in ((None, 1e-5), ("int8", 0.03)):
            export(first, recipe, words, tmp_path, quantization)
            other = made(2)
            assert (other(asked, wanted) - right).norm() > 0.9 * right.norm()  # a placebo: weights of its own
            restore(other, tmp_path)
            assert (other(asked, wanted) - right).norm() < most * right.norm()
    with pytest.raises(ValueError, match="has the shape"):
        restore(Decoder(Recipe(layers=2, width=48, heads=4, inner=48), len(words), spelling(course)), tmp_path)
