"""Four typed fields from 500 invoices of plain text, once with a single answer a row and once with votes.

    python docs/examples/invoices.py [--rows 500] [--write invoices.jsonl]

It runs offline: ``Clerk`` stands in for a language model that reads the wrong line now and then. With a model of your
own, say ``model="openai/gpt-4.1-mini"`` and ``max_cost_usd=2`` instead of ``Clerk()``.
"""

import argparse
import datetime
import json
import pathlib
import random
import re
import tempfile
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

import surefoot

QUESTION = "Read this invoice.\n\n{text}"
SELLERS = ("Brandt & Sohn", "Aldercote Paper", "Nimbus Cloud Ltd", "Marlow Tools", "Okonjo Catering")
BUYERS = ("Harbour Books", "Petrel Labs", "Quince Hotel")
GOODS, SERVICES = ("toner", "desk lamps", "oak boards"), ("hosting", "window cleaning", "lunch buffet")


class Invoice(msgspec.Struct, frozen=True):
    """What is wanted of each invoice."""

    vendor: str
    day: datetime.date
    total: Annotated[Decimal, surefoot.Money()]
    kind: Literal["goods", "service"]


def invoice(number: int) -> tuple[str, Invoice]:
    """Return the text of an invoice and what it says; the same number gives the same invoice."""
    chance = random.Random(number)
    vendor, kind = chance.choice(SELLERS), chance.choice(("goods", "service"))
    day = datetime.date(2026, 1, 1) + datetime.timedelta(days=chance.randrange(330))
    item = chance.choice(GOODS if kind == "goods" else SERVICES)
    net = Decimal(chance.randrange(1_000, 900_000)) / 100
    tax = (net * Decimal("0.19")).quantize(Decimal("0.01"))
    text = f"""{vendor}
Invoice {number:05} to {chance.choice(BUYERS)}
Date {day:%d/%m/%Y}, due {day + datetime.timedelta(days=30):%d/%m/%Y}
{chance.randrange(1, 40)} x {item}
Net {net:,.2f}   Tax {tax:,.2f}
Please pay {net + tax:,.2f} EUR"""
    return text, Invoice(vendor, day, net + tax, kind)


class Clerk(surefoot.Model):
    """Reads invoices, and errs in about one reply of twelve; in one invoice of twenty, in one reply of three."""

    name = "clerk"

    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        """Answer as a function of the prompt and the number of each draw."""
        return [surefoot.Reply(self._reply(request.prompt.user, draw)) for draw in request.draws]

    def _reply(self, prompt: str, draw: int) -> str:
        vendor, buyer, day, due, item, net, total = _seen(prompt)
        said = {"vendor": vendor, "day": day, "total": total, "kind": "goods" if item in GOODS else "service"}
        often = 0.35 if random.Random(prompt).random() < 0.05 else 0.08
        chance = random.Random(f"{draw} {prompt}")
        if chance.random() < often:
            slips = ({"vendor": buyer}, {"day": due}, {"total": net}, {"day": "unclear"})
            said |= chance.choice(slips)
        return json.dumps(said)


def _seen(prompt: str) -> tuple[str, ...]:
    """Vendor, buyer, day, day due, item, net and total, as a reader finds them in a prompt."""
    text = re.search(
        r"\n\n(.+)\nInvoice \d+ to (.+)\nDate (.+), due (.+)\n\d+ x (.+)\nNet (.+?) .*\nPlease pay (.+) EUR", prompt
    )
    assert text is not None
    vendor, buyer, day, due, item, net, total = text.groups()
    return vendor, buyer, _iso(day), _iso(due), item, net, total


def _iso(day: str) -> str:
    return "-".join(reversed(day.split("/")))


def asked(rows: list[dict[str, str]], folder: str, **options: int | float) -> surefoot.Run:
    """Ask for the four fields of every row."""
    return surefoot.map(rows, QUESTION, Clerk(), output=Invoice, run_dir=folder, **options)


def main() -> None:
    """Print how many rows are wrong, and what they took, without votes and with them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500, help="how many invoices")
    parser.add_argument("--write", type=pathlib.Path, help="only write the invoices into this file, as JSON lines")
    options = parser.parse_args()
    made = [invoice(number) for number in range(options.rows)]
    rows = [{"text": text} for text, _ in made]
    if options.write is not None:
        options.write.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    print(f"{'':24}rows wrong   calls a row")
    settings: dict[str, dict[str, int]] = {
        "one answer a row": {"k": 1},
        "a lead of 2 votes": {"k": 2},
        "a lead of 3 votes": {"k": 3},
        "lead of 2, by field": {"k": 2, "field_wise": True},
        "lead of 3, by field": {"k": 3, "field_wise": True},
        "chosen for 99.9 % a row": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, setting) in enumerate(settings.items()):
            run = asked(rows, f"{folder}/{number}", **setting)
            wrong = sum(one != right for one, (_, right) in zip(run.output, made, strict=True))
            print(f"{name:24}{wrong:>4} of {len(rows)}   {run.counts.calls / len(rows):.2f}")


if __name__ == "__main__":
    main()
