"""Property tests draw the same examples on every machine and in every run; the long sets run with ``--long``.

With ``-n 2 --dist loadgroup`` two processes share the tests, a file at a time; those that start a Ray are one lot.
"""

import pytest
from hypothesis import settings

settings.register_profile("deterministic", derandomize=True, deadline=None, database=None, max_examples=150)
settings.load_profile("deterministic")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long sets as well")


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # lots are handed out in the order below, not those of most tests first


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_late)
    for item in items:
        # One Ray at a time: each has both cores, and says how many workers fit.
        item.add_marker(pytest.mark.xdist_group("ray" if _on_ray(item) else str(item.path)))
        if "long" in item.keywords and not config.getoption("--long"):
            item.add_marker(pytest.mark.skip(reason="the long sets run with --long"))


def _on_ray(item: pytest.Item) -> bool:
    return item.get_closest_marker("ray") is not None


def _late(item: pytest.Item) -> int:
    """The longest first, so that both processes end at about the same time."""
    return 0 if _on_ray(item) else 1 if "chaos" in item.path.parts else 2
