/** Bar numbers, on which bars are selected and the playhead is put. */
import { type Scene, barSteps } from "./scene";
import { Keyed, put, svg } from "./svg";

const NARROWEST_NUMBER = 30;
export const RULER_HEIGHT = 26;

export class Ruler {
  readonly element = svg("svg", { class: "ruler", height: RULER_HEIGHT, "aria-hidden": "true" });
  private readonly selected = svg("rect", { class: "selected-bars", y: 0, height: RULER_HEIGHT });
  private readonly ticks = svg("path", { class: "ticks" });
  private readonly numbers: Keyed<number, SVGTextElement>;

  constructor() {
    const numbers = svg("g");
    this.element.append(this.selected, this.ticks, numbers);
    this.numbers = new Keyed(numbers, String, (bar) => svg("text", { y: 17 }, String(bar)), () => {});
  }

  draw(scene: Scene): void {
    const bar = barSteps(scene) * scene.axis.pixelsPerStep;
    const bars = scene.axis.lengthSteps / barSteps(scene);
    let every = 1;
    while (bar * every < NARROWEST_NUMBER) every *= 2;
    const numbered = Array.from({ length: Math.ceil(bars / every) }, (_, number) => number * every + 1);
    put(this.element, { width: bars * bar });
    this.numbers.draw(numbered);
    for (const number of numbered) put(this.numbers.find(String(number))!, { x: (number - 1) * bar + 4 });
    put(this.ticks, { d: numbered.map((number) => `M${(number - 1) * bar + 0.5} 10v${RULER_HEIGHT}`).join("") });
    const chosen = scene.selection.bars;
    put(this.selected, chosen ? { x: (chosen.first - 1) * bar, width: (chosen.last - chosen.first + 1) * bar } : { x: 0, width: 0 });
  }
}
