"""What the processor that fetches documents can be told, read from the environment, beside what sources can be."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class FetcherSettings(BaseSettings):
    """How many documents are fetched at once, and how much may be made of one; `HEADCHEF_FETCHER_` and the name."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_FETCHER_", frozen=True, extra="ignore")

    concurrency: int = Field(
        default=32, ge=1, le=1_000, description="documents at once in this process, of all hosts together"
    )
    max_output_bytes: int = Field(
        default=2_097_152,
        ge=1_024,
        le=3_500_000,
        description="of what is made of a document, as JSON; with the job's head it must fit into the 4 MiB of a topic",
    )
