"""Nothing is called '1 questions'."""

import pytest

from surefoot.runtime.count_text import count_of


@pytest.mark.parametrize(
    ("count", "noun", "plural", "text"),
    [
        (1, "row", "", "1 row"),
        (0, "row", "", "0 rows"),
        (2000, "question", "", "2,000 questions"),
        (1, "seam retry", "seam retries", "1 seam retry"),
        (3, "seam retry", "seam retries", "3 seam retries"),
    ],
)
def test_a_name_stands_in_the_number_that_fits(count: int, noun: str, plural: str, text: str) -> None:
    assert count_of(count, noun, plural) == text
