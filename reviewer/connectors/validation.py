"""Everything that can be told of a connector's folder without running its code."""

from __future__ import annotations

import ast
from pathlib import Path

from reviewer.connectors import api
from reviewer.connectors.api import API_VERSION
from reviewer.connectors.approvals import UnreadableFolder, folder_digest
from reviewer.connectors.manifest import CAPABILITY_CALLS, Manifest, ManifestFault, read_manifest

_OURS = "reviewer.connectors.api"
#: Classes to build on that bring no call of a connector.
_NO_HELP = frozenset(
    {"object", "Exception", "Enum", "StrEnum", "NamedTuple", "TypedDict", "Thread", "threading.Thread"}
) | set(api.__all__)


def faults_of(folder: Path) -> list[str]:
    """All faults of a connector's folder, in words; empty where there are none."""
    if not folder.is_dir():
        return [f"{folder} is no folder"]
    faults: list[str] = []
    try:
        manifest = read_manifest(folder, API_VERSION)
    except ManifestFault as error:
        faults += error.faults
        manifest = None
    try:
        folder_digest(folder)
    except UnreadableFolder as error:
        faults.append(str(error))
    for path in sorted(folder.glob("*.py")):
        entry = manifest.function if manifest is not None and path.stem == manifest.module else ""
        is_test = path.name.startswith("test_") or (manifest is not None and path.name == manifest.stand)
        faults += _code_faults(path, entry, is_test=is_test)
    if manifest is not None and not faults:
        faults += _missing_calls(manifest)
    return faults


def _missing_calls(manifest: Manifest) -> list[str]:
    """Calls of declared capabilities that no class of the connector defines.

    Told only where that can be known without running it: classes that build on those of others, or answer to any name,
    may have them.
    """
    defined: set[str] = set()
    known: set[str] = set()
    bases: set[str] = set()
    for path in sorted(manifest.folder.glob("*.py")):
        if path.name == manifest.stand or path.name.startswith("test_"):
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef):
                known.add(node.name)
                bases |= {ast.unparse(base) for base in node.bases}
                defined |= _names(ast.Module(node.body, []))
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                defined.add(node.attr)
    if not known or bases - known - _NO_HELP or "__getattr__" in defined:
        return []
    needs = [("", call) for call in ("service", "close")]
    needs += [(name, call) for name in manifest.capabilities for call in CAPABILITY_CALLS[name]]
    return [
        f"{manifest.module}.py: no class has {call}(), which "
        + (f"the capability {name} needs" if name else "every connector needs")
        for name, call in needs
        if call not in defined
    ]


def _code_faults(path: Path, entry: str, *, is_test: bool) -> list[str]:
    try:
        tree = ast.parse(path.read_bytes(), filename=path.name)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        return [f"{path.name}{line}: is no Python: {error.msg if isinstance(error, SyntaxError) else error}"]
    faults = []
    if entry and entry not in _names(tree):
        faults.append(f"{path.name}: has no function {entry}, which the manifest's entry names")
    if not is_test:
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                faults += [
                    f"{path.name}, line {node.lineno}: imports {name}; of ours a connector imports {_OURS} only"
                    for name in _imported(node)
                    if name.split(".")[0] == "reviewer" and name != _OURS
                ]
    return faults


def _names(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return found


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.level == 0 and node.module:
        if node.module == "reviewer.connectors":
            return [f"{node.module}.{alias.name}" for alias in node.names]
        return [node.module]
    return []
