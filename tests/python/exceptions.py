import torch, torch.nn as nn
def attempt(f):
    try:
        f()
    except (RuntimeError, ValueError, TypeError) as e:
        print(type(e).__name__, "|", str(e).split("\n")[0][:90])
    except IndexError as e:
        print("Index", e)
    except Exception as e:
        print("other", type(e).__name__, e)
    else:
        print("fine")
    finally:
        print("--")
attempt(lambda: torch.ones(2, 3) @ torch.ones(2, 3))
attempt(lambda: nn.Linear(3, 2)(torch.ones(2, 4)))
attempt(lambda: torch.tensor([1, 2])[5])
attempt(lambda: {}["k"])
attempt(lambda: [][0])
attempt(lambda: 1 / 0)
attempt(lambda: undefined_name)
attempt(lambda: (1).foo)
attempt(lambda: torch.ones(2).backward())
attempt(lambda: int("x"))
attempt(lambda: torch.ones(2) + torch.ones(3))
attempt(lambda: None)
class MyError(Exception):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code
try:
    raise MyError(7)
except MyError as e:
    print(e, e.code, e.args, repr(e))
try:
    try:
        raise ValueError("inner")
    except ValueError as e:
        raise RuntimeError("outer") from e
except RuntimeError as e:
    print(e)
def g():
    try:
        return "try"
    finally:
        print("cleanup")
print(g())
try:
    assert 1 == 2, "math"
except AssertionError as e:
    print("A", e)
for n in range(3):
    if n == 5:
        break
else:
    print("no break")
class Base:
    def run(self):
        raise NotImplementedError
try:
    Base().run()
except NotImplementedError as e:
    print("NI", repr(e))
