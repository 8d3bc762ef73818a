"""Passwords: hashing with argon2, and the rules that a new one has to keep (a versioned profile file)."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from collector.accounts.failure import PasswordRuleError

PROFILE_FILE = "password_rules_1.json"

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """`common`: folded as `_folded` does. `source` says where the rules come from."""

    version: int
    source: str
    minimum_length: int
    maximum_length: int
    minimum_distinct_characters: int
    common: frozenset[str]

    def check(self, password: str, *names: str) -> None:
        """Raises PasswordRuleError with what to do. `names`: of the user, who must not use them."""
        if len(password) < self.minimum_length:
            raise PasswordRuleError(
                f"Mật khẩu cần ít nhất {self.minimum_length} ký tự. / "
                f"The password needs at least {self.minimum_length} characters."
            )
        if len(password) > self.maximum_length:
            raise PasswordRuleError(
                f"Mật khẩu dài quá {self.maximum_length} ký tự. / "
                f"The password is longer than {self.maximum_length} characters."
            )
        folded = _folded(password)
        if folded in self.common or len(set(folded)) < self.minimum_distinct_characters:
            raise PasswordRuleError(
                "Mật khẩu này quá phổ biến, dễ đoán; hãy ghép vài từ không liên quan. / "
                "This password is too common; put some unrelated words together."
            )
        if any(len(name) >= 3 and name in folded for name in map(_folded, names)):
            raise PasswordRuleError(
                "Mật khẩu không được chứa tên của mình. / The password must not contain your own name."
            )


@cache
def current_rules() -> PasswordRules:
    document = json.loads(resources.files(__package__).joinpath(PROFILE_FILE).read_text(encoding="utf-8"))
    return PasswordRules(**{**document, "common": frozenset(map(_folded, document["common"]))})


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)


def work_as_if() -> None:
    """The work of a verification, for a name that does not exist."""
    _hasher.hash("as much work as a verification")


def _folded(text: str) -> str:
    # Without case, blanks and diacritics: "Mật Khẩu 123" is as common as "matkhau123".
    flat = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(character for character in flat if not unicodedata.combining(character) and character != " ")
