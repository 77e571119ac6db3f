/** The accompaniment: what the piano plays. */
import { type RollView, rollView } from "./roll";

export function pianoLane(): RollView {
  return rollView("piano", "Piano");
}
