"""`python -m stickgen_tui`."""

from stickgen.children import forget_working_folder

forget_working_folder()

from stickgen_tui.cli import main  # noqa: E402

main()
