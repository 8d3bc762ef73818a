"""`python -m conferencing.media --socket PATH --listen IP:PORT …`"""

from __future__ import annotations

import sys

from conferencing.media.decoders import keep_out


def main() -> int:
    keep_out()
    from conferencing.media.process import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
