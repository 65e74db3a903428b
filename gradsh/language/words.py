"""The table of the language's words: which there are, which are reserved, and what each is for.

Everything that has to know words reads them here, the terminals of the grammar too (`fill`). The commands of a session,
`show` and its kin, are not among them: whoever runs programs hands them in, see `CommandWord`.
"""

from __future__ import annotations

from collections.abc import Iterable

CODE = r"[EW]\d{4}"  # of an error or a warning, as a pattern: `help E0401` asks, too

# what a word does in a program
STATEMENT = "statement"  # begins one
VERB = "verb"  # begins one and is called without parentheses, `backward y`; a built-in does the work
MODE = "mode"  # stands before a block of its own; a built-in does the work
PART = "part"  # belongs to a statement that another word begins
OPERATOR = "operator"
VALUE = "value"

SAVE, NEEDS = "save_for_backward", "needs_grad"  # the words of an op's body


class Word:
    """A word of the language.

    `usage`, `summary` and `example`, a program that runs, are what `help` says; a word without is a built-in's, and
    what it does is said there. `reserved`: never a name. `inner`: only means something in the body of an op.
    """

    __slots__ = ("example", "inner", "kind", "name", "reserved", "summary", "usage")

    def __init__(
        self,
        name: str,
        kind: str,
        usage: str = "",
        summary: str = "",
        example: str = "",
        *,
        reserved: bool = False,
        inner: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.usage = usage
        self.summary = summary
        self.example = example
        self.reserved = reserved
        self.inner = inner


def reserved(name: str, kind: str, usage: str = "", summary: str = "", example: str = "") -> Word:
    return Word(name, kind, usage, summary, example, reserved=True)


# The reserved ones first, in this order: of two that a misspelt word is as near to, the earlier one is offered.
TABLE = (
    reserved("let", STATEMENT, "let name = value", "Binds a name to a value.", "let x = 2.0; x * 3"),
    reserved(
        "fn",
        STATEMENT,
        "fn name(parameters) { … }, fn name(parameters) = value",
        "Defines a function; without a name it is a value, `fn(x) = x + 1`.",
        "fn cube(x) = x**3; cube(2)",
    ),
    reserved(
        "if",
        STATEMENT,
        "if condition { … } else if condition { … } else { … }",
        "Runs the first block whose condition holds; in an expression, `a if condition else b`.",
        'let x = 3; if x > 2 { print "large" } else { print "small" }',
    ),
    reserved(
        "else", PART, "if condition { … } else { … }", "What happens when no condition holds.", "1 if false else 2"
    ),
    reserved(
        "while",
        STATEMENT,
        "while condition { … }",
        "Runs the block as long as the condition holds.",
        "let n = 1; while n < 100 { n *= 3 }; n",
    ),
    reserved(
        "for",
        STATEMENT,
        "for name in items { … }",
        "Runs the block for each item; in a list, `[x**2 for x in items if x > 0]`.",
        "for i in range(3) { print i }",
    ),
    reserved("in", OPERATOR, "value in items", "Whether a value is among the items.", "2 in [1, 2, 3]"),
    reserved("is", OPERATOR, "a is b, a is not b", "Whether two are the same thing.", "let x = none; x is none"),
    reserved(
        "repeat",
        STATEMENT,
        "repeat count { … }",
        "Runs the block that often.",
        "let x = 1; repeat 10 { x *= 2 }; x",
    ),
    reserved(
        "try",
        STATEMENT,
        "try { … } catch name { … }",
        "Runs the block; the second one when an error ends it, with the error's message under that name.",
        'try { ones(2) @ ones(3) } catch err { print "caught" }',
    ),
    reserved(
        "catch",
        PART,
        "try { … } catch name { … }",
        "The block for an error in the one before; the name, its message, can be left out.",
        'try { assert false, "no" } catch err { print err }',
    ),
    reserved(
        "break", STATEMENT, "break", "Ends the innermost loop.", "for i in range(9) { if i > 1 { break }; print i }"
    ),
    reserved(
        "continue",
        STATEMENT,
        "continue",
        "Goes on with the next round of the innermost loop.",
        "for i in range(3) { if i == 1 { continue }; print i }",
    ),
    reserved(
        "return",
        STATEMENT,
        "return value, …",
        "Ends the function, whose value this is.",
        "fn f(x) { if x < 0 { return 0 }; return x }; f(-1)",
    ),
    reserved("pass", STATEMENT, "pass", "Does nothing.", "fn later() { pass }"),
    reserved(
        "del",
        STATEMENT,
        "del name, items[i]",
        "Forgets a name, or takes an item out of a list or dict.",
        "let xs = [1, 2, 3]; del xs[0]; xs",
    ),
    reserved(
        "assert",
        STATEMENT,
        "assert condition, message",
        "An error unless the condition holds.",
        'let n = 2; assert n > 0, "n must be positive"',
    ),
    reserved(
        "raise",
        STATEMENT,
        "raise message",
        "Ends the program with an error of its own, or the block of a `try`.",
        'try { raise "too small" } catch err { print err }',
    ),
    reserved("and", OPERATOR, "a and b", "The first if it is false, else the second.", "true and false"),
    reserved("or", OPERATOR, "a or b", "The first if it is true, else the second.", "none or 3"),
    reserved("not", OPERATOR, "not a", "Whether it is false.", "not true"),
    reserved("print", VERB),
    reserved("backward", VERB),
    reserved("import", STATEMENT, "import torch", "Read and dropped: what PyTorch has is there.", "import torch"),
    reserved(
        "from",
        STATEMENT,
        "from torch import nn",
        "Read and dropped: what PyTorch has is there.",
        "from torch import nn",
    ),
    reserved("true", VALUE, "true", "The truth value, as Python's True.", "1 < 2"),
    reserved("false", VALUE, "false", "The truth value, as Python's False.", "2 < 1"),
    reserved("none", VALUE, "none", "No value, as Python's None.", "print none"),
    Word("no_grad", MODE, "no_grad { … }", "Inside of the block nothing is recorded.", "no_grad { pass }"),
    Word(
        "enable_grad",
        MODE,
        "enable_grad { … }",
        "Inside of the block operations are recorded again.",
        "enable_grad { pass }",
    ),
    Word(
        "inference_mode", MODE, "inference_mode { … }", "As no_grad; what is made inside can never be recorded later."
    ),
    Word(
        "detect_anomaly", MODE, "detect_anomaly { … }", "Backward passes inside stop at NaN and name the forward line."
    ),
    Word(
        "nancheck",
        MODE,
        "nancheck { … }",
        "Stops at the first nan or inf inside, forward or backward, with its line and its numbers.",
        "let x = tensor([0.0, 4.0]); nancheck { sqrt(x) }",
    ),
    Word(
        "saved_tensors_hooks",
        MODE,
        "saved_tensors_hooks(pack_hook, unpack_hook) { … }",
        "What is saved inside for backward is what pack_hook gives; unpack_hook makes a tensor of that again.",
        "let x = ones(2, grad); saved_tensors_hooks(fn(t) = t.half(), fn(t) = t.float()) { let y = x.exp() }",
    ),
    Word(
        "dual_level",
        MODE,
        "dual_level { … }",
        "Inside of the block tensors can have tangents: `make_dual` gives them one, `unpack_dual` reads it.",
        "dual_level { let d = make_dual(tensor(2.), tensor(1.)); print unpack_dual(d**3).tangent }",
    ),
    Word(
        "cached",
        MODE,
        "cached { … }",
        "What parametrizations compute inside of the block is computed once.",
        "let net = orthogonal(Linear(2, 2)); cached { print net.weight is net.weight }",
    ),
    Word(
        "save_on_cpu",
        MODE,
        "save_on_cpu { … }",
        "What is saved inside for backward is kept on the CPU, where it is already.",
        "let x = ones(2, grad); save_on_cpu { let y = x.exp() }",
    ),
    Word(
        "disable_saved_tensors_hooks",
        MODE,
        "disable_saved_tensors_hooks(error_message) { … }",
        "Inside of the block `saved_tensors_hooks` is refused, with that message.",
        'disable_saved_tensors_hooks("not here") { pass }',
    ),
    Word(
        "autocast",
        MODE,
        "autocast(device_type) { … }",
        "Would compute in half precision on another device, which is not there: nothing changes inside of the block.",
        'autocast("cuda") { ones(2) @ ones(2) }',
    ),
    Word(
        "fork_rng",
        MODE,
        "fork_rng() { … }",
        "What is drawn inside of the block is forgotten: behind it random numbers go on as if it had not been.",
        "fork_rng() { rand(2) }",
    ),
    Word("zero_grad", VERB),
    Word("step", VERB),
    Word("save", VERB),
    Word(
        SAVE,
        VERB,
        "save_for_backward a, name=value",
        "In the forward of an op: keeps values for its backward, under the names they have there.",
        "op square(x) { save_for_backward x; return x**2 } backward(g) { return 2 * x * g }; square(tensor(3.))",
        inner=True,
    ),
    Word(
        "use",
        STATEMENT,
        'use "file.grad", use "file.grad" as name',
        "Runs another file, once; its names are there, or behind the name.",
    ),
    Word(
        "param",
        STATEMENT,
        "param name = default   # what it is",
        "A parameter of the script: `gradsh file.grad --name value` gives it another value.",
        "param lr = 0.01; lr",
    ),
    Word(
        "model",
        STATEMENT,
        "model Name(parameters) { … forward(x) = value }",
        "Declares a model: what the body binds are the fields of an instance, its tensors the parameters.",
        "model Double() { forward(x) = 2 * x }; let m = Double(); m(21)",
    ),
    Word(
        "op",
        STATEMENT,
        "op name(parameters) { … } backward(gradients) { … }",
        "Defines an operator with a gradient of its own.",
        "op twice(x) { return 2 * x } backward(g) { return 2 * g }; twice(3.0)",
    ),
    Word("as", PART, 'use "file.grad" as name', "The name behind which what a file has is found."),
    Word(
        "forward",
        PART,
        "forward(x) = value, forward(x) { … }",
        "In a model: what calling an instance does.",
        "model Half() { forward(x) = x / 2 }; let m = Half(); m(3)",
    ),
)
WORDS = {word.name: word for word in TABLE}


def _named(*kinds: str) -> tuple[str, ...]:
    return tuple(word.name for word in TABLE if word.kind in kinds)


KEYWORDS = tuple(word.name for word in TABLE if word.reserved)
CAPITALS = ("True", "False", "None")  # Python's spelling of the values
RESERVED = frozenset((*KEYWORDS, *CAPITALS))
MODES = _named(MODE)
VERBS = _named(VERB)
# The reserved ones that are the names of built-ins where an expression is expected, or stand for one.
CALLABLE = ("print", "backward", "repeat")
# What goes on with an expression: after `show` and a space, these begin no argument.
INFIX = ("if", "in", "is", "and", "or", "else", "for")

# Methods called for what they do: a bare statement that calls one prints nothing.
_EFFECT_METHODS = """
train eval apply load_state_dict zero_grad step backward retain_grad remove register_hook register_prehook
register_forward_hook register_forward_pre_hook register_full_backward_hook register_post_accumulate_grad_hook
register_full_backward_pre_hook register_state_dict_pre_hook register_state_dict_post_hook
register_load_state_dict_pre_hook register_load_state_dict_post_hook register_multi_grad_hook
"""
EFFECT_METHODS = frozenset(_EFFECT_METHODS.split())


# --- the commands of a session --------------------------------------------------------------------------------


class CommandWord:
    """What the language has to know of a command, `show x, y`; what it does is for the session that hands it in.

    A command is told which expressions its values come from. `alone`: it can stand without any. `asks`: what it is
    given may be a word of the language, `help while`. `looks`: what it shows was noted while the program ran.
    `of_tensors`: it is about tensors, `x.grad` stands for `x`. `counts`: for it backward passes are counted.
    """

    __slots__ = ("alone", "asks", "counts", "looks", "name", "of_tensors")

    def __init__(
        self,
        name: str,
        *,
        alone: bool = False,
        asks: bool = False,
        looks: bool = False,
        of_tensors: bool = False,
        counts: bool = False,
    ) -> None:
        self.name = name
        self.alone = alone
        self.asks = asks
        self.looks = looks
        self.of_tensors = of_tensors
        self.counts = counts

    def options(self) -> list[str]:
        """Those that are set."""
        return [name for name in self.__slots__ if name != "name" and getattr(self, name)]


def starters(commands: Iterable[CommandWord]) -> list[str]:
    """The words that are followed by arguments without parentheses."""
    return list(dict.fromkeys((*VERBS, *(command.name for command in commands))))


def beginnings(commands: Iterable[CommandWord]) -> list[str]:
    """All words that can begin a statement, for those that are misspelt."""
    return [*(w for w in starters(commands) if w not in WORDS or not WORDS[w].inner), *_named(STATEMENT, MODE)]


def fill(grammar: str, commands: Iterable[CommandWord]) -> str:
    """The text of the grammar with the words that it does not spell in place of `<…>`."""
    commands = list(commands)
    lists = {
        "verbs": [name for name in VERBS if name in RESERVED],
        "commands": [name for name in starters(commands) if name not in RESERVED],
        "alone": [command.name for command in commands if command.alone],
        "asks": [command.name for command in commands if command.asks],
        "words": [*(word.name for word in TABLE if word.usage), CODE],
        "infix": INFIX,
    }
    for name, words in lists.items():
        grammar = grammar.replace(f"<{name}>", "|".join(words) or r"(?!)\w")
    return grammar


# --- modules ----------------------------------------------------------------------------------------------------

# the files of `torch.nn.modules`
PARTS = (
    *(
        "activation",
        "adaptive",
        "batchnorm",
        "channelshuffle",
        "container",
        "conv",
        "distance",
        "dropout",
        "flatten",
        "fold",
        "instancenorm",
        "linear",
    ),
    *("loss", "module", "normalization", "padding", "pixelshuffle", "pooling", "rnn", "sparse", "transformer"),
    *("lazy", "upsampling"),
)

# What PyTorch spells with a module in front; the text is PyTorch's own name of the module.
_OF_DISTRIBUTIONS = """
bernoulli beta binomial categorical cauchy chi2 continuous_bernoulli dirichlet distribution
exp_family exponential fishersnedecor gamma generalized_pareto geometric gumbel half_cauchy half_normal independent
inverse_gamma kl kumaraswamy laplace lkj_cholesky log_normal logistic_normal lowrank_multivariate_normal
mixture_same_family multinomial multivariate_normal negative_binomial normal one_hot_categorical pareto poisson
relaxed_bernoulli relaxed_categorical studentT transformed_distribution transforms uniform utils von_mises weibull
wishart
"""
MODULES = {
    "torch": "torch",
    "torch.nn": "torch.nn",
    "torch.nn.functional": "torch.nn.functional",
    "torch.nn.init": "torch.nn.init",
    "torch.nn.utils": "torch.nn.utils",
    "torch.nn.modules": "torch.nn",
    **{f"torch.nn.modules.{part}": "torch.nn" for part in PARTS},
    "torch.nn.modules.module": "torch.nn.modules.module",
    "torch.nn.parameter": "torch.nn.parameter",
    "torch.nn.utils.rnn": "torch.nn.utils.rnn",
    "torch.nn.utils.prune": "torch.nn.utils.prune",
    "torch.nn.utils.parametrizations": "torch.nn.utils.parametrizations",
    "torch.nn.utils.parametrize": "torch.nn.utils.parametrize",
    "torch.autograd": "torch.autograd",
    "torch.autograd.functional": "torch.autograd.functional",
    "torch.autograd.graph": "torch.autograd.graph",
    "torch.autograd.forward_ad": "torch.autograd.forward_ad",
    "torch.func": "torch.func",
    "torch.testing": "torch.testing",
    "torch.utils.data": "torch.utils.data",
    "torch.utils.checkpoint": "torch.utils.checkpoint",
    "torch.amp": "torch.amp",
    "torch.cuda.amp": "torch.cuda.amp",
    "torch.random": "torch.random",
    "torch.signal.windows": "torch.signal.windows",
    "torch.distributions": "torch.distributions",
    **{f"torch.distributions.{part}": "torch.distributions" for part in _OF_DISTRIBUTIONS.split()},
    "torch.distributions.constraint_registry": "torch.distributions.constraint_registry",
    "distributions": "torch.distributions",
    "torch.optim": "torch.optim",
    "torch.optim.lr_scheduler": "torch.optim.lr_scheduler",
    "torch.optim.swa_utils": "torch.optim.swa_utils",
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    "nn.functional": "torch.nn.functional",
    "nn.init": "torch.nn.init",
    "nn.utils": "torch.nn.utils",
    "nn.modules": "torch.nn",
    **{f"nn.modules.{part}": "torch.nn" for part in PARTS},
    "nn.parameter": "torch.nn.parameter",
    "nn.utils.rnn": "torch.nn.utils.rnn",
    "nn.utils.prune": "torch.nn.utils.prune",
    "prune": "torch.nn.utils.prune",
    "nn.utils.parametrizations": "torch.nn.utils.parametrizations",
    "nn.utils.parametrize": "torch.nn.utils.parametrize",
    "parametrize": "torch.nn.utils.parametrize",
    "parametrizations": "torch.nn.utils.parametrizations",
    "init": "torch.nn.init",
    "fwAD": "torch.autograd.forward_ad",
    "optim": "torch.optim",
    "optim.lr_scheduler": "torch.optim.lr_scheduler",
    "lr_scheduler": "torch.optim.lr_scheduler",
    "optim.swa_utils": "torch.optim.swa_utils",
    "swa_utils": "torch.optim.swa_utils",
}
# functions that are others with their module than by their bare name
APART = {
    "torch.func.vjp": "func_vjp",
    "torch.func.jvp": "func_jvp",
    "torch.func.hessian": "func_hessian",
    "torch.range": "torch_range",
    **{
        f"torch.nn.init.{name}": f"init_{name}"
        for name in (
            *("constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal", "orthogonal", "sparse"),
            *("uniform", "xavier_normal", "xavier_uniform"),
        )
    },
    "torch.cuda.amp.GradScaler": "cuda_GradScaler",
    "torch.nn.utils.parametrizations.weight_norm": "parametrized_weight_norm",
    "torch.nn.utils.parametrizations.spectral_norm": "parametrized_spectral_norm",
}
NAMESPACES = ("linalg", "special", "cuda", "accelerator", "backends", "compiler", "constraints", "jit")
# more dots than any of PyTorch's names has
DEEPEST = max(name.count(".") for name in MODULES) + 3
ROOTS = frozenset(name for name in MODULES if "." not in name) | frozenset(NAMESPACES)
