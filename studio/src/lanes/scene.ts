/** All that the lanes draw, at one moment. */
import type { Lane, Lock, Song } from "../api/types";
import type { PhraseSpan } from "../model/form";
import { phraseKind, type PhraseKind } from "../model/form";
import type { Selection } from "../model/selection";
import { stepsPerBar, type TimeAxis } from "../model/time";

export interface Scene {
  readonly song: Song;
  readonly phrases: readonly PhraseSpan[];
  readonly axis: TimeAxis;
  readonly selection: Selection;
  readonly locks: readonly Lock[];
  /** Symbols in Harte's syntax → as musicians write them. */
  readonly chordNames: Readonly<Record<string, string>>;
}

/** The steps that are in sight. */
export interface Sight {
  readonly firstStep: number;
  readonly endStep: number;
}

/** One strip of the page over the shared axis of time. */
export interface LaneView {
  readonly lane: Lane;
  readonly element: SVGSVGElement;
  draw(scene: Scene, sight: Sight, height: number): void;
  /** Puts the keyboard's focus on what a key stands for; gives whether it is in sight. */
  focus(key: string): boolean;
}

/** The phrase's ink by bar, from 0. */
export function inks(scene: Scene): PhraseKind[] {
  return scene.phrases.flatMap((phrase) => Array<PhraseKind>(phrase.bars).fill(phraseKind(phrase.letter)));
}

export function barSteps(scene: Scene): number {
  return stepsPerBar(scene.song.meter);
}

/** The key in force by bar, from 0. */
export function keyAt(scene: Scene, bar: number): string | null {
  let latest: string | null = null;
  for (const phrase of scene.phrases) {
    if (phrase.firstBar > bar + 1) break;
    latest = phrase.key ?? latest;
  }
  return latest;
}
