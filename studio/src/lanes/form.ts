/** The form: phrases as blocks in the colour of their kind, with letter, length and key. */
import { type PhraseSpan, kindName, phraseKind } from "../model/form";
import { Backdrop } from "./backdrop";
import { type LaneView, type Scene, barSteps } from "./scene";
import { Keyed, put, svg } from "./svg";

const NAME_WIDTH = 24;
const KEY_WIDTH = 6.6;

export function formLane(): LaneView {
  const element = svg("svg", { class: "lane-music form", "data-lane": "form", role: "group", "aria-label": "Form" });
  const backdrop = new Backdrop("form");
  const blocks = svg("g", { role: "group", "aria-label": "Phrases" });
  element.append(blocks, backdrop.over);
  const shapes = new Keyed<PhraseSpan, SVGGElement>(
    blocks,
    (phrase) => String(phrase.number),
    (phrase) => svg("g", { role: "button", tabindex: 0, "data-phrase": phrase.number }, svg("rect", { rx: 4 }), svg("text"), " ", svg("text", { class: "key" })),
    () => {},
  );
  return {
    lane: "form",
    element,
    draw(scene, _sight, height) {
      put(element, { width: scene.axis.lengthSteps * scene.axis.pixelsPerStep, height });
      backdrop.draw(scene, height, [], false);
      shapes.draw(scene.phrases);
      for (const phrase of scene.phrases) drawPhrase(shapes.find(String(phrase.number))!, phrase, scene, height);
    },
    focus(key) {
      const shape = shapes.find(key);
      shape?.focus({ preventScroll: true });
      return Boolean(shape);
    },
  };
}

function drawPhrase(shape: SVGGElement, phrase: PhraseSpan, scene: Scene, height: number): void {
  const bar = barSteps(scene) * scene.axis.pixelsPerStep;
  const width = phrase.bars * bar;
  const chosen = scene.selection.phrase === phrase.number;
  const returns = scene.selection.phrase !== null && scene.phrases[scene.selection.phrase]?.letter === phrase.letter;
  const key = phrase.key ?? "";
  const fitting = [key, key.split(" ")[0] ?? ""].find((text) => text.length * KEY_WIDTH < width - 8) ?? "";
  const [box, name, keyText] = [...shape.children] as [SVGRectElement, SVGTextElement, SVGTextElement];
  put(shape, {
    class: `phrase ink-${phraseKind(phrase.letter)}${chosen ? " chosen" : returns ? " returning" : ""}`,
    transform: `translate(${(phrase.firstBar - 1) * bar} 0)`,
    "aria-label": `${phrase.letter}${phrase.bars} ${key}, ${kindName(phrase.letter)}, bars ${phrase.firstBar} to ${phrase.firstBar + phrase.bars - 1}`,
    "aria-pressed": String(chosen),
  });
  put(box, { x: 1, y: 3, width: Math.max(1, width - 2), height: height - 6 });
  put(name, { x: width / 2, y: fitting ? height * 0.42 : height / 2 });
  put(keyText, { x: width / 2, y: height * 0.73 });
  const title = width >= NAME_WIDTH ? `${phrase.letter}${phrase.bars}` : width >= NAME_WIDTH / 2 ? phrase.letter : "";
  if (name.textContent !== title) name.textContent = title;
  if (keyText.textContent !== fitting) keyText.textContent = fitting;
}
