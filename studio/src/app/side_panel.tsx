/** The panel beside the lanes: what is selected, composing again, takes, and what there is to know. */
import { AboutPanel } from "./about_panel";
import { AgainPanel } from "./again_panel";
import { SelectionPanel } from "./selection_panel";
import { type Panel, ownJobs, panel, takes } from "./state";
import { TakesPanel } from "./takes_panel";

const TABS: readonly (readonly [Panel, string])[] = [
  ["selection", "Edit"], ["again", "Compose"], ["takes", "Takes"], ["about", "About"],
];

export function SidePanel() {
  const shown = panel.value;
  const turn = (by: number) => {
    const at = TABS.findIndex(([name]) => name === shown);
    const next = TABS[(at + by + TABS.length) % TABS.length]![0];
    panel.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <aside class="side-panel" aria-label="Side panel">
      <div class="tabs" role="tablist" aria-label="Side panel" onKeyDown={(event) => {
        if (event.key === "ArrowRight") turn(1);
        if (event.key === "ArrowLeft") turn(-1);
      }}>
        {TABS.map(([name, title]) => (
          <button
            type="button" role="tab" key={name} id={`tab-${name}`} aria-selected={shown === name} aria-controls="side-panel-page"
            tabIndex={shown === name ? 0 : -1} onClick={() => (panel.value = name)}
          >
            {title}
            {name === "takes" && (ownJobs.value.length > 0 ? <span class="badge busy" title="composing">…</span> : takes.value.length > 0 && <span class="badge">{takes.value.length}</span>)}
          </button>
        ))}
      </div>
      <div class="panel-page" role="tabpanel" id="side-panel-page" aria-labelledby={`tab-${shown}`} data-panel={shown} tabIndex={-1}>
        {{ selection: <SelectionPanel />, again: <AgainPanel />, takes: <TakesPanel />, about: <AboutPanel /> }[shown]}
      </div>
    </aside>
  );
}
