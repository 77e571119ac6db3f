/** The bar at the top: the song's name, hearing, undo, zoom, composing again, export. */
import { clock, placeName } from "../model/time";
import { lengthSteps } from "../model/song";
import { toggleDrawing } from "./actions";
import { change, redo, show, undo } from "./editing";
import { Icon, IconButton } from "./icons";
import { openPanel, tip } from "./keyboard";
import { level, loadingSound, looping, playFromBefore, playing, position, togglePlay, volume } from "./playing";
import { opened, overlay, panelOpen, pending, shownSong, tool } from "./state";
import { isDark, toggleTheme } from "./theme";
import { told } from "./toasts";
import { api } from "../api/client";

export function Toolbar() {
  const song = shownSong.value;
  const open = opened.value;
  return (
    <header class="toolbar">
      <div class="row home">
        <Mark />
        <IconButton icon="plus" label="New song" hint={tip("New song", "n")} onClick={() => (overlay.value = "start")} />
        <IconButton icon="library" label="Library" hint={tip("Library", "o")} onClick={() => (overlay.value = "library")} />
        {open && <SongName key={open.id} id={open.id} name={open.name} />}
      </div>
      {song && <Transport />}
      <div class="row deeds">
        {open && (
          <>
            <IconButton icon="undo" label="Undo" hint={tip("Undo", "Ctrl+z")} disabled={!open.can_undo && !pending.value.length} onClick={() => void undo()} />
            <IconButton icon="redo" label="Redo" hint={tip("Redo", "Ctrl+Shift+z")} disabled={!open.can_redo} onClick={() => void redo()} />
            <IconButton icon="pencil" label="Draw notes" hint={tip("Draw notes", "d")} pressed={tool.value === "draw"} onClick={toggleDrawing} />
            <span class="divider" />
            <button type="button" class="primary" title={tip("Compose the selection again", "r")} onClick={() => openPanel("again")}>
              <Icon name="again" /> <span class="wide-only">Compose again</span>
            </button>
            <IconButton icon="share" label="Export" hint={tip("Export", "e")} onClick={() => (overlay.value = "export")} />
          </>
        )}
        <IconButton icon={isDark.value ? "sun" : "moon"} label={isDark.value ? "Light" : "Dark"} hint={isDark.value ? "Light colours" : "Dark colours"} onClick={toggleTheme} />
        <IconButton icon="help" label="Keys and help" hint={tip("Keys and help", "?")} onClick={() => (overlay.value = "help")} />
        {open && <IconButton icon="panel" label="Side panel" hint={tip("Side panel", "i")} pressed={panelOpen.value} onClick={() => (panelOpen.value = !panelOpen.value)} />}
      </div>
    </header>
  );
}

function Mark() {
  return (
    <span class="mark" title="Canzona Studio">
      <svg viewBox="0 0 28 20" aria-hidden="true">
        <rect class="ink-A" x="0" y="0" width="10" height="4" rx="2" /><rect class="ink-B" x="12" y="0" width="16" height="4" rx="2" />
        <rect class="ink-A" x="0" y="8" width="6" height="4" rx="2" /><rect class="ink-C" x="8" y="8" width="9" height="4" rx="2" />
        <rect class="ink-B" x="19" y="8" width="6" height="4" rx="2" /><rect class="ink-b" x="4" y="16" width="18" height="4" rx="2" />
      </svg>
      <b class="wide-only">Canzona</b>
    </span>
  );
}

function SongName({ id, name }: { id: string; name: string }) {
  const rename = async (wanted: string) => {
    if (!wanted.trim() || wanted === name) return;
    const answer = await told(() => api.rename(id, wanted.trim()));
    if (answer && opened.value?.id === id) show(answer);
  };
  return (
    <input
      class="song-name" aria-label="Name of the song" title="Name of the song" value={name} maxLength={200} spellcheck={false}
      onChange={(event) => void rename(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}

function Transport() {
  const song = shownSong.value!;
  const label = playing.value ? "Stop" : "Play";
  return (
    <div class="row transport" role="group" aria-label="Hear">
      <IconButton icon="before" label="Hear from two bars before" hint={tip("From two bars before the selection", "b")} onClick={playFromBefore} />
      <button type="button" class="play" aria-label={label} title={tip(label, "Space")} aria-busy={loadingSound.value} onClick={togglePlay}>
        <Icon name={playing.value ? "stop" : "play"} />
      </button>
      <IconButton icon="loop" label="Repeat the selection" hint={tip("Repeat the selection", "l")} pressed={looping.value} onClick={() => (looping.value = !looping.value)} />
      <Place />
      <label class="tempo" title="Tempo, in quarter notes a minute">
        <span class="note-sign">♩</span>
        <input
          aria-label="Tempo" inputMode="decimal" value={song.tempo} disabled={!opened.value}
          onChange={(event) => {
            const tempo = Number(event.currentTarget.value);
            if (tempo >= 20 && tempo <= 300) change({ kind: "tempo", tempo });
            else event.currentTarget.value = String(song.tempo);
          }}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        />
      </label>
      <label class="volume wide-only" title="Volume">
        <Icon name="volume" />
        <input type="range" aria-label="Volume" min={0} max={1} step={0.02} value={volume.value} onInput={(event) => (volume.value = Number(event.currentTarget.value))} />
        <Loudness />
      </label>
    </div>
  );
}

function Place() {
  const song = shownSong.value!;
  return (
    <span class="place" title="Bar and beat; time">
      <b>{placeName(Math.floor(position.value), song.meter)}</b>
      <span class="quiet">{clock(position.value, song.tempo)} / {clock(lengthSteps(song), song.tempo)}</span>
    </span>
  );
}

function Loudness() {
  return (
    <span class="loudness" data-peak={level.value.toFixed(3)} aria-hidden="true">
      <i ref={(element) => element?.style.setProperty("--level", String(Math.min(1, Math.sqrt(level.value))))} />
    </span>
  );
}
