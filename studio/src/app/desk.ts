/** What the lanes' hands do, done to the page's song. */
import { batch, signal } from "@preact/signals";
import type { ChordLane, ChordRow, Command } from "../api/types";
import type { Desk } from "../lanes/desk";
import { type Hanging, hangingOn, joined } from "../model/cascade";
import { change } from "./editing";
import { hearNote, seek } from "./playing";
import { audition, draft, editedSong, preview, selection, tool } from "./state";

/** The chord whose symbol is being typed. */
export const typing = signal<{ readonly lane: ChordLane; readonly chord: ChordRow; readonly isNew: boolean } | null>(null);
/** What still follows the music as it was before the last change by hand. */
export const hanging = signal<Hanging | null>(null);

export const desk: Desk = {
  song: () => (audition.value || draft.value ? null : editedSong.value),
  selection: () => selection.value,
  drawing: () => tool.value === "draw",
  select: (chosen) => (selection.value = chosen),
  preview: (commands) => (preview.value = commands),
  change: (...commands: Command[]) =>
    batch(() => {
      change(...commands);
      const song = editedSong.value;
      if (song) hanging.value = joined(hanging.value, hangingOn(commands, song.meter));
    }),
  seek,
  hear: (lane, pitch, velocity) => hearNote(pitch, velocity, lane),
  typeChord: (lane, chord, isNew) => (typing.value = { lane, chord, isNew }),
};
