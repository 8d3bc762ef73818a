"""Where the hub's database is: hub.db in the data folder, or a PostgreSQL named by a URL that may hold a password.

The environment (THONGSUOT_SECRET_DATABASE_URL) wins over a systemd credential (`database.url`), that over the file
secrets/database.url, that over `[database] url` of hub.toml. No message of this module says the URL's password.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from hub.configuration import Configuration
from hub.failure import UserError
from hub.paths import Paths
from hub.secret_sources import secret_sources

SECRET = "database.url"  # noqa: S105 - its name
DRIVER = "postgresql+psycopg"
_SCHEMES = frozenset({"postgresql", "postgres", DRIVER})


def located(paths: Paths, configuration: Configuration, environment: Mapping[str, str] = os.environ) -> Paths:
    """The same paths, with the database that this configuration means. Raises UserError, without the URL."""
    given = secret_sources(paths.secrets, environment).given(SECRET)
    if given is not None:
        return dataclasses.replace(paths, database_url=parse(given, f"secret {SECRET}"))
    file = paths.secrets / SECRET
    try:
        return dataclasses.replace(paths, database_url=parse(file.read_text(encoding="utf-8"), str(file)))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: không đọc được / cannot be read: {type(error).__name__}") from None
    written = configuration.database.url
    return dataclasses.replace(paths, database_url=parse(written, "hub.toml: database.url") if written else None)


def parse(text: str, where: str) -> URL:
    """Raises UserError that says where the URL stands, never what it is."""
    try:
        url = make_url(text.strip())
        good = url.drivername in _SCHEMES and bool(url.database)
    except (ArgumentError, ValueError):
        good = False
    if not good:
        raise UserError(
            f"{where}: không phải địa chỉ PostgreSQL / is no address of a PostgreSQL; "
            f"viết / write: postgresql://USER:PASSWORD@HOST:5432/DATABASE"
        )
    return url.set(drivername=DRIVER)


def name_of(paths: Paths) -> str:
    """For people: the file, or the PostgreSQL without its password."""
    url = paths.database_url
    if url is None:
        return str(paths.database)
    host = url.host or url.query.get("host", "")
    user = f"{url.username}@" if url.username else ""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{user}{host}{port}/{url.database}"
