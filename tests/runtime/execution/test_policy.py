"""How steps and segments are run is said once, by a run's configuration."""

import msgspec
import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.execution.policy import RevisionPolicy, SegmentPolicy, policy_of, segment_policy_of
from surefoot.voting.red_flags import parse_switch


def test_a_segments_policy_is_the_configurations() -> None:
    config = RunConfig(
        task="hanoi", seams=False, seam_retries=7, re_decompositions=2, revise="end-of-pass", max_revisions=5
    )
    assert segment_policy_of(config) == SegmentPolicy(
        seams=False, seam_retries=7, re_decompositions=2, revisions=RevisionPolicy("end-of-pass", 5), unsafe_local=False
    )
    assert segment_policy_of(config, retries_chains=False).seam_retries == 0


def test_a_segments_policy_has_no_defaults_of_its_own() -> None:
    with pytest.raises(TypeError):
        SegmentPolicy()  # type: ignore[call-arg]
    assert all(field.required for field in msgspec.structs.fields(SegmentPolicy))


def test_a_steps_policy_is_the_configurations() -> None:
    config = RunConfig(task="hanoi", red_flags="overlong", rule="first-to", max_ballots=9, seed=3, ladder=False)
    found = policy_of(config)
    assert (found.flags, found.rule, found.max_ballots, found.seed, found.ladder) == (
        parse_switch("overlong"), "first-to", 9, 3, False,
    )  # fmt: skip
