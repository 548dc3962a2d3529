"""`python -m dawndusk` is the command line."""

from dawndusk.cli import main

if __name__ == "__main__":
    main()
