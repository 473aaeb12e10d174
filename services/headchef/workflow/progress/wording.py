"""Words the question of a step so that its free texts can be told from all else, by whoever asks it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headchef_contracts.events.semantic import SemanticUse

from headchef.schema import kind_of
from headchef.template import Pieces, Place, Renderer, TemplateRefused, in_pieces, name_of, templates_in

_FIXED, _IDENTITY = "Fixed", "Identity"
"""Fields of the input beside the free texts, whose names have no capitals."""


@dataclass(frozen=True, slots=True)
class Worded:
    """A question in pieces.

    Attributes:
        use: what its step says; the free texts are named as there.
        pool: by default of the prompts that were filled in.
        texts: the free texts, by name.
        identity: what must be equal though the model need not be shown it, by name.
        prompt: in pieces.
        system: likewise; None where there is no system prompt.
    """

    use: SemanticUse
    pool: str
    texts: Mapping[str, str]
    identity: Mapping[str, Any]
    prompt: Pieces
    system: Pieces | None

    def fields(self) -> dict[str, Any]:
        """Give the fields of a job that asks it: what is fixed comes by the input too, so that none of it is filled."""
        fixed: dict[str, list[str]] = {"prompt": list(self.prompt[::2])}
        told = {"prompt": _template("prompt", self.prompt)}
        if self.system is not None:
            if len(self.system) == 1 and _is_plain(self.system[0]):
                # As it stands, it is known to be the same for each of the step's jobs, which providers' caches like.
                told["system"] = self.system[0]
            else:
                fixed["system"] = list(self.system[::2])
                told["system"] = _template("system", self.system)
        identity = {_IDENTITY: self.identity} if self.identity else {}
        semantic = self.use.model_copy(update={"pool": self.pool, "identity": tuple(identity)})
        written = semantic.model_dump(mode="json", exclude_defaults=True)
        return {**told, "input": {**self.texts, _FIXED: fixed, **identity}, "semantic": written}


def worded(
    use: SemanticUse,
    names: Mapping[str, Any],
    *,
    sources: Mapping[str, str],
    filled: Mapping[str, str],
    identity: Mapping[str, Any],
    renderer: Renderer,
) -> Worded:
    """Take the question of a step to pieces.

    Args:
        use: what the step says.
        names: what its prompts may name, with the values.
        sources: the prompts, as `prompt` and `system`.
        filled: what they make of the values.
        identity: values of the job's input that make jobs differ.
        renderer: fills templates.

    Raises:
        TemplateRefused: a free text is none, or has changed more than its own place.
    """
    texts = {name: _text(name, names) for name in use.free_text}
    places: dict[str, Place] = {name: (name,) for name in texts}
    found = {field: in_pieces(source, names, places, renderer, filled[field]) for field, source in sources.items()}
    return Worded(use, use.pool or name_of(sources), texts, identity, found["prompt"], found.get("system"))


def _text(name: str, names: Mapping[str, Any]) -> str:
    value = names[name]
    if not isinstance(value, str):
        raise TemplateRefused(f"the free text `{name}` must be a text, and is {kind_of(value)}")
    if not value.strip():
        raise TemplateRefused(f"the free text `{name}` is empty, which means nothing")
    return value


def _template(field: str, pieces: Pieces) -> str:
    slots = [
        f"{{{{ input.{piece} }}}}" if number % 2 else f"{{{{ input.{_FIXED}.{field}[{number // 2}] }}}}"
        for number, piece in enumerate(pieces)
    ]
    return "".join(slots)


def _is_plain(text: str) -> bool:
    """Say whether a text stays what it is where it is taken for a template, which knows one kind of line end."""
    return not templates_in(text) and "\r" not in text
