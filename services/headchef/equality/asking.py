"""The judge that asks a model: what is no matter of words is decided by one, for a price, and later."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from headchef_contracts.events.common import Name
from headchef_contracts.events.judgements import ModelQuestion

from headchef.equality.auto import Auto
from headchef.equality.port import AskedOf, Different, Instruments, Judge, Opinion, Same, ToBeAsked
from headchef.equality.quoting import MOST_CHARACTERS, VERSION, quoted, told

_AUTO = Auto()


class AskingModel(Judge):
    """Two answers are the same if a model says so. Those that `auto` finds equal are, and no model is asked for them.

    The question goes through the pipeline as a bulk job of the tenant, and is paid from its budget.
    """

    version = VERSION
    may_ask = True

    heed: str = Field(
        default="",
        max_length=1_000,
        description="what matters, in your words, such as: prices must be equal, the tone may differ",
    )
    model: Name | None = Field(
        default=None, description="the model that judges; the default of the catalogue if omitted"
    )
    tier: Name | None = Field(default=None, description="a tier of the catalogue, in place of a model")
    max_output_tokens: int = Field(
        default=1_000,
        ge=50,
        le=10_000,
        description="that its reply may have, with what it thinks before; one that is cut off is no judgement",
    )

    @model_validator(mode="after")
    def _model_or_tier(self) -> Self:
        if self.model is not None and self.tier is not None:
            raise ValueError("`tier` stands in place of `model`: leave one of them out")
        return self

    @property
    def asks_of(self) -> Mapping[AskedOf, str]:
        """Name the model or tier."""
        if self.model is not None:
            return {"model": self.model}
        return {} if self.tier is None else {"tier": self.tier}

    async def compared(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Compare the words, and have a model asked where they differ."""
        if isinstance(await _AUTO.compared(one, other, instruments), Same):
            return Same()
        if (longest := max(len(one), len(other))) > MOST_CHARACTERS:
            message = f"one has {longest} characters, and answers of more than {MOST_CHARACTERS} are shown to no model"
            return Different(message)
        return ToBeAsked(
            "a model is to be asked",
            ModelQuestion(
                system=told(self.heed),
                prompt=quoted(one, other),
                max_output_tokens=self.max_output_tokens,
                **{str(kind): name for kind, name in self.asks_of.items()},
            ),
        )
