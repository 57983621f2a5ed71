import assert from 'node:assert/strict';
import { digestOfPayload, type Payload } from './agent/payload.ts';
import type { ChannelPair, Link, LinkOptions, Role } from './link.ts';

/** What a scenario may use. Links made here are ended after it. */
export interface Context {
  readonly role: Role;
  connect(options?: Omit<LinkOptions, 'role' | 'createConnection'>): Promise<Link>;
}

/** One row of the table: run once with Kaon as offerer and once as answerer. */
export interface Scenario {
  readonly id: string;
  /** What the table calls it. */
  readonly title: string;
  run(context: Context): Promise<void>;
}

/** Sends the payloads over the pair in both directions and checks that they arrive as they are, in order. */
export async function exchange(pair: ChannelPair, ...payloads: readonly Payload[]): Promise<void> {
  for (const payload of payloads) pair.kaon.send(payload);
  for (const payload of payloads)
    assert.deepEqual(await pair.peer.messages.next(), digestOfPayload(payload), 'to the peer');
  for (const payload of payloads) await pair.peer.send(payload);
  for (const payload of payloads)
    assert.deepEqual(await pair.kaon.messages.next(), digestOfPayload(payload), 'to Kaon');
}

/** The number that starts a message of a burst. */
export function burstIndex(head: string): number {
  return Number.parseInt(head.slice(0, 8), 16);
}
