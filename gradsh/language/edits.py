"""What entries of the table of mistakes make of the user's text, where that is more than a word for another."""

from __future__ import annotations

import re

Groups = dict[str, str]  # of the patterns of an entry


def braced(groups: Groups) -> str:
    """`then y else z` in braces, as one block or as two."""
    rest = re.sub(r"[;\s]+end\Z", "", groups["rest"])  # Julia's and Lua's
    parts = re.split(r"[ \t]*;?[ \t]*\belse\b[ \t]*", rest, maxsplit=1)
    return " else ".join(f"{{ {part} }}" for part in parts)


def counted(groups: Groups) -> str:
    """`for (i = 0; i < n; i++)` as a loop over a range."""
    low, high = groups["low"].strip(), groups["high"].strip()
    if groups["op"] == "<=":
        high = str(int(high) + 1) if high.isdigit() else f"{high} + 1"
    return f"for {groups['name'] or groups['named']} in range({high if low == '0' else f'{low}, {high}'})"


def listed(groups: Groups) -> str:
    """Parameters in parentheses, `x y` and `x, y` alike."""
    return f"({', '.join(re.findall(r'[^ ,]+', groups['args']))})"


def anonymous(groups: Groups) -> str:
    """The head of `x => …`, `(x, y) -> …`."""
    return f"fn({groups['args'].strip('()')}) "


def derived(groups: Groups) -> str:
    """`f''(x)`: the function differentiated as often as there are marks."""
    marks, name = len(groups["marks"]), groups["name"]
    return "grad(" * marks + name + ")" * marks


def requoted(groups: Groups) -> str:
    """A string with a quote inside, in the other quotes."""
    inner = groups["quote"]
    outer = "'" if inner == '"' else '"'
    return f"{outer}{groups['left']}{inner}{groups['rest']}{outer}"


# the head of a case: `case 1:`, `default:`, `1 | 2 =>`
CASE = re.compile(
    r"(?:^|(?<=[;,}\n]))\s*(?:case\b[ \t]*)?(?P<value>default|else|_|[^:;,{}\n=]+(?:,[^:;,{}\n=]+)*?)[ \t]*(?::|=>|->)"
)


def chosen(groups: Groups) -> str | None:
    """`{ case 1: …; default: … }`, or the same with arms `1 => …`, as a chain of `if … else …`; None of any other."""
    subject, text = groups["subject"].strip().removeprefix("(").removesuffix(")"), groups["cases"]
    heads = list(CASE.finditer(text))
    if not heads:  # `match x { 1 { y } }`
        return None
    chain, otherwise = [], ""
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.end() : after.start() if after else len(text)].strip(" \t\n;,")
        body = re.sub(r"[;\s]*\bbreak\Z", "", body)
        if body[:1] == "{" and body[-1:] == "}":
            body = body[1:-1].strip()
        value = head["value"].strip()
        if value in ("default", "else", "_"):
            otherwise = f" else {{ {body} }}"
        else:
            several = re.split(r"[ \t]*[,|][ \t]*", value)
            test = f"{subject} == {value}" if len(several) == 1 else f"{subject} in [{', '.join(several)}]"
            chain.append(f"if {test} {{ {body} }}")
    return " else ".join(chain) + otherwise


def operator(groups: Groups) -> str:
    """An op whose forward and backward stand inside of its braces."""
    inputs = [name for name in re.split(r"[ ,]+", groups["inputs"].strip()) if name not in ("ctx", "self")]
    grads = [name for name in re.split(r"[ ,]+", groups["grads"].strip()) if name not in ("ctx", "self")]
    bodies = {}
    for word in ("forward", "backward"):
        said = groups[word]
        bodies[word] = f"return {said[1:].strip()}" if said[0] == "=" else said[1:-1].strip()
    used = [name for name in inputs if re.search(rf"\b{re.escape(name)}\b", bodies["backward"])]
    saved = f"save_for_backward {', '.join(used)}; " if used and "save_for_backward" not in bodies["forward"] else ""
    return (
        f"({', '.join(inputs)}) {{ {saved}{bodies['forward']} }} "
        f"backward({', '.join(grads)}) {{ {bodies['backward']} }}"
    )


def under_mode(groups: Groups) -> str:
    """A function that is decorated with a mode."""
    body = f"return {groups['value']}" if groups["value"] else groups["body"].strip()
    return f"fn {groups['head'].rstrip()} {{ {groups['mode']} {{ {body} }} }}"


def measured(groups: Groups) -> str:
    """What stands behind `%timeit` and its kin; `pass` where nothing does that is a program."""
    rest = re.sub(r"\A(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]*", "", groups["rest"]) if "time" in groups["word"] else ""
    return rest.strip() or "pass"


def after(number: str) -> str:
    """The number after one that is written."""
    return str(int(number) + 1) if number.isdigit() else f"{number} + 1"


def ranged(groups: Groups) -> str:
    """`1:n`, both ends included, as a range."""
    return f"range({groups['low']}, {after(groups['high'])})"


def spaced(groups: Groups) -> str:
    """`0:0.1:1`, both ends included, as `arange`: to half a step behind the last, since steps are rounded."""
    if not groups["high"]:
        return f"arange({groups['low']}, {after(groups['step'])})"
    low, step, high = (float(groups[name]) for name in ("low", "step", "high"))
    return f"arange({low:g}, {high + step / 2:g}, {step:g})"


def matrix(groups: Groups) -> str:
    """`[1 2; 3 4]`."""
    rows = f"{groups['first']} {groups['rest']}".split(";")
    listed = (", ".join(re.findall(r"[^ \t,]+", row)) for row in rows if row.strip())
    return f"tensor([{', '.join(f'[{row}]' for row in listed)}])"
