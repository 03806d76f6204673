"""Several models in one name: which commas split, and which belong to one model."""

import pytest

from surefoot.runtime.model_names import members_of


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("bundled", ["bundled"]),
        ("smollm2, bundled", ["smollm2", "bundled"]),
        ("simulated:p_error=0.1,p_hard=0.05", ["simulated:p_error=0.1,p_hard=0.05"]),
        ("gguf:/m/a,b.gguf", ["gguf:/m/a,b.gguf"]),
        ("gguf:/m/one, two, three.GGUF,smollm2", ["gguf:/m/one, two, three.GGUF", "smollm2"]),
        ("gguf:a.gguf,gguf:b.gguf", ["gguf:a.gguf", "gguf:b.gguf"]),
        ("gguf:a,gguf:b.gguf", ["gguf:a", "gguf:b.gguf"]),
        ("gguf:weights,smollm2", ["gguf:weights", "smollm2"]),
        ("smollm2,b.gguf", ["smollm2", "b.gguf"]),
        (",", [","]),
    ],
)
def test_commas_of_a_path_and_of_parameters_do_not_split(name: str, members: list[str]) -> None:
    assert members_of(name) == members
