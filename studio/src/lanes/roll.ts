/** A piano roll over the shared axis: rows of pitches that fit the notes. */
import type { RollLane } from "../api/types";
import { type PitchRange, octaves, pitchName, pitchRange } from "../model/pitch";
import { notesOf } from "../model/song";
import { Backdrop } from "./backdrop";
import { NoteLayer, type Rows, octaveLines, rowHeight, topOf } from "./notes";
import type { LaneView, Scene, Sight } from "./scene";
import { Keyed, put, svg } from "./svg";

export interface RollView extends LaneView {
  readonly lane: RollLane;
  /** Where pitches lie, as they are drawn now. */
  rows(): Rows;
  /** Names of the octaves, for the lane's head. */
  readonly octaves: SVGSVGElement;
}

/** What a roll draws above its notes, such as chords. */
export interface Header {
  readonly element: SVGGElement;
  readonly height: number;
  draw(scene: Scene, sight: Sight, height: number): void;
  focus(key: string): boolean;
}

const PADDING = 3;
const OCTAVES_WIDTH = 24;

export function rollView(lane: RollLane, name: string, header?: Header): RollView {
  const element = svg("svg", { class: `lane-music roll ${lane}`, "data-lane": lane, role: "group", "aria-label": name });
  const backdrop = new Backdrop(lane);
  const notes = new NoteLayer(lane, `Notes of the ${name.toLowerCase()}`);
  const band = svg("rect", { class: "rubber-band", width: 0, height: 0 });
  element.append(backdrop.behind, ...(header ? [header.element] : []), notes.element, backdrop.over, band);
  const names = svg("svg", { class: "octaves", width: OCTAVES_WIDTH, "aria-hidden": "true" });
  const octaveNames = new Keyed<number, SVGTextElement>(names, String, (pitch) => svg("text", { x: OCTAVES_WIDTH - 4 }, pitchName(pitch)), () => {});
  let rows: Rows = { range: { lowest: 48, highest: 84 }, top: 0, height: 100 };
  return {
    lane,
    element,
    rows: () => rows,
    octaves: names,
    draw(scene, sight, height) {
      const found = notesOf(scene.song, lane) ?? [];
      const top = (header?.height ?? 0) + PADDING;
      rows = { range: steady(rows.range, pitchRange(found)), top, height: height - top - PADDING };
      put(element, { width: scene.axis.lengthSteps * scene.axis.pixelsPerStep, height });
      backdrop.draw(scene, height, octaveLines(rows));
      header?.draw(scene, sight, height);
      put(names, { height });
      const named = octaves(rows.range);
      octaveNames.draw(named);
      for (const pitch of named) {
        const y = topOf(pitch, rows) + rowHeight(rows);
        put(octaveNames.find(String(pitch))!, { y: Math.min(Math.max(y, 7), height - 6) });
      }
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
