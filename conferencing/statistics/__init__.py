"""How well media arrive: totals of the worker, reports of the pages, and what follows from both. No I/O."""
