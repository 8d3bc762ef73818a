"""Where secrets come from: environment, systemd credentials, or a file of the data folder, made on first use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub import secret_files
from hub.failure import UserError

ENVIRONMENT_PREFIX = "THONGSUOT_SECRET_"
CREDENTIALS = "CREDENTIALS_DIRECTORY"
MIN_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class SecretSources:
    """`folder`: of the data folder. The environment wins over a credential, a credential over a file.

    The name `session.key` is the file session.key, the credential session.key and THONGSUOT_SECRET_SESSION_KEY.
    """

    folder: Path
    environment: Mapping[str, str]

    def given(self, name: str, least: int = MIN_CHARACTERS) -> str | None:
        """What was given from outside; None when the hub's own file is to be used. Raises UserError.

        `least`: characters that it must have; 1 for what somebody else has chosen.
        """
        variable = ENVIRONMENT_PREFIX + name.upper().replace(".", "_").replace("-", "_")
        if variable in self.environment:
            return _checked(self.environment[variable], variable, least)
        if CREDENTIALS in self.environment:
            path = Path(self.environment[CREDENTIALS]) / name
            try:
                return _checked(path.read_text(encoding="utf-8"), str(path), least)
            except FileNotFoundError:
                return None
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(f"{path}: không đọc được khóa / the credential cannot be read: {error}") from None
        return None

    def find(self, name: str) -> str | None:
        """A secret that somebody else has chosen, None when there is none. Raises UserError."""
        given = self.given(name, 1)
        if given is not None:
            return given
        path = self.folder / name
        try:
            return _checked(path.read_text(encoding="utf-8"), str(path), 1)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: không đọc được / cannot be read: {type(error).__name__}") from None

    def ensure(self, name: str) -> str:
        """The secret; 256 random bits in a file when nobody gave one. Raises UserError."""
        given = self.given(name)
        return secret_files.ensure(self.folder / name) if given is None else given


def secret_sources(folder: Path, environment: Mapping[str, str] = os.environ) -> SecretSources:
    return SecretSources(folder, environment)


def _checked(text: str, where: str, least: int) -> str:
    text = text.strip()
    if len(text) < least:
        # Where, never what.
        raise UserError(
            f"{where}: khóa cần ít nhất {least} ký tự. / the secret is too short: at least {least} characters"
        )
    return text
