"""Settings of what makes vectors of questions for the cache; the cache's own are in settings.py."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, Field, SecretStr, StringConstraints, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Kind = Literal["hashed", "wordllama", "endpoint"]


class EmbedderSettings(BaseSettings):
    """Who makes vectors, and how many are kept; `HEADCHEF_CACHE_EMBEDDER_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_CACHE_EMBEDDER_", frozen=True, extra="ignore")

    kind: Kind = Field(
        default="hashed",
        description="hashed: by words and parts of words; wordllama: by a model's word vectors, of the extra of that"
        " name; endpoint: by any model with an /embeddings endpoint. Another one begins a new collection of questions",
    )
    dimensions: int | None = Field(
        default=None, ge=8, le=65_536, description="of its vectors; 512 for hashed if unset; an endpoint needs it"
    )
    url: AnyHttpUrl | None = Field(
        default=None, description="of an endpoint, before /embeddings, such as https://api.openai.com/v1"
    )
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="of an endpoint, as it calls it"
    )
    api_key: SecretStr | None = Field(default=None, description="of an endpoint, if it asks for one")
    batch: int = Field(default=64, ge=1, le=2_048, description="texts in one request to an endpoint")
    timeout_s: float = Field(default=20.0, gt=0, le=600, description="for one request to an endpoint")
    requests_per_minute: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="that an endpoint allows to all caches together, such as 3000"
    )
    tokens_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000,
        description="of texts, that an endpoint allows to all caches together, such as 1000000",
    )
    concurrency: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="requests at once that an endpoint allows to all caches together; unset: 8 of each. Several caches"
        " share it by partitions of `steps.planned`: allow as many, or some have none",
    )
    wait_s: float = Field(
        default=0.3,
        ge=0,
        le=30,
        description="that a text waits for room in these limits; beyond, its step goes to its model. 0: not at all",
    )
    price_usd: Decimal | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="of an endpoint, for a million tokens, such as 0.02; for the counter `headchef.embedding.cost`",
    )
    max_held: int = Field(
        default=20_000, ge=1, le=10_000_000, description="vectors in memory, the last used; 1 to 6 KB each"
    )
    max_kept: int = Field(
        default=500_000, ge=1, le=100_000_000, description="vectors of an endpoint in a store, beyond, the oldest go"
    )

    @field_validator(
        *("dimensions", "url", "model", "api_key"),
        *("requests_per_minute", "tokens_per_minute", "concurrency", "price_usd"),
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        # What a compose file passes on from an unset variable is an empty text.
        return None if value == "" else value
