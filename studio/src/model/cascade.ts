/** What hangs on what: every level is composed to fit those above it. */
import type { Command, Lane } from "../api/types";
import { STEPS_PER_BEAT, type Bars, barOfStep } from "./time";

/** Music that was composed to something that has changed since. */
export interface Hanging {
  /** The coarsest level that should be composed again, by its name in requests. */
  readonly level: "lead-sheet" | "accompaniment";
  readonly bars: Bars;
}

/** What is composed anew when a level is, from that level down. */
export const LANES_FROM: Readonly<Record<string, readonly Lane[]>> = {
  form: ["form", "reduced", "chords", "melody", "piano"],
  "reduced-lead-sheet": ["reduced", "chords", "melody", "piano"],
  "lead-sheet": ["chords", "melody", "piano"],
  accompaniment: ["piano"],
};

/** What followed the music as it was before these commands; `null` where nothing hangs on it. */
export function hangingOn(commands: readonly Command[], meter: string): Hanging | null {
  let level: Hanging["level"] | null = null;
  const bars: number[] = [];
  for (const command of commands) {
    if ((command.kind !== "notes" && command.kind !== "chords") || command.lane === "piano") continue;
    level = command.lane === "reduced" || level === "lead-sheet" ? "lead-sheet" : "accompaniment";
    const unit = command.kind === "chords" ? STEPS_PER_BEAT : 1;
    for (const [start, length] of [...(command.remove ?? []), ...(command.add ?? [])]) {
      bars.push(barOfStep(start * unit, meter), barOfStep((start + length) * unit - 1, meter));
    }
  }
  return level && bars.length ? { level, bars: { first: Math.min(...bars), last: Math.max(...bars) } } : null;
}

/** Both, as one passage at the coarser of the two levels. */
export function joined(before: Hanging | null, after: Hanging | null): Hanging | null {
  if (!before || !after) return after ?? before;
  const level = before.level === "lead-sheet" ? before.level : after.level;
  const first = Math.min(before.bars.first, after.bars.first);
  return { level, bars: { first, last: Math.max(before.bars.last, after.bars.last) } };
}
