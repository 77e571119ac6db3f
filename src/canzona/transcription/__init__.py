"""Songs heard in any MIDI file: its beats and bar lines, its melody, chords, keys and phrases, each with how sure it is."""

from canzona.transcription.analysis import Analysis, midi_to_analysis
from canzona.transcription.options import AnalysisOptions

__all__ = ["Analysis", "AnalysisOptions", "midi_to_analysis"]
