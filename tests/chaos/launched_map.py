"""A map over numbers in a process of its own, with the simulated model of ``launched.py``; called again it goes on."""

import json
import sys

import surefoot
from tests.chaos.launched import patch_from_environment
from tests.data.own.row_tasks import Next


def main(run_dir: str, rows: int) -> None:
    found = surefoot.map(
        ({"number": number} for number in range(rows)),
        Next(),
        "simulated:p_error=0.05,latency_s=0.002",
        run_dir=run_dir,
        k=2,
        workers=1,
        address="none",
        flush_steps=8,
        chains_in_flight=8,
    )
    print(json.dumps({"status": found.status, "message": found.message}))


if __name__ == "__main__":
    patch_from_environment()
    main(sys.argv[1], int(sys.argv[2]))
