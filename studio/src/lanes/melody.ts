/** The melody of the lead sheet. */
import { type RollView, rollView } from "./roll";

export function melodyLane(): RollView {
  return rollView("melody", "Melody");
}
