"""The cache as it is put together from the environment."""

import random
from pathlib import Path

import pytest

from headchef_contracts.events.steps import StepDispatched, StepPlanned

from headchef import tenancy
from headchef.cache.__main__ import assemble
from headchef.cache.edge import EdgeAnswerStore
from headchef.cache.handler import CacheHandler
from headchef.cache.waiting import WAITING
from headchef.runtime.processor import Emit, Input, Processor, Store, pair
from headchef.runtime.settings import BadSettings
from headchef.runtime.surroundings import Surroundings
from tests.cache.builders import DECIDED, NoState, deliver, make_planned, make_settled
from tests.cache.semantic.bench import make_question, make_verdict
from tests.support.idle import UNHURRIED
from tests.support.manual_clock import ManualClock
from tests.support.ports import free_ports
from tests.support.qdrant_server import QdrantAddress
from tests.support.recorded_metrics import RecordedMetrics


class OpenPermit:
    """Always gives leave."""

    async def wait(self) -> None:
        return


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Surroundings:
    monkeypatch.setenv("HEADCHEF_CACHE_FOLDER", str(tmp_path))
    monkeypatch.setenv("HEADCHEF_NAMESPACE", "kitchen")
    monkeypatch.delenv("HEADCHEF_CACHE_QDRANT_URL", raising=False)
    for name, value in UNHURRIED.items():
        monkeypatch.setenv(name, value)
    return Surroundings(ManualClock(), random.Random(1), OpenPermit(), RecordedMetrics())


async def test_the_cache_reads_planned_steps_and_verdicts_in_batches(surroundings: Surroundings) -> None:
    async with assemble(surroundings) as processor:
        assert processor.name == "cache"
        assert processor.inputs == (
            *pair("steps.planned", flow=tenancy.of_step),
            Input("cache.settled"),
            Input("answers.corrected"),
        )
        assert processor.order == "batches"
        assert processor.stores == (Store(WAITING),)
        assert processor.timers


async def test_it_reads_the_bounds_of_pools(surroundings: Surroundings) -> None:
    async with assemble(surroundings) as processor:
        assert "cache.bounds" in [each.topic for each in processor.broadcasts]


async def test_questions_outlive_a_restart_and_make_no_folder_before_the_first(
    surroundings: Surroundings, tmp_path: Path
) -> None:
    async with assemble(surroundings) as processor:
        assert isinstance(processor.handler, CacheHandler)
        assert [each.name for each in (tmp_path / "kitchen").iterdir() if each.is_dir()] == ["answers"]
        first = make_verdict(make_question("How do I pay?", job_id="job-1"), "By card.")
        await processor.handler.handle_batch([deliver(first)], NoState())
    async with assemble(surroundings) as processor:
        assert isinstance(processor.handler, CacheHandler)
        step = make_question("How can I pay?")
        [outcome] = await processor.handler.handle_batch([deliver(StepPlanned(step=step, decided=DECIDED))], NoState())
        [output] = outcome.outputs
        assert isinstance(output, Emit)
        assert isinstance(output.event, StepDispatched)
        assert output.event.cache.nearest is not None
        assert output.event.cache.nearest.source_job_id == "job-1"
        assert output.event.cache.nearest.embedder == "hashed-1/512"


async def test_answers_outlive_a_restart_and_stay_in_their_namespace(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with assemble(surroundings) as processor:
        assert isinstance(processor.handler, CacheHandler)
        await processor.handler.handle_batch([deliver(make_settled())], NoState())
    kinds = []
    for namespace in ("kitchen", "sandbox"):
        monkeypatch.setenv("HEADCHEF_NAMESPACE", namespace)
        async with assemble(surroundings) as processor:
            assert isinstance(processor.handler, CacheHandler)
            _hears_all(processor)
            [outcome] = await processor.handler.handle_batch([deliver(make_planned())], NoState())
            kinds.append(getattr(outcome.outputs[0], "topic", None))
    assert kinds == ["steps.completed", "steps.dispatched.default"]


async def test_a_folder_in_use_is_a_wrong_setting(surroundings: Surroundings, tmp_path: Path) -> None:
    owner = EdgeAnswerStore(tmp_path / "kitchen")
    await owner.open()
    with pytest.raises(BadSettings, match="in use by process") as caught:
        async with assemble(surroundings):
            pass
    assert caught.value.field == "HEADCHEF_CACHE_FOLDER"
    assert "HEADCHEF_CACHE_QDRANT_URL" in caught.value.message
    await owner.close()


async def test_a_server_that_is_away_is_no_error(surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    http_port, grpc_port = free_ports(2)
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_URL", f"http://127.0.0.1:{http_port}")
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_GRPC_PORT", str(grpc_port))
    async with assemble(surroundings) as processor:
        assert isinstance(processor.handler, CacheHandler)
        [outcome] = await processor.handler.handle_batch([deliver(make_planned())], NoState())
        assert getattr(outcome.outputs[0], "topic", None) == "steps.dispatched.default"


async def test_one_setting_switches_to_a_server(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qdrant: QdrantAddress
) -> None:
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_URL", qdrant.url)
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_GRPC_PORT", str(qdrant.grpc_port))
    monkeypatch.setenv("HEADCHEF_CACHE_COLLECTION", f"test.{tmp_path.name}")
    async with assemble(surroundings) as processor:
        assert isinstance(processor.handler, CacheHandler)
        _hears_all(processor)
        deliveries = [deliver(make_settled()), deliver(make_planned(), offset=1)]
        outcomes = await processor.handler.handle_batch(deliveries, NoState())
        assert getattr(outcomes[1].outputs[0], "topic", None) == "steps.completed"
    assert list(tmp_path.iterdir()) == []


async def test_one_setting_moves_questions_to_that_server(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qdrant: QdrantAddress
) -> None:
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_URL", qdrant.url)
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_GRPC_PORT", str(qdrant.grpc_port))
    monkeypatch.setenv("HEADCHEF_CACHE_COLLECTION", f"test.{tmp_path.name}")
    async with assemble(surroundings) as processor:
        assert isinstance(processor.handler, CacheHandler)
        first = make_verdict(make_question("How do I pay?", job_id="job-1"), "By card.")
        planned = StepPlanned(step=make_question("How can I pay?"), decided=DECIDED)
        outcomes = await processor.handler.handle_batch([deliver(first), deliver(planned, offset=1)], NoState())
        event = getattr(outcomes[1].outputs[0], "event", None)
        assert isinstance(event, StepDispatched)
        assert event.cache.nearest is not None
    assert list(tmp_path.iterdir()) == []


def _hears_all(processor: Processor) -> None:
    """Let it know that nothing was said that it has not read; by a clock that stands still, for ever."""
    for broadcast in processor.broadcasts:
        if broadcast.fresh is not None:
            broadcast.fresh(ManualClock().monotonic())
