"""What an editor asks about a program: `gradsh lsp`, the language server.

    analysis.py     a text, as far as it can be understood: what is wrong, what it binds, where
    positions.py    lines and columns as editors count them
    answers.py      what is answered, in the protocol's terms
    server.py       the process that an editor talks to; the only file that knows pygls

Nothing of a program runs for it.
"""
