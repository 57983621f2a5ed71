import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CodecChoice,
  LayerInit,
  MediaContent,
  MediaFacts,
  MediaFile,
  MediaKind,
  Result,
  StreamFacts,
} from './agent/protocol.ts';
import { PATIENCE } from './inbox.ts';
import type { RemoteConnection } from './remote.ts';

/** How often a peer is asked while something is waited for, in milliseconds. */
const INTERVAL = 100;

/** The media of a connection at the peer's side. */
export class RemoteMedia {
  readonly #connection: RemoteConnection;

  constructor(connection: RemoteConnection) {
    this.#connection = connection;
  }

  /** Begins to send a track, from the next negotiation on. */
  async send(track: string, kind: MediaKind, options: SendOptions = {}): Promise<void> {
    const { content = 'device', ...rest } = options;
    const pc = this.#connection.name;
    await this.#call({ cmd: 'media.send', pc, track, kind, content, ...rest });
  }

  /** Adds a section that only receives to the peer's next offer. */
  async receive(kind: MediaKind): Promise<void> {
    await this.#call({ cmd: 'media.receive', pc: this.#connection.name, kind });
  }

  /** Whatever comes from now on is sent back. */
  async echo(): Promise<void> {
    await this.#call({ cmd: 'media.echo', pc: this.#connection.name });
  }

  async remove(track: string): Promise<void> {
    await this.#call({ cmd: 'media.remove', pc: this.#connection.name, track });
  }

  async replace(track: string, content: MediaContent | null): Promise<void> {
    await this.#call({ cmd: 'media.replace', pc: this.#connection.name, track, content });
  }

  /** Prefers a codec in every section of its kind; with `only` nothing else of that kind is left. */
  async prefer(codec: CodecChoice, only = true): Promise<void> {
    await this.#call({ cmd: 'media.prefer', pc: this.#connection.name, codec, only });
  }

  async setLayers(track: string, layers: readonly LayerInit[]): Promise<void> {
    await this.#call({ cmd: 'media.layers', pc: this.#connection.name, track, layers });
  }

  async tones(track: string, tones: string): Promise<void> {
    await this.#call({ cmd: 'media.tones', pc: this.#connection.name, track, tones });
  }

  async stop(track: string): Promise<void> {
    await this.#call({ cmd: 'media.stop', pc: this.#connection.name, track });
  }

  async facts(): Promise<MediaFacts> {
    const { media } = await this.#call({ cmd: 'media.facts', pc: this.#connection.name });
    if (media === undefined) throw new Error('the peer told nothing of its media');
    return media;
  }

  async codecs(kind: MediaKind, direction: 'send' | 'receive'): Promise<readonly CodecChoice[]> {
    const { codecs } = await this.#call({ cmd: 'media.codecs', pc: this.#connection.name, kind, direction });
    return codecs ?? [];
  }

  /** Asks until the predicate holds, and gives what held. Rejects with the last answer. */
  async until(what: string, holds: (facts: MediaFacts) => boolean, milliseconds = PATIENCE): Promise<MediaFacts> {
    const end = performance.now() + milliseconds;
    for (;;) {
      const facts = await this.facts();
      if (holds(facts)) return facts;
      if (performance.now() > end)
        throw new Error(`${what} at the peer: not within ${milliseconds} ms; ${JSON.stringify(facts)}`);
      await sleep(INTERVAL);
    }
  }

  /** Waits until the peer has decoded this many more frames, or samples, of what it receives of a kind. */
  async decodes(kind: MediaKind, more: number = kind === 'video' ? 10 : 9600): Promise<StreamFacts> {
    const start = decoded(await this.facts(), kind);
    const facts = await this.until(`${more} of ${kind} decoded`, (now) => decoded(now, kind) >= start + more);
    return facts.inbound.filter((stream) => stream.kind === kind).sort((a, b) => b.packets - a.packets)[0]!;
  }

  #call(command: Parameters<RemoteConnection['call']>[0]): Promise<Result> {
    return this.#connection.call(command);
  }
}

export interface SendOptions {
  readonly content?: MediaContent;
  readonly layers?: readonly LayerInit[];
  readonly file?: MediaFile;
}

/** Frames of video, or samples of audio that did not have to be made up. */
function decoded(facts: MediaFacts, kind: MediaKind): number {
  return facts.inbound
    .filter((stream) => stream.kind === kind)
    .reduce(
      (sum, { framesDecoded = 0, totalSamplesReceived = 0, concealedSamples = 0 }) =>
        sum + (kind === 'video' ? framesDecoded : Math.max(0, totalSamplesReceived - concealedSamples)),
      0,
    );
}
