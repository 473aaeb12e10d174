"""A package that ends the program when it is loaded."""

import sys

sys.exit(1)
