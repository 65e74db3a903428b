"""Random numbers: PyTorch's CPU stream."""
