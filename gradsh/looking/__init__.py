"""Looking at graphs: what stands behind a tensor, read as data and in the program's own terms.

`reading.read` is the door; its docstring says what comes out.
"""
