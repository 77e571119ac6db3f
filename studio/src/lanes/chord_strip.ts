/** Chords as boxes with their symbols, over the beats that they sound. */
import type { ChordRow, Lane } from "../api/types";
import { namedChords } from "../model/chord_names";
import { rowId, sameRow } from "../model/song";
import { STEPS_PER_BEAT, placeName } from "../model/time";
import { type Scene, type Sight, barSteps, inks } from "./scene";
import { Keyed, put, svg } from "./svg";

const INSET = 5;
const FONT = '600 12.5px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif';

export class ChordLayer {
  readonly element: SVGGElement;
  private readonly shapes: Keyed<ChordRow, SVGGElement>;
  private readonly names: Keyed<ChordRow, SVGTextElement>;
  private layout = "";
  private scene!: Scene;
  private top = 0;
  private height = 0;
  private kinds: string[] = [];
  private named: readonly ChordRow[] = [];
  private namedFor = "";
  private namedChords: readonly ChordRow[] | null = null;
  private entry: ChordRow | undefined;

  constructor(private readonly lane: Lane, name: string) {
    const boxes = svg("g", { role: "group", "aria-label": name });
    const names = svg("g", { class: "chord-names", "aria-hidden": "true" });
    this.element = svg("g", {}, boxes, names);
    this.shapes = new Keyed<ChordRow, SVGGElement>(boxes, rowId, (row) => this.create(row), (shape, row) => this.place(shape, row));
    this.names = new Keyed<ChordRow, SVGTextElement>(names, rowId, () => svg("text"), (text, row) => this.write(text, row));
  }

  draw(scene: Scene, chords: readonly ChordRow[], sight: Sight, top: number, height: number): void {
    const layout = [scene.song.form, scene.song.meter, scene.axis.pixelsPerStep, top, height, scene.selection.chord].join("|");
    const fresh = layout === this.layout && scene.chordNames === this.scene.chordNames && scene.selection.lane === this.scene.selection.lane;
    this.layout = layout;
    this.scene = scene;
    this.top = top;
    this.height = height;
    this.kinds = inks(scene);
    const visible = chords.filter(
      ([beat, beats]) => beat * STEPS_PER_BEAT < sight.endStep && (beat + beats) * STEPS_PER_BEAT > sight.firstStep,
    );
    const chosen = scene.selection.lane === this.lane ? scene.selection.chord : null;
    this.entry = visible.find((row) => chosen && sameRow(row, chosen)) ?? visible[0];
    this.shapes.draw(visible, fresh);
    this.choose(chords);
    const seen = new Set(visible);
    this.names.draw(this.named.filter((row) => seen.has(row)), fresh);
  }

  find(key: string): SVGGElement | undefined {
    return this.shapes.find(key);
  }

  nameOf([, , symbol]: ChordRow): string {
    return this.scene.chordNames[symbol] ?? symbol;
  }

  /** Names are chosen for all of a song, so that scrolling changes none. */
  private choose(chords: readonly ChordRow[]): void {
    const { song, phrases, axis } = this.scene;
    const key = `${song.form} ${song.meter} ${axis.pixelsPerStep}`;
    if (chords === this.namedChords && key === this.namedFor) return;
    this.namedChords = chords;
    this.namedFor = key;
    const width = (row: ChordRow) => INSET + textWidth(this.nameOf(row));
    this.named = namedChords(chords, { meter: song.meter, phrases, ...axis, width });
  }

  private write(text: SVGTextElement, row: ChordRow): void {
    put(text, { x: row[0] * STEPS_PER_BEAT * this.scene.axis.pixelsPerStep + INSET, y: this.top + this.height / 2 });
    const name = this.nameOf(row);
    if (text.textContent !== name) text.textContent = name;
  }

  private create(row: ChordRow): SVGGElement {
    return svg("g", { role: "button", "data-row": rowId(row) }, svg("rect", { rx: 3 }), svg("rect", { class: "grip", width: 6 }));
  }

  private place(shape: SVGGElement, row: ChordRow): void {
    const [beat, beats] = row;
    const perBeat = this.scene.axis.pixelsPerStep * STEPS_PER_BEAT;
    const step = beat * STEPS_PER_BEAT;
    const chosen = this.scene.selection.lane === this.lane && this.scene.selection.chord && sameRow(this.scene.selection.chord, row);
    const [box, grip] = [...shape.children] as [SVGRectElement, SVGRectElement];
    const name = this.nameOf(row);
    put(shape, {
      class: `chord ink-${this.kinds[Math.floor(step / barSteps(this.scene))] ?? "b"}${chosen ? " chosen" : ""}`,
      transform: `translate(${step * this.scene.axis.pixelsPerStep} ${this.top})`,
      "aria-label": `${name}, bar ${placeName(step, this.scene.song.meter)}, ${beats} beat${beats === 1 ? "" : "s"}`,
      "aria-pressed": String(Boolean(chosen)),
      tabindex: row === this.entry ? 0 : -1,
    });
    put(box, { x: 0.75, y: 2, width: Math.max(1, beats * perBeat - 1.5), height: this.height - 4 });
    put(grip, { x: -3, y: 0, height: this.height });
  }
}

const widths = new Map<string, number>();
let pen: CanvasRenderingContext2D | null = null;

/** How wide a chord's name is written, in pixels. */
function textWidth(text: string): number {
  let width = widths.get(text);
  if (width === undefined) {
    pen ??= document.createElement("canvas").getContext("2d")!;
    pen.font = FONT;
    widths.set(text, (width = pen.measureText(text).width));
  }
  return width;
}
