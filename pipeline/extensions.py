"""DuckDB's extensions come as Python packages of its own version: nothing is downloaded."""

import importlib.resources
from pathlib import Path

import duckdb

from pipeline.errors import CampaignsError
from pipeline.settings import Folder


def extension_file(name: str) -> Path:
    """The file of an extension; raises CampaignsError, with what to install, where it is not."""
    package = f"duckdb-extension-{name.replace('_', '-')}"
    try:
        home = importlib.resources.files(package.replace("-", "_"))
    except ModuleNotFoundError as error:
        raise CampaignsError(
            "a package is not installed that this needs: pip install "
            f"'{package}=={duckdb.__version__}'"
        ) from error
    return Path(str(home / f"extensions/v{duckdb.__version__}/{name}.duckdb_extension"))


def extension_folder(folder: Folder, *names: str) -> Path:
    """A folder of the shape that DuckDB's `extension_directory` has, with these extensions."""
    root = folder.path / "extensions"
    with duckdb.connect() as database:
        found = database.execute("pragma platform").fetchone()
    place = root / f"v{duckdb.__version__}" / str(found[0] if found else "")
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        link = place / f"{name}.duckdb_extension"
        link.unlink(missing_ok=True)
        link.symlink_to(extension_file(name))
    return root
