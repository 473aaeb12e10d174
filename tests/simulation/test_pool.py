"""Seeds in several processes: the same results however many there are, a dead process is an error, Ctrl-C ends all."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.simulation.pool import WorkerDied, in_processes
from tests.simulation.run import Result, run_seed
from tests.support.eventually import PATIENCE_S

FATAL = 3


def small_world(seed: int) -> Result:
    """Run a world that is over soon."""
    return run_seed(seed, jobs=3)


def fragile(item: int) -> int:
    """Give back what is given, but end the process at one item."""
    if item == FATAL:
        os._exit(7)
    return item


def test_processes_change_no_result() -> None:
    seeds = range(6)
    assert dict(in_processes(small_world, seeds, 2)) == {seed: small_world(seed) for seed in seeds}


def test_a_process_that_dies_is_an_error_that_names_what_it_was_at() -> None:
    with pytest.raises(WorkerDied, match="ended with 7 while it was at 3"):
        list(in_processes(fragile, range(8), 1))


@pytest.fixture
def _heeded_ctrl_c() -> Iterator[None]:
    """Start processes that heed Ctrl-C: what a shell starts in the background ignores it, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heeded_ctrl_c")
def test_ctrl_c_ends_all_processes_at_once() -> None:
    command = (sys.executable, "-m", "tests.simulation", "--seeds", "1000000", "--processes", "2")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stdout is not None
        # The first progress: by then both are at work.
        assert "seeds" in running.stdout.readline()
        workers = psutil.Process(running.pid).children(recursive=True)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(PATIENCE_S) == 130
        assert running.stdout.read().splitlines()[-1] == "interrupted"
    assert workers
    assert psutil.wait_procs(workers, PATIENCE_S)[1] == []
