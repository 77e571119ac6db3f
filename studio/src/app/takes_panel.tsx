/** The drawer of takes: heard one against the other with one key, one of them taken, the rest kept. */
import type { DrawerTake } from "../api/types";
import { playPassage, selectedSteps } from "./playing";
import { tip } from "./keyboard";
import { Progress } from "./progress";
import { audition, jobs, opened, ownJobs, takes } from "./state";
import { compare, hearTake, keepTake } from "./work";

export function TakesPanel() {
  const heard = audition.value;
  const cut = jobs.value.filter((job) => job.song_id === opened.value?.id && (job.state === "interrupted" || job.state === "stopped"));
  return (
    <div class="takes">
      {ownJobs.value.map((job) => <Progress key={job.id} job={job} />)}
      {cut.map((job) => <Progress key={job.id} job={job} />)}
      {takes.value.length === 0 && ownJobs.value.length === 0 && (
        <div class="empty"><p>Takes of bars that you compose again are kept here.</p></div>
      )}
      {takes.value.length > 0 && (
        <>
          <ul aria-label="Takes">
            <li class={heard ? "" : "heard"}>
              <button type="button" class="take" aria-pressed={!heard} onClick={() => (audition.value = null)}><b>The song</b><span class="quiet">as it is now</span></button>
            </li>
            {takes.value.map((take) => <TakeRow key={`${take.job}/${take.number}`} take={take} />)}
          </ul>
          <div class="row">
            <button type="button" title={tip("Hear the next one", "x")} onClick={() => void compare()}>Compare</button>
            <button type="button" class="primary" disabled={!heard} title={tip("Put the take that is heard into the song", "Enter")} onClick={() => void keepTake()}>Take it</button>
          </div>
          <p class="quiet">X goes from one to the next while it plays; Enter takes the one that is heard; Esc goes back to the song.</p>
        </>
      )}
    </div>
  );
}

function TakeRow({ take }: { take: DrawerTake }) {
  const heard = audition.value?.job === take.job && audition.value.number === take.number;
  const where = take.bars ? (take.bars[0] === take.bars[1] ? `bar ${take.bars[0]}` : `bars ${take.bars[0]}–${take.bars[1]}`) : "whole song";
  const listen = async () => {
    await hearTake(take.job, take.number);
    const passage = selectedSteps.value;
    if (passage) playPassage(...passage);
  };
  return (
    <li class={heard ? "heard" : ""}>
      <button type="button" class="take" aria-pressed={heard} onClick={() => void listen()}>
        <b>Take {take.number}{take.taken ? " ✓" : ""}</b>
        <span class="quiet">{take.level ?? "song"}, {where} · seed {take.seed}</span>
      </button>
    </li>
  );
}
