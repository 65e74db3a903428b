"""Joining, splitting and repeating tensors."""
