/** All lanes one below the other: they scroll and zoom together, and only what is in sight is drawn. */
import type { Lane } from "../api/types";
import { STEPS_PER_BEAT } from "../model/time";
import { chordsLane } from "./chords";
import { formLane } from "./form";
import { melodyLane } from "./melody";
import { pianoLane } from "./piano";
import { reducedLane } from "./reduced";
import type { RollView } from "./roll";
import { RULER_HEIGHT, Ruler } from "./ruler";
import type { LaneView, Scene, Sight } from "./scene";

/** Share of the height that is left, and the least of it, in pixels; strips have a height of their own. */
const HEIGHTS: Record<Lane, { readonly fixed: number } | { readonly share: number; readonly least: number }> = {
  form: { fixed: 48 },
  reduced: { share: 0.27, least: 104 },
  chords: { fixed: 38 },
  melody: { share: 0.28, least: 92 },
  piano: { share: 0.45, least: 140 },
};
const SPARE = 6 * STEPS_PER_BEAT; // steps drawn beyond the edges
const GAP = 8;

export class Stage {
  readonly ruler = new Ruler();
  readonly rolls: { reduced: RollView; melody: RollView; piano: RollView };
  readonly lanes: readonly LaneView[];
  private scene: Scene | null = null;
  private drawn: Sight = { firstStep: 0, endStep: -1 };
  private frame = 0;

  /** `scroller` scrolls; `margin` is the width of the lanes' heads, which stay in place. */
  constructor(private readonly scroller: HTMLElement, private readonly margin: number) {
    this.rolls = { reduced: reducedLane(), melody: melodyLane(), piano: pianoLane() };
    this.lanes = [formLane(), this.rolls.reduced, chordsLane(), this.rolls.melody, this.rolls.piano];
    scroller.addEventListener("scroll", () => this.soon(), { passive: true });
  }

  lane(lane: Lane): LaneView {
    return this.lanes.find((view) => view.lane === lane)!;
  }

  /** Pixels that a lane is high on a page of some height. */
  height(lane: Lane): number {
    const rule = HEIGHTS[lane];
    if ("fixed" in rule) return rule.fixed;
    const strips = Object.values(HEIGHTS).reduce((sum, other) => sum + ("fixed" in other ? other.fixed : 0), 0);
    const left = this.scroller.clientHeight - RULER_HEIGHT - strips - GAP * this.lanes.length - 4;
    return Math.max(rule.least, Math.floor(left * rule.share));
  }

  /** What is in sight. */
  sight(): Sight {
    const perStep = this.scene?.axis.pixelsPerStep ?? 1;
    const firstStep = Math.max(0, this.scroller.scrollLeft / perStep);
    return { firstStep, endStep: firstStep + Math.max(0, this.scroller.clientWidth - this.margin) / perStep };
  }

  show(scene: Scene): void {
    this.scene = scene;
    this.ruler.draw(scene);
    this.draw();
  }

  /** Draws when something comes into sight that is not drawn yet, once a frame at most. */
  private soon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      const { firstStep, endStep } = this.sight();
      if (firstStep < this.drawn.firstStep || endStep > this.drawn.endStep) this.draw();
    });
  }

  private draw(): void {
    if (!this.scene) return;
    const { firstStep, endStep } = this.sight();
    const spare = Math.max(SPARE, (endStep - firstStep) / 4);
    this.drawn = { firstStep: Math.max(0, firstStep - spare), endStep: endStep + spare };
    for (const view of this.lanes) view.draw(this.scene, this.drawn, this.height(view.lane));
  }

  /** Scrolls so that a step is in sight, with some room around it. */
  reveal(step: number, room = 48): void {
    const { firstStep, endStep } = this.sight();
    if (!this.scene || (step >= firstStep && step <= endStep - room / this.scene.axis.pixelsPerStep)) return;
    this.scroller.scrollLeft = Math.max(0, step * this.scene.axis.pixelsPerStep - room);
    this.draw();
  }

  /** The step under a place of the window. */
  stepAt(clientX: number): number {
    const left = this.scroller.getBoundingClientRect().left + this.margin;
    return Math.max(0, (clientX - left + this.scroller.scrollLeft) / (this.scene?.axis.pixelsPerStep ?? 1));
  }
}
