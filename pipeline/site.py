"""The static site: Evidence reads a published snapshot and renders reports/ into one folder."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import CampaignsError
from pipeline.settings import PROJECT

REPORTS = PROJECT / "reports"
NODE = 20
# Evidence renders an error as a box of this class, and ends with 0 for some of them.
ERROR_BOX = "bg-negative/10"


def build_site(
    snapshot: Path, out: Path, log: Callable[[str], None], reports: Path = REPORTS
) -> None:
    """Build the site that shows `snapshot` and put it at `out`, whole or not at all.

    What npm says goes to `site.log` in the folder `logs` beside `out`. Raises CampaignsError,
    naming the query or page at fault, where anything fails; the site that stood at `out` stays.
    """
    _check_node()
    journal = out.parent / "logs" / "site.log"
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.unlink(missing_ok=True)
    with (reports / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = reports / "node_modules" / ".package-lock.json"
        wanted = reports / "package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            log("installing the site's packages")
            _npm(reports, journal, "ci", "--ignore-scripts")
            installed.touch()
        # Both keep pages and data of earlier builds.
        shutil.rmtree(reports / ".evidence", ignore_errors=True)
        shutil.rmtree(reports / "build", ignore_errors=True)
        _place(snapshot, reports / "warehouse.duckdb")
        log("reading the snapshot into the site")
        _npm(reports, journal, "run", "sources")
        log("building the site")
        said = _npm(reports, journal, "run", "build")
        if "Error in Query!" in said:
            raise _failure(reports, journal, said)
        _check_pages(reports / "build")
        _swap(reports / "build", out)


def _check_node() -> None:
    advice = f"install Node {NODE} or newer, with npm (nodejs.org)"
    if not shutil.which("node") or not shutil.which("npm"):
        raise CampaignsError(f"the site needs Node, which is not installed: {advice}")
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)", done.stdout)
    if not found or int(found[1]) < NODE:
        raise CampaignsError(f"the site needs a newer Node than {done.stdout.strip()}: {advice}")


def _npm(reports: Path, journal: Path, *arguments: str) -> str:
    """Run npm in `reports`; returns what it said, which is added to the journal."""
    done = subprocess.run(
        ["npm", *arguments],
        cwd=reports,
        env=os.environ | {"TZ": "UTC", "DO_NOT_TRACK": "1", "NO_COLOR": "1", "FORCE_COLOR": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    with journal.open("a", encoding="utf-8") as file:
        file.write(f"$ npm {' '.join(arguments)}\n{done.stdout}\n")
    if done.returncode:
        raise _failure(reports, journal, done.stdout)
    return done.stdout


def _failure(reports: Path, journal: Path, said: str) -> CampaignsError:
    """Say in one line what npm said in hundreds."""
    where, why = "", ""
    if query := re.search(r"(\w+) \| Error in Query! (.+)", said):
        where = f"query {query[1]} of {_home(reports, query[1])}"
        why = query[2]
    elif source := re.search(r"^ +(\w+/\w+) failed to execute", said, re.MULTILINE):
        where = f"sources/{source[1]}.sql"
        why = "".join(re.findall(r"\[ ! \] (.+)", said)[:1])
    elif page := re.search(r"src/pages/(\S*?)/?\+page\.md \([\d:]+\): \S+ (.+)", said):
        where = f"page {page[1] or 'index'}"
        why = page[2]
    else:
        errors = re.findall(r"^.*(?:[Ee]rror\b|npm error).*$", said, re.MULTILINE)
        why = next((line for line in errors if "EBADENGINE" not in line), "it says no reason")
    return CampaignsError(
        f"the site was not built: {where or 'npm'}: {why.strip()} (all of it: {journal})"
    )


def _home(reports: Path, query: str) -> str:
    """Find the pages or partials that a query of this name stands in."""
    files = [*sorted((reports / "pages").rglob("*.md")), *sorted((reports / "partials").glob("*"))]
    mark = re.compile(rf"^```sql {query}$", re.MULTILINE)
    found = [str(f.relative_to(reports)) for f in files if mark.search(f.read_text("utf-8"))]
    return ", ".join(found) or "a page"


def _check_pages(site: Path) -> None:
    for page in sorted(site.rglob("*.html")):
        if ERROR_BOX in page.read_text(encoding="utf-8"):
            name = page.parent.relative_to(site)
            raise CampaignsError(f"the site was not built: page /{name} shows an error box")


def _place(snapshot: Path, target: Path) -> None:
    """Put the snapshot where connection.yaml looks: as a link, else as a copy."""
    target.unlink(missing_ok=True)
    try:
        os.link(snapshot, target)
    except OSError:
        shutil.copyfile(snapshot, target)


def _swap(built: Path, out: Path) -> None:
    """Bring the site beside `out`, possibly to another disk, and rename it into place."""
    draft, old = (out.with_name(f".{out.name}.{part}") for part in ("draft", "old"))
    shutil.rmtree(draft, ignore_errors=True)
    shutil.move(built, draft)
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    draft.rename(out)
    shutil.rmtree(old, ignore_errors=True)
