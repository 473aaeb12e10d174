"""Clears out of a shard's files what was erased: the engine deletes points, and leaves their bytes where they were."""

import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from qdrant_edge import EdgeConfig, EdgeOptimizersConfig, EdgeShard

_ALL_THAT_WAS_DELETED = EdgeOptimizersConfig(deleted_threshold=0.0, vacuum_min_vector_number=1)
_AS_USUAL = EdgeOptimizersConfig(deleted_threshold=0.2, vacuum_min_vector_number=1_000)
"""The engine's own numbers, said since it goes on with what it was told last."""


class Erasures:
    """Remembers beside a shard which erasures its files are to be cleared of, and of which they have been.

    Args:
        folder: in which the shard lies.
        name: of the shard.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._shard = folder / name
        self._log = folder / f"{name}.log-of-erased"
        self._due = folder / f"{name}.erased"
        self._done = folder / f"{name}.cleared"

    def note(self, erasure: str) -> None:
        """Have the files cleared out when the shard is opened next, once for each erasure.

        Args:
            erasure: its name, of which a hash is kept: it may say whose points they were.
        """
        hashed = sha256(erasure.encode("utf-8", "surrogatepass")).hexdigest()
        if hashed not in (*_lines(self._due), *_lines(self._done)):
            _add(self._due, [hashed])

    @property
    def due(self) -> bool:
        """Whether something was erased since the files were cleared out."""
        return self._due.exists()

    def clear_out(self, config: EdgeConfig) -> None:
        """Write what is left into new files, and delete the old ones; a second for 20,000 points.

        The shard must not be open. A process that dies in the middle begins anew with the next opening.

        Args:
            config: of the shard's vectors.
        """
        shutil.rmtree(self._log, ignore_errors=True)
        shard = EdgeShard.load(str(self._shard), _with(config, _ALL_THAT_WAS_DELETED))
        shard.optimize()
        shard.flush()
        shard.close()
        # All of it is in the segments now. The engine begins another, and would keep this until 32 MB are full.
        if (log := self._shard / "wal").exists():
            log.rename(self._log)
            shutil.rmtree(self._log)
        EdgeShard.load(str(self._shard), _with(config, _AS_USUAL)).close()
        _add(self._done, _lines(self._due))
        self._due.unlink(missing_ok=True)


def _with(config: EdgeConfig, optimizers: EdgeOptimizersConfig) -> EdgeConfig:
    return EdgeConfig(
        vectors=config.vectors or None,
        sparse_vectors=config.sparse_vectors or None,
        hnsw_config=config.hnsw_config,
        optimizers=optimizers,
    )


def _lines(file: Path) -> Sequence[str]:
    return file.read_text(encoding="ascii").splitlines() if file.exists() else ()


def _add(file: Path, lines: Sequence[str]) -> None:
    with file.open("a", encoding="ascii") as there:
        there.writelines(f"{line}\n" for line in lines)
