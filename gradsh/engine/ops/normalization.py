"""Normalisation over batches, layers, groups and channels."""
