"""Property tests draw the same examples on every machine and in every run, and write nothing to disk."""

from hypothesis import settings

settings.register_profile("deterministic", derandomize=True, deadline=None, database=None, max_examples=150)
settings.load_profile("deterministic")
