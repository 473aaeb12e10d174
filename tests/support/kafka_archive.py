"""Keeps what Java has worked out of Kafka's classes at a first start, which halves the work of all that come later."""

import fcntl
import tempfile
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from tests.support.kafka_jars import KAFKA_VERSION, folder, java, version_of
from tests.support.kafka_process import SHORT_LIVED, KafkaProcess

_WRITTEN_WITHIN_S = 120.0


@cache
def shared_classes() -> Sequence[str]:
    """Give the options by which Java uses what it has kept; nothing where it could not keep it.

    The first call on a machine, or with another Java, starts a broker for it, which takes some ten seconds.

    Raises:
        NoKafka: there is no Java, or no Kafka.
    """
    this_java = sha256(version_of(java()).encode()).hexdigest()[:8]
    kept = folder() / f"kafka-{KAFKA_VERSION}-{this_java}.jsa"
    with kept.with_suffix(".lock").open("w") as lock:
        # Several test runs may start at once: one makes it, the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _make(kept)
    return (f"-XX:SharedArchiveFile={kept}",) if kept.exists() else ()


def _make(kept: Path) -> None:
    """Have a broker write it as it ends."""
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        made = Path(scratch) / kept.name
        broker = KafkaProcess(java_options=(*SHORT_LIVED, f"-XX:ArchiveClassesAtExit={made}"))
        try:
            broker.start()
            broker.stop(_WRITTEN_WITHIN_S)
        finally:
            broker.close()
        if made.exists():
            made.rename(kept)
