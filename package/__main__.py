"""The Pulumi package: the process that Pulumi starts for programs that use it."""

import sys
from pathlib import Path

# The package is a folder of the repository, and runs what is beside it.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from components.package.component import SOURCES
from components.package.host import main
from policies.annotate import annotated

if __name__ == "__main__":
    main(sys.argv[1:], [annotated(SOURCES)])
