"""Random loops whose iterations are of several shapes in turn: gradients that are summed over some, a critic that is
trained each second time, what is shown, written or stepped now and then. Of what programs.py has, in such branches."""

from __future__ import annotations

from tests.plans.programs import FIXED, LAST, LOOPS, Draw

WHEN = (
    *("if (i + 1) % {k} == 0", "if (i + 1) % {k} == 0", "if i % {k} == 0", "if i % {k} == {r}", "if i % {k} != 0"),
    *("if i % {k}", "if j % {k} == 0", "if (i + 1) % {k} == 0 and i > 3", "if i % {k} == 0 or loss.item() < 0.1"),
    *("if i % {k} < 2 {{ c = c * 0.5 }} else", "if n % {k} == 1"),
)


CLEARS = ("opt.zero_grad()", "a.grad = none", "net.zero_grad()")  # how lines begin that do


class Turning(Draw):
    """The choices of one program."""

    def body(self) -> list[str]:
        k = self.choice([2, 2, 3, 4])
        when = self.choice(WHEN).format(k=k, r=self.randint(0, k - 1))
        found = []
        for line in super().body():
            if not line.startswith(("break", "continue", "loss =")) and self.random() < 0.3:
                line = f"{when} {{ {line} }}"
            found.append(line)
        if self.random() < 0.5:  # as most programs sum gradients
            found = [line for line in found if not line.startswith(CLEARS)]
            found.insert(self.choice([0, len(found), len(found)]), f"{when} {{ opt.step(); opt.zero_grad() }}")
        return found

    def length(self) -> int:
        return self.choice([17, 20, 24, 25, 30])


def made(seed: int, loops: int = LOOPS) -> list[str]:
    """The texts of the program of that number."""
    draw = Turning(f"turns {seed}")
    return [FIXED, f"manual_seed({seed})\n" + draw.setup(), *(draw.loop() for _ in range(loops)), LAST]
