import { type Agent, type Candidate, decodeCandidate, formatCandidate } from '@kaon/ice';
import { isMalformed } from '@kaon/wire';
import { apiCandidate, type RTCIceCandidate } from '../ice-candidate.ts';

/** Where a transport's candidates belong in the description. */
export interface MediaLine {
  readonly mid: string;
  readonly index: number;
}

/** The candidates of a transport as the API shows them: ours and the peer's, of the present generation of each. */
export class KnownCandidates {
  /** Where they belong; set with the first description. */
  line: MediaLine | undefined = undefined;
  readonly #agent: Agent;
  #local: RTCIceCandidate[] = [];
  #remote: RTCIceCandidate[] = [];
  #remoteLines = new Set<string>();

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  get local(): readonly RTCIceCandidate[] {
    return this.#local;
  }

  get remote(): readonly RTCIceCandidate[] {
    return this.#remote;
  }

  /** One that was gathered. */
  addLocal(candidate: Candidate): RTCIceCandidate {
    const { usernameFragment } = this.#agent.localCredentials;
    const known = this.#show(formatCandidate(candidate), candidate, usernameFragment);
    this.#local.push(known);
    return known;
  }

  /** One that was signalled. Undefined when it cannot be read, or is known. */
  addRemote(line: string, usernameFragment: string): Candidate | undefined {
    const candidate = decodeCandidate(line);
    if (isMalformed(candidate) || this.#remoteLines.has(line)) return undefined;
    this.#remoteLines.add(line);
    this.#remote.push(this.#show(line, candidate, usernameFragment));
    return candidate;
  }

  /** We began anew. */
  forgetLocal(): void {
    this.#local = [];
  }

  /** The peer began anew. */
  forgetRemote(): void {
    this.#remote = [];
    this.#remoteLines = new Set();
  }

  /** The very objects that were gathered and signalled, where there are such. Null: no pair is selected. */
  selectedPair(): { local: RTCIceCandidate; remote: RTCIceCandidate } | null {
    const pair = this.#agent.selectedPair;
    if (pair === undefined) return null;
    const local = formatCandidate(pair.local);
    const remote = formatCandidate(pair.remote);
    const { localCredentials, remoteCredentials } = this.#agent;
    return {
      local:
        this.#local.find((one) => one.candidate === local) ??
        this.#show(local, pair.local, localCredentials.usernameFragment),
      remote:
        this.#remote.find((one) => one.candidate === remote) ??
        this.#show(remote, pair.remote, remoteCredentials?.usernameFragment ?? ''),
    };
  }

  #show(line: string, candidate: Candidate, usernameFragment: string): RTCIceCandidate {
    return apiCandidate(line, candidate, this.line?.mid ?? null, this.line?.index ?? 0, usernameFragment);
  }
}
