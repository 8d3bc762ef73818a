"""What the people who manage accounts can do wrong."""


class AccountError(ValueError):
    """What was given cannot become an account, a grant or a token."""


class PasswordRuleError(AccountError):
    """The new password does not keep the rules."""
