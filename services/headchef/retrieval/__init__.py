"""Texts of collections, found by what they are near to: how collections are described, kept, filled and asked."""
