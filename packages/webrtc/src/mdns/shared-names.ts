import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Clock, Network } from '@kaon/interface/network/v1';
import type { LocalName, LocalNames } from './index.ts';
import { Session } from './session.ts';

/** One session on the links at a time, from the first user's coming to the last one's going. */
export class SharedNames implements LocalNames {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  #session: Session | undefined;
  #users = 0;

  constructor(network: Network, clock: Clock, random: RandomSource) {
    this.#network = network;
    this.#clock = clock;
    this.#random = random;
  }

  async resolve(name: string, signal?: AbortSignal): Promise<readonly string[]> {
    signal?.throwIfAborted();
    const session = this.#enter();
    try {
      return await session.resolve(name, signal);
    } finally {
      this.#leave(session);
    }
  }

  async register(address: string): Promise<LocalName> {
    const session = this.#enter();
    try {
      const name = await session.register(address);
      let held = true;
      const release = (): void => {
        if (!held) return;
        held = false;
        session.unregister(name);
        this.#leave(session);
      };
      return { name, release };
    } catch (error) {
      this.#leave(session);
      throw error;
    }
  }

  #enter(): Session {
    this.#session ??= new Session(this.#network, this.#clock, this.#random);
    this.#users++;
    return this.#session;
  }

  #leave(session: Session): void {
    if (--this.#users > 0) return;
    this.#session = undefined;
    session.close();
  }
}
