"""E03xx · Values: types, shapes, dtypes, indices."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class ValueProblem(GradshError):
    code = "E0301"
    kind = "RuntimeError"
    summary = "A value that the operation cannot take."
    example = "linspace(0, 1, -1)"


class ShapeError(GradshError):
    code = "E0302"
    kind = "RuntimeError"
    summary = "Shapes that do not go together."
    example = "ones(2) + ones(3)"


class DtypeError(GradshError):
    code = "E0303"
    kind = "RuntimeError"
    summary = "Dtypes that do not go together, or one that the operation does not support."
    example = "ones(2, 2) @ ones(2, 2, dtype=int64)"


class DimError(GradshError):
    code = "E0304"
    kind = "IndexError"
    summary = "A dimension that the tensor does not have."
    example = "sum(ones(2), 5)"


class IndexError_(GradshError):
    code = "E0305"
    kind = "IndexError"
    summary = "An index that is out of range or of the wrong type."
    example = "ones(2)[7]"


class ArgumentError(GradshError):
    code = "E0306"
    kind = "TypeError"
    summary = "An argument of the wrong type, or a combination of arguments that no form of the function takes."
    example = 'log("a")'


class ValueError_(GradshError):
    code = "E0307"
    kind = "ValueError"
    summary = "An argument of the right type with a value that the function does not take."
    example = 'int("abc")'


class TypeError_(GradshError):
    code = "E0308"
    kind = "TypeError"
    summary = "An operation on plain values of types that do not have it."
    example = '1 + "a"'


class AttributeError_(GradshError):
    code = "E0309"
    kind = "AttributeError"
    summary = "An attribute or method that the value does not have."
    example = "ones(2).garad"


class ZeroDivision(GradshError):
    code = "E0310"
    kind = "ZeroDivisionError"
    summary = "A plain number divided by zero (a tensor gives inf or nan)."
    example = "1 / 0"


class Overflow(GradshError):
    code = "E0311"
    kind = "OverflowError"
    summary = "A plain number too large for its type."
    example = "2.0 ** 100000"


class KeyError_(GradshError):
    code = "E0312"
    kind = "KeyError"
    summary = "A key that the dict does not have."
    example = 'let d = {"a": 1}\nd["b"]'


class NotDifferentiable(GradshError):
    code = "E0313"
    kind = "RuntimeError"
    summary = "An operator whose derivative is not implemented."
    example = "let x = tensor(1.0, grad)\nbackward x // 2.0"


class ScalarConversion(GradshError):
    code = "E0314"
    kind = "RuntimeError"
    summary = "A tensor of several elements, or of the wrong dtype, used as one number or as a condition."
    example = "if ones(2) { print 1 }"
