"""Twenty confusions that people have with autograd: what is said of each names the cause, and the fix offered works.

tests/confusions/NAME.grad is a program that somebody is puzzled by, NAME.fixed the same without the confusion. What a
user can find out is what the program says when it runs, what `gradsh check` says, and `why` at its end.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.errors import Source, Span
from gradsh.reports import Report
from gradsh.reports.why import Why
from gradsh.session.check import check
from gradsh.view.diagnostics import render_warning
from gradsh.view.display import Display
from tests.applied import applied

FOLDER = Path(__file__).parent / "confusions"

# program -> (what is asked at its end, "" for nothing; what must be found out)
FACTS = {
    "01a_nonleaf_grad_print": ("why y", [r"x \*\* 3", "line 2", "0.008", r"`y.retain_grad\(\)` before line 4"]),
    "01c_nonleaf_scaled_param": ("", [r"randn\(3, grad\)", "no name", r"\(randn\(3\) \* 0.01\).requires_grad_\(\)"]),
    "02a_retain_after_backward": ("why y", ["line 5", "line 4", r"`y.retain_grad\(\)` before line 4"]),
    "02c_retain_on_untracked": ("", ["`x` is made here, without `grad`", r"let x = tensor\(5.0, grad\)"]),
    "03a_second_backward": ("", ["freed here", "recorded here", "on line 4: `backward z, retain_graph`"]),
    "03c_forward_outside_loop": (
        "",
        ["line 2 belongs inside", r"`let loss = \(w \* 3 - 6\) \*\* 2` before line 4"],
    ),
    "04a_no_grad_flag": ("", ["`w` is made here", "`x` is made here", r"let w = tensor\(\[1.0, 2.0\], grad\)"]),
    "04c_no_grad_block": ("", ["`pred` is made here", "no_grad", r"after line 5: `pred = w \* 3`"]),
    "04e_requires_grad_silent": ("why w", ["line 8", "line 7", "detach", r"`let loss = mse_loss\(x @ w, y\)`"]),
    "05a_nonscalar": ("", [r"shape \[3\]", r"backward y.sum\(\)", "ones_like"]),
    "05c_nonscalar_grad_fn": ("", [r"`grad\(y.sum\(\), x\)`", r"jacobian\(fn\(x\) = x \*\* 2, x\)"]),
    "06a_gradient_arg": ("explain y", [r"x.grad = v @ J", r"v 1 y\[1\] 0 4 0", r"v 1 y\[2\] 0 0 6", "x.grad 2 4 6"]),
    "06c_gradient_cross": ("", [r"v 1 y\[0\] 2 1", r"v 10 y\[1\] 1 1", r"v 100 y\[2\] 2 0", "x.grad 212 11"]),
    "07a_inplace_saved": ("", ["saved here at version 0", r"changed here \(version 1\)", "line 5: `a = a [+] 1`"]),
    "07c_inplace_leaf": ("", ["the leaf is made here", r"`no_grad { x \+= 1 }`"]),
    "07e_inplace_index": ("", ["version 3", "version 2", r"`let buf = buf.clone\(\)` before line 5"]),
    "08a_rebind_leaf": ("", ["not the leaf of line 1", r"`no_grad { w -= lr \* w.grad }`"]),
    "08c_inplace_without_no_grad": ("", ["the leaf is made here", r"`no_grad { w -= 0.1 \* w.grad }`"]),
    "09a_forgot_zero_grad": (
        "why w",
        ["sum of 5 backward passes", "line 4, rounds 1 to 5", "`zero_grad w` before"],
    ),
    "09c_doubled_gradient": ("why x", [r"12. \(2 backwards\)", "lines 3 and 5", "`zero_grad x` before line 5"]),
    "10a_item_cuts": ("", ["`item` gives a plain number", r"on line 3: `let loss = \(y - 1\) \*\* 2`"]),
    "10c_item_part_only": ("why w", ["scale is|scale = ", "line 3", r"on line 3: `let scale = w \* w`"]),
    "10e_data_cut": ("why w", ["Another way is cut on line 2", "data", r"on line 2: `let y = w \* 3`"]),
    "11a_integer_leaf": ("", ["an integer", r"`let x = tensor\(5.0, grad\)`"]),
    "11c_integer_arange": ("", [r"`let x = arange\(4.0, grad\)`"]),
    "12a_where_sqrt": ("why x", ["infinite slope", "sent it 0", r"0 \* inf is nan", r"sqrt\(where\(x > 0, x, 1.0\)\)"]),
    "12c_where_div_norm": ("why v", ["v / n on line 3: 0 / 0", r"n \(line 2\) is 0, where sqrt has an infinite slope"]),
    "13a_relu_at_zero": ("why x", [r"relu\(x\) \(line 2\) at \[1\]: slopes 0 and 1, taken 0"]),
    "13c_max_ties_and_abs": ("why x", [r"x.max\(\)", "tie", r"abs\(x - 3\)", r"-1 and 1", r"clamp\(x"]),
    "14a_gradcheck_float32": ("", ["float32", "dtype=float64"]),
    "14c_gradcheck_wrong_op": ("", ["0.6667 times"]),
    "15a_unused_input": ("", ["`b` did not go into the result", "`loss` is made of `a`", "allow_unused"]),
    "15c_unused_silent": ("", ["`detach` gives the values", r"on line 3: `let loss = \(a \*\* 2\) \+ b`"]),
    "16a_anomaly": ("", [r"first nan, forward, at \[1\]: sqrt\(-2\)"]),
    "16c_nan_silent": ("why w", [r"log\(-1\), at \[1\]", "line 2"]),
    "17a_total_loss": ("", ["`total` keeps the graph of every round", "line 5|backward loss", r"`loss.item\(\)`"]),
    "17c_create_graph": ("", [r"`let \(g,\) = grad\(z, x, create_graph\)` makes no cycle"]),
    "18a_op_wrong_count": ("", [r"\(a, b\)", r"`return g \* b \* a \*\* \(b - 1\), none`"]),
    "18c_op_wrong_shape": ("", [r"got \[\] but expected shape compatible with \[2\]", r"`return 2 \* g`"]),
    "19a_broadcast_loss": ("", [r"shape \[4, 1\]", r"shape \[4\]", r"`mse_loss\(net\(x\).squeeze\(1\), y\)`"]),
    "19c_broadcast_bce": ("", [r"shape \[4, 1\]", r"net\(x\), y.unsqueeze\(1\)\)`"]),
    "20a_intermediates": (
        "",
        [
            r"log\(y\) ← g|log\(y\) line 4",
            "g / y = 1 / 125 = 0.008",
            r"2 \* sqrt\(w\)\) .* = 0.1",
            r"1 \(from 4\) \+ 0.6 \(from 5\) = 1.6",
        ],
    ),
    "20c_show_before_backward": ("why x", ["no backward has run since x was made", "`backward z`"]),
}


class Told(Display):
    """Keeps the reports of `why` beside what is written."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.reports: list[Why] = []
        super().__init__(self.stream, self.stream)

    def report(self, report: Report) -> None:
        if isinstance(report, Why):
            self.reports.append(report)
        super().report(report)


def told(text: str) -> tuple[str, Told]:
    """What is said of a program: when it is checked, and when it runs."""
    display = Told()
    _, warnings = check("program.grad", text)
    Session(display=display).run(text, "program.grad")
    return "".join(map(render_warning, warnings)) + display.stream.getvalue(), display


@pytest.mark.parametrize("name", FACTS)
def test_the_cause_is_named(name: str) -> None:
    asked, facts = FACTS[name]
    said, _ = told((FOLDER / f"{name}.grad").read_text(encoding="utf-8") + asked)
    flat = " ".join(said.split())
    assert [fact for fact in facts if not re.search(fact, flat)] == [], said


@pytest.mark.parametrize("program", sorted(FOLDER.glob("*.fixed")), ids=lambda path: path.stem)
def test_the_fixed_program_runs(program: Path) -> None:
    assert Session(out=io.StringIO(), err=io.StringIO()).run(program.read_text(encoding="utf-8")).ok


def cured(text: str, asked: str) -> None:
    """What `why` offers is put where it says: the program runs, and what is asked about has another answer."""
    _, display = told(f"{text}\n{asked}")
    (report,) = display.reports
    if not report.help:
        return
    last = Span(Source("<text>", text), len(text) - 1, len(text))
    for program in applied(text, last, report.help):
        result = Session(out=io.StringIO(), err=io.StringIO()).run(program)
        assert result.ok, (report.help, result.errors, program)
        _, again = told(f"{program}\n{asked}")
        assert [(each.kind, each.odd) for each in again.reports] != [(report.kind, report.odd)], (report.help, program)


@pytest.mark.parametrize("name", [name for name, (asked, _) in FACTS.items() if asked[:4] == "why "])
def test_what_why_offers_works(name: str) -> None:
    cured((FOLDER / f"{name}.grad").read_text(encoding="utf-8").rstrip("\n"), FACTS[name][0])


VARIANTS = (Path(__file__).parent / "why_programs.txt").read_text(encoding="utf-8").strip().split("\n====\n")


def test_what_why_offers_works_on_other_programs() -> None:
    for program in VARIANTS:
        text, _, asked = program.rpartition("\n")
        cured(text, asked)
