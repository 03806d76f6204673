"""``surefoot map`` as a user runs it, against a server of its own."""
