"""How the simulated provider behaves: its address, chance, latency, faults and prices."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Rate = Annotated[float, Field(ge=0, le=1)]
Limit = Annotated[int, Field(ge=1, le=1_000_000_000)] | None


class Rates(BaseModel):
    """How often a call meets a fault: shares of all calls, of which at most one fault meets each call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate_limited: Rate = Field(default=0, description="answered with 429 and Retry-After")
    server_error: Rate = Field(default=0, description="answered with 500")
    unavailable: Rate = Field(default=0, description="answered with 503, or 529 in the dialect anthropic")
    billing: Rate = Field(default=0, description="refused because the account has no credit left")
    reset: Rate = Field(default=0, description="connection broken in the middle of the answer, which is billed")
    malformed: Rate = Field(default=0, description="200 with a body that is not JSON, which is billed")
    length: Rate = Field(default=0, description="cut off in the middle, finish_reason length; the same at each try")
    refusal: Rate = Field(default=0, description="refused by the model; the same at each try")
    schema_violation: Rate = Field(default=0, description="JSON that breaks the schema; the same at each try")

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        refused = self.rate_limited + self.server_error + self.unavailable + self.billing
        transport = refused + self.reset + self.malformed
        model = self.length + self.refusal + self.schema_violation
        if transport > 1 or model > 1:
            raise ValueError("the rates of one kind (transport, model) add up to more than 1")
        return self


class Quota(BaseModel):
    """What the account may use. What is not set is not limited; a call beyond it is answered with 429."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_minute: Limit = Field(default=None, description="calls a minute")
    tokens_per_minute: Limit = Field(
        default=None, description="tokens a minute, in and out together, as OpenAI counts: the output limit is held"
    )
    input_tokens_per_minute: Limit = Field(
        default=None, description="tokens of prompts a minute, as Anthropic counts: without those read from the cache"
    )
    output_tokens_per_minute: Limit = Field(
        default=None, description="tokens of answers a minute, as Anthropic counts: when they are made"
    )
    concurrency: Limit = Field(default=None, description="calls that may go on at once")
    refusals_count: bool = Field(
        default=False, description="whether a call beyond the quota counts as a call too, as OpenAI has it"
    )
    kind: Literal["bucket", "window"] = Field(
        default="bucket", description="bucket fills all the time, window counts anew with each span"
    )
    span_s: float = Field(
        default=60, gt=0, le=3600, description="seconds: a bucket holds the quota of so many, a window is as long"
    )


class Caching(BaseModel):
    """How prompts are cached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: bool = Field(default=True, description="whether what prompts begin with is cached")
    min_tokens: int = Field(default=1024, ge=1, description="tokens; shorter beginnings are not cached")
    step_tokens: int = Field(default=128, ge=1, description="tokens; cached in such steps, where no marks are set")
    lifetime_s: float = Field(default=300, gt=0, description="seconds for which what nobody uses is kept")
    max_beginnings: int = Field(default=100_000, ge=1, description="beginnings of prompts that are kept, the latest")


class Settings(BaseSettings):
    """Settings of the provider simulator, from `HEADCHEF_SIMULATOR_*`; rates as `HEADCHEF_SIMULATOR_RATES__RESET`."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="HEADCHEF_SIMULATOR_", env_nested_delimiter="__", extra="ignore"
    )

    host: str = Field(default="127.0.0.1", description="address to listen on; only this machine by default")
    port: int = Field(default=8089, ge=0, le=65_535, description="port to listen on; 0 takes a free one")
    seed: int = Field(default=1, description="of all chance; the same seed and request give the same answer")
    models: tuple[str, ...] = Field(
        default=("simulated",), min_length=1, description="names of models that exist; others are answered with 404"
    )
    blind_models: tuple[str, ...] = Field(
        default=(), description="names of models among them that take no images: a call that shows one gets 400"
    )
    api_key: SecretStr | None = Field(default=None, description="asked of every call if set; else any is taken")
    latency_median_s: float = Field(
        default=0, ge=0, le=600, description="median seconds before an answer; 0 measures everything else"
    )
    latency_sigma: float = Field(
        default=0.5, ge=0, le=3, description="spread of the log-normal latency; 0.5 puts p95 at 2.3 times the median"
    )
    rates: Rates = Field(default_factory=Rates, description="how often a call meets a fault; none by default")
    quota: Quota = Field(default_factory=Quota, description="what the account may use; all it wants by default")
    retry_after_s: float = Field(
        default=1, ge=0, le=3600, description="seconds that a drawn 429 asks the caller to wait; 0 for not saying"
    )
    context_tokens: int = Field(default=128_000, ge=1, description="larger prompts are answered with 400")
    caching: Caching = Field(default_factory=Caching, description="how prompts are cached")
    reasoning_tokens: int = Field(default=0, ge=0, le=1_000_000, description="added to the output of every answer")
    input_usd: Decimal = Field(default=Decimal("0.15"), ge=0, description="US dollars per million input tokens")
    cached_input_usd: Decimal = Field(default=Decimal("0.075"), ge=0, description="the same, read from the cache")
    cache_write_usd: Decimal = Field(default=Decimal("0.1875"), ge=0, description="the same, written to the cache")
    output_usd: Decimal = Field(default=Decimal("0.60"), ge=0, description="US dollars per million output tokens")
    max_body_bytes: int = Field(default=16_777_216, ge=1024, description="larger requests are answered with 413")
    bill_entries: int = Field(
        default=200_000, ge=0, description="calls kept one by one in the bill, the latest; sums cover all calls"
    )
    max_known_requests: int = Field(
        default=1_000_000, ge=1, description="requests whose repetitions are counted, so that a retry draws anew"
    )
