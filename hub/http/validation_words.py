"""What FastAPI finds wrong with a request, in both languages and with the field; never what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_NAMED = 20

# Pydantic's error types (docs.pydantic.dev, "Validation Errors"); {…} are its ctx.
_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("còn thiếu", "is missing"),
    "json_invalid": ("không phải JSON", "is not JSON"),
    "extra_forbidden": ("không có trường này", "is not a known field"),
    "string_type": ("phải là chữ", "must be text"),
    "string_unicode": ("có ký tự không hợp lệ", "holds characters that are none"),
    "string_too_short": ("cần ít nhất {min_length} ký tự", "needs at least {min_length} characters"),
    "string_too_long": ("dài hơn {max_length} ký tự", "is longer than {max_length} characters"),
    "string_pattern_mismatch": ("không đúng dạng {pattern}", "does not have the form {pattern}"),
    "bool_type": ("phải là true hoặc false", "must be true or false"),
    "bool_parsing": ("phải là true hoặc false", "must be true or false"),
    "int_type": ("phải là số nguyên", "must be a whole number"),
    "int_parsing": ("phải là số nguyên", "must be a whole number"),
    "int_from_float": ("phải là số nguyên", "must be a whole number"),
    "int_parsing_size": ("là số quá lớn", "is too large a number"),
    "float_type": ("phải là số", "must be a number"),
    "float_parsing": ("phải là số", "must be a number"),
    "finite_number": ("phải là số hữu hạn", "must be a finite number"),
    "greater_than": ("phải lớn hơn {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("phải từ {ge} trở lên", "must be {ge} or more"),
    "less_than": ("phải nhỏ hơn {lt}", "must be less than {lt}"),
    "less_than_equal": ("phải từ {le} trở xuống", "must be {le} or less"),
    "literal_error": ("phải là một trong: {expected}", "must be one of: {expected}"),
    "enum": ("phải là một trong: {expected}", "must be one of: {expected}"),
    "list_type": ("phải là danh sách", "must be a list"),
    "dict_type": ("phải là đối tượng JSON", "must be a JSON object"),
    "model_type": ("phải là đối tượng JSON", "must be a JSON object"),
    "model_attributes_type": ("phải là đối tượng JSON", "must be a JSON object"),
    "too_long": ("có hơn {max_length} mục", "has more than {max_length} items"),
    "too_short": ("cần ít nhất {min_length} mục", "needs at least {min_length} items"),
    "date_type": ("phải là ngày dạng 2025-12-31", "must be a date like 2025-12-31"),
    "date_parsing": ("phải là ngày dạng 2025-12-31", "must be a date like 2025-12-31"),
    "date_from_datetime_parsing": ("phải là ngày dạng 2025-12-31", "must be a date like 2025-12-31"),
    "date_from_datetime_inexact": ("phải là ngày dạng 2025-12-31", "must be a date like 2025-12-31"),
}
_FIELD = re.compile(r"[\w.\-]{1,100}", re.ASCII)


def named(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """`field`: where it is, "body.name"; `vi` and `en`: what is wrong with it."""
    return [_named(error) for error in errors[:MAX_NAMED]]


def sentence(errors: Sequence[Mapping[str, str]]) -> str:
    """All of them in one line, Vietnamese / English."""
    return " / ".join("; ".join(f"{one['field']} {one[language]}" for one in errors) for language in ("vi", "en"))


def _named(error: Mapping[str, Any]) -> dict[str, str]:
    kind = str(error["type"])
    vietnamese, english = _WORDS.get(kind, ("không hợp lệ", "is not valid"))
    context = {key: str(value) for key, value in error.get("ctx", {}).items()}
    if kind in _WORDS:
        vietnamese, english = vietnamese.format_map(_Known(context)), english.format_map(_Known(context))
    return {"field": _field(error["loc"], kind), "vi": vietnamese, "en": english}


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _field(location: Sequence[object], kind: str) -> str:
    if kind == "json_invalid":
        # The position of the error stands there as if it were a field.
        location = location[:1]
    # A key of somebody else's JSON may be a field's name here: it is repeated only when it looks like one.
    return ".".join(text if _FIELD.fullmatch(text) else "?" for text in map(str, location))
