"""The one error of the command line: said in one line, exit status 2."""

from __future__ import annotations


class UserError(Exception):
    """Something that whoever started the program can mend: what, where, and what to do."""
