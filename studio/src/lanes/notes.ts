/** Notes as SVG elements: those in sight, each with a name that a screen reader says. */
import type { Lane, NoteRow } from "../api/types";
import type { PhraseKind } from "../model/form";
import { type PitchRange, octaves, pitchName } from "../model/pitch";
import { rowId } from "../model/song";
import { lengthName, placeName } from "../model/time";
import { type Tiles, tiled, tilesBetween } from "../model/visible";
import { type Scene, type Sight, barSteps, inks, keyAt } from "./scene";
import { Keyed, put, svg } from "./svg";

const TILE_BARS = 4;
const DARKEST_VELOCITY = 100;
const NARROWEST_NOTE = 2;

/** Where rows of pitches lie in a lane. */
export interface Rows {
  readonly range: PitchRange;
  readonly top: number;
  readonly height: number;
}

export function rowHeight({ range, height }: Rows): number {
  return height / (range.highest - range.lowest + 1);
}

export function topOf(pitch: number, rows: Rows): number {
  return rows.top + (rows.range.highest - pitch) * rowHeight(rows);
}

export function pitchAt(y: number, rows: Rows): number {
  const pitch = rows.range.highest - Math.floor((y - rows.top) / rowHeight(rows));
  return Math.min(Math.max(pitch, 0), 127);
}

/** Heights at which octaves end, for lines under every C. */
export function octaveLines(rows: Rows): number[] {
  return octaves(rows.range).map((pitch) => Math.round(topOf(pitch, rows) + rowHeight(rows)) + 0.5);
}

export class NoteLayer {
  readonly element: SVGGElement;
  private readonly shapes: Keyed<NoteRow, SVGRectElement>;
  private tiles: Tiles<NoteRow> | null = null;
  private tiledNotes: readonly NoteRow[] | null = null;
  private scene!: Scene;
  private rows!: Rows;
  private layout = "";
  private bars: PhraseKind[] = [];
  private chosen = new Set<string>();
  private first: string | null = null;

  constructor(private readonly lane: Lane, name: string) {
    this.element = svg("g", { role: "group", "aria-label": name });
    this.shapes = new Keyed<NoteRow, SVGRectElement>(this.element, rowId, (note) => this.create(note), (shape, note) => this.place(shape, note));
  }

  draw(scene: Scene, notes: readonly NoteRow[], rows: Rows, sight: Sight): void {
    const tileSteps = TILE_BARS * barSteps(scene);
    if (notes !== this.tiledNotes || this.tiles?.stepsPerTile !== tileSteps) {
      this.tiles = tiled(notes, ([start]) => start, tileSteps, scene.axis.lengthSteps);
      this.tiledNotes = notes;
    }
    const layout = layoutOf(scene, rows);
    const fresh = layout === this.layout;
    const before = [...this.chosen, this.first ?? ""];
    this.layout = layout;
    this.scene = scene;
    this.rows = rows;
    this.bars = inks(scene);
    this.chosen = new Set(scene.selection.lane === this.lane ? scene.selection.notes.map(rowId) : []);
    const { first, end } = tilesBetween(sight.firstStep, sight.endStep, tileSteps, this.tiles!.rows.length);
    const visible = this.tiles!.rows.slice(first, end).flat();
    const entry = visible.find((note) => this.chosen.has(rowId(note))) ?? visible.find(([start]) => start >= sight.firstStep);
    this.first = entry ? rowId(entry) : null;
    this.shapes.draw(visible, fresh);
    if (fresh) for (const key of new Set([...before, ...this.chosen, this.first ?? ""])) this.mark(key);
  }

  find(key: string): SVGRectElement | undefined {
    return this.shapes.find(key);
  }

  /** What changes of a note when it is chosen, or the lane's tab stop. */
  private mark(key: string): void {
    const shape = this.shapes.find(key);
    if (shape) this.markShape(shape, key);
  }

  private markShape(shape: SVGRectElement, key: string): void {
    const chosen = this.chosen.has(key);
    shape.classList.toggle("chosen", chosen);
    put(shape, { "aria-pressed": String(chosen), tabindex: key === this.first ? 0 : -1 });
  }

  private create(note: NoteRow): SVGRectElement {
    return svg("rect", { role: "button", rx: 1.5, "data-row": rowId(note) });
  }

  private place(shape: SVGRectElement, note: NoteRow): void {
    const [start, duration, pitch, velocity] = note;
    const { pixelsPerStep } = this.scene.axis;
    const bar = Math.floor(start / barSteps(this.scene));
    const height = rowHeight(this.rows);
    const gap = Math.min(1, duration * pixelsPerStep * 0.2);
    put(shape, {
      x: round(start * pixelsPerStep),
      y: round(topOf(pitch, this.rows) + height * 0.06),
      width: round(Math.max(duration * pixelsPerStep - gap, NARROWEST_NOTE)),
      height: round(Math.max(height * 0.88, 2)),
      class: `note ink-${this.bars[bar] ?? "b"}`,
      "fill-opacity": round(0.35 + 0.65 * Math.min(velocity / DARKEST_VELOCITY, 1)),
      "aria-label": noteName(this.scene, note, bar),
    });
    this.markShape(shape, rowId(note));
  }
}

/** Everything but the notes themselves that says where and how they are drawn. */
function layoutOf({ song, axis }: Scene, { range, top, height }: Rows): string {
  return [song.form, song.keys, song.meter, axis.pixelsPerStep, range.lowest, range.highest, top, height].join("|");
}

function noteName(scene: Scene, [start, duration, pitch, velocity]: NoteRow, bar: number): string {
  return `${pitchName(pitch, keyAt(scene, bar))}, bar ${placeName(start, scene.song.meter)}, ${lengthName(duration)}, velocity ${velocity}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
