"""The shape of the code, held by what it is: a newcomer can rely on it, and so can the reviewer of a change."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("agent", "tools") for path in (ROOT / folder).rglob("*.py"))

LONGEST_FUNCTION = 60
LONGEST_FILE = 400

BOUNDARY = {"agent/cli.py", "agent/apply/recorded.py"}
"""Where any exception may be caught: the outermost place, and a change under way, which needs an outcome."""

STARTERS = {"tools/process.py"}
"""Where a process may be started."""

STARTS = re.compile(
    r"subprocess\b.*|pty\.spawn|os\.(system|popen|fork|forkpty|exec\w+|spawn\w+|posix_spawnp?)"
    r"|asyncio\.create_subprocess_\w+|multiprocessing\b.*"
)
"""Names that lead to a process, also imported one by one."""

TO_STDOUT = ("agent/cli.py",)
"""Where data is written: an operation's result, as the text its view made of it."""

TO_STDERR = ("agent/diagnostics.py", "agent/prompt.py")
"""Where narration is written, and the card a person decides by."""

Rule = Callable[[str, ast.Module, str], Iterator[str]]


def long_functions(_: str, tree: ast.Module, __: str) -> Iterator[str]:
    """Nobody can hold more than a screen in the head."""
    for node in _functions(tree):
        size = (node.end_lineno or node.lineno) - node.lineno + 1
        if size > LONGEST_FUNCTION:
            yield f"{node.lineno}: {node.name} has {size} lines"


def long_files(_: str, __: ast.Module, text: str) -> Iterator[str]:
    """One noun a module."""
    size = text.count("\n")
    if size > LONGEST_FILE:
        yield f"1: {size} lines"


def untyped_functions(_: str, tree: ast.Module, __: str) -> Iterator[str]:
    """Types are the first documentation that is checked."""
    for node in _functions(tree):
        named = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg)
        plain = [arg for arg in named if arg is not None and not _is_self(arg)]
        if node.returns is None or any(arg.annotation is None for arg in plain):
            yield f"{node.lineno}: {node.name} is not typed"


def undocumented(_: str, tree: ast.Module, __: str) -> Iterator[str]:
    """What others call says what it means."""
    if ast.get_docstring(tree) is None:
        yield "1: the module says nothing"
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not _is_nested(node, tree):
            yield f"{node.lineno}: {node.name} says nothing"


def broad_excepts(name: str, tree: ast.Module, _: str) -> Iterator[str]:
    """A caught `Exception` hides the fault nobody foresaw."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler | ast.Call) and name not in BOUNDARY and _caught(node) & EVERYTHING:
            yield f"{node.lineno}: catches everything"


EVERYTHING = {"", "Exception", "BaseException"}


def processes(name: str, tree: ast.Module, _: str) -> Iterator[str]:
    """One place starts processes, and none goes through a shell."""
    for node in _code(tree):
        if name not in STARTERS and any(STARTS.fullmatch(used) for used in _used(node)):
            yield f"{node.lineno}: starts a process"
        if isinstance(node, ast.Call) and any(word.arg == "shell" for word in node.keywords):
            yield f"{node.lineno}: a shell"


def streams(name: str, tree: ast.Module, _: str) -> Iterator[str]:
    """A stray line on stdout breaks the script that parses it; on stderr it escapes being made one inert line."""
    for node in _code(tree):
        used = set(_used(node)) | ({"print"} if isinstance(node, ast.Name) and node.id == "print" else set())
        if used & {"print", "sys.stdout", "sys.__stdout__"} and name not in TO_STDOUT:
            yield f"{node.lineno}: writes to stdout"
        if used & {"sys.stderr", "sys.__stderr__"} and name not in TO_STDERR:
            yield f"{node.lineno}: writes to stderr"


RULES: tuple[Rule, ...] = (
    long_functions,
    long_files,
    untyped_functions,
    undocumented,
    broad_excepts,
    processes,
    streams,
)


def _code(tree: ast.Module) -> Iterator[ast.expr | ast.stmt]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt))


def _used(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names a node uses or imports."""
    if isinstance(node, ast.Attribute):
        yield ast.unparse(node)
    elif isinstance(node, ast.Import):
        yield from (item.name for item in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{item.name}" for item in node.names)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_self(arg: ast.arg) -> bool:
    return arg.arg in ("self", "cls")


def _is_nested(node: ast.AST, tree: ast.Module) -> bool:
    """Return whether a definition stands inside of a function or a private class, where nobody else can call it."""
    hidden = [item for item in ast.walk(tree) if isinstance(item, ast.ClassDef) and item.name.startswith("_")]
    return any(node in ast.walk(outer) and node is not outer for outer in (*_functions(tree), *hidden))


def _caught(node: ast.ExceptHandler | ast.Call) -> set[str]:
    """Return what an `except` or a `suppress()` catches."""
    if isinstance(node, ast.Call):
        is_suppress = ast.unparse(node.func) in ("suppress", "contextlib.suppress")
        return {ast.unparse(item) for item in node.args} if is_suppress else set()
    if node.type is None:
        return {""}
    parts = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return {ast.unparse(part) for part in parts}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file(rule: Rule) -> None:
    found = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(ROOT))
        found += [f"{name}:{problem}" for problem in rule(name, ast.parse(text), text)]
    assert not found, "\n".join(found)


BAD: dict[Rule, tuple[str, ...]] = {
    long_functions: ("def f() -> None:\n" + "    pass\n" * 60, "async def f() -> None:\n" + "    pass\n" * 60),
    long_files: ("\n" * 401,),
    untyped_functions: (
        "def f(a) -> None: ...",
        "def f(): ...",
        "def f(*args) -> None: ...",
        "def f(**more) -> None: ...",
        "def f(*, a) -> None: ...",
        "class A:\n    async def f(self, a) -> None: ...",
        "def f() -> None:\n    def g(): ...",
    ),
    undocumented: (
        "x = 1",
        "'A.'\ndef f() -> None: ...",
        "'A.'\nasync def f() -> None: ...",
        "'A.'\nclass A: ...",
        "'A.'\nclass A:\n    'B.'\n    def f(self) -> None: ...",
    ),
    broad_excepts: (
        "try: ...\nexcept: ...",
        "try: ...\nexcept Exception: ...",
        "try: ...\nexcept (ValueError, BaseException): ...",
        "try: ...\nexcept* Exception: ...",
        "with suppress(Exception): ...",
        "with contextlib.suppress(OSError, BaseException): ...",
    ),
    processes: (
        "import subprocess",
        "from subprocess import run",
        "import subprocess as quiet",
        "import os\nos.system('ls')",
        "from os import popen",
        "started = os.execv",
        "os.posix_spawn('/bin/ls', [], {})",
        "await asyncio.create_subprocess_exec('ls')",
        "pty.spawn('ls')",
        "go('ls', shell=True)",
    ),
    streams: (
        "print('x')",
        "print('x', file=sys.stderr)",
        "show = print",
        "sys.stdout.write('x')",
        "from sys import stdout",
        "sys.stderr.write('x')",
    ),
}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in BAD.items() for text in texts])
def test_each_rule_can_fail(rule: Rule, text: str) -> None:
    assert list(rule("agent/x.py", ast.parse(text), text))


def test_every_rule_is_shown_to_fail() -> None:
    assert set(BAD) == set(RULES)


GOOD = """\
'A module.'

import os


class Thing:
    'A thing.'

    def name(self, *parts: str, **more: int) -> str:
        'Return its name.'
        try:
            return os.sep.join(parts)
        except (ValueError, TypeError):
            return self._other()

    def _other(self) -> str:
        return "subprocess print"
"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_rule_complains_of_what_is_well(rule: Rule) -> None:
    """A gate that cries at sound code is switched off, and its true alarms with it."""
    assert list(rule("agent/x.py", ast.parse(GOOD), GOOD)) == []
    sixty = "def f() -> None:\n" + "    pass\n" * 59
    assert list(long_functions("agent/x.py", ast.parse(sixty), sixty)) == []


def test_the_files_are_found() -> None:
    """From an empty list every rule would pass."""
    assert {"agent/cli.py", "tools/process.py"} <= {str(path.relative_to(ROOT)) for path in FILES}
