"""Addresses and credentials: filled in from the environment or a file, and never shown."""

from pathlib import Path

import pytest

from headchef.catalogue import BadCatalogue, Catalogue, load, resolve, write_single

SECRET = "sk-test-0123456789abcdef"
TEXT = """\
defaults: {{model: m}}
providers:
  acme:
    base_url: {base_url}
    {credential}
lanes: {{default: {{provider: acme}}}}
models: {{m: {{lane: default}}}}
"""


def catalogue(folder: Path, base_url: str = "https://api.acme.test/v1/", credential: str = "") -> Catalogue:
    path = folder / "catalogue.yaml"
    path.write_text(TEXT.format(base_url=base_url, credential=credential))
    return load(path)


def test_without_a_credential_there_is_no_key(tmp_path: Path) -> None:
    endpoint = resolve(catalogue(tmp_path), "default", {})
    assert (endpoint.base_url, endpoint.api_key) == ("https://api.acme.test/v1", None)


def test_the_address_comes_from_the_environment_or_its_default(tmp_path: Path) -> None:
    written = catalogue(tmp_path, "${ACME_URL:-http://127.0.0.1:8089/v1}")
    assert resolve(written, "default", {}).base_url == "http://127.0.0.1:8089/v1"
    assert resolve(written, "default", {"ACME_URL": "https://x.test"}).base_url == "https://x.test"


def test_a_missing_or_bad_variable_is_named_without_its_value(tmp_path: Path) -> None:
    written = catalogue(tmp_path, "${ACME_URL}")
    with pytest.raises(BadCatalogue, match=r":3: providers\.acme\.base_url: environment variable ACME_URL is not set"):
        resolve(written, "default", {})
    with pytest.raises(BadCatalogue, match="holds a credential") as caught:
        resolve(written, "default", {"ACME_URL": f"https://me:{SECRET}@x.test"})
    assert SECRET not in str(caught.value)


def test_the_key_comes_from_the_environment(tmp_path: Path) -> None:
    endpoint = resolve(catalogue(tmp_path, credential="api_key_env: ACME_KEY"), "default", {"ACME_KEY": f"{SECRET}\n"})
    assert endpoint.api_key is not None
    assert endpoint.api_key.get_secret_value() == SECRET
    assert SECRET not in repr(endpoint)


def test_the_key_comes_from_a_file_beside_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    endpoint = resolve(catalogue(tmp_path, credential="api_key_file: key"), "default", {})
    assert endpoint.api_key is not None
    assert endpoint.api_key.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("credential", "environment", "says"),
    [
        ("api_key_env: ACME_KEY", {}, "environment variable ACME_KEY is not set"),
        ("api_key_env: ACME_KEY", {"ACME_KEY": "  "}, "environment variable ACME_KEY is not set"),
        ("api_key_env: ACME_KEY", {"ACME_KEY": f"{SECRET}\nX-Other: 1"}, "cannot stand in an HTTP header"),
        ("api_key_file: nowhere", {}, "cannot be read or is empty"),
    ],
)
def test_a_credential_that_is_not_there_is_named_and_never_shown(
    tmp_path: Path, credential: str, environment: dict[str, str], says: str
) -> None:
    with pytest.raises(BadCatalogue, match=says) as caught:
        resolve(catalogue(tmp_path, credential=credential), "default", environment)
    assert SECRET not in str(caught.value)


def test_an_unknown_lane_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match="no lane 'fast'; known are default"):
        resolve(catalogue(tmp_path), "fast", {})


def test_two_credentials_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match="not both"):
        catalogue(tmp_path, credential="api_key_env: A\n    api_key_file: b")


def test_a_catalogue_of_one_model_is_written_from_the_usual_variables(tmp_path: Path) -> None:
    path = tmp_path / "single.yaml"
    path.write_text(write_single("gpt-4o-mini", prices={"input": "0.15", "output": "0.60"}))
    written = load(path)
    assert written.default_model == "gpt-4o-mini"
    assert resolve(written, "default", {"OPENAI_API_KEY": SECRET}).base_url == "https://api.openai.com/v1"
    given = {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    assert resolve(written, "default", given).base_url == "http://127.0.0.1:9/v1"


@pytest.mark.parametrize("model", ["@cf/meta/llama-3", "accounts/acme/models/x", "qwen3:8b", "ft:gpt-4o:me::id"])
def test_names_as_providers_give_them_are_taken(model: str, tmp_path: Path) -> None:
    path = tmp_path / "single.yaml"
    path.write_text(write_single(model, api_key_env=None))
    assert resolve(load(path), "default", {}).api_key is None
    assert load(path).models[model].provider_model == model
