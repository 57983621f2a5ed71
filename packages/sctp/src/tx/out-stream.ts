import type { Instant } from '@kaon/interface/core/v1';
import { Deque } from '@kaon/wire';

/** One message on its way out. */
export class OutMessage {
  readonly stream: OutStream;
  readonly ppid: number;
  readonly data: Uint8Array;
  readonly unordered: boolean;
  /** Infinity: reliable by count. */
  readonly maxRetransmits: number;
  /** When the message loses its worth; Infinity: never. */
  readonly expiresAt: Instant;
  /** Bytes that have a TSN already. */
  sent = 0;
  /** SSN, or MID with I-DATA; given when the first fragment leaves. */
  number = 0;
  /** Number of the next fragment. */
  fragment = 0;
  /** TSNs of the first and the latest fragment. */
  firstTsn = 0;
  lastTsn = 0;
  abandoned = false;

  constructor(
    stream: OutStream,
    ppid: number,
    data: Uint8Array,
    unordered: boolean,
    maxRetransmits: number,
    expiresAt: Instant,
  ) {
    this.stream = stream;
    this.ppid = ppid;
    this.data = data;
    this.unordered = unordered;
    this.maxRetransmits = maxRetransmits;
    this.expiresAt = expiresAt;
  }
}

/** The sending side of one stream. */
export class OutStream {
  readonly id: number;
  readonly queue: Deque<OutMessage> = new Deque<OutMessage>(4);
  /** Bytes written and not yet sent for the first time. */
  bufferedAmount = 0;
  lowThreshold = 0;
  /** Weight among streams with data waiting. */
  priority = 256;
  /** Next SSN (DATA) or MID of ordered messages (I-DATA). */
  nextOrdered = 0;
  /** Next MID of unordered messages (I-DATA alone). */
  nextUnordered = 0;
  /** The latest TSN that carried a fragment of this stream; undefined before the first. */
  lastTsn: number | undefined = undefined;
  /** A reset is asked for: messages written from now on wait behind it. */
  resetting = false;
  /** Messages written behind a reset that is not through yet. */
  readonly held: Deque<OutMessage> = new Deque<OutMessage>(2);
  /** Place in the scheduler's heap, -1 when not in it. */
  place = -1;
  /** When the scheduler serves this stream next, in bytes per weight. */
  virtualTime = 0;
  /** Breaks ties, so that equals take turns. */
  turn = 0;
  /** Place in the FORWARD TSN being written, see `ForwardPoint`. */
  skipStamp = 0;
  skipAt = 0;
  skipUnorderedStamp = 0;
  skipUnorderedAt = 0;

  constructor(id: number) {
    this.id = id;
  }
}
