"""Files that outlive a crash and change in one step."""

import json
import os
from pathlib import Path
from typing import Any


def sync(path: Path) -> None:
    """Bring a file or folder to the disk before anything points at it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def swap(draft: Path, path: Path) -> None:
    """Put a finished draft at `path` in one step; who has the old file open keeps it."""
    sync(draft)
    draft.replace(path)
    sync(path.parent)


def swap_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a small JSON file in one step."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    swap(draft, path)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON file, None where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
