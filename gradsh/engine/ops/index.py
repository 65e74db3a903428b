"""Reading by index, slice, mask and index tensor."""
