/**
 * Where each well-known stage stands. Order is data: the first is nearest the wire. What goes out passes the list from the end
 * to the beginning, what comes in from the beginning to the end.
 */
import type { Interceptor } from '@kaon/interface/interceptor/v1';

/** Name of a place in a chain. */
export type SlotName =
  | 'dump'
  | 'transport-feedback'
  | 'statistics'
  | 'pacer'
  | 'reports'
  | 'retransmission'
  | 'fec'
  | 'nack'
  | 'jitter-buffer'
  | 'key-frames'
  | 'application';

/** One place, and why it is there. */
export interface SlotPlace {
  readonly slot: SlotName;
  readonly why: string;
}

/** The places, nearest the wire first. */
export const SLOTS: readonly SlotPlace[] = [
  { slot: 'dump', why: 'Sees exactly what the wire carries: stamped, paced, with retransmissions and repair packets.' },
  {
    slot: 'transport-feedback',
    why: 'Numbers and times packets in the order in which they really leave, and notes arrivals before anything waits.',
  },
  { slot: 'statistics', why: 'Counts what was really sent and received, whatever made or takes it further in.' },
  { slot: 'pacer', why: 'Everything that is sent waits here, also retransmissions, repair packets and probes.' },
  {
    slot: 'reports',
    why: 'Jitter and loss are those of the network, so before anything is restored; what a pacer holds is not yet sent, but its stream is.',
  },
  {
    slot: 'retransmission',
    why: 'Keeps packets as they go to the wire, with repair inside; gives restored packets to recovery and to the NACK generator.',
  },
  { slot: 'fec', why: 'What it recovers need not be asked for again, so before the NACK generator.' },
  { slot: 'nack', why: 'Knows what is still missing after repair and retransmission, before anything waits for it.' },
  { slot: 'jitter-buffer', why: 'Waits for everything that may still come.' },
  { slot: 'key-frames', why: 'Sees whole streams in order, as the application does.' },
  { slot: 'application', why: 'Stages of the application, which see what it sends and gets.' },
];

/** A stage and its place. */
export interface PlacedInterceptor {
  readonly slot: SlotName;
  readonly interceptor: Interceptor;
}

/** Stages in the order of their places, nearest the wire first; those of one place stay in the order in which they were given. */
export function inSlotOrder(placed: readonly PlacedInterceptor[]): readonly Interceptor[] {
  return SLOTS.flatMap(({ slot }) => placed.filter((each) => each.slot === slot).map(({ interceptor }) => interceptor));
}
