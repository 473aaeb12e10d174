"""The file of collections: what is taken, and what each fault is called."""

from pathlib import Path

import pytest

from headchef.retrieval.form import ServerEntry
from headchef.retrieval.reading import BadCollections, key_of, load
from tests.docs.blocks import ROOT

GOOD = """\
collections:
  guides:
    folder: data
    shared: true
    hashed: {}
  offers:
    server: {url: http://localhost:6333/, api_key_env: KEY}
    tenant_field: tenant
    endpoint: {base_url: https://api.openai.com/v1, model: text-embedding-3-small, dimensions: 1536}
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "collections.yaml"
    path.write_text(text)
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = load(_written(tmp_path, GOOD))
    assert list(found) == ["guides", "offers"]
    assert found["guides"].hashed is not None
    assert found["guides"].hashed.dimensions == 512
    assert found["offers"].server is not None
    assert found["offers"].server.url == "http://localhost:6333"


def test_the_file_that_compose_gives_the_retriever_has_no_collections() -> None:
    assert load(ROOT / "infra/docker/collections.yaml") == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("folder: data", "folder: data\n    server: {url: 'http://x'}", "give `folder` or `server`, one of the two"),
        ("    shared: true\n", "", "say whose it is: `shared: true`, or `tenant_field`"),
        ("    hashed: {}\n", "", "give `hashed` or `endpoint`, one of the two"),
        ("hashed: {}", "hashed: {dimensions: 1}", ":5:14: collections.guides.hashed.dimensions: "),
        ("folder: data", "foldr: data", ":3:5: collections.guides.foldr: unknown field; did you mean folder?"),
        ("http://localhost:6333/", "localhost", "is not an http or https address"),
        ("http://localhost:6333/", "http://me:pw@localhost", "holds a credential"),
        ("api_key_env: KEY", "api_key_env: KEY, api_key_file: k", "give api_key_env or api_key_file, not both"),
        ("tenant_field: tenant", "tenant_field: text", "must be fields of their own"),
        ("  offers:", "  guides:", "given twice, first on line 2"),
        (GOOD, "- a", "is not a mapping with the field collections"),
        (GOOD, "a: [", "is not YAML"),
    ],
)
def test_faults_are_named_with_their_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = _written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(BadCollections) as bad:
        load(path)
    assert said in str(bad.value)
    assert str(path) in str(bad.value)
    assert bad.value.field == "HEADCHEF_COLLECTIONS"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCollections, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_keys_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path, url = tmp_path / "collections.yaml", "http://x"
    (tmp_path / "key").write_text("from-file\n")
    by_file = key_of(ServerEntry(url=url, api_key_file="key"), "s", path, {})
    by_variable = key_of(ServerEntry(url=url, api_key_env="KEY"), "s", path, {"KEY": "from-variable"})
    assert by_file is not None
    assert by_variable is not None
    assert (by_file.get_secret_value(), by_variable.get_secret_value()) == ("from-file", "from-variable")
    assert key_of(ServerEntry(url=url), "s", path, {}) is None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (ServerEntry(url="http://x", api_key_env="KEY"), "s.api_key_env: environment variable KEY is not set"),
        (ServerEntry(url="http://x", api_key_file="none"), "s.api_key_file: .*none cannot be read or is empty"),
    ],
)
def test_a_key_that_is_not_there_is_named(tmp_path: Path, entry: ServerEntry, said: str) -> None:
    with pytest.raises(BadCollections, match=said):
        key_of(entry, "s", tmp_path / "collections.yaml", {})
