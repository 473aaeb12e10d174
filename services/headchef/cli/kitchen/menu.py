"""Which model answers: the catalogue's, one at the endpoint that the environment names, or the simulator's."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from headchef.catalogue import DEFAULT_PATH, Prices, write_single
from headchef.catalogue import load as load_catalogue
from headchef.cli.faults import WrongUsage

_OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Menu:
    """What the services have to work with.

    Attributes:
        kind: `catalogue` if HEADCHEF_CATALOGUE names one, `endpoint` for one model by environment, else `simulator`.
        model: the one at an endpoint, or the catalogue's default; None for the simulator's.
        prices: of that model, or None if not known.
        catalogue: text of the catalogue to write for an endpoint, else None.
        remark: what the user should know about the choice, or empty.
    """

    kind: Literal["catalogue", "endpoint", "simulator"]
    model: str | None = None
    prices: Prices | None = None
    catalogue: str | None = None
    remark: str = ""


def choose(environ: Mapping[str, str]) -> Menu:
    """Choose by the environment's variables.

    Raises:
        WrongUsage: a model is named and no endpoint.
        BadCatalogue: the catalogue cannot be used.
    """
    if environ.get("HEADCHEF_CATALOGUE"):
        catalogue = load_catalogue(Path(environ["HEADCHEF_CATALOGUE"]))
        return Menu("catalogue", catalogue.default_model, catalogue.models[catalogue.default_model].prices)
    model = environ.get("HEADCHEF_MODEL")
    has_endpoint = bool(environ.get("OPENAI_API_KEY") or environ.get("OPENAI_BASE_URL"))
    if not model:
        remark = "OPENAI_… is set and HEADCHEF_MODEL is not: the simulator answers" if has_endpoint else ""
        return Menu("simulator", remark=remark)
    if not has_endpoint:
        raise WrongUsage(
            f"HEADCHEF_MODEL names {model}, but no endpoint is named",
            "set OPENAI_API_KEY, and OPENAI_BASE_URL for another endpoint than OpenAI's",
        )
    prices = _known_prices(model, environ.get("OPENAI_BASE_URL") or _OPENAI)
    text = write_single(
        model,
        api_key_env="OPENAI_API_KEY" if environ.get("OPENAI_API_KEY") else None,
        prices=None if prices is None else {name: f"{price}" for name, price in asdict(prices).items()},
    )
    return Menu("endpoint", model, prices, text)


def _known_prices(model: str, base_url: str) -> Prices | None:
    """Find prices in the packaged example catalogue; they hold for the provider's own endpoint only."""
    if base_url.rstrip("/") != _OPENAI:
        return None
    known = load_catalogue(DEFAULT_PATH.with_name("example.yaml")).models.get(model)
    return known.prices if known else None
