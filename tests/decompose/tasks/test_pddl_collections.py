"""Many PDDL problems at once: files of a folder find their domains, published JSON is read, bad ones have their row."""

import json
import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys.strips_plans import Plans
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.referees import pddl as referee
from surefoot.decompose.step import Done
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.pddl_collections import Unread, collection_of
from surefoot.decompose.tasks.pddl_plan_files import plan_text
from surefoot.scripts.benchmarks import pddl_shapes

DATA = pathlib.Path(__file__).parents[2] / "data"
BLOCKS = """I am playing with a set of blocks where I need to arrange the blocks into stacks.

[STATEMENT]
As initial conditions I have that, the red block is clear, the hand is empty and the red block is on the table.
My goal is to have that the red block is clear.

My plan is as follows:

[PLAN]
[PLAN END]

[STATEMENT]
As initial conditions I have that, the red block is clear, the blue block is clear, the hand is empty, \
the red block is on top of the orange block, the blue block is on the table and the orange block is on the table.
My goal is to have that the orange block is on top of the blue block and the red block is on the table.

My plan is as follows:

[PLAN]"""
MYSTERY = """[STATEMENT]
As initial conditions I have that, object a craves object b, harmony, planet object b, province object a.
My goal is to have that object b craves object a."""
POST = """[STATEMENT]
As initial conditions I have that, location_0_0 is an airport, location_1_0 is an airport, airplane_0 is at \
location_1_0, package_0 is at location_0_1, truck_0 is at location_0_0, truck_1 is at location_1_0, location_0_0 is in \
the city city_0, location_0_1 is in the city city_0 and location_1_0 is in the city city_1.
My goal is to have that package_0 is at location_1_0."""


def instances(*queries: Any) -> str:
    listed = [{"instance_id": number, "query": query} for number, query in enumerate(queries, 2)]
    return json.dumps({"task": "task_1_plan_generation", "domain": "some", "instances": listed})


def solved(task: PddlPlanning, problem: Problem) -> bool:
    plans, state, plan = Plans(problem.world), problem.start, []  # type: ignore[arg-type]
    while (known := plans.next(state, problem.goal)).action is not None:
        plan.append(known.action)
        state = plans.after(state, known.action)
    return referee.judge(problem, tuple(plan)).reached_goal


def test_published_sentences_become_problems() -> None:
    task = PddlPlanning(problems=instances(BLOCKS, MYSTERY, POST))
    found = task.suite()
    assert [problem.name for problem in found] == ["instance-2", "instance-3", "instance-4"]
    assert found[0].goal == "(on orange blue) (ontable red)"  # the last statement's, not the example's
    assert "(on red orange)" in found[0].start
    assert found[1].start == "(craves a b) (harmony) (planet b) (province a)"
    assert all(isinstance(problem, Problem) and solved(task, problem) for problem in found)
    assert PddlPlanning(problems=instances(BLOCKS, MYSTERY), instance=2).problem_of_run() == found[1]


def test_published_pddl_is_taken_as_it_is_quoted() -> None:
    domain, problem = pddl_shapes.SHAPES["logistics"](1)
    query = f"The first part is the domain.\n[DOMAIN]\n{domain}\n\n[QUERY PROBLEM]\n{problem})\n\n[PLAN]"
    task = PddlPlanning(problems=instances(query))
    (found,) = task.suite()
    assert isinstance(found, Problem)
    alone = PddlPlanning(domain=domain, problem=problem).problem_of_run()
    assert (found.world, found.start, found.goal) == (alone.world, alone.start, alone.goal)


def test_one_bad_problem_is_one_row() -> None:
    domain, problem = pddl_shapes.SHAPES["ferry"](1)
    bad = problem.replace("(:goal", "(:gaol")
    files = {"domain.pddl": domain, "p1.pddl": problem, "p2.pddl": bad, "p3.pddl": problem, "p4.pddl": "(define"}
    task = PddlPlanning(problems=collection_of(files))
    found = task.suite()
    assert [isinstance(one, Problem) for one in found] == [True, False, True, False]
    assert isinstance(found[1], Unread)
    assert "(:gaol ...) is not known" in found[1].why
    ended = task.next_step(found[1], task.begin(found[1], ("",)))
    assert isinstance(ended, Done)
    assert found[1].why in ended.failure
    assert ended.output["plan"] == []
    assert not referee.judge(found[1], ()).reached_goal
    assert referee.legal_actions(found[1], "") == []
    assert task.usual_steps(found[1], ("",)) == 1
    with pytest.raises(ValueError, match=r"p2.pddl: problem, line"):
        PddlPlanning(problems=collection_of(files), instance=2).problem_of_run()


def test_files_of_a_folder_find_their_domains() -> None:
    shapes = {name: pddl_shapes.SHAPES[name](1) for name in ("ferry", "gripper", "miconic")}
    files = {
        f"{name}-{kind}.pddl": text for name, pair in shapes.items() for kind, text in zip("dp", pair, strict=True)
    }
    renamed = {f"a/domain{number}": domain for number, (domain, _) in enumerate(shapes.values())}
    renamed |= {f"b/p{number}": problem for number, (_, problem) in enumerate(shapes.values())}
    for named in (files, renamed):
        found = PddlPlanning(problems=collection_of(named)).suite()
        assert [type(problem) for problem in found] == [Problem] * 3
    same = {"x.domain": shapes["ferry"][0], "y.domain": shapes["ferry"][0].replace("(empty)", "(free)")}
    problems = {"x.problem": shapes["ferry"][1], "y.problem": shapes["ferry"][1].replace("(empty)", "(free)")}
    assert [type(one) for one in PddlPlanning(problems=collection_of(same | problems)).suite()] == [Problem] * 2


@pytest.mark.parametrize(
    ("domains", "problem"),
    [
        (("domain_p01.pddl", "domain_p02.pddl"), "p02.pddl"),
        (("domain01.pddl", "domain2.pddl"), "problem02.pddl"),
        (("p01-domain.pddl", "p02-domain.pddl"), "p02.pddl"),
        (("a/domain.pddl", "b/domain.pddl"), "b/p01.pddl"),
        (("a/domain-b.pddl", "b/domain-a.pddl"), "b/a.pddl"),
        (("x.domain.pddl", "y.domain.pddl"), "y.problem.pddl"),
    ],
)
def test_of_domains_of_one_name_the_one_beside_the_problem_is_taken(domains: tuple[str, str], problem: str) -> None:
    """The second domain has another predicate, which the problem needs."""
    domain, text = pddl_shapes.SHAPES["ferry"](1)
    wanted = domain.replace("(empty)", "(free)")
    files = {domains[0]: domain, domains[1]: wanted, problem: text.replace("(empty)", "(free)")}
    (found,) = PddlPlanning(problems=collection_of(files)).suite()
    assert isinstance(found, Problem)


def test_a_problem_whose_domain_cannot_be_told_has_a_row_that_says_so() -> None:
    domain, text = pddl_shapes.SHAPES["ferry"](1)
    files = {"left.pddl": domain, "right.pddl": domain.replace("(empty)", "(free)"), "p.pddl": text}
    entries = collection_of(
        {**files, "other-domain.pddl": pddl_shapes.GRIPPER, "q.pddl": pddl_shapes.SHAPES["gripper"](1)[1]}
    )
    unread, read = PddlPlanning(problems=entries).suite()
    assert isinstance(unread, Unread)
    assert "is in left.pddl and in right.pddl" in unread.why
    assert isinstance(read, Problem)
    assert isinstance(PddlPlanning(problems=entries, domain=domain).suite()[0], Problem)
    alike = collection_of({**files, "right.pddl": domain})  # two copies of one domain are one
    assert isinstance(PddlPlanning(problems=alike).suite()[0], Problem)


def test_a_domain_that_is_given_is_that_of_all_problems() -> None:
    domain, problem = pddl_shapes.SHAPES["ferry"](1)
    lone = collection_of({"p1": problem})
    (with_one,) = PddlPlanning(problems=lone, domain=domain).suite()
    assert isinstance(with_one, Problem)
    with pytest.raises(ValueError, match="none can be read; p1: there is no domain for it"):
        PddlPlanning(problems=lone)


def test_costs_belong_to_each_problem() -> None:
    pair = [(DATA / "pddl" / f"ferry-{kind}.pddl").read_text() for kind in ("domain", "problem")]
    dear = pair[1].replace("(= (miles x y) 4)", "(= (miles x y) 40)")
    task = PddlPlanning(problems=collection_of({"d": pair[0], "p1": pair[1], "p2": dear}))
    costs = [task.costs(problem) for problem in task.suite()]  # type: ignore[arg-type]
    assert [one.of_plan(["(sail x y)"]) for one in costs if one is not None] == [4, 40]
    assert plan_text(task, {"plan": ["(sail x y)"]}) == "(sail x y)\n; cost = 4 (general cost)\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "problems: neither PDDL files nor JSON"),
        ("{}", "no list of instances"),
        ('{"instances": 3}', "no list of instances"),
        ('{"pairs": [{"problem": 3}]}', "problems: "),
        ('{"pairs": []}', "problems: there is none"),
        ("[" * 100_000, "problems: neither"),
    ],
)
def test_what_is_no_collection_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        PddlPlanning(problems=text)
    assert "\n" not in str(error.value)


def test_odd_instances_are_rows_of_their_own() -> None:
    queries = [
        None,
        3,
        "",
        "[STATEMENT]\nAs initial conditions I have that, it rains.\nMy goal is to have that it shines.",
    ]
    found = PddlPlanning(problems=instances(MYSTERY, *queries, {"x": 1})).suite()
    assert [isinstance(one, Unread) for one in found] == [False, True, True, True, True, True]
    assert len({one.name for one in found}) == 6
    with pytest.raises(ValueError, match="none can be read; instance-2: the instance has no query"):
        PddlPlanning(problems=instances(*queries))
    with pytest.raises(ValueError, match="no PDDL problem"):
        collection_of({"readme.txt": "hello"})


def test_plans_are_written_for_validators_and_nothing_else_is() -> None:
    domain, problem = pddl_shapes.SHAPES["gripper"](1)
    task = PddlPlanning(domain=domain, problem=problem)
    assert plan_text(task, {"plan": ["(move r0 r1)"], "ended": "accepted"}) == "(move r0 r1)\n; cost = 1 (unit cost)\n"
    assert plan_text(task, {"plan": []}) == "; cost = 0 (unit cost)\n"
    for output in (
        None,
        {},
        {"plan": "(move r0 r1)"},
        {"plan": [3]},
        {"plan": ["(fly r0 r1)"]},
        {"plan": ["(move r0 r1)\n"]},
    ):
        with pytest.raises(ValueError, match="plan"):
            plan_text(task, output)
