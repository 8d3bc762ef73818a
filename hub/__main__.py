"""`python -m hub` is `thongsuot`."""

from hub.cli import main

main()
