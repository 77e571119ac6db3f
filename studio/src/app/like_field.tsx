/** Choosing a passage of the library whose chords, rhythm or texture is taken as the model. */
import type { Listed } from "../api/types";
import type { Passage } from "../model/like";
import { Choice, Field } from "./fields";
import { server } from "./state";

interface LikeFieldProps {
  readonly value: Passage | null;
  readonly songs: readonly Listed[];
  /** Of the song that is offered first. */
  readonly first: string | undefined;
  readonly onChange: (passage: Passage | null) => void;
}

export function LikeField({ value, songs, first, onChange }: LikeFieldProps) {
  const controls = (server.value?.levels ?? []).flatMap(({ like }) => (like ? [like] : []));
  const put = (change: Partial<Passage>) =>
    onChange({ control: controls[0] ?? "", song: first ?? songs[0]?.id ?? "", first: "", last: "", ...value, ...change });
  const bar = (label: string, end: "first" | "last", empty: string) => (
    <Field label={label}>
      {(id) => (
        <input
          id={id} inputMode="numeric" placeholder={empty} value={value?.[end]}
          onInput={(event) => put({ [end]: event.currentTarget.value.replace(/\D/g, "") })}
        />
      )}
    </Field>
  );
  return (
    <>
      <Choice
        label="Like another passage" value={value?.control ?? ""}
        options={[["", "no"], ...controls.map((control) => [control, `in its ${control}`] as const)]}
        onChange={(control) => (control ? put({ control }) : onChange(null))}
      />
      {value && (
        <>
          <Choice label="Of the song" value={value.song} options={songs.map((song) => [song.id, song.name])} onChange={(song) => put({ song })} />
          <div class="row pair">
            {bar("From bar", "first", "1")}
            {bar("to bar", "last", "end")}
          </div>
        </>
      )}
    </>
  );
}
