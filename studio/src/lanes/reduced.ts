/** The reduced lead sheet: the melody's skeleton under simplified chords. */
import { chordsOf } from "../model/song";
import { ChordLayer } from "./chord_strip";
import { type RollView, rollView } from "./roll";

const CHORD_HEIGHT = 24;

export function reducedLane(): RollView {
  const chords = new ChordLayer("reduced", "Chords of the skeleton");
  return rollView("reduced", "Skeleton", {
    element: chords.element,
    height: CHORD_HEIGHT,
    draw: (scene, sight) => chords.draw(scene, chordsOf(scene.song, "reduced") ?? [], sight, 0, CHORD_HEIGHT),
    focus: (key) => {
      const shape = chords.find(key);
      shape?.focus({ preventScroll: true });
      return Boolean(shape);
    },
  });
}
