"""E06xx · The language while it runs."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class AssertionFailed(GradshError):
    code = "E0601"
    kind = "AssertionError"
    summary = "An `assert` that does not hold."
    happened = "The condition behind `assert` does not hold; the words behind the comma say what it was about."
    example = 'let n = 0\nassert n > 0, f"n is {n}"'
    cure = 'let n = 2\nassert n > 0, f"n is {n}"'
    causes = (
        "what the program takes for granted is not so: print the values in the condition",
        "floats compared by `==`: `allclose(a, b)`",
    )
    not_a_cure = ("taking the `assert` out: what follows it relies on it",)
    see = "`help assert`, `help allclose`, E0314"


class UnpackError(GradshError):
    code = "E0602"
    kind = "ValueError"
    summary = "Unpacking into a number of names other than the number of values."
    happened = "As many names as values, one for each."
    example = "let a, b = (1, 2, 3)"
    cure = "let a, b, c = (1, 2, 3)"
    causes = (
        "a function that returns more, or less, than was thought: `max(x, 0)` gives values and indices, "
        "`max(x)` one tensor",
        "a tensor is unpacked along its first dimension: `let a, b = x` of a matrix gives two rows",
        "one value of interest: `let pair = f(x); pair[0]`",
    )
    see = "`help let`, E0606"


class CallError(GradshError):
    code = "E0603"
    kind = "TypeError"
    summary = "A call whose arguments do not fit the function, found while running."
    happened = (
        "Which function is called was only known when the program ran, and what is given does not fit its parameters."
    )
    example = "fn f(x) = x\nlet fs = [f]\nfs[0]()"
    cure = "fn f(x) = x\nlet fs = [f]\nfs[0](1.0)"
    causes = (
        "a function that others call with more or fewer arguments: a hook, a closure, what `vmap` and `grad` take",
        "a method, whose first argument stands before the dot",
        "a model's `forward`: it is called as `net(x)` with what it declares",
    )
    see = "`help fn`, E0202"


class NotCallable(GradshError):
    code = "E0604"
    kind = "TypeError"
    summary = "A call of something that is not a function."
    happened = "`name(…)` calls what the name is bound to, and that is a value, not a function."
    example = "let x = 3\nx(2)"
    cure = "let x = 3\nx * 2"
    causes = (
        "a product without a sign: write `x * (y + 1)`",
        "a name that the program has bound over a function's: `let sum = 0.0` and then `sum(x)`",
        "an attribute that is no method: `x.shape`, `x.grad`, `x.T` have no parentheses",
    )
    see = "`help fn`, E0309"


class Unbound(GradshError):
    code = "E0605"
    kind = "NameError"
    summary = "A name that is used before anything was bound to it."
    happened = (
        "The name is bound somewhere in the program, and the statement that binds it has not run when this one "
        "wants its value."
    )
    example = "fn f() { let y = z; let z = 1; return y }\nf()"
    cure = "fn f() { let z = 1; let y = z; return y }\nf()"
    causes = (
        "the binding stands further down, or in a branch or a loop that did not run",
        "a function is called before what it uses is bound",
        "`del` has forgotten it",
        "a name of a function's own hides one outside: within a function, a name that it binds by `let` is "
        "its own everywhere",
    )
    see = "`help let`, `help fn`, E0201"


class NotIterable(GradshError):
    code = "E0606"
    kind = "TypeError"
    summary = "A loop over, or an unpacking of, something that has no items."
    happened = (
        "A loop, a list or an unpacking goes over the items of something: a list, a tuple, a dict, a string, a "
        "range, a tensor with a first dimension. This has no items."
    )
    example = "for i in 5 { print i }"
    cure = "for i in range(5) { print i }"
    causes = (
        "a number of rounds: `range(n)`, or `repeat n { … }`",
        "a tensor without dimensions: `x.reshape(1)`, or use it as it is",
        "none, which a function without `return` gives",
    )
    see = "`help for`, `help range`, `help repeat`, E0602"


class BadParam(GradshError):
    code = "E0608"
    kind = "TypeError"
    summary = "A script parameter that was given a value of another type than its default."
    happened = (
        "A parameter of a script is written on the command line, so its default is a number, a string, a bool, "
        "none or a list of these, and what is given is of the default's type."
    )
    example = "param step = ones(2)"
    cure = "param steps = [1.0, 1.0]\nlet step = tensor(steps)"
    causes = (
        "a tensor as a default: give the list, and make the tensor from it",
        "a word for a number: `gradsh train.grad --lr fast`",
        "1 for a default of 0.5 is fine, 0.5 for a default of 1 is not: write the default as `1.0`",
    )
    see = "`help param`, `help use`"


class Raised(GradshError):
    code = "E0609"
    kind = "RuntimeError"
    summary = "An error of the program's own, `raise`."
    happened = "The program says `raise` with these words where it cannot go on."
    example = 'fn root(x) { if x < 0 { raise f"no root of {x}" }; return sqrt(x) }\nroot(-4.0)'
    cure = 'fn root(x) { if x < 0 { raise f"no root of {x}" }; return sqrt(x) }\nroot(4.0)'
    causes = ("a case that the program's author has ruled out: the words say which",)
    see = "`help raise`, `help try`, `help assert`"


class NoForward(GradshError):
    code = "E0611"
    kind = "NotImplementedError"
    summary = "A model that is called and has no `forward`."
    happened = "`net(x)` runs the model's `forward`, and the model does not declare one."
    example = "model M() { let w = ones(2, grad) }\nM()(1.0)"
    cure = "model M() {\n    let w = ones(2, grad)\n    forward(x) = x * w\n}\nM()(1.0)"
    causes = (
        "`fn forward` under another name, such as `call`",
        "a container that is only to hold layers: call these, `layers[0](x)`; `Sequential` runs them one "
        "after the other",
    )
    see = "`help model`, `help forward`, `help Sequential`"


class StateMismatch(GradshError):
    code = "E0612"
    kind = "RuntimeError"
    summary = "A state that does not fit the model it is loaded into."
    happened = (
        "A state dict has a tensor for each parameter and buffer, under the name of its field. Names or shapes "
        "differ from those of this model; the message lists them. Nothing has been loaded."
    )
    example = 'Linear(2, 1).load_state_dict({"weight": ones(1, 2)})'
    cure = "let state = Linear(2, 1).state_dict()\nLinear(2, 1).load_state_dict(state)"
    causes = (
        "the model was made with other sizes than when it was saved",
        "fields have been renamed: `state.keys()` shows those of the file",
        "a prefix in front of all names: `module.` of a model that was trained in parallel",
    )
    not_a_cure = ("`strict=false`: what is not found keeps the random numbers that it was made with",)
    see = "`help load`, `help model`, E0312"


class Sandboxed(GradshError):
    code = "E0613"
    kind = "PermissionError"
    summary = "Something outside of the sandbox that a program runs in: a file, an address."
    example = ""
    happened = (
        "With `--sandbox`, and in a `gradsh.Session(sandbox=True)`, a program reads and writes no file but what it "
        "uses below its own folder, and sees no environment and no addresses."
    )
    causes = (
        "the program loads its data from a file",
        "it saves what it has computed",
        "it uses a file outside of its own folder, perhaps through a link",
    )
    see = "`help load`, `help use`, docs/sandbox.md"
