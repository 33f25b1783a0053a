"""`python -m stickgen` is the same program as `stickgen`."""

from stickgen.children import forget_working_folder

forget_working_folder()

from stickgen.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
