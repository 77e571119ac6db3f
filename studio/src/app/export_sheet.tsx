/** The song as files: a click saves one, and every row can be dragged out of the page. */
import { useState } from "preact/hooks";
import { ApiError, api, exportAddress } from "../api/client";
import { Dialog } from "./dialog";
import { Icon } from "./icons";
import { opened, server } from "./state";

const FORMATS: Readonly<Record<string, readonly [name: string, what: string, mime: string, ending: string]>> = {
  midi: ["MIDI", "for any music program", "audio/midi", "mid"],
  musicxml: ["MusicXML", "for MuseScore, Sibelius, Dorico", "application/vnd.recordare.musicxml+xml", "musicxml"],
  pdf: ["PDF", "the score, to print", "application/pdf", "pdf"],
  svg: ["SVG", "the score's pages as pictures", "image/svg+xml", "svg"],
  wav: ["WAV", "the sound", "audio/wav", "wav"],
  json: ["song.json", "all of the song, to be read again", "application/json", "json"],
};
const KEPT_MILLISECONDS = 60_000;

export function ExportSheet() {
  const open = opened.value;
  const [said, say] = useState<Readonly<Record<string, string>>>({});
  if (!open) return null;
  const save = async (format: string) => {
    const put = (text: string) => say((before) => ({ ...before, [format]: text }));
    put("Writing …");
    try {
      const { file, name } = await api.exported(open.id, format);
      store(file, name);
      put("Saved.");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      put(error.message);
    }
  };
  return (
    <Dialog title="Export" kind="right">
      <p class="quiet">Click to save, or drag a row onto your desktop or into another program.</p>
      <ul class="exports">
        {(server.value?.formats ?? Object.keys(FORMATS)).map((format, number) => {
          const [name, what, mime, ending] = FORMATS[format] ?? [format, "", "application/octet-stream", format];
          const address = new URL(exportAddress(open.id, format), location.href).href;
          return (
            <li key={format}>
              <a
                href={address} download draggable autofocus={number === 0}
                onClick={(event) => {
                  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
                  event.preventDefault();
                  void save(format);
                }}
                onDragStart={(event) => {
                  const plain = open.name.replace(/[^\p{L}\p{N}_\- ]+/gu, "").trim() || "song";
                  event.dataTransfer?.setData("DownloadURL", `${mime}:${plain}.${ending}:${address}`);
                  event.dataTransfer?.setData("text/uri-list", address);
                }}
              >
                <Icon name="file" /><b>{name}</b><span class="quiet" role="status">{said[format] ?? what}</span>
              </a>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}

/** Puts a file where the browser keeps what is downloaded. */
function store(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MILLISECONDS);
}
