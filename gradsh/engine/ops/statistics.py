"""Variances, covariances, quantiles, histograms."""
