/** Line icons on a 20 × 20 grid. */
const PATHS = {
  play: "M6 4l10 6-10 6z",
  stop: "M5 5h10v10H5z",
  before: "M4 4v12M16 4l-8 6 8 6z",
  loop: "M4 9V8a3 3 0 0 1 3-3h8M12 2l3 3-3 3M16 11v1a3 3 0 0 1-3 3H5M8 18l-3-3 3-3",
  undo: "M7 4L3 8l4 4M3 8h8a5 5 0 0 1 0 10H7",
  redo: "M13 4l4 4-4 4M17 8H9a5 5 0 0 0 0 10h4",
  pencil: "M3 17l1-4L14 3l3 3L7 16zM12 5l3 3",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3",
  unlock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 5.8-1",
  library: "M3 4h4v12H3zM8 4h4v12H8zM13.5 5l3.5-1 3 11.5-3.6 1z",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  close: "M5 5l10 10M15 5L5 15",
  left: "M12 4l-6 6 6 6",
  right: "M8 4l6 6-6 6",
  copy: "M7 7h9v9H7zM4 13V4h9",
  split: "M10 3v14M3 7v6h4M17 7v6h-4",
  trash: "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11",
  share: "M10 12V3M7 6l3-3 3 3M4 10v7h12v-7",
  help: "M7.5 7.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M10 14.5v.5",
  moon: "M16 12A7 7 0 1 1 8 4a5.5 5.5 0 0 0 8 8z",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4",
  panel: "M3 4h14v12H3zM12.5 4v12",
  again: "M16 6a7 7 0 1 0 1 5M16 2v4h-4",
  fit: "M3 7V3h4M17 7V3h-4M3 13v4h4M17 13v4h-4",
  volume: "M3 8v4h3l4 3V5L6 8zM13 7.5a3.5 3.5 0 0 1 0 5M15 5a7 7 0 0 1 0 10",
  check: "M4 10l4 4 8-9",
  score: "M3 5h14M3 8h14M3 11h14M3 14h14M8 14V7",
  history: "M4 6a7 7 0 1 1-1 5M4 2v4h4M10 6v4l3 2",
  file: "M5 2h7l3 3v13H5zM12 2v3h3",
} as const;

export type IconName = keyof typeof PATHS;
const SOLID: ReadonlySet<IconName> = new Set<IconName>(["play", "stop"]);

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon${SOLID.has(name) ? " solid" : ""}`} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

export interface ButtonProps {
  readonly icon: IconName;
  readonly label: string;
  /** The key that does the same, as `keyboard.ts` writes it. */
  readonly hint?: string;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly class?: string;
  readonly onClick: (event: MouseEvent) => void;
}

/** A button with a picture alone: its label is what a tool tip and a screen reader say. */
export function IconButton({ icon, label, hint, pressed, disabled, class: kind = "", onClick }: ButtonProps) {
  return (
    <button
      type="button" class={`icon-button ${kind}`} aria-label={label} title={hint ?? label} aria-pressed={pressed}
      disabled={disabled} onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
