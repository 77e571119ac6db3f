/** Every key of the page, in one table: what it does, and the words that help and tool tips say of it. */
import { NOTHING } from "../model/selection";
import { stepsPerBar } from "../model/time";
import {
  changeNotes, copyBars, deleteChosen, extendBars, lockChosen, pasteBars, selectAll, splitChosen, toggleDrawing, transpose, walk,
} from "./actions";
import { redo, undo } from "./editing";
import { looping, playFromBefore, position, seek, togglePlay } from "./playing";
import { audition, overlay, panel, panelOpen, preview, selection, shownSong } from "./state";
import { fitStage, focusOn, zoomStage } from "./stage_link";
import { compare, keepTake } from "./work";

export interface Shortcut {
  /** As `KeyboardEvent.key`, with modifiers before: `Ctrl+z`, `Shift+ArrowUp`. */
  readonly keys: readonly string[];
  readonly group: "Hear" | "Choose" | "Change" | "Compose" | "Look";
  readonly what: string;
  readonly run: () => void;
}

function shortcut(group: Shortcut["group"], keys: string, what: string, run: () => void): Shortcut {
  return { keys: keys.split(" "), group, what, run };
}

export function openPanel(name: typeof panel.value): void {
  panel.value = name;
  panelOpen.value = true;
  requestAnimationFrame(() => {
    const found = (within: string) => document.querySelector<HTMLElement>(`[data-panel="${name}"] ${within}`);
    (found("input:checked") ?? found(":is(button, input, select)"))?.focus();
  });
}

function step(by: 1 | -1): void {
  const found = walk(by);
  if (found) focusOn(found.lane, found.key, found.step);
}

function moveBars(bars: number): void {
  const song = shownSong.value;
  if (!song) return;
  const bar = stepsPerBar(song.meter);
  seek((Math.round(position.value / bar) + bars) * bar);
  focusOn(null, "", position.value);
}

function letGo(): void {
  if (overlay.value && overlay.value !== "start") overlay.value = null;
  else if (preview.value.length) preview.value = [];
  else if (audition.value) audition.value = null;
  else selection.value = NOTHING;
}

function sideways(by: 1 | -1): void {
  if (selection.value.notes.length) changeNotes({ steps: by });
  else moveBars(by);
}

export const SHORTCUTS: readonly Shortcut[] = [
  shortcut("Hear", "Space", "play or stop", togglePlay),
  shortcut("Hear", "Shift+Space b", "hear from two bars before the selection", playFromBefore),
  shortcut("Hear", "l", "repeat the selection, on or off", () => (looping.value = !looping.value)),
  shortcut("Hear", "Home", "playhead to the beginning", () => (seek(0), focusOn(null, "", 0))),
  shortcut("Choose", ". Ctrl+ArrowRight", "next note or chord", () => step(1)),
  shortcut("Choose", ", Ctrl+ArrowLeft", "note or chord before", () => step(-1)),
  shortcut("Choose", "Shift+ArrowRight", "one bar more in the selection", () => extendBars(1)),
  shortcut("Choose", "Shift+ArrowLeft", "one bar less in the selection", () => extendBars(-1)),
  shortcut("Choose", "Ctrl+a", "all bars, or all notes of the lane", selectAll),
  shortcut("Choose", "Escape", "let go", letGo),
  shortcut("Change", "ArrowUp", "a semitone up", () => transpose(1)),
  shortcut("Change", "ArrowDown", "a semitone down", () => transpose(-1)),
  shortcut("Change", "Shift+ArrowUp", "an octave up", () => transpose(12)),
  shortcut("Change", "Shift+ArrowDown", "an octave down", () => transpose(-12)),
  shortcut("Change", "ArrowLeft", "notes earlier; without notes the playhead, by a bar", () => sideways(-1)),
  shortcut("Change", "ArrowRight", "notes later; without notes the playhead, by a bar", () => sideways(1)),
  shortcut("Change", "Alt+ArrowRight", "notes longer", () => changeNotes({ duration: 1 })),
  shortcut("Change", "Alt+ArrowLeft", "notes shorter", () => changeNotes({ duration: -1 })),
  shortcut("Change", "Alt+ArrowUp", "notes louder", () => changeNotes({ velocity: 8 })),
  shortcut("Change", "Alt+ArrowDown", "notes softer", () => changeNotes({ velocity: -8 })),
  shortcut("Change", "s", "split notes at the playhead, or in half", splitChosen),
  shortcut("Change", "Delete Backspace", "delete what is chosen", deleteChosen),
  shortcut("Change", "d", "pencil: draw notes by dragging", toggleDrawing),
  shortcut("Change", "Ctrl+c", "copy the selected bars", copyBars),
  shortcut("Change", "Ctrl+v", "paste them at the selection", pasteBars),
  shortcut("Change", "Ctrl+z", "undo", () => void undo()),
  shortcut("Change", "Ctrl+Shift+z Ctrl+y", "redo", () => void redo()),
  shortcut("Compose", "k", "lock or unlock the selection", lockChosen),
  shortcut("Compose", "r", "compose the selection again …", () => openPanel("again")),
  shortcut("Compose", "x", "hear the next take, or the song", () => void compare()),
  shortcut("Compose", "Enter", "take the take that is heard", () => void keepTake()),
  shortcut("Compose", "n", "a new song …", () => (overlay.value = "start")),
  shortcut("Compose", "o", "open the library …", () => (overlay.value = "library")),
  shortcut("Compose", "e", "export …", () => (overlay.value = "export")),
  shortcut("Look", "+ =", "zoom in", () => zoomStage(1.25)),
  shortcut("Look", "-", "zoom out", () => zoomStage(0.8)),
  shortcut("Look", "0", "the whole song", fitStage),
  shortcut("Look", "i", "show or hide the side panel", () => (panelOpen.value = !panelOpen.value)),
  shortcut("Look", "?", "this help", () => (overlay.value = overlay.value === "help" ? null : "help")),
];

const BY_KEY = new Map(SHORTCUTS.flatMap((entry) => entry.keys.map((key) => [key, entry] as const)));
const SIGNS = "?+=<>!*";

/** How a key is written in the table. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">): string {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const shift = event.shiftKey && !SIGNS.includes(key);
  return [event.ctrlKey || event.metaKey ? "Ctrl+" : "", event.altKey ? "Alt+" : "", shift ? "Shift+" : "", key].join("");
}

/** Acts on a key, unless it belongs to what is focused: a field, or a button that Space or Enter presses. */
export function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const name = keyName(event);
  if (target.closest("input:not([type=range]), select, textarea, [contenteditable]")) return;
  if (target.closest("dialog, [role=dialog]") && name !== "Escape" && name !== "?") return;
  if (target.closest("input[type=range], [role=tab]") && name.includes("Arrow")) return;
  if (name === "Enter" && (target.closest("button, a, summary, [data-row], [data-phrase]") || !audition.value)) return;
  if (name === "Space" && target.closest("button:not([data-row]), a, summary")) return;
  const found = BY_KEY.get(name);
  if (!found || (overlay.value === "start" && !["Escape", "?"].includes(name))) return;
  event.preventDefault();
  found.run();
}

/** What a tool tip says: the deed and its key. */
export function tip(what: string, key: string): string {
  return `${what}  (${shown(key)})`;
}

export function shown(key: string): string {
  const signs: Record<string, string> = {
    ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Delete: "Del", Backspace: "⌫",
  };
  return key.split(/\+(?=.)/).map((part) => signs[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");
}
