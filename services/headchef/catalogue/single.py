"""Writes the catalogue of one model at one endpoint that the usual environment variables name."""

import yaml

from headchef.catalogue.form import CatalogueFile

_OPENAI = "https://api.openai.com/v1"


def write_single(
    model: str,
    *,
    base_url_env: str = "OPENAI_BASE_URL",
    api_key_env: str | None = "OPENAI_API_KEY",
    prices: dict[str, str] | None = None,
) -> str:
    """Give the text of a catalogue with one model on the lane `default`. It names variables and holds no secret.

    Args:
        model: the provider's name of the model.
        base_url_env: variable with the endpoint's address; OpenAI's own address where it is not set.
        api_key_env: variable with the API key; None for endpoints that want none.
        prices: `input`, `output` and perhaps `cached_input` and `cache_write`, in US dollars per million tokens; None
            if not known.

    Raises:
        pydantic.ValidationError: an argument breaks the catalogue's form.
    """
    provider = {"base_url": f"${{{base_url_env}:-{_OPENAI}}}", "api_key_env": api_key_env}
    entry = {"lane": "default", "provider_model": model, "prices": prices}
    data = {
        "defaults": {"model": model},
        "providers": {"endpoint": {key: value for key, value in provider.items() if value is not None}},
        "lanes": {"default": {"provider": "endpoint"}},
        "models": {model: {key: value for key, value in entry.items() if value is not None}},
    }
    CatalogueFile.model_validate(data)
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
