"""Where things are and what was configured: dlt's files and environment, plus one folder."""

import json
import os
from pathlib import Path
from typing import Any

from pipeline.errors import CampaignsError, UsageError

PROJECT = Path(__file__).resolve().parent.parent

# Facts of this program rather than choices of its user: no telemetry, Arrow rows that know their
# load, errors told in one line by the command instead of a trace a retry by dlt, and Ctrl-C that
# stops at once instead of after dlt's next batch.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
os.environ["RUNTIME__INTERCEPT_SIGNALS"] = "false"
os.environ["NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID"] = "true"


class Folder:
    """CAMPAIGNS_DATA_DIR: everything that is written, by name."""

    def __init__(self) -> None:
        self.path = Path(os.environ.get("CAMPAIGNS_DATA_DIR") or "data").absolute()
        self.warehouse = self.path / "warehouse.duckdb"
        self.published = self.path / "published"
        self.site = self.path / "site"
        self.logs = self.path / "logs"
        self.dbt_target = self.path / "dbt"

    def prepare(self) -> "Folder":
        """Make the folder and see that it can be written; dbt and dlt are pointed at it."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            probe = self.path / ".probe"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise CampaignsError(
                f"the data folder {self.path} cannot be written ({error.strerror}); "
                "set CAMPAIGNS_DATA_DIR to a folder that can"
            ) from error
        os.environ["CAMPAIGNS_DATA_DIR"] = str(self.path)
        os.environ["DLT_DATA_DIR"] = str(self.path / "dlt")
        return self


def setting(key: str, default: Any = None) -> Any:
    """Read a setting by its dotted name, as dlt does: environment first, then .dlt/*.toml.

    A text that is JSON (a list, a number) is parsed. dlt's providers are asked directly: what
    its own accessors return is also written to the pipeline's trace, secrets included.
    """
    import dlt  # takes seconds to import; many commands read no setting

    *sections, name = key.split(".")
    for provider in (*dlt.config.config_providers, *dlt.secrets.config_providers):
        value, _ = provider.get_value(name, str, "", *sections)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return value
        if value is not None:
            return value
    return default


def setting_list(key: str) -> list[str]:
    """Read a setting that is a list of texts; a single text is a list of one."""
    value = setting(key, [])
    if isinstance(value, (list, tuple)):
        return [str(item) for item in value]
    if isinstance(value, (str, int)):
        return [str(value)]
    raise UsageError(f'{key} should be a list such as \'["a", "b"]\', not {value!r}')
