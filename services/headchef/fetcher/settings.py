"""What the processor that fetches documents can be told, read from the environment, beside what sources can be."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from headchef.bodies import MAX_BODY_BYTES


class FetcherSettings(BaseSettings):
    """How many documents are fetched at once, and how much may be made of one; `HEADCHEF_FETCHER_` and the name."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_FETCHER_", frozen=True, extra="ignore")

    concurrency: int = Field(
        default=32, ge=1, le=1_000, description="documents at once in this process, of all hosts together"
    )
    max_output_bytes: int = Field(
        default=2_097_152,
        ge=1_024,
        le=MAX_BODY_BYTES,
        description="of what is made of a document, as JSON; above 3,500,000 only where HEADCHEF_BODIES is set, as it"
        " must fit into the 4 MiB of a topic else",
    )
