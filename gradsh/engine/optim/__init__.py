"""Optimisers, learning rate schedulers and gradient clipping, as in torch.optim: each is one class, registered where it
stands (`registered` in base.py); a program loads only the file that holds what it names."""

# Written after PyTorch's own Python: what Python says of a wrong argument, in any file of it, is what a PyTorch user
# reads, too (see gradsh.runtime.faults).
__acts_for_programs__ = True
