"""`:watch`."""

from __future__ import annotations

from gradsh.shell.asking import shown
from gradsh.shell.plain import PlainEditor
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command


@shell_command(":watch [NAME, …|off]", example=":watch x, w, loss", offers=shown, while_paused=True)
def watch(shell: Shell, rest: str) -> None:
    """The panel with these names, or all tensors and models: value, gradient, passes, version; F2 hides it."""
    if rest == "off":
        shell.panel.shown = False
        return
    if isinstance(shell.editor, PlainEditor):
        raise Misused("this terminal has no room for a panel: `:show` shows the same as text")
    names = [name.strip() for name in rest.split(",") if name.strip()] or None
    try:
        shell.panel.watch(names)
    except KeyError as missing:
        raise Misused(f"there is no `{missing.args[0]}` to watch; `:vars` lists what is bound") from None
