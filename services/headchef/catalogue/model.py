"""The catalogue as services use it: models with their lane, provider and prices, looked up by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from headchef.catalogue.form import (
    MOST_IMAGE_TOKENS,
    AbandonedCalls,
    DialectName,
    OutputLimitField,
    Resource,
    StructuredOutput,
)


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens.

    Attributes:
        input: for input tokens.
        output: for output tokens, reasoning included.
        cached_input: for the part of the input that the provider read from its cache.
        cache_write: for the part of the input that the provider wrote to its cache.
    """

    input: Decimal
    output: Decimal
    cached_input: Decimal
    cache_write: Decimal


@dataclass(frozen=True, slots=True)
class Provider:
    """An account at a provider. Holds the names of secrets, never a secret.

    Attributes:
        name: as the catalogue names it.
        dialect: the API that it speaks.
        base_url: as written, environment variables not yet filled in.
        api_key_env: name of the environment variable with the API key.
        api_key_file: file with the API key.
        output_limit_field: what the endpoint calls the output limit.
        line: where it stands in the file, for messages.
        prompt_cache_key: whether the endpoint is told which calls begin alike.
    """

    name: str
    dialect: DialectName
    base_url: str
    api_key_env: str | None
    api_key_file: Path | None
    output_limit_field: OutputLimitField
    line: int
    prompt_cache_key: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """What a lane may use of its account; nothing is limited that is not named.

    Attributes:
        a_minute: limits a minute, by resource.
        concurrency: calls at once; None for no limit.
        cached_input_counts: whether the limit of input tokens counts those read from the provider's cache.
        abandoned_calls: whether a call goes on at the provider, or ends, when its caller is gone.
    """

    a_minute: Mapping[Resource, int] = field(default_factory=dict)
    concurrency: int | None = None
    cached_input_counts: bool = True
    abandoned_calls: AbandonedCalls = "go_on"


@dataclass(frozen=True, slots=True)
class Lane:
    """A quota pool, drawn from one account.

    Attributes:
        name: as the catalogue names it.
        provider: the account.
        quota: what it may use of that.
        active_partitions: how many of the first partitions of its topics are used; None for all.
    """

    name: str
    provider: Provider
    quota: Quota = field(default_factory=Quota)
    active_partitions: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model that jobs may name.

    Attributes:
        name: as jobs name it.
        lane: name of its quota pool.
        provider: name of the account.
        provider_model: the provider's name of the model.
        max_output_tokens: the largest output limit, and the one for jobs that set none; None leaves it to the provider.
        structured_output: how a schema is asked for.
        prices: None where they are not known.
        cache_breakpoints: whether the end of a prompt's static part is marked for the provider's cache.
        cacheable_tokens: the fewest tokens that the provider caches.
        fallback: names of the models to ask, in order, where this one fails for good; all in the catalogue.
        takes_images: whether it reads images too.
        image_tokens: the most input tokens that an image counts for.
    """

    name: str
    lane: str
    provider: str
    provider_model: str
    max_output_tokens: int | None
    structured_output: StructuredOutput
    prices: Prices | None
    cache_breakpoints: bool = False
    cacheable_tokens: int = 1024
    fallback: tuple[str, ...] = ()
    takes_images: bool = False
    image_tokens: int = MOST_IMAGE_TOKENS


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version of the models, lanes, prices and defaults.

    Attributes:
        path: the file it came from.
        version: the first 16 hexadecimal digits of the SHA-256 of the file's bytes.
        default_model: for jobs that name none; always in `models`.
        models: by name.
        lanes: by name.
        tiers: by name; each has names of models, all in `models`, in the order in which they are asked.
    """

    path: Path
    version: str
    default_model: str
    models: Mapping[str, Model]
    lanes: Mapping[str, Lane]
    tiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
