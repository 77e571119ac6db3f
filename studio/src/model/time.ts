/** Bars, beats and steps, and the one axis of time that every lane is drawn along. */

export const STEPS_PER_BEAT = 4;

export interface Bars {
  /** The first and the last, counted from 1, both included. */
  readonly first: number;
  readonly last: number;
}

export function beatsPerBar(meter: string): number {
  return Number(meter.split("/")[0]);
}

export function stepsPerBar(meter: string): number {
  return beatsPerBar(meter) * STEPS_PER_BEAT;
}

/** The bar, counted from 1, that holds a step. */
export function barOfStep(step: number, meter: string): number {
  return Math.floor(step / stepsPerBar(meter)) + 1;
}

/** The first step of a bar that is counted from 1. */
export function stepOfBar(bar: number, meter: string): number {
  return (bar - 1) * stepsPerBar(meter);
}

/** Bars in order, whichever was given first, within a song. */
export function barsBetween(one: number, other: number, songBars: number): Bars {
  const within = (bar: number) => Math.min(Math.max(bar, 1), songBars);
  return { first: within(Math.min(one, other)), last: within(Math.max(one, other)) };
}

/** `5.3`: bar and beat as people count them; a sixteenth within the beat follows as `5.3.2`. */
export function placeName(step: number, meter: string): string {
  const per = stepsPerBar(meter);
  const within = ((step % per) + per) % per;
  const sixteenth = within % STEPS_PER_BEAT;
  const beat = Math.floor(within / STEPS_PER_BEAT) + 1;
  return `${barOfStep(step, meter)}.${beat}${sixteenth >= 1 ? `.${Math.floor(sixteenth) + 1}` : ""}`;
}

/** A length in words that a musician uses, such as `dotted quarter`; odd ones are counted in sixteenths. */
export function lengthName(steps: number): string {
  const names: Record<number, string> = {
    1: "sixteenth", 2: "eighth", 3: "dotted eighth", 4: "quarter", 6: "dotted quarter", 8: "half", 12: "dotted half", 16: "whole",
  };
  return names[steps] ?? `${steps} sixteenths`;
}

/** Minutes and seconds of some steps at a tempo in quarter notes a minute: `1:47`. */
export function clock(steps: number, tempo: number): string {
  const seconds = Math.round((steps / STEPS_PER_BEAT / tempo) * 60);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Where on the page a step lies: one for all lanes, so that they zoom and scroll together. */
export interface TimeAxis {
  readonly pixelsPerStep: number;
  readonly lengthSteps: number;
}

export const NARROWEST_STEP = 0.5;
export const WIDEST_STEP = 24;

export function zoomed(axis: TimeAxis, factor: number): TimeAxis {
  const pixelsPerStep = Math.min(Math.max(axis.pixelsPerStep * factor, NARROWEST_STEP), WIDEST_STEP);
  return { ...axis, pixelsPerStep };
}

/** The axis at which all of a song fits a width in pixels. */
export function fitted(lengthSteps: number, width: number): TimeAxis {
  return zoomed({ pixelsPerStep: width / lengthSteps, lengthSteps }, 1);
}

export function snapped(step: number, grid: number): number {
  return Math.round(step / grid) * grid;
}

export function floored(step: number, grid: number): number {
  return Math.floor(step / grid) * grid;
}
