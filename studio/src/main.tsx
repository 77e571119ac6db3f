import { render } from "preact";
import { api } from "./api/client";
import { openSong } from "./app/editing";
import { Page } from "./app/page";
import { overlay, panelOpen, server } from "./app/state";
import { told } from "./app/toasts";
import { connect } from "./app/work";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/lanes.css";
import "./styles/panels.css";
import "./styles/start.css";

const NARROW_PIXELS = 1000;

async function start(): Promise<void> {
  panelOpen.value = innerWidth > NARROW_PIXELS;
  const id = /^#([a-z0-9]{16})$/.exec(location.hash)?.[1];
  const [state] = await Promise.all([told(api.state), id ? openSong(id) : null]);
  server.value = state;
  if (!id) overlay.value = "start";
  render(<Page />, document.getElementById("page")!);
  connect();
}

void start();
