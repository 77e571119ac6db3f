/** The server's types by the names that the page uses; `schema.ts` is generated from `openapi.json`. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Song = Schemas["Song"];
export type LeadSheet = Schemas["Sheet"];
/** start_step, duration_steps, pitch, velocity; steps are sixteenths from the start of the song. */
export type NoteRow = [number, number, number, number];
/** start_beat, duration_beats, symbol. */
export type ChordRow = [number, number, string];
export type SongDocument = Schemas["Document"];
export type Lock = Schemas["LockedBars"];
export type Like = Schemas["Like"];
export type Listed = Schemas["Listed"];
export type Version = Schemas["Version"];
export type Job = Schemas["Job"];
export type DrawerTake = Schemas["DrawerTake"];
export type ServerState = Schemas["State"];
export type Closeness = Schemas["Closeness"];
export type CommandLine = Schemas["CommandLine"];
export type Command = Schemas["Change"]["commands"][number];
export type NewPhrase = Schemas["NewPhrase"];
export type Composing = Schemas["Composing"];
export type Recomposing = Schemas["Recomposing"];
/** What five lanes there are, from the top of the page down. */
export type Lane = Lock["lane"];
export type RollLane = "reduced" | "melody" | "piano";
export type ChordLane = "reduced" | "chords";
export const LANES: readonly Lane[] = ["form", "reduced", "chords", "melody", "piano"];
