/** The page: tool bar, lanes, side panel, and what lies over them for a while. */
import { useEffect } from "preact/hooks";
import { ExportSheet } from "./export_sheet";
import { Library } from "./library";
import { Progress } from "./progress";
import { HelpSheet, HistorySheet, ScoreSheet } from "./sheets";
import { SidePanel } from "./side_panel";
import { StageView } from "./stage_view";
import { Start } from "./start";
import { audition, jobs, opened, overlay, panelOpen, shownSong } from "./state";
import { dismiss, toasts } from "./toasts";
import { Toolbar } from "./toolbar";
import { importFile, keepTake, watched } from "./work";
import { onKey } from "./keyboard";
import { IconButton } from "./icons";

export function Page() {
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const drop = (event: DragEvent) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    void importFile(file);
  };
  const starting = overlay.value === "start" || (!opened.value && !watched.value);
  return (
    <div class="page" onDragOver={(event) => event.dataTransfer?.types.includes("Files") && event.preventDefault()} onDrop={drop}>
      <Toolbar />
      {starting ? <Start /> : <Song />}
      <Sheets />
      <Toasts />
    </div>
  );
}

function Song() {
  const job = opened.value ? undefined : jobs.value.find((one) => one.id === watched.value);
  return (
    <main class="song" aria-label="Song">
      <h1 class="hidden">{opened.value?.name ?? "A song is being composed"}</h1>
      <div class="left">
        {job && <Progress job={job} big />}
        {audition.value && (
          <div class="take-bar" role="status">
            <span>You see and hear <b>take {audition.value.number}</b>.</span>
            <button type="button" class="primary" onClick={() => void keepTake()}>Take it</button>
            <button type="button" onClick={() => (audition.value = null)}>Back to the song</button>
          </div>
        )}
        {shownSong.value ? <StageView /> : <div class="waiting" aria-hidden="true">{[0, 1, 2, 3].map((lane) => <i key={lane} />)}</div>}
      </div>
      {opened.value && panelOpen.value && <SidePanel />}
    </main>
  );
}

function Sheets() {
  switch (overlay.value) {
    case "library": return <Library />;
    case "help": return <HelpSheet />;
    case "export": return <ExportSheet />;
    case "score": return <ScoreSheet />;
    case "history": return <HistorySheet />;
    default: return null;
  }
}

function Toasts() {
  return (
    <div class="toasts" role="log" aria-live="polite" aria-label="Messages">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast ${toast.kind}`}>
          <span>{toast.text}</span>
          {toast.actions.map(({ label, run }) => (
            <button type="button" key={label} onClick={() => (dismiss(toast.id), run())}>{label}</button>
          ))}
          <IconButton class="small" icon="close" label="Dismiss" onClick={() => dismiss(toast.id)} />
        </div>
      ))}
    </div>
  );
}
