"""The settings of the counting of batches, read from the environment; those of all processors are the runtime's."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class BatchesSettings(BaseSettings):
    """Where batches are counted, and when they pause; `HEADCHEF_BATCHES_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_BATCHES_", frozen=True, extra="ignore")

    homes: int = Field(
        default=4,
        ge=1,
        le=1_000,
        description="partitions of batches.counted that are used, the first ones, so that topics may grow while batches"
        " are open; one that is open when this is changed does not finish",
    )
    warm_up: int = Field(
        default=20,
        ge=1,
        le=1_000_000,
        description="answers of a batch that are waited for before it pauses by batch_max_reject_rate, and again after"
        " each resume",
    )
