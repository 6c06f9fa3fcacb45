#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The completion scripts in their shells, and the manual page: at every command all three shells offer the same, and what help
offers too. `completion_test.py RINGWALL`."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
COMMON = {'--config', '--pin-path', '--socket'}            # stand behind every command
ZSH = """_describe() { local -a a; [[ $1 == -t ]] && shift 2; a=(${(P)2}); print -l -- ${a%%:*}; }
_files() { :; }
"""


def output(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True).stdout


def in_bash(script, words):
    typed = ' '.join(f"'{word}'" for word in [*words, ''])
    return output('bash', '-c', f'cd {script.parent}/empty; source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _ringwall; printf "%s\\n" "${{COMPREPLY[@]}}"')


def in_zsh(script, words):
    typed = ' '.join(f"'{word}'" for word in [*words, ''])
    return output('zsh', '-fc', f'{ZSH}words=({typed}); CURRENT={len(words) + 1}; source {script}')


def in_fish(script, words):
    ask = f'source {script}; complete -C "{" ".join(words)} "; complete -C "{" ".join(words)} -"'
    return '\n'.join(line.split('\t')[0] for line in output('fish', '--no-config', '-c', ask).splitlines())


def offered(text):
    """Commands and long options: file names and -h are the shell's affair."""
    return {word for word in text.split() if re.fullmatch(r'--[a-z-]+|[a-z]+', word)}


def subcommands(text):
    """Of a `--help`: the paragraph that lists them."""
    return re.findall(r'^  ([a-z]+) ', text.split('Subcommands:\n', 1)[1].split('\n\n')[0], re.MULTILINE) if 'Subcommands:' in text else []


def paths(ringwall, words=()):
    """Every command, by what `--help` lists."""
    yield list(words)
    for name in subcommands(output(ringwall, *words, '--help')):
        yield from paths(ringwall, [*words, name])


def in_help(ringwall, words):
    text = output(ringwall, *words, '--help')
    options = set(re.findall(r'^  (?:-[a-z],)?(--[a-z-]+)', text, re.MULTILINE))
    return options | set(subcommands(text)) | (COMMON if words else set())


def completion_mistakes(ringwall, directory):
    scripts = {}
    (directory / 'empty').mkdir()
    for shell in ('bash', 'zsh', 'fish'):
        scripts[shell] = directory / shell
        scripts[shell].write_text(output(ringwall, 'completion', shell), encoding='utf-8')
    seen = 0
    for words in paths(ringwall):
        expected = in_help(ringwall, words) | ({'bash', 'zsh', 'fish', 'man'} if words == ['completion'] else set())
        for shell, ask in (('bash', in_bash), ('zsh', in_zsh), ('fish', in_fish)):
            found = offered(ask(scripts[shell], ['ringwall', *words]))
            if found != expected and not (shell == 'fish' and found | {'--help'} == expected):
                yield f'{shell}, ringwall {" ".join(words)}: offers {sorted(found)}, help {sorted(expected)}'
        seen += 1
    if seen < 12:
        yield f'only {seen} commands found in help'


def manual_mistakes(ringwall, directory):
    page = directory / 'ringwall.8'
    page.write_text(output(ringwall, 'completion', 'man'), encoding='utf-8')
    done = subprocess.run(['mandoc', '-Tlint', '-Wwarning', page], capture_output=True, text=True, check=False)
    yield from (line for line in done.stdout.splitlines() if 'missing date' not in line)    # builds are reproducible
    text = output('mandoc', '-Tascii', '-Owidth=200', page).replace('\b', '')
    for words in paths(ringwall):
        if words and f'.SS ringwall {" ".join(words)}\n' not in page.read_text(encoding='utf-8'):
            yield f'the page has no command {" ".join(words)}'
    if 'EXIT' not in re.sub(r'(.)\1', r'\1', text):
        yield 'the page ends too early'


def main(ringwall):
    missing = [tool for tool in ('bash', 'zsh', 'fish', 'mandoc') if not shutil.which(tool)]
    if missing:
        print(f'skipped: needs {", ".join(missing)} (scripts/setup.sh)')
        return SKIPPED
    with tempfile.TemporaryDirectory() as scratch:
        found = [*completion_mistakes(ringwall, pathlib.Path(scratch)), *manual_mistakes(ringwall, pathlib.Path(scratch))]
    print('\n'.join(found))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
