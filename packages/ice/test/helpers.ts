import type { TransportAddress } from '@kaon/interface/core/v1';
import { Pair, type PairOptions, seededRandom } from '@kaon/testing';
import { transportAddress } from '@kaon/wire';
import { Agent, type AgentEvent, type AgentOptions, formatCandidate, parseCandidate } from '../src/index.ts';

export const A4: TransportAddress = transportAddress('192.0.2.1', 5001);
export const B4: TransportAddress = transportAddress('198.51.100.1', 5002);
export const A6: TransportAddress = transportAddress('2001:db8::a', 5001);
export const B6: TransportAddress = transportAddress('2001:db8::b', 5002);

export type AgentPair = Pair<Agent, Agent>;

export interface StoryOptions extends PairOptions {
  readonly a?: Partial<AgentOptions>;
  readonly b?: Partial<AgentOptions>;
  readonly aBases?: readonly TransportAddress[];
  readonly bBases?: readonly TransportAddress[];
  /** Default 'both' trickle. */
  readonly signalling?: 'trickle' | 'none';
  /** ms that signalling takes. */
  readonly endOfCandidates?: boolean;
}

export interface Story {
  readonly a: Agent;
  readonly b: Agent;
  readonly pair: AgentPair;
  /** Tells each side the other's credentials. */
  exchangeCredentials(): void;
  /** Whether both have selected a pair. */
  connected(): boolean;
  settled(): boolean;
}

export function newAgent(options: Partial<AgentOptions> & { seed?: number } = {}): Agent {
  return new Agent({ role: 'controlling', random: seededRandom(options.seed ?? 7), ...options });
}

/** Two agents that trickle over an ideal signalling channel; bases are added and credentials exchanged at once. */
export function story(options: StoryOptions = {}): Story {
  const root = seededRandom(options.seed ?? 1);
  const a = new Agent({ role: 'controlling', random: root.fork('agent a'), ...options.a });
  const b = new Agent({ role: 'controlled', random: root.fork('agent b'), ...options.b });
  const pair = new Pair(a, b, options);
  if (options.signalling !== 'none') {
    pair.a.onEvent = (event, now) => signal(event, b, now, options.endOfCandidates ?? true);
    pair.b.onEvent = (event, now) => signal(event, a, now, options.endOfCandidates ?? true);
  }
  for (const address of options.aBases ?? [A4]) a.addLocalBase({ address }, pair.now);
  for (const address of options.bBases ?? [B4]) b.addLocalBase({ address }, pair.now);
  const exchangeCredentials = (): void => {
    a.setRemoteCredentials(b.localCredentials, pair.now);
    b.setRemoteCredentials(a.localCredentials, pair.now);
  };
  const connected = (): boolean => a.selectedPair !== undefined && b.selectedPair !== undefined;
  const settled = (): boolean => a.state === 'completed' && b.state === 'completed';
  return { a, b, pair, exchangeCredentials, connected, settled };
}

/** Carries one event over the signalling channel, as text. */
export function signal(event: AgentEvent, to: Agent, now: number, endOfCandidates = true): void {
  if (event.type === 'candidate') to.addRemoteCandidate(parseCandidate(formatCandidate(event.candidate)), now);
  if (event.type === 'gathering-state' && event.state === 'complete' && endOfCandidates) to.endOfRemoteCandidates(now);
}

/** Both descriptions of a restart arrive: credentials, then all candidates, then their end. */
export function describeAnew({ a, b, pair }: Story): void {
  for (const [from, to] of [[a, b] as const, [b, a] as const]) {
    to.setRemoteCredentials(from.localCredentials, pair.now);
    for (const { candidate } of from.stats().localCandidates) to.addRemoteCandidate(candidate, pair.now);
    to.endOfRemoteCandidates(pair.now);
  }
}

/** Starts a story the usual way. */
export function connect(s: Story): void {
  s.exchangeCredentials();
  s.a.endOfLocalCandidates(s.pair.now);
  s.b.endOfLocalCandidates(s.pair.now);
  s.pair.run({ until: s.connected, what: 'both sides selecting a pair' });
}

export function statesOf(events: readonly AgentEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
}
