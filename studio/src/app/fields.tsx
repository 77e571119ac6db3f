/** Fields with their labels: numbers by steps, shares by sliders, one of several by choice. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { IconButton } from "./icons";

export function Field({ label, children, hint }: { label: string; children: (id: string) => ComponentChildren; hint?: string }) {
  const id = useId();
  return (
    <div class="field" title={hint}>
      <label for={id}>{label}</label>
      {children(id)}
    </div>
  );
}

interface StepperProps {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly onChange: (value: number) => void;
}

export function Stepper({ label, value, least, most, onChange }: StepperProps) {
  const put = (wanted: number) => {
    if (Number.isFinite(wanted)) onChange(Math.min(Math.max(Math.round(wanted), least), most));
  };
  return (
    <Field label={label}>
      {(id) => (
        <div class="stepper">
          <IconButton icon="minus" label={`${label}: one less`} disabled={value <= least} onClick={() => put(value - 1)} />
          <input id={id} inputMode="numeric" value={value} onChange={(event) => put(Number(event.currentTarget.value))} />
          <IconButton icon="plus" label={`${label}: one more`} disabled={value >= most} onClick={() => put(value + 1)} />
        </div>
      )}
    </Field>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly least?: number;
  readonly most?: number;
  readonly step?: number;
  readonly words?: (value: number) => string;
  readonly onChange: (value: number) => void;
}

export function Slider({ label, value, least = 0, most = 1, step = 0.05, words = String, onChange }: SliderProps) {
  return (
    <Field label={label}>
      {(id) => (
        <div class="slider">
          <input
            id={id} type="range" min={least} max={most} step={step} value={value} aria-valuetext={words(value)}
            onInput={(event) => onChange(Number(event.currentTarget.value))}
          />
          <output for={id}>{words(value)}</output>
        </div>
      )}
    </Field>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map(([own, text]) => (
            <option key={own} value={own} selected={own === value}>{text}</option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** One of few, all in sight. */
export function Segments({ label, value, options, onChange }: ChoiceProps) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend>{label}</legend>
      <div>
        {options.map(([own, text]) => (
          <label key={own} class={own === value ? "on" : ""}>
            <input type="radio" name={name} value={own} checked={own === value} onChange={() => onChange(own)} />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
