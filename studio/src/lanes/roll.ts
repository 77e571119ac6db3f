/** A piano roll over the shared axis: rows of pitches that fit the notes. */
import type { RollLane } from "../api/types";
import { type PitchRange, octaves, pitchName, pitchRange } from "../model/pitch";
import { notesOf } from "../model/song";
import { Backdrop } from "./backdrop";
import { NoteLayer, type Rows, octaveLines, topOf } from "./notes";
import type { LaneView, Scene, Sight } from "./scene";
import { put, svg } from "./svg";

export interface RollView extends LaneView {
  readonly lane: RollLane;
  /** Where pitches lie, as they are drawn now. */
  rows(): Rows;
  /** Names of the octaves and where they stand, for the margin. */
  labels(): readonly { readonly name: string; readonly y: number }[];
}

/** What a roll draws above its notes, such as chords. */
export interface Header {
  readonly element: SVGGElement;
  readonly height: number;
  draw(scene: Scene, sight: Sight, height: number): void;
  focus(key: string): boolean;
}

const PADDING = 3;

export function rollView(lane: RollLane, name: string, header?: Header): RollView {
  const element = svg("svg", { class: `lane-music roll ${lane}`, "data-lane": lane, role: "group", "aria-label": name });
  const backdrop = new Backdrop(lane);
  const notes = new NoteLayer(lane, `Notes of the ${name.toLowerCase()}`);
  const band = svg("rect", { class: "rubber-band", width: 0, height: 0 });
  element.append(backdrop.behind, ...(header ? [header.element] : []), notes.element, backdrop.over, band);
  let rows: Rows = { range: { lowest: 48, highest: 84 }, top: 0, height: 100 };
  return {
    lane,
    element,
    rows: () => rows,
    labels: () => octaves(rows.range).map((pitch) => ({ name: pitchName(pitch), y: topOf(pitch, rows) + rows.height / spanOf(rows.range) })),
    draw(scene, sight, height) {
      const found = notesOf(scene.song, lane) ?? [];
      const top = (header?.height ?? 0) + PADDING;
      rows = { range: steady(rows.range, pitchRange(found)), top, height: height - top - PADDING };
      put(element, { width: scene.axis.lengthSteps * scene.axis.pixelsPerStep, height });
      backdrop.draw(scene, height, octaveLines(rows));
      header?.draw(scene, sight, height);
      notes.draw(scene, found, rows, sight);
    },
    focus(key) {
      const shape = notes.find(key);
      shape?.focus({ preventScroll: true });
      return Boolean(shape) || Boolean(header?.focus(key));
    },
  };
}

function spanOf(range: PitchRange): number {
  return range.highest - range.lowest + 1;
}

/** Rows do not jump while a note is moved: the range grows at once and shrinks only where much of it is empty. */
function steady(before: PitchRange, wanted: PitchRange): PitchRange {
  const grown = { lowest: Math.min(before.lowest, wanted.lowest), highest: Math.max(before.highest, wanted.highest) };
  return spanOf(grown) - spanOf(wanted) > 6 ? wanted : grown;
}
