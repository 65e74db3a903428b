"""E05xx · Files and data."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class FileError(GradshError):
    code = "E0501"
    kind = "OSError"
    summary = "A file that cannot be read or written."
    happened = (
        "The system would not open, read or write the file; its own words stand behind the name. Names are looked "
        "up from the folder that gradsh was started in. A file that exists is not touched by a write that fails."
    )
    example = 'load("nowhere.npy")'
    cure = 'save tensor([1.0, 2.0]), "here.npy"\nload("here.npy")'
    causes = (
        "a name that is not there, or in another folder: the nearest name stands in the help line",
        "a folder that does not exist yet, or that may not be written",
        "a full disk, a pipe or a device where a file is wanted",
        "a session that may touch no files: `help`'s examples, `--sandbox`",
    )
    see = "`help load`, `help save`, E0502, E0503"


class BadFile(GradshError):
    code = "E0502"
    kind = "ValueError"
    summary = "A file whose content is broken, or not what the ending of its name says."
    happened = (
        "The file is there, and what is in it is not what the ending of its name says, or is cut off or damaged. "
        "Nothing in a file is ever run, so a file with pickled objects is refused as well."
    )
    example = ""
    causes = (
        "a download or a copy that stopped half-way",
        "a file that was renamed: `.npy` is one array, `.npz` an archive of several",
        "rows of different lengths, or words, in a `.csv`: `header=true` skips a first line",
        "a `.pt` with a whole model, which needs code: save its `state_dict()` there",
    )
    not_a_cure = ("another ending for the name: the ending says how it is read, the content stays what it is",)
    see = "`help load`, E0503, E0501"


class UnknownFormat(GradshError):
    code = "E0503"
    kind = "ValueError"
    summary = "A file name whose ending does not say what the file holds."
    happened = "`load` and `save` go by the ending of the name, and this one tells them nothing."
    example = 'load("run.xyz")'
    cure = 'save tensor([1.0, 2.0]), "run.npy"\nload("run.npy")'
    causes = (
        "no ending at all, or one of another program's",
        "text with numbers in columns: name it `.csv` or `.tsv`",
        "`-` reads numbers from standard input",
    )
    see = "`help load`, `help save`, E0502"


class CannotHold(GradshError):
    code = "E0504"
    kind = "TypeError"
    summary = "A value that a file of this kind cannot hold."
    happened = (
        "Each format holds its own kinds of values: `.npy` one tensor, `.csv` and `.tsv` a table of numbers, "
        "`.npz`, `.pt` and `.json` dicts and lists too, `.safetensors` tensors by name."
    )
    example = 'save {"w": ones(2)}, "x.npy"'
    cure = 'save {"w": ones(2)}, "x.npz"'
    causes = (
        "a dict or a list into `.npy`: take `.npz` or `.json`",
        "a tensor of three dimensions into `.csv`",
        'a model itself: `save net.state_dict(), "net.npz"`',
        "a function: it is saved as the program that defines it",
    )
    see = "`help save`, `help load`, E0612"


def lacking(what: str, package: str | None, extra: str = "") -> str:
    """The words for what needs a package that is not installed; `extra` has it, where no help says so."""
    said = f"{what} needs the package {package}, which is not installed"
    return f"{said}: pip install 'gradsh[{extra}]'" if extra else said


class MissingPackage(GradshError):
    code = "E0505"
    kind = "ModuleNotFoundError"
    summary = "A file that needs an optional package, which is not installed."
    happened = "This needs a package that gradsh can do without and that is not installed. The message names it."
    example = ""
    causes = (
        '`.safetensors` files: `pip install "gradsh[safetensors]"`',
        'pictures in files, `plot losses, "losses.png"`: `pip install "gradsh[plot]"`',
    )
    not_a_cure = (
        "installing it for another Python than the one that runs gradsh: the first line of the `gradsh` "
        "command says which",
    )
    see = "`help load`, `help save`, `help plot`"
