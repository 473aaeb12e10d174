"""The dialects that the simulator speaks, one file each, and the table of them."""

from headchef.simulator.dialects.anthropic import Anthropic
from headchef.simulator.dialects.gemini import Gemini
from headchef.simulator.dialects.openai import OpenAI
from headchef.simulator.dialects.port import Answer, Asked, Dialect, Refusal, Refused, Resource, Sent, Standing

DIALECTS: tuple[Dialect, ...] = (OpenAI(), Anthropic(), Gemini())
"""All of them; each has a path of its own."""

__all__ = ["DIALECTS", "Answer", "Asked", "Dialect", "Refusal", "Refused", "Resource", "Sent", "Standing"]
