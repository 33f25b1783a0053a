"""`python -m stickgen` is the same program as `stickgen`."""

from stickgen.cli import main

if __name__ == "__main__":
    main()
