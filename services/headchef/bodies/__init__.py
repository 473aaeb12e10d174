"""Large bodies of events: they lie in an object store, and events and state name them by their hash."""

from headchef.bodies.at_hand import BodiesAtHand, NotAtHand
from headchef.bodies.bodies import Bodies
from headchef.bodies.form import MAX_BODY_BYTES
from headchef.bodies.handling import WithBodies, WithBodiesAtHand
from headchef.bodies.port import BodyStore, BodyUnusable, StoreAway

__all__ = [
    "MAX_BODY_BYTES",
    "Bodies",
    "BodiesAtHand",
    "BodyStore",
    "BodyUnusable",
    "NotAtHand",
    "StoreAway",
    "WithBodies",
    "WithBodiesAtHand",
]
