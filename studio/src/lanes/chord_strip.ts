/** Chords as boxes with their symbols, over the beats that they sound. */
import type { ChordRow, Lane } from "../api/types";
import { rowId, sameRow } from "../model/song";
import { STEPS_PER_BEAT, placeName } from "../model/time";
import { type Scene, type Sight, barSteps, inks } from "./scene";
import { Keyed, put, svg } from "./svg";

const CHARACTER_WIDTH = 7.2;
const INSET = 5;

export class ChordLayer {
  readonly element: SVGGElement;
  private readonly shapes: Keyed<ChordRow, SVGGElement>;
  private scene!: Scene;
  private top = 0;
  private height = 0;
  private kinds: string[] = [];
  private rooms = new Map<ChordRow, number>();
  private entry: ChordRow | undefined;

  constructor(private readonly lane: Lane, name: string) {
    this.element = svg("g", { role: "group", "aria-label": name });
    this.shapes = new Keyed<ChordRow, SVGGElement>(this.element, rowId, (row) => this.create(row), (shape, row) => this.place(shape, row));
  }

  draw(scene: Scene, chords: readonly ChordRow[], sight: Sight, top: number, height: number): void {
    this.scene = scene;
    this.top = top;
    this.height = height;
    this.kinds = inks(scene);
    const visible = chords.filter(
      ([beat, beats]) => beat * STEPS_PER_BEAT < sight.endStep && (beat + beats) * STEPS_PER_BEAT > sight.firstStep,
    );
    this.rooms = this.namesWithRoom(visible);
    const chosen = scene.selection.lane === this.lane ? scene.selection.chord : null;
    this.entry = visible.find((row) => chosen && sameRow(row, chosen)) ?? visible[0];
    this.shapes.draw(visible);
  }

  find(key: string): SVGGElement | undefined {
    return this.shapes.find(key);
  }

  nameOf([, , symbol]: ChordRow): string {
    return this.scene.chordNames[symbol] ?? symbol;
  }

  /** How much room the name of each chord that is named has; one that only goes on is not named again. */
  private namesWithRoom(chords: readonly ChordRow[]): Map<ChordRow, number> {
    const rooms = new Map<ChordRow, number>();
    const perBeat = this.scene.axis.pixelsPerStep * STEPS_PER_BEAT;
    const named = chords.filter((row, at) => {
      const before = chords[at - 1];
      return !before || before[2] !== row[2] || before[0] + before[1] !== row[0];
    });
    named.forEach((row, at) => {
      const next = named[at + 1];
      rooms.set(row, ((next ? next[0] : row[0] + row[1]) - row[0]) * perBeat - INSET);
    });
    return rooms;
  }

  private create(row: ChordRow): SVGGElement {
    return svg("g", { role: "button", "data-row": rowId(row) }, svg("rect", { rx: 3 }), svg("rect", { class: "grip", width: 6 }), svg("text"));
  }

  private place(shape: SVGGElement, row: ChordRow): void {
    const [beat, beats] = row;
    const perBeat = this.scene.axis.pixelsPerStep * STEPS_PER_BEAT;
    const step = beat * STEPS_PER_BEAT;
    const chosen = this.scene.selection.lane === this.lane && this.scene.selection.chord && sameRow(this.scene.selection.chord, row);
    const [box, grip, label] = [...shape.children] as [SVGRectElement, SVGRectElement, SVGTextElement];
    const name = this.nameOf(row);
    const room = this.rooms.get(row) ?? 0;
    put(shape, {
      class: `chord ink-${this.kinds[Math.floor(step / barSteps(this.scene))] ?? "b"}${chosen ? " chosen" : ""}`,
      transform: `translate(${step * this.scene.axis.pixelsPerStep} ${this.top})`,
      "aria-label": `${name}, bar ${placeName(step, this.scene.song.meter)}, ${beats} beat${beats === 1 ? "" : "s"}`,
      "aria-pressed": String(Boolean(chosen)),
      tabindex: row === this.entry ? 0 : -1,
    });
    put(box, { x: 0.75, y: 2, width: Math.max(1, beats * perBeat - 1.5), height: this.height - 4 });
    put(grip, { x: -3, y: 0, height: this.height });
    put(label, { x: INSET, y: this.height / 2 });
    const text = name.length * CHARACTER_WIDTH <= room ? name : "";
    if (label.textContent !== text) label.textContent = text;
  }
}
