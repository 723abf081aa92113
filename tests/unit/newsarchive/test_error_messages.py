"""Messages of errors: each that the code names is in errors.toml, with the facts that it gets."""

import ast
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

from storage import errors

ROOT = Path(__file__).parents[3]
FILES = [file for folder in ("newsarchive", "storage", "spiders") for file in sorted((ROOT / folder).rglob("*.py"))]


@cache
def parse_files() -> list[tuple[Path, ast.Module]]:
    """Return the trees of all files. Not at import: each process of a test run collects these tests."""
    return [(file, ast.parse(file.read_text("utf-8"))) for file in FILES]


@cache
def error_kinds() -> set[str]:
    """Return the names of errors that are made of a message."""
    return {"ArchiveError"} | {
        node.name
        for _, tree in parse_files()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & {*vars(errors)}
    }


def named_messages() -> Iterator[tuple[str, str, set[str]]]:
    """Yield the place of each message that is named in the code, its name, and its facts."""
    kinds = error_kinds()
    for file, tree in parse_files():
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id in kinds:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node.exc.id, set()
            if not isinstance(node, ast.Call):
                continue
            called, facts = ast.unparse(node.func), {str(keyword.arg) for keyword in node.keywords}
            if not node.args and called in kinds:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", called, facts
            elif not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            elif called.endswith(".replace_os_errors"):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", str(node.args[0].value), facts | {"reason"}
            elif called == "format_message" or (called.endswith(".create") and called.partition(".")[0] in kinds):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", str(node.args[0].value), facts


def test_each_message_is_named_with_its_facts() -> None:
    """An error that lacks one would end as another error; a text that nothing prints is no message."""
    messages, named, wrong = errors.load_messages(), set(), []
    for place, name, facts in named_messages():
        named.add(name)
        fields = (field for _, field, _, _ in Formatter().parse(messages[name]) if field is not None)
        if {field.partition(".")[0] for field in fields} != facts:
            wrong.append(f"{place}: {name} gets {sorted(facts)}")
    assert wrong == []
    assert messages.keys() == named


def test_an_error_is_the_same_in_another_process() -> None:
    """Workers send errors by pickle, which makes them from their message."""
    lost = errors.LostFile(name="a.warc.gz", reason="missing", captures=3)
    for error in (
        errors.BucketRefused(bucket="s3://morgue", reason="there is no such bucket"),
        errors.TornRecord("a.warc.gz", 17, "it ends"),
        errors.CapturesLost([lost], "/morgue/warc"),
        errors.ExportWithheld("a.wacz", 3),
        errors.PayloadTooLarge("more than {10} bytes", b"beginning"),
        errors.ArchiveBusy.create("lease-lost"),
        errors.NoSuchFile("a.warc.gz does not exist"),
    ):
        copy: errors.ArchiveError = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
