"""The events of Headchef: models, JSON Schemas, topics, placement, and a small client."""

__version__ = "0.1.0"
