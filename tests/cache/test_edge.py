"""The embedded answer store and its folder: one owner, and what is left of it when the owner dies."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headchef.cache import edge
from headchef.cache.edge import EdgeAnswerStore
from headchef.qdrant.errors import StoreRefused
from tests.cache.builders import make_sought, make_stored

REPOSITORY = Path(__file__).parents[2]

WRITER = """
import asyncio, signal, sys
from pathlib import Path
from headchef.cache.edge import EdgeAnswerStore
from tests.cache.builders import make_stored

async def write():
    store = EdgeAnswerStore(Path(sys.argv[1]))
    await store.open()
    await store.put([make_stored(f"prompt {number}") for number in range(100)])
    print("acknowledged", flush=True)
    signal.pause()

asyncio.run(write())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "answers"


async def test_a_second_owner_is_refused_and_told_who_the_first_is(folder: Path) -> None:
    first, second = EdgeAnswerStore(folder), EdgeAnswerStore(folder)
    await first.open()
    with pytest.raises(StoreRefused, match=rf"in use by process {os.getpid()}\b"):
        await second.open()
    await second.close()
    await first.put([make_stored()])
    await first.close()
    await second.open()
    assert list(await second.lookup([make_sought()])) == [make_stored()]
    await second.close()


async def test_what_was_acknowledged_outlives_a_killed_process(folder: Path) -> None:
    path = os.pathsep.join(str(REPOSITORY / part) for part in (".", "services", "contracts"))
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert await asyncio.to_thread(writer.stdout.readline) == "acknowledged\n"
        writer.send_signal(signal.SIGKILL)
    store = EdgeAnswerStore(folder)
    await store.open()
    found = await store.lookup([make_sought(f"prompt {number}") for number in range(100)])
    assert list(found) == [make_stored(f"prompt {number}") for number in range(100)]
    await store.close()


async def test_a_store_half_made_by_a_process_that_died_is_made_anew(folder: Path) -> None:
    half_made = folder / "half-made"
    half_made.mkdir(parents=True)
    (half_made / "edge_config.json").write_text("{")
    store = EdgeAnswerStore(folder)
    await store.open()
    assert list(await store.lookup([make_sought()])) == [None]
    await store.close()


async def test_a_store_that_cannot_be_read_is_refused_and_can_be_deleted(folder: Path) -> None:
    answers = folder / "answers"
    answers.mkdir(parents=True)
    (answers / "edge_config.json").write_text("{")
    store = EdgeAnswerStore(folder)
    with pytest.raises(StoreRefused, match="delete it"):
        await store.open()
    (answers / "edge_config.json").unlink()
    answers.rmdir()
    await store.open()
    await store.close()


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = EdgeAnswerStore(tmp_path / "file" / "answers")
    with pytest.raises(StoreRefused, match="cannot be written"):
        await store.open()


async def test_reads_go_on_while_answers_are_written_and_flushed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "PUTS_A_FLUSH", 100)
    store = EdgeAnswerStore(folder)
    await store.open()
    await store.put([make_stored("first")])
    writing = asyncio.ensure_future(store.put([make_stored(f"prompt {number}") for number in range(400)]))
    reads = 0
    while not writing.done():
        await asyncio.sleep(0)
        assert list(await store.lookup([make_sought("first")])) == [make_stored("first")]
        reads += 1
    await writing
    assert reads > 1
    await store.close()


async def test_a_cancelled_put_leaves_the_store_in_order(folder: Path) -> None:
    store = EdgeAnswerStore(folder)
    await store.open()
    writing = asyncio.ensure_future(store.put([make_stored()]))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await store.put([make_stored(text="later")])
    assert list(await store.lookup([make_sought()])) == [make_stored(text="later")]
    await store.close()
