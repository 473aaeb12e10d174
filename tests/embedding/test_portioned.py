"""So much is embedded at once, the shortest texts first, and the rest is withheld."""

import pytest

from headchef.embedding import EmbeddingFailed, HashedEmbedder
from headchef.embedding.portioned import PortionedEmbedder

EMBEDDER = HashedEmbedder(8)


async def test_what_fits_is_embedded_as_ever() -> None:
    portioned = PortionedEmbedder(EMBEDDER, 6)
    assert list(await portioned.embed(["abc", "a", "bc"])) == list(await EMBEDDER.embed(["abc", "a", "bc"]))
    assert (portioned.name, portioned.dimensions) == (EMBEDDER.name, 8)
    assert list(await portioned.embed([])) == []


async def test_the_shortest_go_first_and_the_others_are_withheld() -> None:
    with pytest.raises(EmbeddingFailed) as failed:
        await PortionedEmbedder(EMBEDDER, 6).embed(["abcd", "bc", "a", "abc", "a"])
    assert failed.value.withheld
    assert failed.value.made == dict(zip(["a", "bc", "abc"], await EMBEDDER.embed(["a", "bc", "abc"]), strict=True))
    assert failed.value.message == "11 characters at once; at most 6 are embedded"


async def test_one_that_is_too_long_is_withheld_alone() -> None:
    with pytest.raises(EmbeddingFailed) as failed:
        await PortionedEmbedder(EMBEDDER, 6).embed(["abcdefg"])
    assert failed.value.made == {}
