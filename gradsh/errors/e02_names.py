"""E02xx · Names, arity and flags, found before running."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class UnknownName(GradshError):
    code = "E0201"
    kind = "NameError"
    summary = "A name that nothing binds."
    happened = (
        "The name is not bound by any statement of the program (nor, at a prompt, by an earlier line), and no "
        "built-in is called that. All names are looked up before anything runs, so nothing has been computed yet."
    )
    example = "let loss = 1.0; print los"
    cure = "let loss = 1.0; print loss"
    causes = (
        "a typing mistake: the nearest name that there is stands in the help line",
        "a variable of a function, used outside of it: return it",
        'a name of PyTorch\'s that gradsh has under another: `help "name"` tells',
        'a file that should be read first: `use "lib.grad"`',
    )
    see = "`help let`, `help use`, E0605"


class WrongArity(GradshError):
    code = "E0202"
    kind = "TypeError"
    summary = "A call with too many or too few arguments."
    happened = (
        "How many arguments a function takes is known before the program runs, and this call has too many or too few."
    )
    example = "log(1.0, 2.0)"
    cure = "log(1.0) / log(2.0)"
    causes = (
        "the base of a logarithm: `log2(x)`, `log10(x)`, or `log(x) / log(b)`",
        "sizes as one list where single numbers are meant, or the other way round: both `ones(2, 3)` and "
        "`ones([2, 3])` are right",
        "an argument that PyTorch has only as a keyword, `dtype=float64`: `help f` shows the names",
    )
    see = "`help log`, E0603, E0203"


class UnknownKeyword(GradshError):
    code = "E0203"
    kind = "TypeError"
    summary = "A keyword that the called function does not have."
    happened = "The function has no parameter of that name, or the name is given twice."
    example = "let x = ones(2)\nmean(x, dims=0)"
    cure = "let x = ones(2)\nmean(x, dim=0)"
    causes = (
        "a typing mistake; `axis=` and `keepdims=`, NumPy's names, are taken too",
        "a keyword of a later version of PyTorch, or of another function: `help mean` shows those that there are",
        "a flag that is written twice: `sum(x, keepdim, keepdim=true)`",
    )
    see = "`help mean`, E0202"


class ShadowedFlag(GradshError):
    code = "E0204"
    kind = "TypeError"
    summary = "A flag that a variable of the same name hides."
    happened = (
        "A bare word in a call, `keepdim`, sets a flag. Here a variable has that name as well, and the two would "
        "mean different things."
    )
    example = "let keepdim = false\nsum(ones(2), 0, keepdim)"
    cure = "let keepdim = false\nsum(ones(2), 0, keepdim=keepdim)"
    causes = (
        "a variable called `grad`, `keepdim`, `retain_graph`, `bias`: call it something else, or write `keepdim=true`",
    )
    not_a_cure = ('quotation marks: `"keepdim"` is a string',)
    see = "`help sum`, E0203"


class OutsideLoop(GradshError):
    code = "E0205"
    kind = "SyntaxError"
    summary = "`break` or `continue` outside a loop."
    happened = (
        "`break` and `continue` are about the loop that they stand in; there is none around them here. A function "
        "that is called in a loop is not in that loop."
    )
    example = "break"
    cure = "for i in range(3) {\n    if i == 1 { break }\n    print i\n}"
    causes = (
        "a brace that closes the loop too early",
        "a `break` in a function that the loop calls: let it return whether to go on",
        "to end the whole program: there is no such word; put the rest into an `else`",
    )
    see = "`help break`, `help continue`, `help for`"


class OutsideFunction(GradshError):
    code = "E0206"
    kind = "SyntaxError"
    summary = "`return` outside a function."
    happened = (
        "`return` gives the value of the function that it stands in. At the top of a program there is nothing to "
        "return to."
    )
    example = "return 1"
    cure = "fn f() { return 1 }\nf()"
    causes = (
        "a brace that closes the function too early",
        "a value that is only to be shown: a bare expression prints itself",
        "`return` in the body of a model: its fields are what it gives; `forward` returns",
    )
    see = "`help return`, `help fn`, `help model`"


class NotYet(GradshError):
    code = "E0207"
    kind = "NotImplementedError"
    summary = "A part of the language that this version of gradsh does not have yet."
    happened = "The description of gradsh, or PyTorch, has this, and this version of gradsh cannot do it."
    example = "let w = ones(2, grad)\nlet opt = SGD([w], differentiable=true)\nbackward w.sum()\nstep opt"
    cure = "let w = ones(2, grad)\nlet opt = SGD([w])\nbackward w.sum()\nstep opt"
    causes = (
        "an option of PyTorch's that gradsh has by name only",
        "a program that was written for a later version: `gradsh --version` shows this one's",
    )
    see = "`help`, E0201"


class BadParameter(GradshError):
    code = "E0208"
    kind = "SyntaxError"
    summary = "A parameter list that cannot be: a name twice, or a parameter without default after one with."
    happened = "A parameter list that no call could be matched with."
    example = "fn f(x, x) = x"
    cure = "fn f(x, y) = x + y"
    causes = (
        "a name twice",
        "a parameter without a default after one that has one: `fn f(a=1, b)`; put those with defaults last",
        "something after `*rest`, which takes all that is left",
    )
    see = "`help fn`, E0202"


class OutsideOp(GradshError):
    code = "E0210"
    kind = "SyntaxError"
    summary = "`save_for_backward`, `needs_grad` or `mark_dirty` where an op has no use for it."
    happened = (
        "`save_for_backward` keeps values of an op's forward for its backward, and `needs_grad` asks there which "
        "gradients are wanted; `mark_dirty` and its kin tell of its outputs. Elsewhere there is nothing to keep them "
        "for: operations save what they need by themselves."
    )
    example = "fn f(x) {\n    save_for_backward x\n    return x\n}"
    cure = "op f(x) {\n    save_for_backward x\n    return x\n} backward(g) {\n    return g\n}\nf(ones(2))"
    causes = (
        "a function that should be an op: `op f(x) { … } backward(g) { … }`",
        "`save_for_backward` in the backward, or in a function inside of the forward",
    )
    see = "`help op`, `help save_for_backward`"


class UnknownAttribute(GradshError):
    code = "E0209"
    kind = "AttributeError"
    summary = "A namespace that does not have the member asked for."
    happened = (
        "`linalg`, `special`, `F`, `nn` and the other modules of PyTorch are namespaces whose members are known "
        "before the program runs; this one has no such member."
    )
    example = "linalg.nrm(ones(2))"
    cure = "linalg.norm(ones(2))"
    causes = (
        "a typing mistake: the nearest member stands in the help line",
        "a function that PyTorch has elsewhere: most have their plain name too, `relu` for `F.relu`",
        'a function that gradsh does not have: `help "name"` tells',
    )
    see = "`help linalg.norm`, E0309, E0201"


class TopLevelOnly(GradshError):
    code = "E0211"
    kind = "SyntaxError"
    summary = "`param` or `use` inside a block or a function; they stand at the top level of a file."
    happened = (
        "`use` and `param` are read before anything runs, so that names and options are known; in a block or a "
        "function they would depend on what runs."
    )
    example = "if true { param lr = 0.1 }"
    cure = "param lr = 0.1\nif true { print lr }"
    causes = (
        "one file or another, by a condition: `use` both, each `as` a name, and choose between the names",
        "a default that is computed: give the plain one in `param`, and compute from it afterwards",
    )
    see = "`help use`, `help param`"


class UseCycle(GradshError):
    code = "E0212"
    kind = "ImportError"
    summary = "Files that use each other in a circle."
    happened = "Each of the files needs another one to be read first, round in a circle."
    example = ""
    causes = (
        "two files that share functions: put these into a third one that both use",
        "a file that uses itself, by another spelling of its path",
    )
    not_a_cure = ("`use` in a block: it stands at the top level only",)
    see = "`help use`"


class NotHere(GradshError):
    code = "E0213"
    kind = "AttributeError"
    summary = (
        "A name of PyTorch's for which there is no such thing here: complex numbers, sparse tensors, other devices."
    )
    happened = (
        "PyTorch has this name. It is about something that gradsh does not have at all, which the error says: it is "
        "not a function that is only missing."
    )
    example = "let x = ones(2, 2)\nx.to_sparse()"
    cure = "let x = ones(2, 2)\nx.nonzero()"
    causes = (
        "a program that was written for another machine, or for many: leave that part out",
        "a part that makes a program faster and changes no result: leave it out",
        "another kind of numbers: the help line names the nearest that runs",
    )
    see = "`help`, E0201, E0209, E0315"
