"""Measures how long a report takes to write, how large it is, and how long a browser takes to open it.

    python -m surefoot.scripts.benchmarks.report RUN_DIR...

Needs chromium (Debian's package). The time is the browser's own, from the start of navigation to the load event, after
the page's script has run; a page without content stands beside it.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from surefoot.runtime.report.facts import facts_of
from surefoot.runtime.report.page import render

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --dump-dom"
)
PROBE = '<script>addEventListener("load",()=>document.title=`loaded in ${Math.round(performance.now())} ms`)</script>'
EMPTY = "<!doctype html><html><head><title>empty</title></head><body>empty</body></html>"


def main() -> None:
    """Print one line for each run's report, and one for a page without content."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run_dir", nargs="+", type=pathlib.Path)
    given = parser.parse_args()
    print(f"{'page':40} {'steps':>10} {'written in':>10} {'MB':>6}  browser")
    print(f"{'(an empty page)':40} {'':>10} {'':>10} {len(EMPTY) / 1e6:6.2f}  {opened(EMPTY)}", flush=True)
    for directory in given.run_dir:
        start = time.process_time()
        facts = facts_of(directory)
        page = render(facts)
        took = time.process_time() - start
        size = len(page.encode()) / 1e6
        print(
            f"{str(directory)[-40:]:40} {facts.standing.steps:10,} {took:8.1f} s {size:6.2f}  {opened(page)}",
            flush=True,
        )


def opened(page: str) -> str:
    """Time that a browser takes to load a page, by the page's own clock."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "page.html"
        path.write_text(page.replace("</body>", f"{PROBE}</body>"))
        found = re.search(r"<title>(.*?)</title>", dumped(path, pathlib.Path(folder) / "profile"))
    return found[1] if found else "no title"


def dumped(page: pathlib.Path, profile: pathlib.Path) -> str:
    """Return the HTML of a page after a browser ran its scripts.

    Raises:
        RuntimeError: There is no chromium.
    """
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise RuntimeError("there is no chromium on the path")
    command = [browser, *FLAGS.split(" "), f"--user-data-dir={profile}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


if __name__ == "__main__":
    main()
