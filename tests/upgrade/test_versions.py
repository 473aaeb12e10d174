"""Neighbouring releases read what each other writes, as events and as state; releases further apart say so."""

import pytest

from headchef_contracts import registry
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Event
from headchef_contracts.events.steps import StepDispatched
from headchef_contracts.registry import BrokenContract, Registry, UnknownEventVersion

from headchef.executor.policy import RetryState
from headchef.executor.record import Calls
from headchef.executor.waiting import Waiting, read, write
from headchef.runtime.errors import UnknownVersion
from tests.support.builders import make_completed, make_decided, make_step
from tests.upgrade.versions import REGISTRIES, Release

NEIGHBOURS: list[tuple[Release, Release]] = [
    ("old", "reads"),
    ("reads", "old"),
    ("reads", "reads"),
    ("reads", "writes"),
    ("writes", "reads"),
    ("writes", "writes"),
]
DISPATCHED = StepDispatched(step=make_step(), cache=CacheUse(kind="miss"), decided=make_decided())
EVENTS = pytest.mark.parametrize("event", [DISPATCHED, make_completed()], ids=["dispatched", "completed"])


def made_in(release: Release, event: Event) -> Event:
    """Give an event as the handlers of a release make it: of the newest model that it knows."""
    return REGISTRIES[release].decode(event.event_type, 1, registry.encode(event))


@pytest.mark.parametrize(("writer", "reader"), NEIGHBOURS)
@EVENTS
def test_neighbours_read_each_other(writer: Release, reader: Release, event: Event) -> None:
    written = REGISTRIES[writer].write(made_in(writer, event))
    assert REGISTRIES[reader].decode(event.event_type, *written) == made_in(reader, event)


@EVENTS
def test_what_a_release_skipped_is_named_and_could_not_be_read(event: Event) -> None:
    version, data = REGISTRIES["writes"].write(made_in("writes", event))
    assert version == 2
    with pytest.raises(UnknownEventVersion, match=f"{event.event_type} has no version 2 here"):
        REGISTRIES["old"].decode(event.event_type, version, data)
    with pytest.raises(BrokenContract):
        REGISTRIES["old"].decode(event.event_type, 1, data)


def use(monkeypatch: pytest.MonkeyPatch, contracts: Registry) -> None:
    """Let this program be of another release from here on."""
    monkeypatch.setattr(registry, "decode", contracts.decode)
    monkeypatch.setattr(registry, "write", contracts.write)


def waiting(release: Release) -> Waiting:
    dispatched = made_in(release, DISPATCHED)
    assert isinstance(dispatched, StepDispatched)
    return Waiting(dispatched, dispatched.decided.causes[0], RetryState(started_s=0.0), Calls(count=2))


@pytest.mark.parametrize(("writer", "reader"), NEIGHBOURS)
def test_neighbours_read_each_others_state(writer: Release, reader: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, REGISTRIES[writer])
    payload = write(waiting(writer))
    use(monkeypatch, REGISTRIES[reader])
    assert read(payload) == waiting(reader)


def test_state_of_a_release_that_was_skipped_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, REGISTRIES["writes"])
    payload = write(waiting("writes"))
    use(monkeypatch, REGISTRIES["old"])
    with pytest.raises(UnknownVersion, match=r"step\.dispatched has no version 2 here.*upgrade this executor first"):
        read(payload)
