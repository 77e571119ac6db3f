"""``python -m canzona``, the same as the command ``canzona``."""

from canzona.cli import main

if __name__ == "__main__":
    main()
