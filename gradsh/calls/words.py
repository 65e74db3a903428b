"""What PyTorch says of a call that does not fit: in the words of its C++, or of Python for what is written in Python.

The forms that they are said by are in forms.txt: see gradsh.calls.recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from gradsh.calls.forms import (
    UNKNOWN,
    Form,
    Problem,
    Type,
    Undecided,
    choose,
    describe,
    of_signature,
    parse,
    parse_python,
)
from gradsh.calls.recorded import lines_of
from gradsh.calls.signature import (
    ACTS_FOR_PROGRAMS,
    KEYWORD,
    OTHER_NAMES,
    POSITIONAL,
    PROGRAM,
    REST,
    Signature,
    literal,
    split,
)
from gradsh.errors import ArgumentError

TOO_LONG, TOO_BIG = "Overflow when unpacking long long", "int too big to convert"
STAND_FOR = frozenset(("Number", "float", "int", "bool", "tuple of ints"))  # where a 0-d tensor may stand for a number
# a plain number, which gradsh takes for a tensor too (a bool is none); where PyTorch wants an int it stays what it is
AS_TENSOR = {
    int: Type("Tensor", (), ("int", "float", "int64")),
    float: Type("Tensor", (), ("float",)),
}
MOST = 12  # names of parameters that are listed for one that there is not
KINDS = {TOO_LONG: "ValueError", TOO_BIG: "OverflowError"}  # of PyTorch's exceptions that are no TypeError
NO_ARGUMENTS = "()|none"  # of a method that Python's own C calls without arguments


def types_of(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Type], dict[str, Type]]:
    """What the arguments of a call are."""
    return [describe(a) for a in args], {k: describe(v) for k, v in kwargs.items()}


def error_of(signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any], name: str) -> ArgumentError | None:
    """The error of a call with these values, None if PyTorch takes it; see `refusal`."""
    said = refusal(signature, *types_of(args, kwargs), name)
    return None if said is None else with_hint(signature, said, kwargs)


def with_hint(signature: Signature, said: str, kwargs: Iterable[str]) -> ArgumentError:
    """The error, with the name that a misspelt keyword was probably meant to be."""
    from gradsh.calls.suggest import suggest

    keyword = unknown_keyword(signature, kwargs)
    names = [p.name for p in signature.parameters if p.name.isidentifier()]
    close = suggest(keyword, names) if keyword else None
    help = f"did you mean the keyword `{close}`?" if close else None
    if keyword and not close and len(names) <= MOST and "unexpected keyword" in said:
        help = f"it takes {', '.join(f'`{name}`' for name in names)}"
    return ArgumentError(said, kind=KINDS.get(said), help=help)


def refusing(signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any], frame: Any) -> ArgumentError | None:
    """The error of a call that is made in `frame`, if PyTorch refuses it; a plain number stands for a tensor here."""
    if any(type(value).__module__ == "numpy" for value in args) and not of_program(frame):
        return None  # a rule's own call, on arrays
    name = called(frame)
    error = error_of(signature, args, kwargs, name)
    if not kwargs and len(args) == len(signature.parameters) and error is not None and not of_program(frame):
        return None  # a rule hands on all values in order, also those that a program gives by keyword only
    if error is None or not any(type(a) in AS_TENSOR for a in args[:2]):
        return error
    given, named = types_of(args, kwargs)
    for at, value in enumerate(args[:2]):
        given[at] = AS_TENSOR.get(type(value), given[at])
    return None if refusal(signature, given, named, name) is None else error


def unfitting(signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any], frame: Any) -> ArgumentError:
    """The error of a call that does not fit the signature, made in `frame`."""
    name = called(frame)
    error = error_of(signature, args, kwargs, name)
    return error or with_hint(signature, unfit(signature, *types_of(args, kwargs)), kwargs)


def called(frame: Any) -> str:
    """By what name other than its own the operator that runs in a frame, or above it, was called: see `as_called`."""
    for _ in range(6):
        if frame is None:
            break
        name: str = frame.f_code.co_name
        if takes_all(frame.f_code) or name == "apply" or "." in name:
            name = outermost(frame).f_code.co_name
            return name if "." in name else ""
        frame = frame.f_back
    return ""


def of_program(frame: Any) -> bool:
    """Is the call that runs in a frame, or above it, one of the program's own code?"""
    while frame is not None and not takes_all(frame.f_code):
        frame = frame.f_back
    if frame is None:
        return False
    frame = outermost(frame).f_back
    while frame is not None and ACTS_FOR_PROGRAMS in frame.f_globals:  # `sum`, which is Python's too
        frame = frame.f_back
    return frame is not None and PROGRAM in frame.f_globals


def outermost(frame: Any) -> Any:
    """The frame of the function that programs call, where one `apply(*args, **kwargs)` only calls another."""
    while takes_all(frame.f_back.f_code):
        frame = frame.f_back
    return frame


def takes_all(code: Any) -> bool:
    """Is it the code of an operator's `apply(*args, **kwargs)`?"""
    return bool(code.co_flags & 8) and code.co_varnames[:2] == ("args", "kwargs")


def refusal(signature: Signature, args: Sequence[Type], kwargs: Mapping[str, Type], name: str = "") -> str | None:
    """What PyTorch says of the call, None if it takes it.

    `name` is the signature's own unless the function was called by another: `Tensor.add` as a method (then args has
    the tensor too), `torch.multiply` by an alias. Errors: Undecided when the sentence would have an unknown type in it.
    """
    method = name.startswith("Tensor.")
    name = name.removeprefix("torch.") or signature.name
    lines = lines_of(name)
    if not lines and not method and signature.name == name:  # a method called as a function
        lines = lines_of("Tensor." + name)
        method = bool(lines)
    if not lines and method:  # a method that PyTorch has as a function alone
        method, name = False, name.removeprefix("Tensor.")
        lines = lines_of(name)
    while lines and lines[0].startswith("? "):
        _, decides, index = lines[0].split()
        name += "?1" if _is_set(decides, int(index), args, kwargs) else "?0"
        lines = lines_of(name)
    if not lines:
        return _python(signature, args, kwargs) if signature.python and not method else None
    if method and args and args[0].word not in ("Tensor", ""):
        return f"{name.removeprefix('Tensor.')}(): argument 'input' (position 1) must be Tensor, not {args[0].word}"
    if lines[0] == NO_ARGUMENTS and not method and signature.needed(()):
        return None  # it takes what it takes in C, and says so itself
    if lines[0] == NO_ARGUMENTS:
        bare = name.removeprefix("Tensor.")
        name, given = ("TensorBase." + bare, len(args) - 1) if method else ("torch." + name, len(args))
        if kwargs:
            return f"{name}() takes no keyword arguments"
        return f"{name}() takes no arguments ({given} given)" if given else None
    if lines[0].startswith("def "):
        signature = Signature(lines.pop(0)[4:], python=True)
        said = _python(signature, args, kwargs)
        return said if said is not None or not lines else inner(signature, args, kwargs, lines)
    short = name.removeprefix("Tensor.").replace(".", "_")
    if lines[0].startswith("= "):
        short = lines.pop(0)[2:]
    return said_of([Form(short, line) for line in lines], args[1:] if method else args, kwargs)


def places_of_numbers(signature: Signature) -> frozenset[str]:
    """The parameters at which a 0-d tensor stands for a number: those that are of no tensor in any of PyTorch's forms,
    also where a function in Python only hands them on to one in C++."""
    lines = lines_of(signature.name) or lines_of("Tensor." + signature.name)
    names = {p.name: p.name for p in signature.parameters}
    if lines and lines[0].startswith("def "):
        call = next((line[2:] for line in lines if line.startswith("= ")), "")
        handed = split(call[call.find("(") + 1 : -1])
        forms = [Form("", line) for line in lines if line[0] == "("]
        names = {place.name: word for form in forms for place, word in zip(form.places, handed, strict=False)}
    numbers: set[str] = set()
    tensors: set[str] = set()
    for line in lines:
        for place in Form("", line).places if line[0] == "(" else ():
            name = names.get(place.name, "")
            (numbers if place.word in STAND_FOR else tensors).add(name)
    return frozenset(numbers - tensors)


def said_of(forms: Sequence[Form], args: Sequence[Type], kwargs: Mapping[str, Type]) -> str | None:
    """What PyTorch says of a call of a function with these forms, None if one of them takes it."""
    found = choose(forms, args, kwargs)
    if found is None:
        return None
    form, problem = found
    if problem.kind == "forms":
        return combination(form.name, args, kwargs, [str(f) for f in forms if not f.hidden])
    return _plain(form, problem)


def another_form(
    signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any], name: str
) -> tuple[dict[str, Any], str] | None:
    """The values by name of a call that PyTorch takes in a form whose places are in another order than the signature's,
    and what it says of it where the form is an old one; None where it has none such. `name` as for `refusal`."""
    name = name.removeprefix("torch.") or signature.name
    method = name.startswith("Tensor.")
    short = name.removeprefix("Tensor.").replace(".", "_")
    forms = _forms_of(name, short)
    kinds, named = types_of(args[1:] if method else args, kwargs)
    names = {p.name for p in signature.parameters}
    for form in forms:
        if not names.issuperset(p.name for p in form.places if p.name != "out") or parse(form, kinds, named):
            continue
        given = {**({signature.parameters[0].name: args[0]} if method else {}), **kwargs}
        for place, value in zip(form.places, args[1:] if method else args, strict=False):
            of_numpy = type(value).__module__ == "numpy"
            number = value.item() if of_numpy else value.__number__() if hasattr(value, "__number__") else value
            given[place.name] = number if place.word in STAND_FOR else value
        now = [f"\n\t{short}{other}" for other in forms if not other.hidden]
        said = f"This overload of {short} is deprecated:\n\t{short}{form}\nConsider using one of the following "
        return given, said + "signatures instead:" + "".join(now) if form.hidden else ""
    return None


@cache
def _forms_of(name: str, short: str) -> tuple[Form, ...]:
    """The forms of a function in C++: an optimiser of old calls by them in each step."""
    return tuple(Form(short, line) for line in lines_of(name) if line[0] == "(")


def unfit(signature: Signature, args: Sequence[Type], kwargs: Mapping[str, Type]) -> str:
    """What is wrong with a call that PyTorch takes and gradsh does not, or that PyTorch has not."""
    python = signature.python
    said = _python(signature, args, kwargs) if python else said_of([of_signature(signature)], args, kwargs)
    return said or f"{signature.short}() got arguments that do not go together"


def unknown_keyword(signature: Signature, kwargs: Iterable[str], name: str = "") -> str:
    """The first keyword that no form of the function has, "" if there is none."""
    names = {p.name for p in signature.parameters}
    names.update(p.name for line in lines_of(name or signature.name) if line[0] == "(" for p in Form("", line).places)
    return next((k for k in kwargs if k not in names and OTHER_NAMES.get(k) not in names), "")


def before_running(signature: Signature, args: Sequence[Type], kwargs: Mapping[str, Type]) -> tuple[str | None, str]:
    """The sentence for a call that does not fit the signature, and the keyword that it is about, "" for none.

    No sentence when PyTorch takes the call in another of its forms, or the words depend on types that are not known.
    """
    try:
        said = refusal(signature, args, kwargs)
    except Undecided:
        return None, ""
    if said is None and not lines_of(signature.name):
        said = unfit(signature, args, kwargs)
    return said, unknown_keyword(signature, kwargs) if said is not None else ""


def _is_set(name: str, index: int, args: Sequence[Type], kwargs: Mapping[str, Type]) -> bool:
    """Is the argument given that decides which of two functions PyTorch calls, and true? Errors: Undecided."""
    given = kwargs[name] if name in kwargs else args[index] if index < len(args) else None
    if given is not None and not given.word:
        raise Undecided
    return given is not None and given.word != "NoneType" and "false" not in given.stands


def _handed(word: str, given: Mapping[str, Type], replaced: Iterable[str] = ()) -> Type:
    """An argument that is handed on: a parameter, a number, `[size]` for a list of it, `?` for what is worked out.

    `replaced` are the parameters that may be None, in place of which the function may put something else.
    """
    if word[0] == "[":
        kind = given[word[1:-1]]
        return kind if kind.word in ("list", "tuple") or not kind.word else Type("tuple", (kind, kind))
    if word in given:
        return UNKNOWN if given[word].word == "NoneType" and word in replaced else given[word]
    return UNKNOWN if word == "?" else describe(literal(word))


def inner(signature: Signature, args: Sequence[Type], kwargs: Mapping[str, Type], lines: Sequence[str]) -> str | None:
    """What the function in C++ says that a function in Python calls; `= elu(input, alpha)` is what it hands on."""
    given = {p.name: describe(p.default) for p in signature.parameters}
    given.update(zip(given, args, strict=False))
    given.update(kwargs)
    if signature.parameters and signature.parameters[0].kind == REST and len(args) != 1:
        given[signature.parameters[0].name] = Type("tuple", tuple(args))
    if lines and lines[0].startswith("< "):
        _, sign, left, right = lines[0].split()
        words = [_handed(word, given).word for word in (left, right)]
        if words[0] not in ("", "int", "float", "bool", "Tensor"):
            return f"'{sign}' not supported between instances of '{words[0]}' and '{words[1]}'"
        lines = lines[1:]
    if not lines:
        return None  # nothing is known of what it calls
    callee, _, handed = lines[0][2:-1].partition("(")
    replaced = [p.name for p in signature.parameters if p.has_default and p.default is None]
    passed: list[Type] = []
    named: dict[str, Type] = {}
    for text in split(handed):
        keyword, equals, word = text.rpartition("=")
        kind = _handed(word, given, replaced)
        if equals:
            named[keyword] = kind
        else:
            passed.append(kind)
    forms = lines[1:]
    if callee.startswith("."):
        if passed[0].word not in ("Tensor", ""):  # as the function of that name in `torch` says it
            return f"{callee[1:]}(): argument 'input' (position 1) must be Tensor, not {passed[0].word}"
        passed, forms, callee = passed[1:], lines_of("Tensor" + callee), callee[1:]
    known = [Form(callee, line) for line in forms if line[0] == "("]
    if not known:
        return None  # it calls what is written in Python again
    try:
        return said_of(known, passed, named)
    except Undecided:
        return None


# --- sentences in PyTorch's words ---------------------------------------------------------------------------------


def _plain(form: Form, problem: Problem) -> str:
    """A problem with one form, in the words of PyTorch's C++."""
    name = form.name
    if problem.kind == "many":
        given = problem.given
        if form.least != form.most:
            return f"{name}() takes from {form.least} to {form.most} positional arguments but {given} were given"
        plural, were = "s" * (form.most != 1), "was" if given == 1 else "were"
        return f"{name}() takes {form.most} positional argument{plural} but {given} {were} given"
    if problem.kind == "missing":
        names = ", ".join(f'"{n}"' for n in problem.names)
        plural = "s" * (len(problem.names) == 1)  # the plural of PyTorch's C++ is the wrong way round
        return f"{name}() missing {len(problem.names)} required positional argument{plural}: {names}"
    if problem.kind == "unknown":
        return f"{name}() got an unexpected keyword argument '{problem.name}'"
    if problem.kind == "doubled":
        return f"{name}() got multiple values for argument '{problem.name}'"
    place = problem.place
    if problem.kind == "big":
        return TOO_BIG
    if problem.kind == "long":
        if place is None:
            return TOO_LONG
        at = problem.element + 1
        return f"{name}(): argument '{place.name}' failed to unpack the object at pos {at} with error \"{TOO_LONG}\""
    given = problem.given.word
    assert place is not None
    if problem.kind == "tensor":
        return f"expected Tensor as element {problem.element} in argument {problem.at}, but got {given}"
    if problem.kind == "unpack":
        return (
            f"{name}(): argument '{place.name}' failed to unpack the object at pos {problem.element + 1} with error "
            f'"type must be {place.word},but got {given}"'
        )
    position = f" (position {problem.at})" if problem.at else ""
    if problem.kind == "element":
        return (
            f"{name}(): argument '{place.name}'{position} must be {place.word}, but found element of type {given} "
            f"at pos {problem.element}"
        )
    return f"{name}(): argument '{place.name}'{position} must be {place.word}, not {given}"


def combination(name: str, args: Sequence[Type], kwargs: Mapping[str, Type], forms: Sequence[str]) -> str:
    """PyTorch's `invalid combination of arguments`, which lists the forms `(Tensor input, *, Tensor out = None)`."""
    for kind in (*args, *kwargs.values()):
        if not kind.word or any(not item.word for item in kind.items):
            raise Undecided
    order = list(kwargs)[::-1]  # as C++'s table of keywords gives them
    given = [a.word for a in args] + [f"{k}={kwargs[k].word}" for k in order]
    end = ", " if kwargs and not args else ""
    head = f"{name}() received an invalid combination of arguments - "
    got = f"got ({', '.join(given)}{end})"
    if len(forms) == 1:
        unknown = _unknown(forms[0], kwargs, order)
        if unknown:
            return f"{head}got unrecognized keyword arguments: {', '.join(unknown)}"
        reason = _reason(forms[0], args, kwargs, order)
        return f"{head}{'got ' + reason[1] if reason else got}, but expected {forms[0]}"
    lines = [f"{head}{got}, but expected one of:"]
    for form in forms:
        lines.append(f" * {form}")
        reason = _reason(form, args, kwargs, order)
        if reason:
            why = "keywords were incorrect" if reason[0] == "keywords" else "arguments have invalid types"
            lines.append(f"      didn't match because some of the {why}: {reason[1]}")
    return "\n".join(lines) + "\n"


def _unknown(form: str, kwargs: Mapping[str, Type], order: Sequence[str]) -> list[str]:
    """The keywords that are not among the last names of a form."""
    names = [part.rpartition(" ")[2] for part in form[1:-1].split(", ")]
    names = names[max(0, len(names) - len(kwargs)) :]
    return [k for k in order if k not in names]


def _reason(
    form: str, args: Sequence[Type], kwargs: Mapping[str, Type], order: Sequence[str]
) -> tuple[str, str] | None:
    """PyTorch's reason against a form of just that many parameters, the `*` counted as one.

    It takes the last word of a parameter for its name and the rest for its type, also in `Tensor out = None`.
    """
    parts = form[1:-1].split(", ")
    if len(parts) != len(args) + len(kwargs):
        return None
    parameters = [part.rpartition(" ") for part in parts]
    unknown = _unknown(form, kwargs, order)
    if unknown:
        return "keywords", ", ".join(unknown)
    shown = []
    for i, (word, _, name) in enumerate(parameters):
        kind = args[i] if i < len(args) else kwargs[name]
        right = kind.word in ("float", "int", "long") if word == "float" else kind.word == word
        text = ("" if i < len(args) else f"{name}=") + _long(kind)
        shown.append(text if right else f"!{text}!")
    return "types", f"({', '.join(shown)})"


def _long(kind: Type) -> str:
    inside = ", ".join(item.word for item in kind.items)
    if kind.word == "tuple":
        return f"tuple of ({inside}{',' * (len(kind.items) == 1)})"
    return f"list of [{inside}]" if kind.word == "list" else kind.word


def _python(signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """What Python says of a call of a function that is written in it, None if it takes it."""
    own = int(signature.model)  # the instance, which Python counts
    name = signature.name + ".__init__" * own if "." in signature.name else signature.short + ".__init__" * own
    problem = parse_python(signature, len(args), list(kwargs), own)
    return None if problem is None else python_words(name, signature, problem, own)


def python_words(name: str, signature: Signature, problem: Problem, own: int = 0) -> str:
    """A problem in Python's words."""
    if problem.kind == "unknown":
        return f"{name}() got an unexpected keyword argument '{problem.name}'"
    if problem.kind == "doubled":
        return f"{name}() got multiple values for argument '{problem.name}'"
    if problem.kind == "many":
        places = [p for p in signature.parameters if p.kind == POSITIONAL]
        most, least = len(places) + own, sum(not p.has_default for p in places) + own
        takes = f"{most}" if least == most else f"from {least} to {most}"
        plural = "s" * (most != 1 or least != most)
        given = f"{problem.given}"
        if problem.keywords:
            only = f"keyword-only argument{'s' * (problem.keywords != 1)}"
            given += f" positional argument{'s' * (problem.given != 1)} (and {problem.keywords} {only})"
        were = "was" if problem.given == 1 and not problem.keywords else "were"
        return f"{name}() takes {takes} positional argument{plural} but {given} {were} given"
    quoted = [f"'{n}'" for n in problem.names]
    last = quoted[0]
    if len(quoted) > 1:
        last = f"{', '.join(quoted[:-1])}{',' * (len(quoted) > 2)} and {quoted[-1]}"
    kind = "keyword-only" if problem.name == KEYWORD else "positional"
    return f"{name}() missing {len(quoted)} required {kind} argument{'s' * (len(quoted) > 1)}: {last}"
