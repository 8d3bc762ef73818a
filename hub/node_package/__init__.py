"""How a commune's machine gets its agent from the hub itself, without Internet: packages, installer, one line."""
