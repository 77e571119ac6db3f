"""Writes the description from which the page's types are made: ``python -m canzona.studio.schema studio/openapi.json``."""

import json
import sys
from pathlib import Path

from canzona.studio.app import create_app


def schema_text() -> str:
    """The description of all routes as a JSON text."""
    return json.dumps(create_app(None).openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "studio/openapi.json").write_text(schema_text(), encoding="utf-8")
