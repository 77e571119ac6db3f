"""The request that made a song, as a command that makes it again."""

import shlex
from collections.abc import Mapping
from typing import Any

from canzona.io.song_json import keyed_form
from canzona.studio import wire
from canzona.studio.documents import Document
from canzona.studio.exports import file_name

_OPTIONS = {"key": "--key", "tempo": "--tempo", "bars": "--bars", "steps": "--steps", "guidance": "--guidance"}
_IN_FILES = ("kept", "like", "revision")
"""Parts of a request that hold music: the song's own file has them."""


def command_line(document: Document, name: str) -> wire.CommandLine:
    """A command for the shell; where the request holds music, it takes that from the song's exported file.

    Args:
        document: the song.
        name: its name, by which its files are called.
    """
    request = document.song.provenance.get("request")
    if not isinstance(request, Mapping):
        return wire.CommandLine(command=None, detail="This song was not composed by Canzona, so there is no command for it.")
    detail = "The song was changed by hand since; the command makes it as it was composed." if document.edited else None
    midi, exported = file_name(name, ".mid"), file_name(name, ".json")
    if any(part in request for part in _IN_FILES):
        words = ["canzona", "compose", "--request", exported, "-o", midi]
        needs = f"It needs the song exported as {exported}."
        return wire.CommandLine(command=shlex.join(words), detail=f"{needs} {detail}" if detail else needs)
    words = ["canzona", "compose", *_form_words(request), "--meter", str(request["meter"]), "--seed", str(request["seed"])]
    for field, option in _OPTIONS.items():
        if field in request:
            words += [option, f"{request[field]:g}" if isinstance(request[field], float) else str(request[field])]
    if "chords" in request:
        words += ["--chords", str(request["chords"])]
    if "repeat" in request:
        words += ["--repeat", ",".join(map(_repeat_text, request["repeat"]))]
    if request.get("end_on_tonic") is False:
        words += ["--no-end-on-tonic"]
    return wire.CommandLine(command=shlex.join([*words, "-o", midi]), detail=detail)


def _repeat_text(own: Mapping[str, Any]) -> str:
    return f"{own['letter']}={own['amount']:g}" if "letter" in own else f"{own['amount']:g}"


def _form_words(request: Mapping[str, Any]) -> list[str]:
    if "form" not in request:
        return []
    keys = request.get("phrase_keys") or []
    return ["--form", keyed_form(request["form"], keys).keyed_text() if any(keys) else str(request["form"])]
