import type { Candidate } from '@kaon/ice';
import type { Environment } from '../environment.ts';
import { mdnsFor } from '../mdns/index.ts';

/** Looks the names up that stand in the peer's candidates (draft-ietf-mmusic-mdns-ice-candidates §3.2). */
export class RemoteNames {
  readonly #environment: Environment;
  readonly #add: (candidate: Candidate) => void;
  readonly #settled: () => void;
  #pending = 0;
  /** Of this generation: what belongs to an earlier one is forgotten. */
  #forgotten = new AbortController();

  /** `add` gets candidates with an address in the place of their name, `settled` is called when the last name has been looked up. */
  constructor(environment: Environment, add: (candidate: Candidate) => void, settled: () => void) {
    this.#environment = environment;
    this.#add = add;
    this.#settled = settled;
  }

  /** Whether names are being looked up. */
  get pending(): boolean {
    return this.#pending > 0;
  }

  /** Never rejects; a name that nobody answers for is a candidate fewer. */
  async resolve(candidate: Candidate): Promise<void> {
    // What a peer may have us ask for is bounded.
    if (this.#pending >= MAX_PENDING) return;
    const { signal } = this.#forgotten;
    const { network, clock, crypto } = this.#environment;
    this.#pending++;
    let addresses: readonly string[] = [];
    try {
      addresses = await mdnsFor(network, clock, crypto.random).resolve(candidate.address, signal);
    } catch {
      // As it is with candidates that cannot be reached.
    }
    if (signal.aborted) return;
    this.#pending--;
    const [address] = addresses;
    if (address !== undefined) this.#add({ ...candidate, address });
    if (this.#pending === 0) this.#settled();
  }

  /** Forgets what is being looked up: the peer began anew, or all has ended. */
  forget(): void {
    this.#forgotten.abort();
    this.#forgotten = new AbortController();
    this.#pending = 0;
  }
}

/** Whether a candidate's address is such a name. */
export function isLocalName({ address }: Candidate): boolean {
  return address.toLowerCase().endsWith('.local');
}

const MAX_PENDING = 64;
