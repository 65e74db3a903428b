"""Linear algebra: norms, determinants, inverses, solving."""
