"""The validator's own settings, read from the environment; those that all processors share are the runtime's."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ValidatorSettings(BaseSettings):
    """How much is looked at and said; `HEADCHEF_VALIDATOR_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_VALIDATOR_", frozen=True, extra="ignore")

    max_answer_characters: int = Field(
        default=1_000_000,
        ge=1_000,
        le=2_000_000,
        description="longer answers are rejected where a schema is to be applied; results must fit into 4 MiB",
    )
    max_findings: int = Field(default=50, ge=1, le=1_000, description="findings reported for one answer")
    max_message_characters: int = Field(
        default=500, ge=50, le=5_000, description="of one finding, which may quote the answer"
    )
    max_schemas: int = Field(default=256, ge=1, le=10_000, description="compiled output schemas kept")
