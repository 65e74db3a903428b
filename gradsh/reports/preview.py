"""The reports of what is found out about a line while it is typed."""

from __future__ import annotations

from gradsh.reports import Report


class Figure:
    """A value as few numbers.

    name          the leaf whose gradient it is, "" of a result
    shape, dtype  a tensor's; None and "" of any other value, which is there as `text`
    numbers       all of them, as nested lists, where they are few; else
    least, mean, largest, bars   of those that are finite; `bars` is how many there are in classes of one width
    odd           how many are not finite

    Of what was not computed only the shape is known.
    """

    __slots__ = ("bars", "dtype", "largest", "least", "mean", "name", "numbers", "odd", "shape", "text")

    def __init__(self, name: str = "", shape: tuple[int, ...] | None = None, dtype: str = "", text: str = "") -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.text = text
        self.numbers: object = None
        self.least: float | None = None
        self.mean: float | None = None
        self.largest: float | None = None
        self.bars: list[int] = []
        self.odd = 0


class Wrong:
    """What would fail: `start` and `end` are the place in the text, `words` what is wrong there."""

    __slots__ = ("end", "start", "words")

    def __init__(self, start: int, end: int, words: str) -> None:
        self.start = start
        self.end = end
        self.words = words


class Preview(Report):
    """What a line would give.

    about      the part of the text that it is of, "" where that is all of it
    values     the results
    gradients  of the result by the leaves, of its sum if `of_sum`
    wrong      what would fail, in place of all that
    """

    __slots__ = ("about", "gradients", "of_sum", "values", "wrong")

    def __init__(self, about: str = "") -> None:
        self.about = about
        self.values: list[Figure] = []
        self.gradients: list[Figure] = []
        self.of_sum = False
        self.wrong: Wrong | None = None
