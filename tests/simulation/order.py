"""In what order models are asked for a job: worked out from the file of the catalogue, without the router."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

_FILE = yaml.safe_load(Path(__file__).with_name("catalogue.yaml").read_text())


def order_of(payload: Mapping[str, Any]) -> Sequence[str]:
    """Give the models that a job may be answered by, first to last; none where none of them takes its images."""
    order = _FILE["tiers"][payload["tier"]] if "tier" in payload else _with_stand_ins(payload.get("model"))
    return [name for name in order if takes_images(name)] if payload.get("images") else order


def _with_stand_ins(model: str | None) -> Sequence[str]:
    first = _FILE["defaults"]["model"] if model is None else model
    return [first, *_FILE["models"][first].get("fallback", ())]


def takes_images(model: str) -> bool:
    """Say whether a model takes images, by the file."""
    return "image" in _FILE["models"][model].get("input", ())
