"""The cache's embedder as it is put together from the environment."""

import random
from collections.abc import Sequence
from pathlib import Path

import httpx
import orjson
import pytest

from headchef.cache.embedder import open_embedder
from headchef.cache.embedder_settings import EmbedderSettings
from headchef.cache.meaning_points import collection_of
from headchef.cache.settings import CacheSettings
from headchef.embedding import EmbeddingFailed, HashedEmbedder, Vector
from headchef.runtime.settings import BadSettings, load
from headchef.runtime.surroundings import Surroundings
from tests.cache.test_assembly import OpenPermit
from tests.support.idle import UNHURRIED
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Surroundings:
    monkeypatch.setenv("HEADCHEF_CACHE_FOLDER", str(tmp_path))
    monkeypatch.delenv("HEADCHEF_CACHE_QDRANT_URL", raising=False)
    for name in EmbedderSettings.model_fields:
        monkeypatch.delenv(f"HEADCHEF_CACHE_EMBEDDER_{name.upper()}", raising=False)
    for name, value in UNHURRIED.items():
        monkeypatch.setenv(name, value)
    return Surroundings(ManualClock(), random.Random(1), OpenPermit(), RecordedMetrics())


async def _embed(surroundings: Surroundings, texts: Sequence[str]) -> tuple[str, Sequence[Vector]]:
    async with open_embedder(load(EmbedderSettings), load(CacheSettings), "kitchen", surroundings) as opened:
        return opened.embedder.name, await opened.embedder.embed(texts)


async def test_words_are_hashed_if_nothing_is_set(surroundings: Surroundings, tmp_path: Path) -> None:
    name, [vector] = await _embed(surroundings, ["How do I pay?"])
    assert (name, len(vector)) == ("hashed-1/512", 512)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["hashed", "wordllama"])
async def test_a_batch_of_long_texts_is_not_embedded_whole_and_short_ones_are(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Whoever is behind them in the batch would wait in vain, until the time for all is over."""
    monkeypatch.setenv("HEADCHEF_CACHE_EMBEDDER_KIND", kind)
    texts = [f"{number} {'a' * 9_990}" for number in range(100, 256)]
    async with open_embedder(load(EmbedderSettings), load(CacheSettings), "kitchen", surroundings) as opened:
        assert opened.is_local
        with pytest.raises(EmbeddingFailed) as failed:
            await opened.embedder.embed([*texts, "How do I pay?"])
        # What is kept counts no more, so in the end all of them have theirs.
        with pytest.raises(EmbeddingFailed) as again:
            await opened.embedder.embed([*texts, "How do I pay?"])
    assert failed.value.withheld
    assert "How do I pay?" in failed.value.made
    assert 10 < len(failed.value.made) < len(again.value.made) < len(texts)


async def test_another_embedder_has_another_collection(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADCHEF_CACHE_EMBEDDER_DIMENSIONS", "256")
    assert (await _embed(surroundings, ["a"]))[0] == "hashed-1/256"
    monkeypatch.setenv("HEADCHEF_CACHE_EMBEDDER_DIMENSIONS", "")
    monkeypatch.setenv("HEADCHEF_CACHE_EMBEDDER_KIND", "wordllama")
    name, [vector] = await _embed(surroundings, ["a"])
    assert len(vector) == 256
    names = {collection_of(HashedEmbedder(256)), collection_of(HashedEmbedder()), collection_of(_Named(name, 256))}
    assert len(names) == 3


def test_a_collections_name_can_be_a_folder_whatever_the_model_is_called() -> None:
    name = collection_of(_Named("../Org/Model v1:latest ünï/1536", 1536))
    assert name.startswith("..-Org-Model-v1-latest")
    assert "/" not in name
    assert collection_of(_Named("a/b", 8)) != collection_of(_Named("a-b", 8))
    assert collection_of(_Named("a", 8)) != collection_of(_Named("a", 9))


async def test_what_an_endpoint_has_made_is_asked_for_once_also_after_a_restart(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    async def answer(client: httpx.AsyncClient, request: httpx.Request, **rest: object) -> httpx.Response:
        texts = orjson.loads(request.content)["input"]
        asked.extend(texts)
        data = [{"index": number, "embedding": [len(text), *[1] * 7]} for number, text in enumerate(texts)]
        return httpx.Response(200, json={"data": data}, request=request)

    monkeypatch.setattr(httpx.AsyncClient, "send", answer)
    for name, value in {"KIND": "endpoint", "URL": "http://embed.example/v1", "MODEL": "m", "DIMENSIONS": "8"}.items():
        monkeypatch.setenv(f"HEADCHEF_CACHE_EMBEDDER_{name}", value)
    _, first = await _embed(surroundings, ["a", "bb", "a"])
    _, again = await _embed(surroundings, ["bb", "ccc"])
    assert asked == ["a", "bb", "ccc"]
    assert list(again[0]) == pytest.approx(list(first[1]), abs=1e-6)
    [folder] = (tmp_path / "kitchen").iterdir()
    assert folder.name.startswith("vectors.m-8.")


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"KIND": "openai"}, "KIND"),
        ({"KIND": "endpoint", "MODEL": "m", "DIMENSIONS": "8"}, "URL"),
        ({"KIND": "endpoint", "URL": "http://e", "DIMENSIONS": "8"}, "MODEL"),
        ({"KIND": "endpoint", "URL": "http://e", "MODEL": "m"}, "DIMENSIONS"),
        ({"KIND": "wordllama", "DIMENSIONS": "512"}, "DIMENSIONS"),
        ({"DIMENSIONS": "4"}, "DIMENSIONS"),
        ({"URL": "embed.example"}, "URL"),
        ({"URL": "http://e"}, "URL"),
        ({"KIND": "wordllama", "MODEL": "m"}, "MODEL"),
        ({"REQUESTS_PER_MINUTE": "60"}, "REQUESTS_PER_MINUTE"),
        ({"KIND": "wordllama", "TOKENS_PER_MINUTE": "1000"}, "TOKENS_PER_MINUTE"),
        ({"TOKENS_PER_MINUTE": "0"}, "TOKENS_PER_MINUTE"),
        ({"CONCURRENCY": "some"}, "CONCURRENCY"),
        ({"WAIT_S": "31"}, "WAIT_S"),
        ({"PRICE_USD": "-1"}, "PRICE_USD"),
    ],
)
async def test_a_wrong_setting_names_its_variable(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], field: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"HEADCHEF_CACHE_EMBEDDER_{name}", value)
    with pytest.raises(BadSettings) as caught:
        await _embed(surroundings, ["a"])
    assert caught.value.field == f"HEADCHEF_CACHE_EMBEDDER_{field}"


class _Named(HashedEmbedder):
    """Has another name."""

    def __init__(self, name: str, dimensions: int) -> None:
        super().__init__(dimensions)
        self._name = name

    @property
    def name(self) -> str:
        return self._name
