"""How people run it: the command `ff`."""

import sys
from pathlib import Path

_DATA = Path(__file__).with_name("_program")
if _DATA.is_dir():
    # Installed, `components` and `policies` are this package's data, not packages at the top level of an environment. A
    # checkout has them beside it. First on the path, since others use these names too.
    sys.path.insert(0, str(_DATA))
