/** What the benchmarks need of a WebRTC library: two ends, one channel, back-pressure. */
import type { Route } from './protocol.ts';

export interface Candidate {
  readonly candidate: string;
  readonly sdpMid: string;
}

/** One end's data channel, open. */
export interface Channel {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  bufferedAmount(): number;
  /** Calls back each time the buffered amount falls to `threshold`. */
  onLow(threshold: number, callback: () => void): void;
  onMessage(callback: (length: number, data: ArrayBuffer | Uint8Array<ArrayBuffer>) => void): void;
}

/** One end of a connection. */
export interface End {
  /** Opens a channel and returns the offer without candidates. `unreliable`: unordered and never sent again. */
  offer(unreliable?: boolean): Promise<string>;
  answer(offer: string): Promise<string>;
  accept(answer: string): Promise<void>;
  /** The local description once it holds every candidate. */
  gathered(): Promise<string>;
  /** Local candidates as they are found. */
  onCandidate: (candidate: Candidate) => void;
  addCandidate(candidate: Candidate): void;
  readonly open: Promise<Channel>;
  close(): Promise<void>;
}

export interface Library {
  readonly name: string;
  readonly version: string;
  /** One that may only go the route, where there is one. */
  end(route?: Route): End;
}

/** Two connected ends, and how long that took from before the offer until both channels were open. */
export interface Pair {
  readonly ends: readonly [End, End];
  readonly channels: readonly [Channel, Channel];
  readonly milliseconds: number;
}

/** Longest that a pair may take in ms. */
const LIMIT = 5000;

/** Connects two ends with trickled candidates, signaling by plain calls. Rejects, everything closed, when it takes too long. */
export async function connectPair(library: Library, route?: Route, unreliable = false): Promise<Pair> {
  const start = performance.now();
  const [a, b] = [library.end(route), library.end(route)] as const;
  // Candidates may come before the other end has the description they belong to.
  const fromA: Candidate[] = [];
  const fromB: Candidate[] = [];
  a.onCandidate = (candidate) => void fromA.push(candidate);
  b.onCandidate = (candidate) => void fromB.push(candidate);
  const answer = await b.answer(await a.offer(unreliable));
  // The answer goes first: an end that hears its peer before it knows the fingerprint may drop what it hears.
  const accepted = a.accept(answer);
  a.onCandidate = (candidate) => b.addCandidate(candidate);
  for (const candidate of fromA) b.addCandidate(candidate);
  await accepted;
  b.onCandidate = (candidate) => a.addCandidate(candidate);
  for (const candidate of fromB) a.addCandidate(candidate);
  const channels = await within(LIMIT, Promise.all([a.open, b.open]));
  if (channels === undefined) {
    await Promise.all([a.close(), b.close()]);
    throw new Error(`no connection within ${LIMIT} ms`);
  }
  return { ends: [a, b], channels, milliseconds: performance.now() - start };
}

async function within<T>(limit: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
