"""Waiting for a cluster that is away: told once, tried again, and given up in time."""

import pytest

from headchef.cli.cluster import Cluster, named_cluster, patiently
from headchef.cli.faults import WorkFailed
from headchef.cli.screen import Screen
from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.kafka.settings import KafkaSettings
from tests.support.manual_clock import ManualClock

CLUSTER = Cluster(KafkaSettings(bootstrap="kafka:9092"), "headchef", named=True)


class JumpingClock(ManualClock):
    """Moves itself as far as it is asked to sleep."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


class Away:
    """A cluster that does not answer the first times."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def __call__(self) -> str:
        self.times -= 1
        if self.times >= 0:
            raise LogUnavailable("nobody listens")
        return "there"


async def ask(away: Away, patience_s: float, cluster: Cluster = CLUSTER) -> str:
    return await patiently(away, cluster=cluster, screen=Screen(), patience_s=patience_s, clock=JumpingClock())


async def test_a_cluster_that_comes_back_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert await ask(Away(3), 30) == "there"
    said = capsys.readouterr().err
    assert said.count("cannot reach Kafka at kafka:9092 (HEADCHEF_KAFKA); retrying for 30 s") == 1
    assert "Kafka answers" in said


async def test_a_cluster_that_stays_away_is_given_up() -> None:
    away = Away(100)
    with pytest.raises(WorkFailed, match=r"cannot reach Kafka at kafka:9092 \(HEADCHEF_KAFKA\): nobody listens"):
        await ask(away, 10)
    assert 100 - away.times == 6


async def test_without_an_address_the_default_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADCHEF_KAFKA", raising=False)
    cluster = named_cluster()
    assert cluster.kafka.bootstrap == "127.0.0.1:9092"
    with pytest.raises(WorkFailed) as raised:
        await ask(Away(100), 0, cluster)
    assert "HEADCHEF_KAFKA is not set" in raised.value.message
    assert "headchef up" in raised.value.hint
