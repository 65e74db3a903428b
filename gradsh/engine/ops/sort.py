"""Sorting, selection, uniqueness and search."""
