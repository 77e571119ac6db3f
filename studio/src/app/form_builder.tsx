/** A form by clicking: blocks with letter, length and key, to add, move, split, copy and delete. */
import { useState } from "preact/hooks";
import {
  MOST_PHRASE_BARS, type Phrase, formBars, kindName, phraseKind, withAdded, withCopy, withMoved, withPhrase, withSplit, withoutPhrase,
} from "../model/form";
import { Choice, Stepper } from "./fields";
import { IconButton } from "./icons";
import { server } from "./state";

const LETTERS = ["A", "B", "C", "D", "i", "o", "b"] as const;
const ADDED = ["i", "A", "B", "C", "b", "o"] as const;

interface FormBuilderProps {
  readonly phrases: readonly Phrase[];
  readonly onChange: (phrases: readonly Phrase[]) => void;
}

export function FormBuilder({ phrases, onChange }: FormBuilderProps) {
  const [chosen, choose] = useState<number | null>(null);
  const [dragged, drag] = useState<number | null>(null);
  const put = (wanted: readonly Phrase[], at: number | null) => {
    onChange(wanted);
    choose(at);
  };
  return (
    <div class="form-builder">
      <div class="blocks" role="group" aria-label={`Form, ${formBars(phrases)} bars`}>
        {phrases.map((phrase, number) => (
          <button
            type="button" key={number} class={`block ink-${phraseKind(phrase.letter)}`} aria-pressed={chosen === number} draggable
            aria-label={`${phrase.letter}${phrase.bars} ${phrase.key ?? kindName(phrase.letter)}, phrase ${number + 1} of ${phrases.length}`}
            title={`${kindName(phrase.letter)}, ${phrase.bars} bars – click to change, drag to move`}
            ref={(element) => element?.style.setProperty("--bars", String(phrase.bars))}
            onClick={() => choose(chosen === number ? null : number)}
            onDragStart={() => drag(number)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              if (dragged !== null) put(withMoved(phrases, dragged, number), number);
              drag(null);
            }}
          >
            <b>{phrase.letter}{phrase.bars}</b>{" "}
            <span>{phrase.key ?? kindName(phrase.letter).split(" ")[0]}</span>
          </button>
        ))}
        <div class="adders" role="group" aria-label="Add a phrase">
          {ADDED.map((letter) => (
            <button
              type="button" key={letter} class={`adder ink-${phraseKind(letter)}`} title={`Add ${kindName(letter)}`}
              aria-label={`+ ${letter}: add ${kindName(letter)}`} onClick={() => put(withAdded(phrases, letter), phrases.length)}
            >
              + {letter}
            </button>
          ))}
        </div>
      </div>
      {chosen !== null && phrases[chosen] && (
        <PhraseEditor
          phrase={phrases[chosen]} number={chosen} of={phrases.length}
          onChange={(change) => put(withPhrase(phrases, chosen, change), chosen)}
          onMove={(by) => put(withMoved(phrases, chosen, chosen + by), chosen + by)}
          onCopy={() => put(withCopy(phrases, chosen), chosen + 1)}
          onSplit={() => put(withSplit(phrases, chosen), chosen)}
          onDelete={() => put(withoutPhrase(phrases, chosen), null)}
        />
      )}
    </div>
  );
}

interface PhraseEditorProps {
  readonly phrase: Phrase;
  readonly number: number;
  readonly of: number;
  readonly onChange: (change: Partial<Phrase>) => void;
  readonly onMove: (by: 1 | -1) => void;
  readonly onCopy: () => void;
  readonly onSplit: () => void;
  readonly onDelete: () => void;
}

/** What can be done with one phrase; also beside a song that is there already. */
export function PhraseEditor({ phrase, number, of, onChange, onMove, onCopy, onSplit, onDelete }: PhraseEditorProps) {
  const letters = LETTERS.includes(phrase.letter as (typeof LETTERS)[number]) ? LETTERS : [...LETTERS, phrase.letter];
  const keys = server.value?.keys ?? [];
  const known = phrase.key && !keys.includes(phrase.key) ? [phrase.key, ...keys] : keys;
  return (
    <div class="phrase-editor">
      <Choice
        label="Phrase" value={phrase.letter} options={letters.map((letter) => [letter, `${letter} – ${kindName(letter)}`])}
        onChange={(letter) => onChange({ letter })}
      />
      <Stepper label="Bars" value={phrase.bars} least={1} most={MOST_PHRASE_BARS} onChange={(bars) => onChange({ bars })} />
      <Choice
        label="Key" value={phrase.key ?? ""} options={[["", "as before"], ...known.map((key) => [key, key] as const)]}
        onChange={(key) => onChange({ key: key || null })}
      />
      <div class="row tools">
        <IconButton icon="left" label="Move the phrase earlier" disabled={number === 0} onClick={() => onMove(-1)} />
        <IconButton icon="right" label="Move the phrase later" disabled={number === of - 1} onClick={() => onMove(1)} />
        <IconButton icon="copy" label="Copy the phrase" onClick={onCopy} />
        <IconButton icon="split" label="Split the phrase in two" disabled={phrase.bars < 2} onClick={onSplit} />
        <IconButton icon="trash" label="Delete the phrase" disabled={of < 2} onClick={onDelete} />
      </div>
    </div>
  );
}
