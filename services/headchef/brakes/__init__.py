"""Brakes: what operators have stopped or cancelled, as every executor and the command line know it."""

from headchef.brakes.in_force import TOPIC, BrakesInForce
from headchef.brakes.policy import Brakes, said, scopes

__all__ = ["TOPIC", "Brakes", "BrakesInForce", "said", "scopes"]
