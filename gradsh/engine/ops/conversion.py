"""Between dtypes, and out of tensors: to, float, item, tolist, numpy."""
