"""Write the names of the environment's variables, for a test to start as a process."""

import os
import sys

if __name__ == "__main__":
    sys.stdout.write("\n".join(os.environ))
