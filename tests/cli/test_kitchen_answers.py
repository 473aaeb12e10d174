"""Where `headchef up` keeps answers: as long as the log that says which of them hold no longer."""

from pathlib import Path

import pytest

from headchef.cache.settings import CacheSettings
from headchef.cli.kitchen.answers import answers_of
from headchef.cli.kitchen.services import Stand
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.settings import RuntimeSettings


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HEADCHEF_CACHE_FOLDER", "HEADCHEF_CACHE_QDRANT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def stand(*, embedded: bool) -> Stand:
    return Stand(KafkaSettings(bootstrap="localhost:9092"), RuntimeSettings(), embedded=embedded)


def test_answers_go_with_a_broker_in_memory(tmp_path: Path) -> None:
    with answers_of(stand(embedded=True)):
        folder = CacheSettings().folder
        assert folder.is_dir()
        assert not folder.is_relative_to(tmp_path)
        (folder / "answers").mkdir()
    assert not folder.exists()
    assert CacheSettings().folder == tmp_path / "headchef"


def test_answers_stay_with_a_log_that_stays(tmp_path: Path) -> None:
    with answers_of(stand(embedded=False)):
        assert CacheSettings().folder == tmp_path / "headchef"


def test_a_place_that_somebody_names_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_CACHE_FOLDER", str(tmp_path / "mine"))
    with answers_of(stand(embedded=True)):
        assert CacheSettings().folder == tmp_path / "mine"


def test_a_server_that_somebody_names_needs_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_URL", "http://localhost:6333")
    with answers_of(stand(embedded=True)):
        assert CacheSettings().folder == tmp_path / "headchef"
