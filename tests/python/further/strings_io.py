import io
import os
import re
import sys
import tempfile
from contextlib import contextmanager, redirect_stdout, ExitStack
from pathlib import Path
from string import Template, punctuation, ascii_lowercase
import torch

text = """It was the best of times, it was the worst of times,
it was the age of wisdom... it was the age of foolishness"""
tokens = re.findall(r"[a-z]+", text.lower())
vocab = sorted(set(tokens), key=lambda t: (-tokens.count(t), t))
print(len(tokens), vocab[:5], text.count("was"), text.index("best"), text.title()[:10])
table = str.maketrans("", "", punctuation)
print("a,b.c!".translate(table), "x=1;y=2".partition(";"), "k: v".split(": ", 1), "abc".zfill(5), "%s=%r" % ("a", "b"))
print("{:>8}|{:<8}|{:^8}".format("r", "l", "c"), "{!r:>5}".format("q"), "{:08.3f}".format(3.14159), "{:+d}".format(5))
width, value = 10, 2.5
print(f"{value:{width}.2f}|{value!s:>{width}}|{'=' * 3}|{{}}|{value = }")
print("tab\tnew\\n", r"raw\n", 'it''s', "a" "b", b"bytes", "uni \u00e9 \N{GREEK SMALL LETTER ALPHA}", len("é"))
print("\n".join(f"{i:02d}: {line.strip():.20}" for i, line in enumerate(text.splitlines(), start=1)))
m = re.match(r"(?P<epoch>\d+)/(\d+) loss=([\d.]+)", "12/50 loss=0.125")
print(m.group("epoch"), m.groups(), float(m.group(3)), m.span(), re.sub(r"\d", "#", "a1b2"), re.split(r"[,;]\s*", "a, b;c"))
print("CamelCase".swapcase(), "snake_case".upper(), "a-b".replace("-", "_"), "x".join("abc"), "hello"[1:-1:2], "abc" < "abd", "b" in "abc")
print("line".ljust(8, ".") + "end", "  x ".lstrip() + "|", "a\nb".splitlines(), "Hi".isalpha(), "12".isdigit(), "z".encode(), ord("A"), chr(97))
print(int("0b101", 2), int("ff", 16), float("1e-3"), str(1.0), repr("it's"), bool(""), hex(255), bin(5), oct(8), round(2.675, 2), divmod(7, 3))


@contextmanager
def tag(name):
    print(f"<{name}>", end="")
    try:
        yield name.upper()
    finally:
        print(f"</{name}>")


with tag("b") as name, tag("i"):
    print(name, end="")
buf = io.StringIO()
print("to buffer", 1, 2, sep="-", end="!", file=buf)
print(repr(buf.getvalue()), file=sys.stdout)
with tempfile.TemporaryDirectory() as d:
    path = Path(d) / "ckpt" / "model.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    model = torch.nn.Linear(2, 1)
    torch.save({"model": model.state_dict(), "step": 3, "history": [0.5, 0.25]}, path)
    print(path.exists(), path.name, path.stem, path.suffix, path.parent.name, sorted(p.name for p in path.parent.iterdir()))
    ck = torch.load(path)
    print(ck["step"], ck["history"], ck["model"].keys())
    new = torch.nn.Linear(2, 1)
    new.load_state_dict(ck["model"])
    print(all(torch.equal(a, b) for a, b in zip(model.parameters(), new.parameters())))
    print(os.path.splitext("a/b.tar.gz"), os.path.basename("/x/y.txt"), os.path.isfile(path), os.path.dirname("a/b/c"))
try:
    open("definitely_not_here.txt")
except FileNotFoundError as e:
    print(type(e).__name__, e.filename if hasattr(e, "filename") else "")
try:
    Path("nope.txt").read_text()
except OSError as e:
    print("OSError")
print(Template("$who likes $what").substitute(who="tim", what="kung pao"), ascii_lowercase[:5])
lines = iter("a\nb\n\nc".split("\n"))
for line in lines:
    if not line:
        break
    print(line, end=" ")
else:
    print("no break")
print("rest:", next(lines), next(lines, "done"))
