/** Forms: phrases in order, as blocks that are clicked together and as the text `i4A8@G B8`. */
import type { NewPhrase, Song } from "../api/types";

export interface Phrase {
  readonly letter: string;
  readonly bars: number;
  /** Such as `G major`; `null` where it is composed, or not known. */
  readonly key: string | null;
  /** Number of the phrase of the song, from 0, whose music it takes along; `null` for none. */
  readonly source: number | null;
}

export interface PhraseSpan extends Phrase {
  readonly number: number;
  /** Counted from 1. */
  readonly firstBar: number;
}

export type PhraseKind = "A" | "B" | "C" | "i" | "o" | "b";
const KIND_NAMES: Record<PhraseKind, string> = {
  A: "verse", B: "chorus", C: "other sung phrase", i: "intro", o: "outro", b: "bridge without a melody",
};
export const MOST_PHRASE_BARS = 64;

/** Which of the six kinds a letter stands for; each has a colour of its own. */
export function phraseKind(letter: string): PhraseKind {
  if (letter === "A" || letter === "B" || letter === "i" || letter === "o") return letter;
  return letter === letter.toUpperCase() ? "C" : "b";
}

export function kindName(letter: string): string {
  return KIND_NAMES[phraseKind(letter)];
}

export function parseForm(text: string, keys: readonly (string | null)[] = []): Phrase[] {
  return [...text.matchAll(/([A-Za-z])\s*(\d+)/g)].map((match, number) => ({
    letter: match[1]!, bars: Number(match[2]), key: keys[number] ?? null, source: number,
  }));
}

export function phrasesOf(song: Song): PhraseSpan[] {
  let firstBar = 1;
  return parseForm(song.form, song.keys).map((phrase, number) => {
    const span = { ...phrase, number, firstBar };
    firstBar += phrase.bars;
    return span;
  });
}

export function formBars(phrases: readonly Phrase[]): number {
  return phrases.reduce((bars, phrase) => bars + phrase.bars, 0);
}

/** The text that the command line and the server read; a key stands where it changes, or all of it is composed. */
export function formText(phrases: readonly Phrase[]): string {
  let latest: string | null = null;
  return phrases
    .map(({ letter, bars, key }) => {
      const changed = key !== null && key !== latest;
      latest = key ?? latest;
      return `${letter}${bars}${changed ? `@${shortKey(key)}` : ""}`;
    })
    .join(" ");
}

/** `E minor` → `Em`, with signs that a keyboard has. */
export function shortKey(key: string): string {
  const [tonic = "", mode = "major"] = key.replace("♭", "b").replace("♯", "#").split(" ");
  return tonic + (mode === "minor" ? "m" : "");
}

export function phraseOf(bar: number, phrases: readonly PhraseSpan[]): PhraseSpan | undefined {
  return phrases.find((phrase) => bar >= phrase.firstBar && bar < phrase.firstBar + phrase.bars);
}

export const DEFAULT_FORM: readonly Phrase[] = parseForm("i4A8B8A8B8o4").map((phrase) => ({ ...phrase, source: null }));

export function withPhrase(phrases: readonly Phrase[], index: number, change: Partial<Phrase>): Phrase[] {
  return phrases.map((phrase, number) => (number === index ? { ...phrase, ...change } : phrase));
}

export function withoutPhrase(phrases: readonly Phrase[], index: number): Phrase[] {
  return phrases.length > 1 ? phrases.filter((_, number) => number !== index) : [...phrases];
}

/** A copy right after it, with its music. */
export function withCopy(phrases: readonly Phrase[], index: number): Phrase[] {
  return phrases.flatMap((phrase, number) => (number === index ? [phrase, { ...phrase }] : [phrase]));
}

/** Two halves of one letter; its music stays with the first, so nothing sounds twice. */
export function withSplit(phrases: readonly Phrase[], index: number): Phrase[] {
  return phrases.flatMap((phrase, number) => {
    if (number !== index || phrase.bars < 2) return [phrase];
    const first = Math.ceil(phrase.bars / 2);
    return [{ ...phrase, bars: first }, { ...phrase, bars: phrase.bars - first, source: null }];
  });
}

export function withMoved(phrases: readonly Phrase[], from: number, to: number): Phrase[] {
  const rest = phrases.filter((_, number) => number !== from);
  const moved = phrases[from];
  if (!moved) return [...phrases];
  rest.splice(Math.min(Math.max(to, 0), rest.length), 0, moved);
  return rest;
}

export function withAdded(phrases: readonly Phrase[], letter: string, at = phrases.length): Phrase[] {
  const before = phrases[at - 1];
  const added: Phrase = { letter, bars: "io".includes(letter) ? 4 : 8, key: before?.key ?? null, source: null };
  return [...phrases.slice(0, at), added, ...phrases.slice(at)];
}

export function newPhrases(phrases: readonly Phrase[]): NewPhrase[] {
  return phrases.map(({ letter, bars, key, source }) => ({ letter, bars, key, source }));
}
