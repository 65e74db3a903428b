"""Streams of a program's own in the place of sys.stdout and sys.stderr, one, the other and both."""

import contextlib
import io
import sys

out, errors = sys.stdout, sys.stderr
buffer = io.StringIO()
sys.stdout = buffer
print("kept")
sys.stdout = out
print(repr(buffer.getvalue()))


class Loud:
    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        self.stream.write(text.upper())

    def flush(self):
        pass


sys.stdout = Loud(out)
sys.stderr = buffer
print("hello")
print("an error", file=sys.stderr)
sys.stderr = errors
print("still loud")
sys.stdout = out
with contextlib.redirect_stdout(buffer), contextlib.redirect_stderr(buffer):
    print("in")
    print("e", file=sys.stderr)
print(repr(buffer.getvalue()))
