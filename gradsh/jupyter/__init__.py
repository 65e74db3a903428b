"""gradsh in notebooks: `gradsh kernel install` makes it a language that Jupyter offers.

    kernel.py     what Jupyter asks: run a cell, its history, and the questions of asked.py
    asked.py      complete, inspect, is that all; loaded when the first is asked
    shown.py      values, tables, graphs and pictures as a notebook shows them
    install.py    the entry in Jupyter's list of kernels

What imports these knows that ipykernel is there.
"""
