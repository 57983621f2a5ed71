import type { HandshakeFragment } from '../messages/handshake-fragment.ts';

/** A whole handshake message from the peer. */
export interface HandshakeMessage {
  readonly type: number;
  readonly sequence: number;
  /** Epoch of the records it came in. */
  readonly epoch: 0 | 1;
  readonly body: Uint8Array;
}

/** What became of a fragment. */
export type Insertion =
  /** It added something. */
  | 'taken'
  /** It belongs to a message that is already done: the peer is repeating itself. */
  | 'old'
  /** It brings nothing, contradicts what is there, or is beyond what will be buffered. */
  | 'dropped';

/** Messages buffered ahead: a flight has at most six. */
const WINDOW = 8;
/** Largest message: a chain of several RSA certificates fits well. */
const MAX_MESSAGE = 32 * 1024;
/** Pieces of one message: 32 KiB in the smallest fragments that a sane path MTU asks for. */
const MAX_PIECES = 160;

/**
 * Puts handshake messages together from fragments that come in any order, overlap or repeat (RFC 6347 §4.2.2, §4.2.3).
 * Holds only bytes that arrived, never what a length field announces, and those only for eight messages.
 */
export class Reassembler {
  readonly #partial: (Partial | undefined)[] = new Array<Partial | undefined>(WINDOW).fill(undefined);
  #next: number;

  /** `first`: sequence number of the message to begin with. */
  constructor(first = 0) {
    this.#next = first;
  }

  /** Sequence number of the message that is due next. */
  get nextSequence(): number {
    return this.#next;
  }

  /** Adds a fragment from a record of this epoch. */
  insert(fragment: HandshakeFragment, epoch: 0 | 1): Insertion {
    const ahead = fragment.sequence - this.#next;
    if (ahead < 0) return 'old';
    if (ahead >= WINDOW || fragment.length > MAX_MESSAGE) return 'dropped';
    const place = fragment.sequence % WINDOW;
    const partial = this.#partial[place];
    if (partial !== undefined) return partial.add(fragment, epoch);
    const begun = new Partial(fragment, epoch);
    const insertion = begun.add(fragment, epoch);
    if (insertion === 'taken') this.#partial[place] = begun;
    return insertion;
  }

  /** The message that is due next, once it is whole. */
  take(): HandshakeMessage | undefined {
    const place = this.#next % WINDOW;
    const message = this.#partial[place]?.finish();
    if (message === undefined) return undefined;
    this.#partial[place] = undefined;
    this.#next++;
    return message;
  }

  /** Forgets everything buffered. */
  clear(): void {
    this.#partial.fill(undefined);
  }
}

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

class Partial {
  readonly #type: number;
  readonly #length: number;
  readonly #sequence: number;
  readonly #epoch: 0 | 1;
  /** In order, without overlap. */
  readonly #pieces: Piece[] = [];
  #have = 0;

  constructor(fragment: HandshakeFragment, epoch: 0 | 1) {
    this.#type = fragment.type;
    this.#length = fragment.length;
    this.#sequence = fragment.sequence;
    this.#epoch = epoch;
  }

  add(fragment: HandshakeFragment, epoch: 0 | 1): Insertion {
    if (fragment.type !== this.#type || fragment.length !== this.#length || epoch !== this.#epoch) return 'dropped';
    if (this.#length === 0) return 'taken';
    const before = this.#have;
    let from = fragment.offset;
    const end = fragment.offset + fragment.body.length;
    // Fill the gaps between what is there; what came first stays.
    let i = 0;
    while (from < end && this.#pieces.length < MAX_PIECES) {
      const piece = this.#pieces[i];
      if (piece !== undefined && piece.start + piece.bytes.length <= from) {
        i++;
        continue;
      }
      const gapEnd = piece === undefined ? end : Math.min(end, piece.start);
      if (gapEnd > from) {
        const bytes = fragment.body.subarray(from - fragment.offset, gapEnd - fragment.offset);
        this.#pieces.splice(i, 0, { start: from, bytes });
        this.#have += bytes.length;
        i++;
      }
      from = piece === undefined ? end : Math.max(gapEnd, piece.start + piece.bytes.length);
    }
    return this.#have > before ? 'taken' : 'dropped';
  }

  finish(): HandshakeMessage | undefined {
    if (this.#have < this.#length) return undefined;
    const body = new Uint8Array(this.#length);
    for (const piece of this.#pieces) body.set(piece.bytes, piece.start);
    return { type: this.#type, sequence: this.#sequence, epoch: this.#epoch, body };
  }
}
