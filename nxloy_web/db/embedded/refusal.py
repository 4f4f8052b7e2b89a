"""Why the embedded server cannot be had."""


class EmbeddedError(Exception):
    """One sentence for the person at the terminal."""
