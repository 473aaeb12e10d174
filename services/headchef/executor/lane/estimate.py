"""Estimates what a step's call will use: from the pieces and images of its prompt, and from what calls came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headchef_contracts.events.common import Usage

from headchef.catalogue import Model
from headchef.catalogue.form import MOST_IMAGE_TOKENS
from headchef.executor.dialects.values import count, mapping, mappings, smallest, text
from headchef.executor.peeking import step_in
from headchef.pieces import pieces_of
from headchef.runtime.log.port import Record

_FORGETTING = 0.1
"""What the newest call counts in the means."""

_FIRST_OUTPUT = 1000.0

_BYTES_A_PIECE = 4
"""In most texts; where that is wrong, what calls come to tells."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a call is expected to use.

    Attributes:
        model: by name.
        pieces: of its prompt, from which its tokens are reckoned.
        input_tokens: of its prompt.
        output_tokens: of its answer.
        limit: most tokens that its answer may have; providers that count input and output together hold it back.
        images: in its prompt, from which its tokens are reckoned too.
    """

    model: str = ""
    pieces: int = 0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    limit: float = 0.0
    images: int = 0


class Estimator:
    """Learns how many tokens a piece and an image are for each model, and how long its answers are.

    Until a call with an image has told, an image is as many tokens as the catalogue says that it is at most.

    Args:
        models: by name.
        counts_tokens: whether anything depends on tokens; if not, none are counted.
    """

    def __init__(self, models: Mapping[str, Model], *, counts_tokens: bool) -> None:
        self.change(models, counts_tokens=counts_tokens)
        self._tokens_a_piece: dict[str, float] = {}
        self._tokens_an_image: dict[str, float] = {}
        self._output: dict[str, float] = {}

    def change(self, models: Mapping[str, Model], *, counts_tokens: bool) -> None:
        """Estimate by other models from now on; what was learned of those that stay is kept."""
        self._models = models
        self._counts_tokens = counts_tokens

    def demand_of(self, record: Record) -> Demand:
        """Estimate what a step will use: of a record that dispatches it, or of a timer for its next try."""
        if not self._counts_tokens:
            return Demand()
        request = mapping(step_in(record).get("request"))
        name = text(request.get("model")) or ""
        messages = mappings(request.get("messages"))
        pieces = sum(_pieces(mapping(message.get("content"))) for message in messages)
        images = sum(len(mappings(message.get("images"))) for message in messages)
        model, asked = self._models.get(name), count(mapping(request.get("parameters")).get("max_output_tokens"))
        limit = smallest(asked, model.max_output_tokens if model else None)
        output = self._output.get(name, _FIRST_OUTPUT)
        expected = output if limit is None else min(output, limit)
        return Demand(
            name,
            pieces,
            self._of_pieces(name, pieces) + images * self._of_an_image(name),
            expected,
            expected if limit is None else limit,
            images,
        )

    def learn(self, demand: Demand, usage: Usage) -> None:
        """Learn from what a call has used."""
        if demand.images:
            shown = usage.input_tokens - self._of_pieces(demand.model, demand.pieces)
            _drift(self._tokens_an_image, demand.model, max(0.0, shown) / demand.images)
        elif demand.pieces:
            _drift(self._tokens_a_piece, demand.model, usage.input_tokens / demand.pieces)
        if demand.pieces or demand.images:
            _drift(self._output, demand.model, usage.output_tokens)

    def _of_pieces(self, model: str, pieces: int) -> float:
        return pieces * self._tokens_a_piece.get(model, 1.0)

    def _of_an_image(self, model: str) -> float:
        learned, known = self._tokens_an_image.get(model), self._models.get(model)
        return learned if learned is not None else float(known.image_tokens if known else MOST_IMAGE_TOKENS)


def _pieces(content: Mapping[str, Any]) -> int:
    """Count the pieces of a message; of one that lies elsewhere its bytes alone are known."""
    said = content.get("inline")
    if isinstance(said, str):
        return pieces_of(said)
    return (count(mapping(content.get("ref")).get("bytes")) or 0) // _BYTES_A_PIECE


def _drift(means: dict[str, float], model: str, value: float) -> None:
    mean = means.get(model)
    means[model] = value if mean is None else mean + _FORGETTING * (value - mean)
