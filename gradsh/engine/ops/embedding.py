"""Embeddings and one-hot vectors."""
