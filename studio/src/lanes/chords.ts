/** The chords of the lead sheet. */
import { chordsOf } from "../model/song";
import { Backdrop } from "./backdrop";
import { ChordLayer } from "./chord_strip";
import type { LaneView } from "./scene";
import { put, svg } from "./svg";

export function chordsLane(): LaneView {
  const element = svg("svg", { class: "lane-music chords", "data-lane": "chords", role: "group", "aria-label": "Chords" });
  const backdrop = new Backdrop("chords");
  const chords = new ChordLayer("chords", "Chords of the lead sheet");
  element.append(backdrop.behind, chords.element, backdrop.over);
  return {
    lane: "chords",
    element,
    draw(scene, sight, height) {
      put(element, { width: scene.axis.lengthSteps * scene.axis.pixelsPerStep, height });
      backdrop.draw(scene, height);
      chords.draw(scene, chordsOf(scene.song, "chords") ?? [], sight, 2, height - 4);
    },
    focus(key) {
      const shape = chords.find(key);
      shape?.focus({ preventScroll: true });
      return Boolean(shape);
    },
  };
}
