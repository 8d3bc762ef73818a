"""Numbers of rows in requests: what no database column holds is refused before a database is asked."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field

GREATEST = 2**31 - 1

RowNumber = Annotated[int, Path(ge=1, le=GREATEST)]
GivenNumber = Annotated[int, Field(ge=1, le=GREATEST)]
