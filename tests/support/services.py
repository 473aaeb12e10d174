"""Runs the services as processes of their own, as in production: start, wait until ready, kill, freeze, stop."""

import asyncio
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiokafka.errors import KafkaConnectionError

from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.kafka.topics import create, wanted
from tests.support.deleted_topics import delete_topics
from tests.support.eventually import PATIENCE_S
from tests.support.idle import UNHURRIED
from tests.support.nursery import Child, started, started_afresh
from tests.support.ports import free_ports
from tests.support.usage import Usage, usage_of

SERVICES = ("router", "cache", "executor", "validator")
"""Every job goes through these."""

HELPERS = ("functions", "fetcher", "retriever", "batches", "accounts")
"""Some jobs need these too: they run where it is said how many."""


class ServiceProcess:
    """One `python -m headchef.<module>`.

    Args:
        name: for people and log files.
        module: such as `router`.
        environment: settings, added to this process's environment.
        folder: where its log goes.
        afresh: whether Python starts from nothing even where there is a nursery.

    Attributes:
        arguments: what Python is to run; another release of the same service may take its place before a start.
    """

    def __init__(
        self, name: str, module: str, environment: Mapping[str, str], folder: Path, *, afresh: bool = False
    ) -> None:
        self.name = name
        self._start = started_afresh if afresh else started
        self.arguments: Sequence[str] = ("-m", f"headchef.{module}")
        self._environment = dict(environment)
        self._log_file = folder / f"{name}.log"
        self._process: Child | None = None
        self._is_to_end = False

    def set(self, name: str, value: str) -> None:
        """Change a setting, for the next start."""
        self._environment[name] = value

    @property
    def pid(self) -> int:
        """The process id."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    def log(self) -> str:
        """Give what it has written so far."""
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    def start(self) -> None:
        """Start it; returns at once."""
        self._is_to_end = False
        self._process = self._start(self.arguments, {**os.environ, **self._environment}, self._log_file)

    @property
    def has_ended(self) -> bool:
        """Whether it was not started, or is no more."""
        return self._process is None or self._process.poll() is not None

    def check(self) -> None:
        """Fail if it has ended, unless that was asked for or waited for."""
        if not self._is_to_end and self.has_ended:
            raise AssertionError(f"{self.name} ended:\n{self.log()[-4000:]}")

    def wait_for(self, path: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until a health path (`/ready`, `/live`) answers 200; fails if the process ends or is too slow."""
        deadline = time.monotonic() + timeout_s
        answer: object = "nothing"
        while time.monotonic() < deadline:
            self.check()
            try:
                answer = self.reasons(path)
            except OSError as error:
                answer = error
            else:
                if not answer:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{self.name}: {path} still answers {answer}\n{self.log()[-4000:]}")

    def reasons(self, path: str = "/ready") -> dict[str, str]:
        """Ask a health path once, and give why it does not answer 200, by processor; nothing where it does."""
        url = f"http://127.0.0.1:{self._environment['HEADCHEF_HEALTH_PORT']}{path}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
                response.read()
                return {}
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.load(error)["reasons"])

    def wait_for_output(self, text: str, timeout_s: float = PATIENCE_S, *, after: int = 0) -> str:
        """Wait until a line of its output holds a text, and give that line.

        Args:
            text: to be found.
            timeout_s: seconds until the test fails.
            after: characters of the output to pass over.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            # Looked at before its output: it may say the last of it and end in between.
            has_ended = self.has_ended
            for line in self.log()[after:].splitlines():
                if text in line:
                    return line
            if has_ended:
                self.check()
            time.sleep(0.05)
        raise AssertionError(f"{self.name} did not say {text!r}:\n{self.log()[-4000:]}")

    def usage(self) -> Usage:
        """Measure it."""
        return usage_of(self.pid)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        if self._process is not None:
            self._process.wait()

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Wait until it ends by itself, and give its exit code."""
        self._is_to_end = True
        assert self._process is not None, f"{self.name} was not started"
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} goes on after {timeout_s} s:\n{self.log()[-4000:]}") from None

    def stop(self, timeout_s: float = PATIENCE_S) -> int:
        """End it as an orchestrator would, with SIGTERM, and give its exit code; killed if it does not end."""
        self._is_to_end = True
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not drain in {timeout_s} s:\n{self.log()[-4000:]}") from None


@dataclass
class Deployment:
    """The simulator and all services against one broker, in a namespace of their own.

    Attributes:
        bootstrap: address of the broker.
        namespace: first part of all topic names.
        folder: for logs, locks and the cache's store.
        counts: how many processes of a service, where that is not one, or none of a helper; the cache has one store and
            so one process.
        environment: settings for all of them.
    """

    bootstrap: str
    namespace: str
    folder: Path
    counts: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    services: list[ServiceProcess] = field(init=False, default_factory=list)
    simulator: ServiceProcess = field(init=False)
    simulator_url: str = field(init=False, default="")

    def __enter__(self) -> Self:
        self.make()
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    def make(self) -> None:
        """Make the topics, and the processes without starting them."""
        port = free_ports(1)[0]
        self.simulator_url = f"http://127.0.0.1:{port}/v1"
        shared = {
            "HEADCHEF_KAFKA": self.bootstrap,
            "HEADCHEF_NAMESPACE": self.namespace,
            "HEADCHEF_LOCK_DIR": str(self.folder / "locks"),
            "HEADCHEF_CACHE_FOLDER": str(self.folder / "cache"),
            **UNHURRIED,
            "HEADCHEF_SIMULATOR_URL": self.simulator_url,
            "HEADCHEF_SIMULATOR_PORT": str(port),
            **self.environment,
        }
        self.simulator = ServiceProcess("simulator", "simulator", shared, self.folder)
        modules = (*SERVICES, *HELPERS)
        ports = iter(free_ports(sum(map(self.count_of, modules))))
        self.services = [
            ServiceProcess(
                f"{module}-{number}", module, {**shared, "HEADCHEF_HEALTH_PORT": str(next(ports))}, self.folder
            )
            for module in modules
            for number in range(self.count_of(module))
        ]
        making = create(KafkaSettings(bootstrap=self.bootstrap), self.namespace, ["default"], self.entries)
        _run(making)

    @property
    def entries(self) -> Sequence[str]:
        """The entries beside the public one, as its settings name them."""
        return [each for each in self.environment.get("HEADCHEF_ENTRIES", "").split(",") if each]

    def count_of(self, module: str) -> int:
        """Give how many processes there are of a service."""
        return self.counts.get(module, 1 if module in SERVICES else 0)

    def start(self) -> None:
        """Start everything; the services may not be ready yet."""
        self.simulator.start()
        for service in self.services:
            service.start()
        self.simulator.wait_for_output("simulator listens")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if kind is None:
            # Its broker mostly serves others after it. A failure is left as it was, and one that is away has no others.
            with suppress(KafkaConnectionError):
                _run(
                    delete_topics(
                        self.bootstrap, [each.name for each in wanted(self.namespace, ["default"], self.entries)]
                    )
                )

    def wait_ready(self) -> None:
        """Wait until every service has its tasks."""
        for service in self.services:
            service.wait_for("/ready")

    def check(self) -> None:
        """Fail if a process has ended by itself."""
        for service in [*self.services, self.simulator]:
            service.check()

    def calls(self) -> int:
        """Give how many calls the simulator has answered."""
        with urllib.request.urlopen(self.simulator_url.replace("/v1", "/bill"), timeout=PATIENCE_S) as response:
            return int(json.load(response)["calls"])

    def of(self, module: str) -> Sequence[ServiceProcess]:
        """Give the processes of one service."""
        return [service for service in self.services if service.name.startswith(f"{module}-")]

    def close(self) -> None:
        """End everything that was started."""
        for service in [*self.services, self.simulator]:
            service.kill()


def _run(work: Coroutine[Any, Any, Any]) -> None:
    """Run something in a thread, since this thread's own event loop belongs to the test runner."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()
