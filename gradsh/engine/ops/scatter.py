"""Writing by index into a new tensor: scatter, index_add, masked_fill and their kin."""
