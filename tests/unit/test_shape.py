"""The shape of the code, held by what it is: a newcomer can rely on it, and so can the reviewer of a change."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("agent", "tools") for path in (ROOT / folder).rglob("*.py"))

LONGEST_FUNCTION = 60
LONGEST_FILE = 400

BOUNDARY = {"agent/cli.py"}
"""Where any exception may be caught: the outermost place."""

STARTERS = {"tools/run.py"}
"""Where a process may be started."""

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
        plain = [arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if not _is_self(arg)]
        if node.returns is None or any(arg.annotation is None for arg in plain):
            yield f"{node.lineno}: {node.name} is not typed"


def undocumented(_: str, tree: ast.Module, __: str) -> Iterator[str]:
    """What others call says what it means."""
    if ast.get_docstring(tree) is None:
        yield "1: the module says nothing"
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not _is_nested(node, tree):
            yield f"{node.lineno}: {node.name} says nothing"


def broad_excepts(name: str, tree: ast.Module, _: str) -> Iterator[str]:
    """A caught `Exception` hides the fault nobody foresaw."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.ExceptHandler)
            and name not in BOUNDARY
            and _names(node) & {"", "Exception", "BaseException"}
        ):
            yield f"{node.lineno}: catches everything"


def processes(name: str, tree: ast.Module, _: str) -> Iterator[str]:
    """One place starts processes, and none goes through a shell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if name not in STARTERS and called.startswith(
                ("subprocess.", "os.system", "os.popen", "os.exec", "os.spawn")
            ):
                yield f"{node.lineno}: starts a process"
            if any(word.arg == "shell" for word in node.keywords):
                yield f"{node.lineno}: a shell"


RULES: tuple[Rule, ...] = (long_functions, long_files, untyped_functions, undocumented, broad_excepts, processes)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_self(arg: ast.arg) -> bool:
    return arg.arg in ("self", "cls")


def _is_nested(node: ast.AST, tree: ast.Module) -> bool:
    """Return whether a definition stands inside of a function or a private class, where nobody else can call it."""
    hidden = [item for item in ast.walk(tree) if isinstance(item, ast.ClassDef) and item.name.startswith("_")]
    return any(node in ast.walk(outer) and node is not outer for outer in (*_functions(tree), *hidden))


def _names(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return {""}
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(part) for part in parts}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file(rule: Rule) -> None:
    found = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(ROOT))
        found += [f"{name}:{problem}" for problem in rule(name, ast.parse(text), text)]
    assert not found, "\n".join(found)


BAD = {
    long_functions: "def f() -> None:\n" + "    pass\n" * 61,
    long_files: "\n" * 401,
    untyped_functions: "def f(a):\n    pass\n",
    undocumented: "def f() -> None:\n    pass\n",
    broad_excepts: "try:\n    pass\nexcept (ValueError, Exception):\n    pass\n",
    processes: "import subprocess\nsubprocess.run('ls', shell=True)\n",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_can_fail(rule: Rule) -> None:
    assert list(rule("agent/x.py", ast.parse(BAD[rule]), BAD[rule]))
