"""The models that jobs may name, with their lanes, providers and prices, read from one reviewed YAML file."""

from headchef.catalogue.endpoint import Endpoint, resolve
from headchef.catalogue.errors import BadCatalogue
from headchef.catalogue.in_force import InForce, published
from headchef.catalogue.model import Catalogue, Lane, Model, Prices, Provider, Quota
from headchef.catalogue.reading import DEFAULT_PATH, load, read
from headchef.catalogue.single import write_single

__all__ = [
    "DEFAULT_PATH",
    "BadCatalogue",
    "Catalogue",
    "Endpoint",
    "InForce",
    "Lane",
    "Model",
    "Prices",
    "Provider",
    "Quota",
    "load",
    "published",
    "read",
    "resolve",
    "write_single",
]
