"""The directory as files: CSV, one noun each, and YAML with all of them. Parsing only; knows no database."""
