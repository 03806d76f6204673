"""Counts what replies used, by kind of question and model; sums are made when a batch of records leaves."""

from surefoot.runtime.models.port import Reply
from surefoot.runtime.records import Counts, Usage


class UsageMeter(dict[tuple[str, str], Usage]):
    """What was used, by kind of question and name of the model."""

    def book(self, kind: str, model: str, reply: Reply) -> None:
        """Add what a reply used to the account of its kind of question and its model."""
        account = self.get((kind, model))
        if account is None:
            account = self[kind, model] = Usage()
        account.calls += 1
        account.failed_calls += reply.failed_calls
        account.tokens_in += reply.tokens_in
        account.tokens_cached += reply.tokens_cached
        account.tokens_out += reply.tokens_out
        account.tokens_reasoning += reply.tokens_reasoning
        account.hedged_calls += reply.hedged_calls
        if reply.cost_usd is None:
            account.unpriced_calls += 1
        else:
            account.cost_usd += reply.cost_usd

    def book_failures(self, kind: str, model: str, calls: int) -> None:
        """Add the failed calls of a question that brought no reply in the end."""
        if calls:
            account = self.setdefault((kind, model), Usage())
            account.failed_calls += calls

    def move_to(self, counts: Counts) -> None:
        """Move everything to counts: in all, by kind, by model. Nothing is left here."""
        for (kind, model), account in self.items():
            for name in account.__struct_fields__:
                setattr(counts, name, getattr(counts, name) + getattr(account, name))
            counts.by_kind.setdefault(kind, Usage()).add(account)
            counts.by_model.setdefault(model, Usage()).add(account)
        self.clear()
