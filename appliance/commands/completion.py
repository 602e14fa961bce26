"""`unitctl completion`: a script by which a shell completes commands, actions and options.

Reads: the command line as argparse knows it. Writes: standard output.
Never: is needed again after an update of the unit's software, unless commands were added.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.wording.shorten import shorten

HELP = "print a script that completes unitctl's words in bash or zsh"
EPILOG = (
    "For all users: `unitctl completion bash > /etc/bash_completion.d/unitctl`; for zsh, a file "
    "named _unitctl in a directory of $fpath. For this shell only: "
    'eval "$(unitctl completion bash)". Exit codes: 0 printed; 2 usage'
)
SHELLS = ("bash", "zsh")
LONGEST_HELP = 70
BASH = """\
# Completion of unitctl for bash, made by `unitctl completion bash`.
_unitctl() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
    local at=unitctl word words=
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD - 1}}"; do
        case "$at $word" in
            {places}) at="$at $word" ;;
        esac
    done
    COMPREPLY=()
    case "$at $before" in
        {values}) return ;;  # its value: a file, or what nobody can guess
    esac
    case "$at" in
{words}
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _unitctl unitctl
"""
ZSH = """\
#compdef unitctl
# Completion of unitctl for zsh, made by `unitctl completion zsh`.
_unitctl() {{
    local at=unitctl word
    local -a entries
    for word in "${{(@)words[2,CURRENT-1]}}"; do
        case "$at $word" in
            ({places}) at="$at $word" ;;
        esac
    done
    case "$at ${{words[CURRENT-1]}}" in
        ({values}) _files; return ;;
    esac
    case "$at" in
{words}
    esac
    _describe -V unitctl entries || _files
}}
if [[ ${{funcstack[1]}} == _unitctl ]]; then _unitctl "$@"; else compdef _unitctl unitctl; fi
"""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that may follow, with its help; after some a value must come."""

    text: str
    help: str
    takes_value: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A command or an action, as it is typed, and what may follow it."""

    path: str
    words: list[Word]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash or zsh")


def run(arguments: argparse.Namespace) -> int:
    places = list(list_places(arguments.parser, "unitctl"))
    print(format_bash(places) if arguments.shell == "bash" else format_zsh(places), end="")
    return 0


def list_places(parser: argparse.ArgumentParser, path: str) -> Iterator[Place]:
    """The command line's tree, the outermost place first."""
    words: list[Word] = []
    inner: list[Place] = []
    for action in parser._actions:  # noqa: SLF001  (argparse has no public list of them)
        if action.help == argparse.SUPPRESS:
            continue
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {one.dest: one.help or "" for one in action._choices_actions}  # noqa: SLF001
            words += [Word(name, clean(helps.get(name, ""))) for name in action.choices]
            for name, sub in action.choices.items():
                inner += list_places(sub, f"{path} {name}")
        else:
            words += list_words(action)
    yield Place(path, words)
    yield from inner


def list_words(action: argparse.Action) -> list[Word]:
    """The names of an option, or the choices of a word that stands by itself."""
    takes_value = action.nargs != 0
    if action.option_strings:
        return [Word(name, clean(action.help), takes_value) for name in action.option_strings]
    return [Word(str(choice), clean(action.help)) for choice in action.choices or ()]


def clean(text: str | None) -> str:
    """The beginning of a help text, fit to stand between single quotes."""
    bare = (text or "").replace("%%", "%").replace("'", "").replace(":", ",")
    return shorten(bare.partition(" (")[0], LONGEST_HELP).partition(" [")[0]


# --- scripts -------------------------------------------------------------------------------------


def format_bash(places: list[Place]) -> str:
    lines = [
        f'        "{place.path}") words="{" ".join(word.text for word in place.words)}" ;;'
        for place in places
    ]
    return BASH.format(**format_cases(places), words="\n".join(lines))


def format_zsh(places: list[Place]) -> str:
    lines = [f'        ("{one.path}") entries=({format_entries(one.words)}) ;;' for one in places]
    return ZSH.format(**format_cases(places), words="\n".join(lines))


def format_entries(words: list[Word]) -> str:
    return " ".join(f"'{word.text}:{word.help}'" for word in words)


def format_cases(places: list[Place]) -> dict[str, str]:
    """The patterns that both shells share: places, and options after which a value comes."""
    words = [(one.path, word) for one in places for word in one.words]
    options = [f"{path} {word.text}" for path, word in words if word.takes_value]
    return {
        "places": join_patterns([one.path for one in places[1:]]),
        "values": join_patterns(options),
    }


def join_patterns(texts: list[str]) -> str:
    return " | ".join(f'"{text}"' for text in texts)
