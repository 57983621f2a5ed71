import { ShardRouter } from '@kaon/ice/mux';
import { type Shards, type StartShardsOptions, startShards } from '@kaon/runtime/node';
import type { Answer } from './messages.ts';

/** Connections over all cores behind one UDP port. Signalling stays in the main thread. */
export class ScaleOut {
  readonly shards: Shards;
  readonly #waiting = new Map<number, { readonly index: number; readonly settle: (answer: Answer) => void }>();
  #count = 0;

  private constructor(shards: Shards) {
    this.shards = shards;
    shards.onmessage = (message) => this.#answered(message as Answer);
    shards.onexit = ({ index, error }) => {
      // Its connections are lost, and will be made anew by their peers; the others are not touched.
      for (const [id, one] of this.#waiting)
        if (one.index === index) this.#answered({ id, error: 'the shard is gone' });
      if (error !== undefined) console.error(`shard ${index}:`, error);
      shards.replace(index).catch((reason: unknown) => console.error(`shard ${index}:`, reason));
    };
  }

  static async start(options: Omit<StartShardsOptions, 'script' | 'router'>): Promise<ScaleOut> {
    const script = new URL('./shard.ts', import.meta.url);
    return new ScaleOut(await startShards({ ...options, script, router: (count) => new ShardRouter(count) }));
  }

  /** Has the next shard answer an offer. */
  answer(offer: string): Promise<string> {
    const id = ++this.#count;
    const index = id % this.shards.count;
    return new Promise((resolve, reject) => {
      const settle = ({ sdp, error }: Answer): void => (sdp === undefined ? reject(new Error(error)) : resolve(sdp));
      this.#waiting.set(id, { index, settle });
      this.shards.post(index, { id, offer });
    });
  }

  async close(): Promise<void> {
    await this.shards.close();
    for (const id of [...this.#waiting.keys()]) this.#answered({ id, error: 'closed' });
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    waiting?.settle(answer);
  }
}
