"""Accounts: who signs in, with what, and what they may do where. The caller's session commits."""

from collector.accounts.failure import AccountError, PasswordRuleError
from collector.accounts.passwords import PasswordRules, current_rules
from collector.accounts.people import (
    ROLES,
    Account,
    GrantRecord,
    add,
    change_password,
    everyone,
    find,
    grant,
    grants,
    normalise,
    rename,
    reset_password,
    revoke,
    set_disabled,
    verify,
)
from collector.accounts.rights import Action, Grant, Rights, Role, Scope, UnitPath

__all__ = [
    "ROLES",
    "Account",
    "AccountError",
    "Action",
    "Grant",
    "GrantRecord",
    "PasswordRuleError",
    "PasswordRules",
    "Rights",
    "Role",
    "Scope",
    "UnitPath",
    "add",
    "change_password",
    "current_rules",
    "everyone",
    "find",
    "grant",
    "grants",
    "normalise",
    "rename",
    "reset_password",
    "revoke",
    "set_disabled",
    "verify",
]
