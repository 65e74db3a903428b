"""Sines, cosines, tangents, hyperbolic functions and their inverses."""
