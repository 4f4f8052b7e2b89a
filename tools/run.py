"""`make run` begins here, so that Ctrl-C ends it quietly from the first moment on.

Loading the application takes most of a second, in which Python answers Ctrl-C with a traceback.
Until `nxloy_web.run` listens to signals, to stop things in order, there is nothing to stop.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)

import site
import sys
from pathlib import Path

site.main()  # left out by -S, see Makefile

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from nxloy_web.run.__main__ import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
