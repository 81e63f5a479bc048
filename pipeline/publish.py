"""Publish: write a versioned read-only snapshot of the marts, then swap one small pointer.

Readers follow `CURRENT.json`; a file that it ever named is never written again, so a reader that
has an older snapshot open finishes undisturbed. Other targets are copies of that snapshot.
"""

import json
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from api.catalogue import read_catalogue
from pipeline.build import last_build
from pipeline.console import say, task
from pipeline.errors import CampaignsError
from pipeline.settings import Folder, setting_list
from pipeline.targets import FILE, copies
from pipeline.targets.durable import read_json, swap, swap_json
from pipeline.targets.snapshot import KEEP, Snapshot, copy_marts

WHY_NOT = {"error": "failed", "killed": "was killed before it ended"}


def publish(
    folder: Folder, fingerprint: str | None = None, to: Iterable[str] = ()
) -> dict[str, Any]:
    """Publish what the last build made; refuses a build that failed, was killed or was partial.

    `fingerprint` says what it was built from (see pipeline.fingerprint); `to` names targets, none
    for those of the setting `publish.to`. Returns the pointer: version, database (file name),
    semantic_manifest (file name), published_at, build, fingerprint, tables (rows by table). A copy
    that fails raises after all others are written; its target keeps what it had.
    """
    wanted = list(to) or setting_list("publish.to") or [FILE]
    names = [name.strip() for names in wanted for name in names.split(",")]
    targets = copies(names, folder)
    if not folder.warehouse.exists():
        raise CampaignsError("nothing to publish: run `campaigns collect` and `campaigns build`")
    folder.published.mkdir(exist_ok=True)
    for left in folder.published.glob("*.draft*"):
        left.unlink()
    build = _checked_build(folder)
    pointer = current(folder)
    if FILE in names or pointer is None or pointer["build"] != build["invocation_id"]:
        pointer = _publish_file(folder, build, fingerprint)
    problems = []
    for name, target in targets.items():
        with task(f"copying the snapshot to {name}"):
            try:
                where = target.write(Snapshot(folder.published / pointer["database"], pointer))
            except CampaignsError as error:
                problems.append(str(error))
                continue
        _note_copy(folder, name, pointer["version"], where)
        say(f"  {name}: {where}")
    if problems:
        raise CampaignsError("; ".join(problems))
    return pointer


def current(folder: Folder) -> dict[str, Any] | None:
    """Read the pointer to the live snapshot, None before the first publish."""
    return read_json(folder.published / "CURRENT.json")


def copied(folder: Folder) -> dict[str, dict[str, str]]:
    """Read which snapshot each target was given last: its version and where it is."""
    return read_json(folder.published / "COPIES.json") or {}


def snapshot_path(folder: Folder) -> Path:
    """Find the live snapshot; raises CampaignsError where nothing was published yet."""
    pointer = current(folder)
    if pointer is None:
        raise CampaignsError("nothing is published yet: run `campaigns publish`")
    return folder.published / pointer["database"]


@contextmanager
def reading(folder: Folder) -> Generator[duckdb.DuckDBPyConnection]:
    """Open the live snapshot for reading; it stays the same one until it is closed.

    A reader that was held up between pointer and file while KEEP newer snapshots came finds its
    file gone, and follows the pointer again.
    """
    while True:
        path = snapshot_path(folder)
        try:
            database = duckdb.connect(str(path), read_only=True)
        except duckdb.IOException:
            if snapshot_path(folder) == path:
                raise
            continue
        with database:
            yield database
        return


def _publish_file(folder: Folder, build: dict[str, Any], fingerprint: str | None) -> dict[str, Any]:
    version = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = folder.published / f"warehouse-{version}.duckdb"
    draft = target.with_suffix(".draft")
    with task("publishing a snapshot"):
        try:
            draft.unlink(missing_ok=True)
            definitions = _definitions(folder, build)
            with duckdb.connect(str(draft)) as database:
                tables = copy_marts(folder.warehouse, database)
                database.execute("checkpoint")
            swap(draft, target)
        finally:
            draft.unlink(missing_ok=True)
        semantics = folder.published / f"semantic-{version}.json"
        swap_json(semantics, definitions)
        pointer = {
            "version": version,
            "database": target.name,
            "semantic_manifest": semantics.name,
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "build": build["invocation_id"],
            "fingerprint": fingerprint,
            "tables": tables,
        }
        swap_json(folder.published / "CURRENT.json", pointer)
        for files in ("warehouse-*.duckdb", "semantic-*.json"):
            for old in sorted(folder.published.glob(files))[:-KEEP]:
                old.unlink()
    return pointer


def _definitions(folder: Folder, build: dict[str, Any]) -> dict[str, Any]:
    """Read what the build defined: MetricFlow's semantic manifest, with two keys more.

    `reporting` and `segments` are what the reporting engine needs beside it; readers of a
    semantic manifest pass them over. Raises CampaignsError where a segment makes no sense.
    """
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        try:
            found = database.execute(
                "select semantic_manifest, reporting from semantic.definitions"
                " where invocation_id = ?",
                [build["invocation_id"]],
            ).fetchone()
        except duckdb.CatalogException:
            found = None
    if found is None:
        raise CampaignsError(
            "not published: the last build left no definitions of metrics; "
            "run `campaigns build` again"
        )
    definitions = {**json.loads(found[0]), **json.loads(found[1])}
    read_catalogue(definitions)
    return definitions


def _note_copy(folder: Folder, name: str, version: str, where: str) -> None:
    entry = {name: {"version": version, "where": where}}
    swap_json(folder.published / "COPIES.json", copied(folder) | entry)


def _checked_build(folder: Folder) -> dict[str, Any]:
    with duckdb.connect(str(folder.warehouse), read_only=True) as database:
        build = last_build(database)
    if build is None:
        raise CampaignsError("nothing to publish: run `campaigns build` first")
    if build["status"] != "success" or not build["is_full"]:
        why = WHY_NOT.get(build["status"], "covered only a part of the models")
        raise CampaignsError(
            f"not published: the last build {why}; readers keep the last snapshot. "
            "Run `campaigns build`, then `campaigns publish`"
        )
    return build
