/** What hands do to notes and chords, as commands for the server and as the song that the page shows until it answers. */
import type { ChordLane, ChordRow, Command, NoteRow, RollLane, Song } from "../api/types";
import { chordsOf, gridOf, lengthSteps, notesOf, replaced, withChords, withNotes } from "./song";
import { STEPS_PER_BEAT } from "./time";

/** How notes change at once; what is left out stays. */
export interface NoteChange {
  readonly steps?: number;
  readonly semitones?: number;
  readonly duration?: number;
  readonly velocity?: number;
}

/** The notes after a change, kept within the song, the keyboard and what can be heard. */
export function changedNotes(song: Song, lane: RollLane, notes: readonly NoteRow[], change: NoteChange): NoteRow[] {
  const grid = gridOf(lane);
  const end = lengthSteps(song);
  const first = Math.min(...notes.map(([start]) => start));
  const last = Math.max(...notes.map(([start, duration]) => start + duration));
  const steps = Math.min(Math.max(change.steps ?? 0, -first), end - last);
  const low = Math.min(...notes.map(([, , pitch]) => pitch));
  const high = Math.max(...notes.map(([, , pitch]) => pitch));
  const semitones = Math.min(Math.max(change.semitones ?? 0, -low), 127 - high);
  return notes.map(([start, duration, pitch, velocity]) => [
    start + steps,
    Math.min(Math.max(duration + (change.duration ?? 0), grid), end - start - steps),
    pitch + semitones,
    Math.min(Math.max(velocity + (change.velocity ?? 0), 1), 127),
  ]);
}

export function notesCommand(lane: RollLane, remove: readonly NoteRow[], add: readonly NoteRow[]): Command {
  return { kind: "notes", lane, remove: [...remove], add: [...add] };
}

export function chordsCommand(lane: ChordLane, remove: readonly ChordRow[], add: readonly ChordRow[]): Command {
  return { kind: "chords", lane, remove: [...remove], add: [...add] };
}

/** A note in two, at a step that lies within it. */
export function splitNote([start, duration, pitch, velocity]: NoteRow, at: number): [NoteRow, NoteRow] | null {
  if (at <= start || at >= start + duration) return null;
  return [[start, at - start, pitch, velocity], [at, start + duration - at, pitch, velocity]];
}

/** Where a note is cut when no place is pointed at: its middle, on the grid. */
export function middle([start, duration]: NoteRow, grid: number): number {
  return start + Math.max(grid, Math.round(duration / 2 / grid) * grid);
}

/** The border between a chord and what is before it, moved: the chord before grows or shrinks with it. */
export function movedBorder(chords: readonly ChordRow[], chord: ChordRow, beats: number): { remove: ChordRow[]; add: ChordRow[] } | null {
  const at = chords.findIndex((row) => row[0] === chord[0]);
  const before = chords[at - 1];
  const joined = before !== undefined && before[0] + before[1] === chord[0];
  const earliest = before ? (joined ? before[0] + 1 : before[0] + before[1]) : 0;
  const start = Math.min(Math.max(chord[0] + beats, earliest), chord[0] + chord[1] - 1);
  if (at < 0 || start === chord[0]) return null;
  const moved: ChordRow = [start, chord[0] + chord[1] - start, chord[2]];
  if (!joined) return { remove: [chord], add: [moved] };
  return { remove: [before, chord], add: [[before[0], start - before[0], before[2]], moved] };
}

/** The room for a new chord at a beat: to the end of the bar, or to the next chord. `null` where one sounds already. */
export function chordRoom(chords: readonly ChordRow[], beat: number, beatsPerBar: number): [number, number] | null {
  if (chords.some(([start, duration]) => beat >= start && beat < start + duration)) return null;
  const next = chords.find(([start]) => start > beat)?.[0] ?? Infinity;
  return [beat, Math.min((Math.floor(beat / beatsPerBar) + 1) * beatsPerBar, next) - beat];
}

/** The song as these commands make it; commands that only the server can carry out leave it as it is. */
export function applied(song: Song, commands: readonly Command[]): Song {
  return commands.reduce((latest, command) => {
    switch (command.kind) {
      case "notes": {
        const rows = replaced(notesOf(latest, command.lane) ?? [], command.remove as NoteRow[], command.add as NoteRow[]);
        return withNotes(latest, command.lane, rows);
      }
      case "chords": {
        const rows = replaced(chordsOf(latest, command.lane) ?? [], command.remove as ChordRow[], command.add as ChordRow[]);
        return withChords(latest, command.lane, rows);
      }
      case "tempo":
        return { ...latest, tempo: command.tempo };
      default:
        return latest;
    }
  }, song);
}

/** Steps → whole beats, for chords. */
export function beatOf(step: number): number {
  return Math.floor(step / STEPS_PER_BEAT);
}
