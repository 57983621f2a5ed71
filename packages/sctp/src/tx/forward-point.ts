import type { Instant } from '@kaon/interface/core/v1';
import { before32, writeU16, writeU32 } from '@kaon/wire';
import { CHUNK } from '../chunks/chunk.ts';
import { ABANDONED, type Outstanding } from './outstanding.ts';

/**
 * The Advanced Peer Ack Point (RFC 3758 §3.5) and the FORWARD TSN that tells it. Looks only at abandoned chunks that
 * the peer has not skipped yet, never at the window.
 */
export class ForwardPoint {
  readonly #outstanding: Outstanding;
  readonly #interleaved: boolean;
  #point: number;
  #stamp = 0;
  #sentAt: Instant = Number.NEGATIVE_INFINITY;
  /** Whether a FORWARD TSN should leave with the next packet. */
  due = false;

  constructor(outstanding: Outstanding, interleaved: boolean) {
    this.#outstanding = outstanding;
    this.#interleaved = interleaved;
    this.#point = outstanding.cumulative;
  }

  /** Whether the peer has still to skip something. */
  get isPending(): boolean {
    return before32(this.#outstanding.cumulative, this.#point);
  }

  /** The latest TSN that may be skipped. */
  get point(): number {
    return this.#point;
  }

  /** Moves over chunks that were abandoned meanwhile. */
  advance(): void {
    const o = this.#outstanding;
    if (before32(this.#point, o.cumulative)) this.#point = o.cumulative;
    const before = this.#point;
    for (let tsn = (this.#point + 1) >>> 0; tsn !== o.next; tsn = (tsn + 1) >>> 0) {
      if (o.state[tsn & o.mask] !== ABANDONED) break;
      this.#point = tsn;
    }
    if (this.#point !== before) this.due = true;
  }

  /** A SACK came in that does not reach the point: say it again, at most once per `interval`. */
  remind(now: Instant, interval: number): void {
    if (this.isPending && now - this.#sentAt >= interval) this.due = true;
  }

  /** Writes the chunk at `at` if it is due and fits, and answers its end. */
  write(buffer: Uint8Array, at: number, limit: number, now: Instant): number {
    this.due = this.due && this.isPending;
    if (!this.due || at + 8 > limit) return at;
    const o = this.#outstanding;
    const stamp = ++this.#stamp;
    let end = at + 8;
    let tsn = o.cumulative;
    while (tsn !== this.#point) {
      const next = (tsn + 1) >>> 0;
      const message = o.messages[next & o.mask]!;
      const stream = message.stream;
      if (this.#interleaved) {
        const known = message.unordered ? stream.skipUnorderedStamp === stamp : stream.skipStamp === stamp;
        const place = known ? (message.unordered ? stream.skipUnorderedAt : stream.skipAt) : end;
        if (!known) {
          if (end + 8 > limit) break;
          end += 8;
          if (message.unordered) {
            stream.skipUnorderedStamp = stamp;
            stream.skipUnorderedAt = place;
          } else {
            stream.skipStamp = stamp;
            stream.skipAt = place;
          }
        }
        writeU16(buffer, place, stream.id);
        writeU16(buffer, place + 2, message.unordered ? 1 : 0);
        writeU32(buffer, place + 4, message.number);
      } else if (!message.unordered) {
        const known = stream.skipStamp === stamp;
        const place = known ? stream.skipAt : end;
        if (!known) {
          if (end + 4 > limit) break;
          end += 4;
          stream.skipStamp = stamp;
          stream.skipAt = place;
        }
        writeU16(buffer, place, stream.id);
        writeU16(buffer, place + 2, message.number);
      }
      tsn = next;
    }
    buffer[at] = this.#interleaved ? CHUNK.IForwardTsn : CHUNK.ForwardTsn;
    buffer[at + 1] = 0;
    writeU16(buffer, at + 2, end - at);
    writeU32(buffer, at + 4, tsn);
    this.due = false;
    this.#sentAt = now;
    return end;
  }
}
