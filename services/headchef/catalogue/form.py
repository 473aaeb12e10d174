"""The form of a catalogue file, as Pydantic checks it. The descriptions are part of the error messages."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9@][A-Za-z0-9._:/@+-]{0,127}$")]
"""A provider's, model's or tier's name: letters, digits and . _ : / @ + -, up to 128 characters."""

LaneName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Part of topic and group names, hence narrow: lower case letters, digits and -, up to 63 characters."""

EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Price = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=18, decimal_places=12, allow_inf_nan=False)]
StructuredOutput = Literal["json_schema", "json_object", "none"]
DialectName = Literal["openai", "anthropic", "gemini"]
InputKind = Literal["text", "image"]
Resource = Literal["requests", "tokens", "input_tokens", "output_tokens"]
"""What a quota counts, a minute; tokens are those of input and output together."""

MOST_IMAGE_TOKENS = 92 * 52
"""Input tokens that an image counts for at most with most models; larger ones are scaled down by the provider. Nobody
here reads an image at an address, so this is held for each until calls have told better.

Anthropic: `ceil(width / 28) * ceil(height / 28)`, up to 2,576 by 1,456 pixels, which is this (1,568 on models before
Opus 4.7). OpenAI: patches of 32 pixels, up to 1,536, times up to 2.46, so 3,779; or `85 + 170 * 8` in tiles of 512, but
`2833 + 5667 * 8` for gpt-4o-mini. Gemini: 258 a tile of 768, up to 3,072 by 3,072 pixels, so 4,128, and 1,120 from
Gemini 3 on. (Their guides to images, November 2026.)
"""

AbandonedCalls = Literal["go_on", "end"]
"""What a provider does with a call whose caller is gone."""

MOST_IN_TIER = 9
"""Models of a tier: one that is asked first, and as many after it as `fallback` may name."""

Limit = Annotated[int, Field(ge=1, le=1_000_000_000)]
OutputLimitField = Literal["max_completion_tokens", "max_tokens"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PricesEntry(_Entry):
    """US dollars per million tokens."""

    input: Price = Field(description="US dollars per million input tokens, such as 0.15")
    output: Price = Field(description="US dollars per million output tokens, reasoning included, such as 0.60")
    cached_input: Price | None = Field(
        default=None,
        description="US dollars per million input tokens read from the provider's cache; as input if omitted",
    )
    cache_write: Price | None = Field(
        default=None,
        description="US dollars per million input tokens written to the provider's cache; 1.25 times input if omitted",
    )


class ProviderEntry(_Entry):
    """An account at a provider."""

    dialect: DialectName = Field(
        default="openai", description="the API that the endpoint speaks: openai, anthropic or gemini"
    )
    base_url: str = Field(
        min_length=1,
        description="the address before /chat/completions, /messages or /models, such as https://api.openai.com/v1;"
        " ${NAME} or ${NAME:-default} stands for an environment variable",
    )
    api_key_env: EnvironmentName | None = Field(
        default=None, description="name of the environment variable that holds the API key, such as OPENAI_API_KEY"
    )
    api_key_file: str | None = Field(default=None, min_length=1, description="path of the file that holds the API key")
    output_limit_field: OutputLimitField = Field(
        default="max_completion_tokens",
        description="what an endpoint of the dialect openai calls the output limit: max_completion_tokens (OpenAI,"
        " Azure, vLLM) or max_tokens (Mistral, Ollama and most others)",
    )
    prompt_cache_key: bool = Field(
        default=False,
        description="whether an endpoint of the dialect openai is told which calls begin alike, in prompt_cache_key:"
        " OpenAI and Mistral know it, others may refuse it",
    )


class LaneEntry(_Entry):
    """A quota pool: its own topics and consumer group, drawn from one account."""

    provider: Key = Field(description="name of the provider whose quota this is")
    requests_per_minute: Limit | None = Field(default=None, description="calls a minute, such as 500")
    tokens_per_minute: Limit | None = Field(
        default=None, description="tokens a minute, in and out together, such as 200000 (OpenAI, Azure, Groq, Mistral)"
    )
    input_tokens_per_minute: Limit | None = Field(
        default=None, description="tokens of prompts a minute, such as 50000 (Anthropic, Gemini)"
    )
    output_tokens_per_minute: Limit | None = Field(
        default=None, description="tokens of answers a minute, such as 10000 (Anthropic)"
    )
    cached_input_counts: bool = Field(
        default=True,
        description="whether input_tokens_per_minute counts what is read from the provider's cache: false for most"
        " models of Anthropic",
    )
    concurrency: Limit | None = Field(default=None, description="calls at once, such as 50")
    active_partitions: Limit | None = Field(
        default=None,
        description="how many of the first partitions of its topics are used and share the quota, such as 2; all if"
        " omitted, or if it has fewer",
    )
    abandoned_calls: AbandonedCalls = Field(
        default="go_on",
        description="what becomes of calls whose executor is gone: go_on, so that their places among the calls at once"
        " are left free for as long as a call may take, or end, as a server of your own has it (vLLM)",
    )


class ModelEntry(_Entry):
    """A model that jobs may name."""

    lane: LaneName = Field(description="name of the lane whose quota its calls are drawn from")
    provider_model: str | None = Field(
        default=None, min_length=1, max_length=200, description="the provider's name of the model; as here if omitted"
    )
    max_output_tokens: int | None = Field(
        default=None, ge=1, le=1_000_000, description="the largest output limit, and the one for jobs that set none"
    )
    structured_output: StructuredOutput = Field(
        default="json_schema", description="how a schema is asked for: json_schema, json_object or none"
    )
    input: tuple[InputKind, ...] = Field(
        default=("text",), description="what the model reads: [text], or [text, image] if it takes images"
    )
    image_tokens: int = Field(
        default=MOST_IMAGE_TOKENS,
        ge=1,
        le=1_000_000,
        description="the most input tokens that an image counts for, such as 1568; held until calls have told better",
    )
    cache_breakpoints: bool | None = Field(
        default=None,
        description="whether the end of a prompt's static part is marked for the provider's cache: true for models of"
        " OpenAI from GPT-5.6 on, which charge for writing to it; if omitted, true in the dialect anthropic alone",
    )
    cacheable_tokens: int = Field(
        default=1024,
        ge=1,
        le=1_000_000,
        description="the fewest tokens that the provider caches, such as 1024; a shorter static part is not marked",
    )
    fallback: tuple[Key, ...] = Field(
        default=(), max_length=8, description="names of the models to ask, in order, where this one fails for good"
    )
    prices: PricesEntry | None = Field(
        default=None, description="input and output in US dollars per million tokens; unknown if omitted, never 0"
    )


def _names_some(written: object) -> object:
    if isinstance(written, list) and 1 <= len(written) <= MOST_IN_TIER:
        return written
    what = f"has {len(written)} models" if isinstance(written, list) else "is no list"
    right = f"one to {MOST_IN_TIER} models of this file, in the order in which they are asked, such as [small, large]"
    raise ValueError(f"{what}; give a list of {right}")


TierEntry = Annotated[tuple[Key, ...], BeforeValidator(_names_some)]
"""The models of a tier, the cheapest first."""


class DefaultsEntry(_Entry):
    """What holds for jobs that do not say."""

    model: Key = Field(description="name of the model for jobs that name none")


class CatalogueFile(_Entry):
    """A whole file."""

    defaults: DefaultsEntry = Field(description="model: the model for jobs that name none")
    providers: dict[Key, ProviderEntry] = Field(min_length=1, description="accounts, by name")
    lanes: dict[LaneName, LaneEntry] = Field(min_length=1, description="quota pools, by name")
    models: dict[Key, ModelEntry] = Field(min_length=1, description="models that jobs may name, by name")
    tiers: dict[Key, TierEntry] = Field(
        default_factory=dict, description="what jobs may name in place of a model: lists of models, by name"
    )
