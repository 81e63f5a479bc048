"""A standalone Spark cluster on this machine: master, two workers, Thrift server, from the wheel.

Everything listens on loopback only, on ports that were free; what it writes is below one folder.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.errors import CampaignsError
from pipeline.settings import Folder

LOOPBACK = "127.0.0.1"
WORKERS = 2
JAVA = (17, 21)
START_SECONDS = 300
# For a few thousand rows: what is compiled well takes longer to compile than to run.
LIGHT = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
QUICK = f"{LIGHT} -Xms900m -Xmn600m"
QUICK_SETTINGS = {
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": str(WORKERS),
    # A small table is read by one task.
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
    # What filters imply is searched for longer than it could save.
    "spark.sql.constraintPropagation.enabled": "false",
    # A class loader for every connection would look each class up in all of Spark's jars.
    "spark.sql.artifact.isolation.enabled": "false",
    # Hive's catalog outlives the server, and costs a third of its time.
    "spark.sql.catalogImplementation": "in-memory",
}
# A port of the master's that nobody asked for.
NO_REST = "-Dspark.master.rest.enabled=false"


def missing() -> str | None:
    """Why no cluster can be started here, None where it can."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed: `make spark-setup`"
    if java_home() is None:
        return "no Java 17 is here: install one, or set JAVA_HOME"
    return None


def java_home() -> Path | None:
    """Find a Java that Spark runs on: JAVA_HOME, `java` of the path, /usr/lib/jvm."""
    found = shutil.which("java")
    homes = [
        *([Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []),
        *([Path(found).resolve().parent.parent] if found else []),
        *sorted(Path("/usr/lib/jvm").glob("*")),
    ]
    return next((home for home in homes if _java_version(home) in JAVA), None)


def _java_version(home: Path) -> int | None:
    java = home / "bin" / "java"
    if not java.exists():
        return None
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else None


class Cluster:
    """The cluster of a data folder; `state` has its processes and ports while it runs.

    A `quick` one is for a few thousand rows.
    """

    def __init__(self, folder: Folder, quick: bool = False) -> None:
        self.java = QUICK if quick else "-XX:+UseParallelGC"
        self.settings = QUICK_SETTINGS if quick else {}
        # Small tasks mostly wait for the driver: two share a core.
        self.cores = "2" if quick else "1"
        # What an executor may have, in MB: a sixth of the machine's, but no less than it needs.
        self.memory = 1024 if quick else max(1024, _machine_mb() // 6)
        self.home = folder.path / "spark"
        self.file = self.home / "cluster.json"
        self.logs = folder.logs

    @property
    def state(self) -> dict[str, Any] | None:
        """Ports and process ids by name, None where no cluster was started."""
        return json.loads(self.file.read_text("utf-8")) if self.file.exists() else None

    def up(self) -> dict[str, Any]:
        """Start what is not running and wait until it answers; returns the state.

        Raises CampaignsError, with nothing left running, where it does not.
        """
        reason = missing()
        if reason:
            raise CampaignsError(reason)
        if self.state is not None:
            if all(alive(one) for one in self.state["processes"].values()):
                return self.state
            self.down()
        self.home.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        master, thrift = _free_port(), _free_port()
        url = f"spark://{LOOPBACK}:{master}"
        state: dict[str, Any] = {"host": LOOPBACK, "port": thrift, "master": url, "processes": {}}
        deploy = "org.apache.spark.deploy"
        try:
            self._start(
                state, "master", "spark-class", f"{deploy}.master.Master",
                *("-h", LOOPBACK, "-p", str(master), "--webui-port", "0"),
            )  # fmt: skip
            _wait(state, master)
            for number in range(WORKERS):
                self.add_worker(state, f"worker{number}")
            self._start(state, "thrift", "spark-submit", *self._thrift(url, thrift))
            _wait(state, thrift)
        except BaseException:
            self._stop(state)
            raise
        return state

    def add_worker(self, state: dict[str, Any], name: str) -> None:
        """Start a worker."""
        work = self.home / name
        self._start(
            state, name, "spark-class", "org.apache.spark.deploy.worker.Worker",
            *("-h", LOOPBACK, "-c", self.cores, "-m", f"{self.memory + 200}m", "-d", str(work)),
            *("--webui-port", "0"), state["master"],
        )  # fmt: skip

    def kill_worker(self, name: str) -> None:
        """End a worker and its executor at once, as a machine that is lost."""
        assert self.state is not None
        _end(self.state["processes"][name], signal.SIGKILL)

    def down(self) -> None:
        """Stop everything that `up` started."""
        if self.state is not None:
            self._stop(self.state)

    @contextmanager
    def running(self) -> Generator[dict[str, Any]]:
        """A cluster for the length of a block, stopped however it ends."""
        try:
            yield self.up()
        finally:
            self.down()

    def _thrift(self, url: str, port: int) -> list[str]:
        settings = {
            "spark.driver.bindAddress": LOOPBACK,
            "spark.driver.host": LOOPBACK,
            "spark.executor.extraJavaOptions": self.java,
            "spark.executor.memory": f"{self.memory}m",
            "spark.ui.enabled": "false",
            "spark.sql.catalogImplementation": "hive",
            # Plans of some hundred joins are written out for an interface that nobody sees.
            "spark.sql.maxPlanStringLength": "1000",
            "spark.sql.shuffle.partitions": str(2 * WORKERS),
            "spark.sql.warehouse.dir": str(self.home / "warehouse"),
            # A table that a killed build left behind does not stand in the way of the next one.
            "spark.sql.legacy.allowNonEmptyLocationInCTAS": "true",
            "spark.hadoop.javax.jdo.option.ConnectionURL": (
                f"jdbc:derby:;databaseName={self.home / 'metastore'};create=true"
            ),
            **self.settings,
        }
        return [
            *("--master", url),
            *(part for key, value in settings.items() for part in ("--conf", f"{key}={value}")),
            *("--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"),
            "spark-internal",
            *("--hiveconf", f"hive.server2.thrift.port={port}"),
            *("--hiveconf", f"hive.server2.thrift.bind.host={LOOPBACK}"),
        ]

    def _start(self, state: dict[str, Any], name: str, script: str, *arguments: str) -> None:
        import pyspark

        spark = Path(pyspark.__file__).parent
        serves = name == "thrift"
        environment = os.environ | {
            "JAVA_HOME": str(java_home()),
            # The `python` that workers call for Python models is this one.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SPARK_HOME": str(spark),
            "SPARK_LOCAL_IP": LOOPBACK,
            "SPARK_LOCAL_DIRS": str(self.home / "scratch"),
            # Spark takes these for the Thrift server's too, over what its own options say.
            "SPARK_DAEMON_MEMORY": "2g" if serves else "256m",
            "SPARK_DAEMON_JAVA_OPTS": self.java if serves else f"{LIGHT} {NO_REST}",
            "SPARK_NO_DAEMONIZE": "1",
            "TZ": "UTC",
        }
        with (self.logs / f"spark-{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [spark / "bin" / script, *arguments],
                cwd=self.home, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        state["processes"][name] = process.pid
        self.file.write_text(json.dumps(state, indent=2) + "\n", "utf-8")

    def _stop(self, state: dict[str, Any]) -> None:
        """The Thrift server first, so that workers do not restart its executors."""
        for pid in reversed(state["processes"].values()):
            _end(pid, signal.SIGTERM)
        for pid in state["processes"].values():
            patience = time.monotonic() + 15
            while alive(pid) and time.monotonic() < patience:
                time.sleep(0.1)
            _end(pid, signal.SIGKILL)
        self.file.unlink(missing_ok=True)


def _machine_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def _wait(state: dict[str, Any], port: int) -> None:
    """Wait until something listens; raises CampaignsError when a process ends before."""
    patience = time.monotonic() + START_SECONDS
    while time.monotonic() < patience:
        for name, pid in state["processes"].items():
            if not alive(pid):
                raise CampaignsError(f"Spark's {name} ended at once; see logs/spark-{name}.log")
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.2)
    raise CampaignsError(f"Spark did not answer within {START_SECONDS} s; see logs/spark-*.log")


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        done, _ = os.waitpid(pid, os.WNOHANG)  # a child of ours that ended is a zombie until asked
        if done:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _end(pid: int, how: signal.Signals) -> None:
    """Send a signal to a process and what it started."""
    try:
        os.killpg(pid, how)
    except ProcessLookupError:
        return
