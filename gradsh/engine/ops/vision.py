"""Interpolation, grid sampling, pixel shuffling, padding, unfolding."""
