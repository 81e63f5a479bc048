"""`python -m pipeline.spark up | down | java | attach | pull`: what `make spark-…` calls."""

import sys
from collections.abc import Callable

from ingestion.lake import Lake
from pipeline.console import out
from pipeline.errors import CampaignsError, UsageError
from pipeline.settings import Folder
from pipeline.spark.attach import attach
from pipeline.spark.cluster import Cluster, java_home
from pipeline.spark.pull import pull
from pipeline.spark.thrift import session


def _up() -> None:
    state = Cluster(Folder().prepare()).up()
    out.print(f"export SPARK_THRIFT_HOST={state['host']} SPARK_THRIFT_PORT={state['port']}")


def _down() -> None:
    Cluster(Folder().prepare()).down()


def _java() -> None:
    if java_home() is None:
        sys.exit("skipped: no Java 17 is here; install one, or set JAVA_HOME")


def _attach() -> None:
    lake = Lake.configured()
    if lake is None:
        raise UsageError("no lake is set: DESTINATION__FILESYSTEM__BUCKET_URL=folder or address")
    with session() as thrift:
        out.print(f"{len(attach(thrift, lake))} tables attached")


def _pull() -> None:
    with session() as thrift:
        out.print(f"{len(pull(thrift, Folder().prepare()))} tables brought from Spark")


COMMANDS: dict[str, Callable[[], None]] = {
    "up": _up,
    "down": _down,
    "java": _java,
    "attach": _attach,
    "pull": _pull,
}


def main() -> None:
    """Run the command that is named; a failure is one readable line."""
    command = COMMANDS.get(sys.argv[1] if len(sys.argv) == 2 else "")
    if command is None:
        sys.exit(f"usage: python -m pipeline.spark {' | '.join(COMMANDS)}")
    try:
        command()
    except CampaignsError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
