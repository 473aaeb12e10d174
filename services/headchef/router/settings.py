"""The router's own settings, read from the environment; those that all processors share are the runtime's."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from headchef_contracts.events.common import EntryName

from headchef.catalogue import DEFAULT_PATH


def _apart(text: object) -> object:
    return (
        tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        if isinstance(text, str)
        else text
    )


class RouterSettings(BaseSettings):
    """What a job may be; `HEADCHEF_ROUTER_` and the field's name in capitals, or the name given with it."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_ROUTER_", frozen=True, extra="ignore")

    catalogue: Path = Field(
        default=DEFAULT_PATH,
        validation_alias="HEADCHEF_CATALOGUE",
        description="YAML file of models, lanes and prices, in force until one is published",
    )
    entries: Annotated[tuple[EntryName, ...], NoDecode, BeforeValidator(_apart)] = Field(
        default=(),
        validation_alias="HEADCHEF_ENTRIES",
        description="names of entries beside the public one, each with topics"
        " `jobs.submitted.<entry>`; the same for routers and for `headchef topics`",
    )
    max_job_bytes: int = Field(
        default=1_000_000,
        ge=1_000,
        le=1_000_000,
        description="of a record's value, key and headers; the topic takes 1 MiB, and forwarding adds headers",
    )
    max_header_bytes: int = Field(
        default=16_384, ge=1_000, le=32_768, description="of a record's headers: ours and tracing's are under 1 KB"
    )
    max_prompt_bytes: int = Field(
        default=1_048_576,
        ge=1_000,
        le=1_572_864,
        description="of a rendered prompt as JSON; with schema and answer it must fit into the 4 MiB of a topic",
    )
    max_template_work: int = Field(
        default=4_000_000,
        ge=1_000,
        le=100_000_000,
        description="characters and items that a rendering may touch, all that is compared too; a turn of a loop"
        " counts 40, or 4 for each part of its body. About a second",
    )
    max_templates: int = Field(default=256, ge=1, le=10_000, description="compiled templates kept; each takes 1 ms")
    refuse_at: float = Field(
        default=0.75,
        gt=0,
        le=1,
        description="share of a topic's retention that its oldest unfinished record may wait before jobs are refused",
    )
    accept_below: float = Field(
        default=0.5, gt=0, le=1, description="share below which jobs are taken again; less than the other"
    )
    max_units: int = Field(
        default=100_000,
        ge=1,
        le=1_000_000,
        description="steps and items of workflow jobs kept in memory, each 4 KiB of them as one more; they take half a"
        " KiB each, and a job that is not kept is read again from its records",
    )
    max_silence_s: float = Field(
        default=691_200,
        ge=60,
        le=31_536_000,
        description="seconds without any news of a workflow's job after which it fails: longer than the topics of its"
        " steps keep their records, 8 days",
    )
    keep_failed_s: float = Field(
        default=604_800,
        ge=0,
        le=31_536_000,
        description="seconds for which the steps that succeeded of a workflow's job are kept for its next run, where it"
        " came to no good end; 0 for not at all",
    )
    max_kept_jobs: int = Field(
        default=2_000, ge=1, le=1_000_000, description="of a task of which steps are kept so, the newest ones"
    )
    max_kept_bytes: int = Field(
        default=1_000_000, ge=1_000, le=100_000_000, description="of what is kept of such a job, in memory too"
    )
    max_budget_wait_s: float = Field(
        default=86_400,
        ge=1,
        le=604_800,
        description="seconds that a question waits for what other questions of its tenant have reserved, after which it"
        " ends with `budget_exceeded`",
    )
    max_schemas: int = Field(default=256, ge=1, le=10_000, description="compiled output schemas kept")

    @model_validator(mode="after")
    def _door_does_not_flap(self) -> Self:
        if self.accept_below >= self.refuse_at:
            raise ValueError("HEADCHEF_ROUTER_ACCEPT_BELOW must be less than HEADCHEF_ROUTER_REFUSE_AT")
        return self
