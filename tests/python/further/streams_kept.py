# Streams in memory that nobody imports `io` for.
from tempfile import SpooledTemporaryFile, TemporaryFile

import torch

with TemporaryFile() as f:
    torch.save({"a": torch.ones(2)}, f)
    print(f.tell() > 0, f.readable(), f.closed)
    f.seek(0)
    print(torch.load(f))
print(f.closed)
with TemporaryFile("w+") as f:
    print(f.write("hello\nthere\n"))
    f.seek(0)
    print(f.readlines())
with SpooledTemporaryFile(mode="w+") as f:
    print(f.write("x"))
with SpooledTemporaryFile(max_size=10) as f:
    print(f.write(b"xy"))
