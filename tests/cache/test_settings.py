"""The cache's settings: where answers are kept, and what a wrong value is told."""

from pathlib import Path

import pytest

from headchef.cache.settings import CacheSettings
from headchef.runtime.settings import BadSettings, load


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", *(f"HEADCHEF_CACHE_{field}".upper() for field in CacheSettings.model_fields)):
        monkeypatch.delenv(name, raising=False)


def test_without_settings_answers_lie_in_the_users_data_folder(tmp_path: Path) -> None:
    settings = load(CacheSettings)
    assert settings.folder == tmp_path / ".local" / "share" / "headchef"
    assert settings.qdrant_url is None
    assert settings.ttl_s is None


def test_the_data_folder_is_where_the_system_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert load(CacheSettings).folder == tmp_path / "data" / "headchef"


@pytest.mark.parametrize("value", ["", "relative/folder"])
def test_a_data_folder_that_is_not_absolute_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", value)
    assert load(CacheSettings).folder == tmp_path / ".local" / "share" / "headchef"


def test_one_setting_names_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_URL", "https://qdrant.example:6333")
    monkeypatch.setenv("HEADCHEF_CACHE_QDRANT_API_KEY", "a secret")
    settings = load(CacheSettings)
    assert str(settings.qdrant_url) == "https://qdrant.example:6333/"
    assert settings.qdrant_api_key is not None
    assert "a secret" not in repr(settings)


def test_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QDRANT_URL", "QDRANT_API_KEY", "COLLECTION", "TTL_S"):
        monkeypatch.setenv(f"HEADCHEF_CACHE_{name}", "")
    settings = load(CacheSettings)
    assert (settings.qdrant_url, settings.qdrant_api_key, settings.collection, settings.ttl_s) == (None,) * 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QDRANT_URL", "qdrant:6333"),
        ("QDRANT_URL", "ftp://qdrant"),
        ("QDRANT_GRPC_PORT", "70000"),
        ("COLLECTION", "a/b"),
        ("TTL_S", "0"),
        ("TTL_S", "a week"),
        ("LOOKUP_TIMEOUT_S", "0"),
        ("RETRY_LONGEST_S", "-1"),
        ("BATCH", "0"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"HEADCHEF_CACHE_{name}", value)
    with pytest.raises(BadSettings) as caught:
        load(CacheSettings)
    assert caught.value.field == f"HEADCHEF_CACHE_{name}"
