/** The package's soundfont played by SpessaSynth in an AudioWorklet: one MIDI channel a part. */
import { WorkletSynthesizer } from "spessasynth_lib";
import processorAddress from "../../node_modules/spessasynth_lib/dist/spessasynth_processor.min.js?url";
import type { Part, Strike } from "../model/playlist";

/** General MIDI sounds, from 0, as in the package's own sound files: clarinet, electric piano, grand piano. */
const PROGRAMS: Record<Part, number> = { melody: 71, reduced: 71, chords: 4, piano: 0 };
const CHANNELS: Record<Part, number> = { melody: 0, reduced: 1, chords: 2, piano: 3 };

/** How much louder than the synthesizer's own level the page plays at most; a limiter catches what would be too loud. */
const LOUDEST = 8;

export const NO_SOUND =
  "This browser gives no sound here: it needs an AudioWorklet, which browsers offer on http://127.0.0.1, http://localhost and https only.";

export class Synthesizer {
  private constructor(
    readonly context: AudioContext,
    private readonly synth: WorkletSynthesizer,
    private readonly volume: GainNode,
    private readonly analyser: AnalyserNode,
  ) {}

  /** Throws an Error with a sentence for people where the browser cannot play. */
  static async start(soundfont: () => Promise<ArrayBuffer>): Promise<Synthesizer> {
    if (typeof AudioContext === "undefined" || typeof AudioWorkletNode === "undefined" || !isSecureContext) throw new Error(NO_SOUND);
    const context = new AudioContext({ latencyHint: "interactive" });
    const volume = new GainNode(context);
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    await context.audioWorklet.addModule(processorAddress);
    const synth = new WorkletSynthesizer(context);
    synth.connect(volume);
    const limiter = new DynamicsCompressorNode(context, { threshold: -8, knee: 6, ratio: 12, attack: 0.003, release: 0.12 });
    volume.connect(limiter).connect(analyser).connect(context.destination);
    await synth.soundBankManager.addSoundBank(await soundfont(), "canzona");
    await synth.isReady;
    for (const part of Object.keys(PROGRAMS) as Part[]) synth.programChange(CHANNELS[part], PROGRAMS[part]);
    return new Synthesizer(context, synth, volume, analyser);
  }

  /** Times are the context's, in seconds. */
  strike({ part, pitch, velocity }: Strike, start: number, end: number): void {
    this.synth.noteOn(CHANNELS[part], pitch, velocity, { time: start });
    this.synth.noteOff(CHANNELS[part], pitch, { time: end });
  }

  silence(): void {
    this.synth.stopAll(true);
  }

  setVolume(share: number): void {
    this.volume.gain.setTargetAtTime(share * LOUDEST, this.context.currentTime, 0.02);
  }

  /** The loudest sample just now, 0 to 1. */
  peak(): number {
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
  }
}
