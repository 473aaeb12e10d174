"""Prompts made from templates, of which neighbours differ in one fact: whether one is ever given another's answer."""
