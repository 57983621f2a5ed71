import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOfPayload, type Payload } from '../agent/payload.ts';
import type { CandidateInit, PairEnd, PeerConfiguration } from '../agent/protocol.ts';
import type { RemoteChannel, RemoteConnection, RemotePeer } from '../remote.ts';

/** How long two may take to find each other, in milliseconds. */
const PATIENCE = 20_000;
/** How long a first route may give way to a better one. */
const SETTLING = 5000;

const PAYLOADS: readonly Payload[] = [
  { kind: 'text', text: 'through' },
  { kind: 'binary', size: 100_000, seed: 5 },
];

export interface Party {
  readonly peer: RemotePeer;
  readonly configuration: PeerConfiguration;
}

/** How two found each other. Times in milliseconds from before the offer. */
export interface Meeting {
  /** Their own ends of the pairs that they send on: the offering side's, the answering side's. */
  readonly ends: readonly [PairEnd, PairEnd];
  /** Until the channel was open at both. */
  readonly opened: number;
  /** Until the route was the one that is wanted, when it was not by then. */
  readonly settled: number | undefined;
}

/**
 * Connects two peers that trickle, and sends data both ways. Rejects when they do not find each other, or data does not get
 * through.
 *
 * @param isWanted whether this is the route to be taken; what is found otherwise after some seconds is returned
 */
export async function meet(
  offering: Party,
  answering: Party,
  isWanted: (ends: readonly [PairEnd, PairEnd]) => boolean,
): Promise<Meeting> {
  const first = await offering.peer.connection(offering.configuration);
  const made = [first];
  try {
    const second = await answering.peer.connection(answering.configuration);
    made.push(second);
    return await connect(first, second, isWanted);
  } finally {
    // Closed one after the other, but for a peer that is gone.
    await Promise.allSettled(made.map((one) => one.close()));
    offering.peer.forget(first);
    for (const one of made.slice(1)) answering.peer.forget(one);
  }
}

async function connect(
  first: RemoteConnection,
  second: RemoteConnection,
  isWanted: (ends: readonly [PairEnd, PairEnd]) => boolean,
): Promise<Meeting> {
  const complaints: string[] = [];
  const toSecond = new CandidatePipe(first, second, complaints);
  const toFirst = new CandidatePipe(second, first, complaints);
  const ours = await first.channel('through');
  const begun = performance.now();
  const since = (): number => Math.round(performance.now() - begun);
  const answer = await second.answer(await first.offer({ trickle: true }), { trickle: true });
  toSecond.open();
  await first.accept(answer);
  toFirst.open();
  try {
    const theirs = await second.incoming.next(PATIENCE);
    await Promise.all([ours.opened.wait(PATIENCE), theirs.opened.wait(PATIENCE)]);
    const opened = since();
    await exchange(ours, theirs);
    const ask = async (): Promise<[PairEnd, PairEnd]> => {
      const pairs = await Promise.all([first.pair(), second.pair()]);
      return [pairs[0].local, pairs[1].local];
    };
    // Data may go through before a pair is selected (RFC 8445 §12).
    const awaitSelection = async (): Promise<[PairEnd, PairEnd]> => {
      for (;;) {
        try {
          return await ask();
        } catch (error) {
          if (since() > opened + SETTLING) throw error;
          await sleep(50);
        }
      }
    };
    let ends = await awaitSelection();
    const direct = isWanted(ends);
    while (!isWanted(ends) && since() < opened + SETTLING) {
      await sleep(100);
      ends = await ask();
    }
    const settled = direct || !isWanted(ends) ? undefined : since();
    if (settled !== undefined) await exchange(ours, theirs);
    return { ends, opened, settled };
  } catch (error) {
    const states = `${first.state}/${second.state}`;
    throw new Error([(error as Error).message, states, ...complaints].join('; '), { cause: error });
  }
}

async function exchange(ours: RemoteChannel, theirs: RemoteChannel): Promise<void> {
  for (const [from, to] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    for (const payload of PAYLOADS) await from.send(payload);
    for (const payload of PAYLOADS) assert.deepEqual(await to.messages.next(), digestOfPayload(payload));
  }
}

/** Candidates on their way from one to the other, held back until that one can take them. */
class CandidatePipe {
  readonly #to: RemoteConnection;
  readonly #complaints: string[];
  #waiting: CandidateInit[] | undefined = [];

  constructor(from: RemoteConnection, to: RemoteConnection, complaints: string[]) {
    this.#to = to;
    this.#complaints = complaints;
    from.onCandidate = (candidate) => {
      if (candidate === null) return;
      if (this.#waiting !== undefined) this.#waiting.push(candidate);
      else this.#pass(candidate);
    };
  }

  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const candidate of waiting) this.#pass(candidate);
  }

  #pass(candidate: CandidateInit): void {
    this.#to.addCandidate(candidate).catch((error: Error) => this.#complaints.push(error.message));
  }
}
