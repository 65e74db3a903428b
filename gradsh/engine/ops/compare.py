"""Comparisons, logic, bits, rounding and tests for nan and inf: nothing here has a gradient, or it is 0."""
