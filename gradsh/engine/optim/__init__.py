"""Optimisers, learning rate schedulers and gradient clipping, as in torch.optim: each is one class, registered where it
stands (`registered` in base.py); a program loads only the file that holds what it names."""
