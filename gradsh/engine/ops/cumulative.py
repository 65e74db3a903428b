"""Running sums, products and extremes; integrals by the trapezoid rule."""
