"""Matrix decompositions: cholesky, qr, eigh, svd, lu."""
