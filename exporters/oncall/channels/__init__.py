"""Ways to a person: one small file per channel. Each says what became of a message, and never raises for it."""
