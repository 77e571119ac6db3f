/** How far a job is, level by level, and the button that stops it. */
import type { Job } from "../api/types";
import { server } from "./state";
import { restartJob, stopJob } from "./work";

export function Progress({ job, big }: { job: Job; big?: boolean }) {
  const levels = server.value?.levels.map(({ title }) => title) ?? [];
  const at = job.level ? levels.indexOf(job.level) : -1;
  const share = Math.round(job.share * 100);
  const words = job.state === "interrupted" ? "was interrupted" : job.state === "stopped" ? "stopped" : job.state === "queued" ? "waiting for its turn" : job.level ? `${job.level}, step ${job.step} of ${job.steps}` : "beginning";
  return (
    <div class={`progress${big ? " big" : ""}`} role="group" aria-label="Progress">
      {big && (
        <ol class="levels">
          {levels.map((title, number) => (
            <li key={title} class={number < at ? "done" : number === at ? "now" : ""} aria-current={number === at ? "step" : undefined}>{title}</li>
          ))}
        </ol>
      )}
      <div class="row">
        <progress max={100} value={share} aria-label="Composing">{share} %</progress>
        {job.state === "running" || job.state === "queued" ? (
          <button type="button" onClick={() => void stopJob(job.id)}>Stop</button>
        ) : (
          <button type="button" onClick={() => void restartJob(job.id)}>Start again</button>
        )}
      </div>
      <span class="quiet">{words}{job.takes.length > 1 ? ` · take ${Math.min(job.takes.filter((take) => take.state === "done").length + 1, job.takes.length)} of ${job.takes.length}` : ""}</span>
    </div>
  );
}
