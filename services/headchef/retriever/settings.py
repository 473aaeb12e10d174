"""What the processor that looks into collections can be told, read from the environment, beside the collections."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RetrieverSettings(BaseSettings):
    """How many searches are made at once, and how long each may take; `HEADCHEF_RETRIEVER_` and the name."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_RETRIEVER_", frozen=True, extra="ignore")

    concurrency: int = Field(default=16, ge=1, le=1_000, description="searches at once in this process")
    timeout_s: float = Field(
        default=60.0, gt=0, le=600, description="seconds that a search may take, with all tries and pauses"
    )
