"""Operators on models: registered as those of gradsh/engine/ops are."""
