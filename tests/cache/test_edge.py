"""The embedded answer store and its folder: one owner, and what is left of it when the owner dies."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from headchef.cache import edge
from headchef.cache.edge import EdgeAnswerStore
from headchef.cache.selection import Selection
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from tests.cache.builders import make_sought, make_stored
from tests.support.eventually import PATIENCE_S
from tests.support.manual_clock import START

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


async def test_a_store_that_cannot_be_loaded_is_put_aside_and_begun_anew(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await _kept(folder)
    (folder / "answers" / "edge_config.json").write_text("{")
    store = EdgeAnswerStore(folder)
    await store.open()
    assert list(await store.lookup([make_sought()])) == [None]
    assert await store.unfilled()
    await store.put([make_stored("new")])
    await store.close()
    assert (folder / "answers.unreadable" / "edge_config.json").read_text() == "{"
    [said] = [each for each in caplog.messages if "put aside" in each]
    assert "answers.unreadable" in said


async def test_only_the_last_one_is_kept_aside(folder: Path) -> None:
    for text in ("{", "["):
        await _kept(folder)
        (folder / "answers" / "edge_config.json").write_text(text)
    await _kept(folder)
    assert (folder / "answers.unreadable" / "edge_config.json").read_text() == "["
    assert sorted(each.name for each in folder.iterdir()) == [
        "answers",
        "answers.unfilled",
        "answers.unreadable",
        "owner",
    ]


async def test_of_what_was_erased_nothing_is_left_in_its_files_when_it_is_opened_again(folder: Path) -> None:
    erased = Selection(tenant="acme", erasure="erase tenant=acme")
    store = EdgeAnswerStore(folder)
    await store.open()
    await store.put([make_stored(f"prompt {number}", tenant="acme", text="A xylophone.") for number in range(3)])
    await store.put([make_stored(f"prompt {number}") for number in range(40)])
    assert _files_with(folder, b"xylophone"), "else this test sees nothing"
    await store.remove(erased)
    await store.close()
    for _ in range(2):
        await store.open()
        assert _files_with(folder, b"xylophone") == []
        assert list(await store.lookup([make_sought("prompt 7"), make_sought("prompt 1", "acme")])) == [
            make_stored("prompt 7"),
            None,
        ]
        await store.close()


async def test_files_are_cleared_out_once_for_an_erasure_however_often_it_is_heard(folder: Path) -> None:
    store, due = EdgeAnswerStore(folder), folder / "answers.erased"
    found = []
    for _ in range(2):
        await store.open()
        await store.remove(Selection(tenant="acme", erasure="erase tenant=acme"))
        found.append(due.exists())
        await store.close()
    await store.open()
    await store.remove(Selection(tenant="acme", erasure="erase tenant=acme, a year later"))
    found.append(due.exists())
    await store.close()
    assert found == [True, False, True]


async def test_an_erasure_takes_what_was_put_aside(folder: Path) -> None:
    await _kept(folder)
    (folder / "answers" / "edge_config.json").write_text("{")
    store = EdgeAnswerStore(folder)
    await store.open()
    await store.remove(Selection(tenant="acme", planned_until=START))
    assert (folder / "answers.unreadable").exists(), "an invalidation leaves it to be looked at"
    await store.remove(Selection(tenant="acme", erasure="erase tenant=acme"))
    assert not (folder / "answers.unreadable").exists()
    await store.close()
    (folder / "answers" / "edge_config.json").write_text("{")
    await store.open()
    assert not (folder / "answers.unreadable").exists(), "what was erased may be in it, as it was not cleared out"
    assert await store.unfilled()
    await store.close()


async def test_whatever_happens_to_its_files_no_wrong_answer_comes_out(folder: Path, tmp_path: Path) -> None:
    """Each file in turn is cut, zeroed or overwritten: the store opens, and gives right answers or none."""
    await _kept(folder, 40)
    chance = random.Random(5)
    right = [make_stored(f"prompt {number}") for number in range(40)]
    opened = 0
    for file in sorted(each for each in (folder / "answers").rglob("*") if each.is_file()):
        damaged = tmp_path / "damaged"
        shutil.rmtree(damaged, ignore_errors=True)
        subprocess.run(["cp", "-r", "--sparse=always", folder, damaged], check=True)
        _damage(damaged / file.relative_to(folder), chance)
        store = EdgeAnswerStore(damaged)
        await store.open()
        with suppress(StoreUnavailable):
            found = await store.lookup([make_sought(f"prompt {number}") for number in range(40)])
            assert all(each is None or each == right[number] for number, each in enumerate(found)), file
            opened += 1
        with suppress(StoreUnavailable):
            await store.close()
    assert opened > 10


async def test_a_new_store_is_unfilled_until_it_is_said_to_be_filled(folder: Path) -> None:
    store = EdgeAnswerStore(folder)
    await store.open()
    assert await store.unfilled()
    await store.close()
    await store.open()
    assert await store.unfilled()
    await store.set_unfilled(False)
    await store.close()
    await store.open()
    assert not await store.unfilled()
    await store.close()


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = EdgeAnswerStore(tmp_path / "file" / "answers")
    with pytest.raises(StoreRefused, match="cannot be written"):
        await store.open()


async def test_reads_go_on_while_answers_are_written_and_flushed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, was_read = edge._write, threading.Event()

    def write_until_read(*what: Any) -> None:
        write(*what)
        was_read.clear()
        assert was_read.wait(PATIENCE_S)

    monkeypatch.setattr(edge, "PUTS_A_FLUSH", 100)
    store = EdgeAnswerStore(folder)
    await store.open()
    await store.put([make_stored("first")])
    monkeypatch.setattr(edge, "_write", write_until_read)
    writing = asyncio.ensure_future(store.put([make_stored(f"prompt {number}") for number in range(400)]))
    while not writing.done():
        await asyncio.sleep(0)
        assert list(await store.lookup([make_sought("first")])) == [make_stored("first")]
        was_read.set()
    await writing
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


async def _kept(folder: Path, count: int = 3) -> None:
    """Make a store with some answers, or add to it, as a process that ends well."""
    store = EdgeAnswerStore(folder)
    await store.open()
    await store.put([make_stored(f"prompt {number}") for number in range(count)])
    await store.close()


def _damage(file: Path, chance: random.Random) -> None:
    size = file.stat().st_size
    match chance.choice(["cut", "zeroed", "overwritten"]):
        case "cut":
            os.truncate(file, size // 2)
        case "zeroed":
            with file.open("r+b") as opened:
                opened.write(bytes(min(size, 4_096)))
        case _:
            with file.open("r+b") as opened:
                opened.write(chance.randbytes(min(size, 4_096)))


def _files_with(folder: Path, text: bytes) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file() and text in each.read_bytes()]
