"""What the processor that calls functions can be told, read from the environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from headchef.bodies import MAX_BODY_BYTES
from headchef.functions.workshop import MAX_OUTPUT_BYTES


class FunctionsSettings(BaseSettings):
    """How many functions run, and how much they may give; `HEADCHEF_FUNCTIONS_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_FUNCTIONS_", frozen=True, extra="ignore")

    processes: int = Field(
        default=2,
        ge=1,
        le=256,
        description="functions that run at once, each in a process of its own; started with the first call",
    )
    max_output_bytes: int = Field(
        default=MAX_OUTPUT_BYTES,
        ge=1_024,
        le=MAX_BODY_BYTES,
        description="of JSON that a function may give; above 3,500,000 only where HEADCHEF_BODIES is set, as it must"
        " fit into the 4 MiB of a topic else",
    )
