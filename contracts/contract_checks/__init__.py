"""Checks of the contracts for developers and CI. Not part of the wheel: they need git and jsonschema-rs."""
