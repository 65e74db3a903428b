"""Distances and similarities between vectors."""
