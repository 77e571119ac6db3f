/** What lies behind and over the music of a lane: tints of the phrases, bar lines, octaves, selection and locks. */
import type { Lane } from "../api/types";
import { phraseKind, type PhraseSpan } from "../model/form";
import { lockedBars } from "../model/locks";
import type { Bars } from "../model/time";
import { type Scene, barSteps } from "./scene";
import { Keyed, put, svg } from "./svg";

const NARROWEST_BAR_LINES = 5;
const NARROWEST_BEAT_LINES = 9;
const PADLOCK = "M2.5 5V3.5a2.5 2.5 0 0 1 5 0V5h.5v5h-6V5zM4 5h2V3.5a1 1 0 0 0-2 0z";

export class Backdrop {
  readonly behind = svg("g", { "aria-hidden": "true" });
  readonly over = svg("g", { "aria-hidden": "true", class: "over" });
  private readonly tints: Keyed<PhraseSpan, SVGRectElement>;
  private readonly beats = svg("path", { class: "beat-lines" });
  private readonly bars = svg("path", { class: "bar-lines" });
  private readonly starts = svg("path", { class: "phrase-lines" });
  private readonly rows = svg("path", { class: "row-lines" });
  private readonly selected = svg("rect", { class: "selected-bars", y: 0 });
  private readonly locks: Keyed<Bars, SVGGElement>;
  private drawnGrid = "";

  constructor(private readonly lane: Lane) {
    const tints = svg("g");
    const locks = svg("g");
    this.behind.append(tints, this.rows, this.beats, this.bars, this.starts);
    this.over.append(locks, this.selected);
    this.tints = new Keyed(tints, (phrase) => String(phrase.number), () => svg("rect", { y: 0 }), () => {});
    this.locks = new Keyed(locks, (bars) => `${bars.first}-${bars.last}`, drawLock, () => {});
  }

  /** `rows`: heights at which octaves begin, in pixels from the top. */
  draw(scene: Scene, height: number, rows: readonly number[] = [], tinted = true): void {
    const bar = barSteps(scene) * scene.axis.pixelsPerStep;
    const width = scene.axis.lengthSteps * scene.axis.pixelsPerStep;
    const grid = [scene.song.form, scene.song.meter, bar, height, rows.join()].join("|");
    if (grid !== this.drawnGrid) {
      this.drawnGrid = grid;
      if (tinted) this.drawTints(scene.phrases, bar, height);
      const barsDrawn = Math.round(width / bar);
      const each = (count: number, gap: number) => Array.from({ length: count }, (_, number) => `M${number * gap} 0v${height}`).join("");
      const beatsInBar = barSteps(scene) / 4;
      put(this.rows, { d: rows.map((y) => `M0 ${y}h${width}`).join("") });
      put(this.beats, { d: bar / beatsInBar >= NARROWEST_BEAT_LINES ? each(barsDrawn * beatsInBar, bar / beatsInBar) : "" });
      put(this.bars, { d: bar >= NARROWEST_BAR_LINES ? each(barsDrawn, bar) : "" });
      put(this.starts, { d: scene.phrases.map((phrase) => `M${(phrase.firstBar - 1) * bar} 0v${height}`).join("") });
    }
    this.drawOver(scene, bar, height);
  }

  private drawTints(phrases: readonly PhraseSpan[], bar: number, height: number): void {
    this.tints.draw(phrases);
    for (const phrase of phrases) {
      const kind = phraseKind(phrase.letter);
      const place = { x: (phrase.firstBar - 1) * bar, width: phrase.bars * bar, height };
      put(this.tints.find(String(phrase.number))!, { ...place, class: `tint ink-${kind}` });
    }
  }

  private drawOver(scene: Scene, bar: number, height: number): void {
    const { bars } = scene.selection;
    put(this.selected, bars ? { x: (bars.first - 1) * bar, width: (bars.last - bars.first + 1) * bar, height } : { width: 0, height: 0 });
    const locked = lockedBars(scene.locks, this.lane);
    this.locks.draw(locked);
    for (const run of locked) {
      const group = this.locks.find(`${run.first}-${run.last}`)!;
      put(group, { transform: `translate(${(run.first - 1) * bar} 0)` });
      put(group.firstElementChild!, { width: (run.last - run.first + 1) * bar, height });
    }
  }
}

function drawLock(): SVGGElement {
  const badge = svg("g", { class: "padlock", transform: "translate(3 3)" });
  badge.append(svg("rect", { width: 15, height: 15, rx: 4 }), svg("path", { d: PADLOCK, transform: "translate(2.5 1.6)" }));
  return svg("g", { class: "lock" }, svg("rect", { class: "hatched", fill: "url(#hatching)", x: 0, y: 0 }), badge);
}
