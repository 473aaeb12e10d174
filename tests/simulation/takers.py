"""What living processes have taken from broadcasts, as each of them has it just now."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from headchef_contracts.events.brakes import BrakeSet

from headchef.brakes import BrakesInForce
from headchef.catalogue import InForce
from tests.simulation.process import SimulatedProcess

T = TypeVar("T")


def catalogues_in(processes: Iterable[SimulatedProcess]) -> Mapping[str, str | None]:
    """Give the version of the catalogue that each living process uses, or is to use, by the process's name."""
    return {name: taker.version for name, taker in _takers(processes, InForce)}


def brakes_in(processes: Iterable[SimulatedProcess]) -> Mapping[str, tuple[BrakeSet, ...]]:
    """Give the brakes that each living process knows to be set, if it heeds any, by the process's name."""
    return {name: tuple(taker.brakes) for name, taker in _takers(processes, BrakesInForce)}


def _takers(processes: Iterable[SimulatedProcess], kind: type[T]) -> Iterator[tuple[str, T]]:
    for process in processes:
        if process.engine is not None and not process.life.dead:
            for broadcast in process.engine.processor.broadcasts:
                taker = getattr(broadcast.taker, "__self__", None)
                if isinstance(taker, kind):
                    yield process.life.name, taker
