"""Security signals of a node. Adding one: a file beside these, a line in `registry`, a fixture in the tests."""
