"""E05xx · Files and data."""

from __future__ import annotations

from gradsh.errors.base import GradshError


class FileError(GradshError):
    code = "E0501"
    kind = "OSError"
    summary = "A file that cannot be read or written."
    example = 'load("nowhere.npy")'


class BadFile(GradshError):
    code = "E0502"
    kind = "ValueError"
    summary = "A file whose content is broken, or not what the ending of its name says."
    example = ""


class UnknownFormat(GradshError):
    code = "E0503"
    kind = "ValueError"
    summary = "A file name whose ending does not say what the file holds."
    example = 'load("run.xyz")'


class CannotHold(GradshError):
    code = "E0504"
    kind = "TypeError"
    summary = "A value that a file of this kind cannot hold."
    example = 'save "text", "x.npy"'


class MissingPackage(GradshError):
    code = "E0505"
    kind = "ModuleNotFoundError"
    summary = "A file that needs an optional package, which is not installed."
    example = ""
