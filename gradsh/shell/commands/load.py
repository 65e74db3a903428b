"""`:load`."""

from __future__ import annotations

from gradsh.errors import FileError, GradshError
from gradsh.shell.commands.save import file_name
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command


@shell_command(":load FILE", example=":load run.grad")
def load(shell: Shell, rest: str) -> None:
    """Run a file as one line of the prompt: what it binds is bound here, and its errors name its lines."""
    shell.travel.at_home()
    path = file_name(rest, "`:load run.grad` runs a file in this session")
    try:
        text = shell.session.files.read(path).decode("utf-8-sig")
        if not text.strip():
            raise Misused(f"{path} is empty")
        shell.execute(text, path)
    except UnicodeDecodeError:
        error = FileError(f"cannot read '{path}': it is no text in UTF-8", kind="UnicodeDecodeError")
        shell.session.display.errors([error])
    except GradshError as error:
        shell.session.display.errors([error])
