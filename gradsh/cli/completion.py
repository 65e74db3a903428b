"""`gradsh completion bash|zsh|fish`: a script that has the shell complete gradsh's command line. Needs no engine.

    eval "$(gradsh completion bash)"                                       # in ~/.bashrc
    gradsh completion zsh > "${fpath[1]}/_gradsh"                          # a folder of fpath
    gradsh completion fish > ~/.config/fish/completions/gradsh.fish

The scripts are made of the parsers and ask no gradsh at a Tab. Generators that there are (shtab, argcomplete) know a
command line of sub-commands or of files, and not one whose first word is either, nor options that a script declares.
"""

from __future__ import annotations

import re
from argparse import SUPPRESS, Action, ArgumentParser

from gradsh.cli.options import Options, say
from gradsh.cli.subcommands import SUBCOMMANDS, summary

FILES = ("FILE", "FILE NAME", "PICTURE")  # what stands for these is a file
GRAD_FILES = "_gradsh_files '*.grad'"
# the names of a script's parameters, as options
PARAMETERS = r"sed -nE 's/^[[:space:]]*param[[:space:]]+([A-Za-z_][A-Za-z0-9_]*).*/--\1/p'"


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=sorted(SCRIPTS))


def run(options: Options) -> int:
    say(SCRIPTS[options.given.shell]())
    return 0


class Line:
    """What may stand behind `gradsh WORD`, or behind `gradsh` alone: options, and the first thing that is none."""

    def __init__(self, word: str) -> None:
        from gradsh.cli.arguments import parser_of

        shown = [action for action in parser_of(word)._actions if action.help is not SUPPRESS]
        self.word = word
        self.options = [action for action in shown if action.option_strings]
        others = [action for action in shown if not action.option_strings]
        self.words = _words(others[0]) if others else []
        self.files = bool(others) and others[0].metavar in FILES

    @property
    def strings(self) -> list[str]:
        """Every option as it is written."""
        return [string for action in self.options for string in action.option_strings]

    @property
    def valued(self) -> list[Action]:
        """The options with a value behind them."""
        return [action for action in self.options if action.nargs is None]


def _words(action: Action) -> list[str]:
    """All that the value of an argument can be, where that is known."""
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    if action.metavar == "CODE" and not action.option_strings:
        from gradsh.lints.pages import topics

        return [code for topic in topics() for code in topic.names]
    return []


def _lines() -> list[Line]:
    return [Line(word) for word in ("", *SUBCOMMANDS)]


# --- bash -------------------------------------------------------------------------------------------------------------

BASH = """\
# Completion of gradsh's command line in bash, made by `gradsh completion bash`.
_gradsh() {
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= file= code= i
    COMPREPLY=()
    # `--color=al` is three words
    if [[ $cur == = ]]; then cur=
    elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$command ${COMP_WORDS[i]}" in
            @SKIPPED@) ((i++)); if [[ ${COMP_WORDS[i]} == = ]]; then ((i++)); fi ;;
            *" ="*) ((i++)) ;;
            " -c") code=1; ((i++)) ;;
            *" -"?*) ;;
            *) if [[ $command ]]; then continue; fi
               case ${COMP_WORDS[i]} in
                   @COMMANDS@) command=${COMP_WORDS[i]} ;;
                   *) command=: file=${COMP_WORDS[i]} ;;
               esac ;;
        esac
    done
    case "$command $before" in
@VALUES@
    esac
    if [[ $cur == -* ]]; then
        case $command in
@OPTIONS@
            :) COMPREPLY=($(compgen -W "$(_gradsh_parameters "$file")" -- "$cur")) ;;
        esac
        return
    fi
    case $command in
        '') [[ $code ]] || { _gradsh_files '*.grad'; COMPREPLY+=($(compgen -W "@WORDS@" -- "$cur")); } ;;
@POSITIONALS@
        *) _gradsh_files '*' ;;
    esac
}
_gradsh_files() {
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -d -- "$cur") $(compgen -f -X "!$1" -- "$cur"))
}
_gradsh_parameters() { [[ -f $1 ]] && @PARAMETERS@ "$1" 2>/dev/null; }
complete -F _gradsh gradsh
"""


def bash() -> str:
    """The script for bash, from 3.2 on."""
    lines = _lines()
    skipped, options, positionals = [], [], []
    values: dict[str, list[str]] = {}  # what completes the value, and of which options
    for line in lines:
        for action in line.valued:
            ways = [f'"{line.word} {string}"' for string in action.option_strings]
            if action.dest != "code" or line.word:
                skipped += ways
            does = _bash_words(_words(action)) if _words(action) else ""
            values.setdefault("_gradsh_files '*'" if action.metavar in FILES else does, []).extend(ways)
        word = line.word or "''"
        options.append(f"            {word}) {_bash_words(line.strings)} ;;")
        if line.word:
            does = _bash_words(line.words) if line.words else GRAD_FILES if line.files else ":"
            positionals.append(f"        {word}) {does} ;;")
    return _filled(
        BASH,
        SKIPPED="|".join(skipped),
        COMMANDS="|".join(SUBCOMMANDS),
        WORDS=" ".join(SUBCOMMANDS),
        VALUES="\n".join(f"        {'|'.join(ways)}) {does or ':'}; return ;;" for does, ways in values.items()),
        OPTIONS="\n".join(options),
        POSITIONALS="\n".join(positionals),
        PARAMETERS=PARAMETERS,
    )


def _bash_words(words: list[str]) -> str:
    return f'COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$cur"))'


def _filled(template: str, **pieces: str) -> str:
    return re.sub("@([A-Z]+)@", lambda match: pieces[match[1]], template)


# --- zsh --------------------------------------------------------------------------------------------------------------

ZSH = """\
#compdef gradsh
# Completion of gradsh's command line in zsh, made by `gradsh completion zsh`.
_gradsh() {
    local curcontext=$curcontext state line
    typeset -A opt_args
    _arguments -C @OPTIONS@ \\
        '1: :_gradsh_first' '*:: :->rest'
    [[ $state == rest ]] || return
    words=($line[1] $words)
    (( CURRENT += 1 ))
    case $line[1] in
@CASES@
        *) local -a parameters
           parameters=(${(f)"$(@PARAMETERS@ $line[1] 2>/dev/null)"})
           [[ $PREFIX == -* ]] && compadd -a parameters || _files ;;
    esac
}
_gradsh_first() {
    local -a commands
    commands=(@COMMANDS@)
    _describe 'sub-command' commands
    _files -g '*.grad'
}
if [[ $zsh_eval_context[-1] == eval ]]; then compdef _gradsh gradsh; else _gradsh "$@"; fi
"""


def zsh() -> str:
    """The script for zsh."""
    lines = _lines()
    cases = []
    for line in lines[1:]:
        last = ""
        if line.words:
            last = f" '*: :({' '.join(line.words)})'"
        elif line.files:
            last = " '*:file:_files'"
        cases.append(f"        {line.word}) _arguments {_zsh_options(line)}{last} ;;")
    commands = " ".join(_quoted(f"{word}:{summary(word)}") for word in SUBCOMMANDS)
    return _filled(
        ZSH, OPTIONS=_zsh_options(lines[0]), CASES="\n".join(cases), COMMANDS=commands, PARAMETERS=PARAMETERS
    )


def _zsh_options(line: Line) -> str:
    specs = []
    for action in line.options:
        said = re.sub(r"([\[\]:\\])", r"\\\1", _help(action))
        value, long = "", ""
        if action in line.valued:
            long = "="  # or a word of its own
            does = "_files" if action.metavar in FILES else f"({' '.join(_words(action))})" if _words(action) else " "
            value = f":{action.metavar or action.dest}:{does}"
        many = "*" if action.dest in ("set", "code") else ""
        specs += [
            _quoted(f"{many}{string}{long * (string[1] == '-')}[{said}]{value}") for string in action.option_strings
        ]
    return " \\\n            ".join(specs)


def _quoted(text: str) -> str:
    """Between single quotes, for a shell of Unix."""
    return "'" + text.replace("'", "'\\''") + "'"


def _help(action: Action) -> str:
    return (action.help or "").partition(";")[0]


# --- fish -------------------------------------------------------------------------------------------------------------

FISH = """\
# Completion of gradsh's command line in fish, made by `gradsh completion fish`.
function __gradsh_first # the first word that is no option, nor the value of one
    set -l words (commandline -opc)
    set -l skip 1
    for word in $words
        if test $skip = 1
            set skip 0
        else if contains -- $word @VALUED@
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
end
function __gradsh_is
    set -l first (__gradsh_first)
    test "$first" = "$argv"
end
function __gradsh_in_script
    set -l first (__gradsh_first)
    test -n "$first"; and not contains -- $first @COMMANDS@
end
function __gradsh_parameters
    @PARAMETERS@ (__gradsh_first) 2>/dev/null
end
complete -c gradsh -f
complete -c gradsh -n @FIRST@ -a '(__fish_complete_suffix .grad)'
complete -c gradsh -n __gradsh_in_script -F
complete -c gradsh -n '__gradsh_in_script; and string match -q -- "-*" (commandline -ct)' -a '(__gradsh_parameters)'
"""


def fish() -> str:
    """The script for fish, from 3.0 on."""
    lines = _lines()
    valued = " ".join(string for action in lines[0].valued for string in action.option_strings)
    first = "'__gradsh_is; and not __fish_contains_opt -s c'"
    out = [_filled(FISH, FIRST=first, VALUED=valued, COMMANDS=" ".join(SUBCOMMANDS), PARAMETERS=PARAMETERS)]
    out += [f"complete -c gradsh -n {first} -a {word} -d {_quoted(summary(word))}\n" for word in SUBCOMMANDS]
    for line in lines:
        where = f"complete -c gradsh -n '__gradsh_is {line.word}'"
        if line.words:
            out.append(f"{where} -a '{' '.join(line.words)}'\n")
        if line.files and line.word:
            out.append(f"{where} -F\n")
        out += [f"{where} {_fish_option(action, action in line.valued)}\n" for action in line.options]
    return "".join(out)


def _fish_option(action: Action, valued: bool) -> str:
    names = [f"-l {s[2:]}" if s.startswith("--") else f"-s {s[1:]}" for s in action.option_strings]
    value = ""
    if valued:
        words = f" -a '{' '.join(_words(action))}'" if _words(action) else ""
        value = " -r -F" if action.metavar in FILES else f" -x{words}"
    return f"{' '.join(names)}{value} -d {_quoted(_help(action))}"


SCRIPTS = {"bash": bash, "zsh": zsh, "fish": fish}
