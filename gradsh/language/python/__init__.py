"""PyTorch's own source: Python's tree becomes gradsh's (`convert`), with the nodes that only Python has (`nodes`).

Names and imports are resolved as those of gradsh programs are (`resolve`), and the tree becomes code in the same way
(`lower`). What such a program runs on is in gradsh/frontend/.
"""
