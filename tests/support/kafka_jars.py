"""Fetches Apache Kafka's published jars with Maven, once a version, and finds a Java to run them."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

KAFKA_VERSION = "4.1.0"
"""The release under test; the design's figures were measured on it."""

LEAST_JAVA = 17
"""Kafka 4 brokers need it (KIP-1013)."""

FETCH_TIMEOUT_S = 600.0
"""54 MB, through a slow mirror."""

INSTALL = (
    "install Java 17 or later and Maven: `apt-get install -y openjdk-17-jre-headless maven`"
    " (macOS: `brew install openjdk maven`)"
)

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headchef.tests</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


class NoKafka(Exception):
    """No real Kafka can be had here; the message says what to install."""


def java() -> str:
    """Give the path of a Java that can run Kafka 4.

    Raises:
        NoKafka: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        raise NoKafka(f"no java on PATH: {INSTALL}")
    version = re.search(r'version "(\d+)', version_of(found))
    if version is None or int(version.group(1)) < LEAST_JAVA:
        raise NoKafka(f"{found} is not Java {LEAST_JAVA} or later: {INSTALL}")
    return found


@cache
def version_of(java: str) -> str:
    """Give what a Java says of its version."""
    return subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr


def folder() -> Path:
    """Give the folder of what is kept on this machine from one run of the tests to the next."""
    found = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "headchef"
    found.mkdir(parents=True, exist_ok=True)
    return found


def libs() -> Path:
    """Give the folder of Kafka's jars, fetched at the first call on a machine.

    Raises:
        NoKafka: Maven is missing, or could not fetch them.
    """
    kept = folder() / f"kafka-{KAFKA_VERSION}"
    if kept.is_dir():
        return kept
    # Several test runs may start at once on a fresh machine: one fetches, the others wait for it.
    with kept.with_name(f"{kept.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_dir():
            _fetch(kept)
    return kept


def _fetch(kept: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoKafka(f"no mvn on PATH: {INSTALL}")
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        (Path(scratch) / "pom.xml").write_text(_POM.format(version=KAFKA_VERSION))
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={scratch}/libs"]
        done = subprocess.run(
            [maven, "-q", "-B", *goal],
            cwd=scratch,
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise NoKafka(f"Maven could not fetch Kafka {KAFKA_VERSION}:\n{done.stdout}{done.stderr}")
        (Path(scratch) / "libs").rename(kept)
