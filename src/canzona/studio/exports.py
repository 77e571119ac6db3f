from dataclasses import dataclass
@dataclass(frozen=True)
class Format:
    ending: str
    media_type: str
FORMATS = {"midi": Format(".mid", "audio/midi"), "musicxml": Format(".musicxml", "application/vnd.recordare.musicxml+xml"), "pdf": Format(".pdf", "application/pdf"), "svg": Format(".svg", "image/svg+xml"), "wav": Format(".wav", "audio/wav"), "json": Format(".json", "application/json")}
