"""Surefoot runs plans of very many language-model steps: decomposed, voted on, journalled, resumable."""
