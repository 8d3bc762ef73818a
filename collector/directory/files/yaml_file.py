"""The directory as YAML: one document, noun → list of objects. Pure.

Only plain scalars are read, as the text they are written with: 09076 stays 09076 whatever YAML makes of it, and
nothing expands (no anchors, no tags, no objects).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import yaml

from collector.directory.failure import Message
from collector.directory.files.csv_file import cells_of
from collector.directory.files.encodings import decode
from collector.directory.files.headings import fields_of
from collector.directory.files.sheet import MAX_CELL_CHARACTERS, MAX_ROWS, BadCell, FileRefusedError, Row, Sheet
from collector.directory.nouns import NOUNS, State

MAX_DEPTH = 4
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read(content: bytes) -> Sheet:
    """Raises FileRefusedError when it is not such a document."""
    text, encoding = decode(content)
    root = _compose(text)
    sheet = Sheet(encoding)
    if root is None:
        raise FileRefusedError("Tệp trống.", "The file is empty.")
    if not isinstance(root, yaml.MappingNode):
        raise _wrong(root, "Cần dạng «units:» rồi danh sách.", "Expected “units:” and a list below it.")
    for name, objects in root.value:
        noun = name.value if isinstance(name, yaml.ScalarNode) else ""
        if noun not in NOUNS:
            near = difflib.get_close_matches(noun, NOUNS, 1) or list(NOUNS)
            raise _wrong(
                name, f"{noun!r} không có; có: {', '.join(near)}.", f"No {noun!r}; there is: {', '.join(near)}."
            )
        if _is_null(objects):
            continue
        if not isinstance(objects, yaml.SequenceNode):
            raise _wrong(objects, f"Dưới «{noun}» cần một danh sách.", f"Below {noun!r} a list is expected.")
        for one in objects.value:
            _take(sheet, noun, one)
    return sheet


def _compose(text: str) -> yaml.Node | None:
    try:
        _check_events(text)
        return yaml.compose(text, Loader=_LOADER)
    except FileRefusedError:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise FileRefusedError(
            f"Dòng {line}: không đúng YAML.", f"Line {line}: not YAML ({error.problem}).", line
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise FileRefusedError("Không đúng YAML.", "Not YAML.") from None


def _check_events(text: str) -> None:
    """Before anything is built: an anchor can make a small file grow without end."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise FileRefusedError(f"Dòng {line}: không dùng & và *.", f"Line {line}: no anchors (& and *).", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise FileRefusedError(f"Dòng {line}: lồng quá sâu.", f"Line {line}: nested too deeply.", line)


def _take(sheet: Sheet, noun: str, node: yaml.Node) -> None:
    line = node.start_mark.line + 1
    if len(sheet.rows) >= MAX_ROWS:
        raise FileRefusedError(
            f"Nhiều hơn {MAX_ROWS} mục; hãy chia nhỏ.", f"More than {MAX_ROWS} objects; split it.", line
        )
    if not isinstance(node, yaml.MappingNode):
        message = Message("Cần dạng «trường: giá trị».", "Expected “field: value”.")
        sheet.bad.append(BadCell(noun, line, "", "", message))
        return
    titles, texts = [], {}
    for name, value in node.value:
        titles.append(name.value if isinstance(name, yaml.ScalarNode) else "?")
        if not isinstance(value, yaml.ScalarNode) or len(value.value) > MAX_CELL_CHARACTERS:
            message = Message("Cần một giá trị, không phải danh sách.", "Expected one value, not a list.")
            sheet.bad.append(BadCell(noun, value.start_mark.line + 1, titles[-1], "", message))
        else:
            texts[titles[-1]] = "" if _is_null(value) else value.value
    fields, bad = fields_of(NOUNS[noun], titles, line)
    sheet.bad += bad
    named = {titles[position]: name for position, name in fields.items()}
    sheet.headings |= {name: title for title, name in named.items()}
    sheet.rows.append(Row(noun, line, {named[title]: text for title, text in texts.items() if title in named}))


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _wrong(node: yaml.Node, vi: str, en: str) -> FileRefusedError:
    line = node.start_mark.line + 1
    return FileRefusedError(f"Dòng {line}: {vi}", f"Line {line}: {en}", line)


def write(nouns: Mapping[str, Iterable[State]]) -> str:
    """Quoted where it is not plain words: a code of digits is text to every reader. What is empty is said to be."""
    document = {name: [cells_of(NOUNS[name], state) for state in states] for name, states in nouns.items()}
    return str(yaml.dump(document, Dumper=_Quoting, allow_unicode=True, sort_keys=False, width=4096))


class _Quoting(_DUMPER):  # type: ignore[misc]
    """The fast emitter of libyaml where there is one."""


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    plain = text.replace("-", "").replace("_", "").isalpha()
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Quoting.add_representer(str, _quoted)
