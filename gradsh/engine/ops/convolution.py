"""Convolutions and transposed convolutions in one to three dimensions."""
