"""Does pieces of work in several processes, and gives what came of each as soon as it is there."""

import gc
import logging
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_LARGEST_CHUNK = 10
_CHUNKS_EACH = 4


class WorkerDied(Exception):
    """A process ended, or failed, in the middle of its work; its own words are on the standard error."""


def cores() -> int:
    """Give how many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(slots=True)
class _Worker(Generic[Item]):
    process: BaseProcess
    items: deque[Item] = field(default_factory=deque)


def in_processes(
    work: Callable[[Item], Outcome], items: Sequence[Item], processes: int
) -> Iterator[tuple[Item, Outcome]]:
    """Do some work for each item. What comes of it must not depend on what was done before in the same process.

    Args:
        work: a function of a module, which new processes import.
        items: in the order in which they are begun.
        processes: that do it, at least 1. They end with the iterator.

    Returns:
        Items and what came of them, in the order in which they are done.

    Raises:
        WorkerDied: one of the processes has.
    """
    size = max(1, min(_LARGEST_CHUNK, len(items) // (processes * _CHUNKS_EACH)))
    chunks = deque(items[at : at + size] for at in range(0, len(items), size))
    crew: dict[Connection, _Worker[Item]] = {}
    try:
        for _ in range(min(processes, len(chunks))):
            ours, worker = _hired(work)
            crew[ours] = worker
            _give(ours, worker, chunks.popleft())
        busy = dict(crew)
        while busy:
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                worker = busy[ready]
                try:
                    outcome: Outcome = ready.recv()
                except (EOFError, ConnectionResetError):
                    raise _died(worker) from None
                yield worker.items.popleft(), outcome
                if worker.items:
                    continue
                if chunks:
                    _give(ready, worker, chunks.popleft())
                else:
                    del busy[ready]
    finally:
        for worker in crew.values():
            worker.process.terminate()
        for ours, worker in crew.items():
            worker.process.join()
            ours.close()


def _hired(work: Callable[[Item], Outcome]) -> tuple[Connection, _Worker[Item]]:
    # Not forked: whoever calls may have threads, whose locks a fork would copy.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work), daemon=True)
    # Ctrl-C reaches the whole group; a process that is started while it is ignored ignores it, and we end it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    theirs.close()
    return ours, _Worker(process)


def _give(orders: Connection, worker: _Worker[Item], chunk: Sequence[Item]) -> None:
    worker.items.extend(chunk)
    try:
        orders.send(chunk)
    except BrokenPipeError:
        raise _died(worker) from None


def _died(worker: _Worker[Item]) -> WorkerDied:
    worker.process.join()
    return WorkerDied(f"a process ended with {worker.process.exitcode} while it was at {worker.items[0]!r}")


def _serve(orders: Connection, work: Callable[[Item], Outcome]) -> None:
    logging.disable(logging.CRITICAL)
    # What is there before the work need not be looked at after each piece of it.
    gc.collect()
    gc.freeze()
    while True:
        try:
            chunk: Sequence[Item] = orders.recv()
        except EOFError:
            return
        for item in chunk:
            orders.send(work(item))
