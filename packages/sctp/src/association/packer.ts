import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import { encodeHeartbeat } from '../chunks/heartbeat.ts';
import { writePad } from '../chunks/pad.ts';
import { writeChecksum } from '../packet/crc32c.ts';
import { HEADER_SIZE, writeHeader } from '../packet/header.ts';
import type { Context } from './context.ts';

/** Puts packets together in the caller's slot: control chunks, then SACK, FORWARD TSN and DATA (RFC 9260 §6.10). */
export class Packer {
  readonly #context: Context;
  packets = 0;
  bytes = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Writes the next packet to `slot.buffer` from `slot.start` on; false when there is none. */
  write(slot: TransmitSlot, now: Instant): boolean {
    const context = this.#context;
    const start = slot.start;
    // Chunks are padded to four bytes, and so is the room for them.
    const { pathMtu } = context;
    const limit = start + (Math.min(slot.limit - start, pathMtu.size) & ~3);
    const first = start + HEADER_SIZE;
    if (limit <= first) return false;
    let end = first;
    let tag = context.peerTag;
    let checksum = !context.features.zeroChecksum;
    let bundle = true;
    const control = context.control;
    while (control.length > 0) {
      const next = control.peek()!;
      if (end > first && (next.alone || next.tag !== tag || !bundle)) break;
      if (end + next.chunk.length > limit) {
        if (end > first) break;
        // It would never fit: the path's packets are smaller than anything SCTP can live with.
        control.shift();
        continue;
      }
      slot.buffer.set(next.chunk, end);
      end += next.chunk.length;
      tag = next.tag;
      if (next.alone) {
        bundle = false;
        checksum = true;
      }
      control.shift();
    }
    if (bundle && tag === context.peerTag) {
      // Chunks that left in larger packets cannot be cut again (RFC 9260 §6.9).
      const most = start + (Math.min(slot.limit - start, pathMtu.most) & ~3);
      end = this.#bundle(slot.buffer, first, end, limit, most, now);
      if (end === first && pathMtu.dueSize > 0) end = this.#probe(slot, now);
    }
    if (end === first) return false;
    writeHeader(slot.buffer, start, context.settings.localPort, context.settings.remotePort, tag);
    if (checksum) writeChecksum(slot.buffer, start, end);
    slot.end = end;
    this.packets++;
    this.bytes += end - start;
    return true;
  }

  /** SACK, FORWARD TSN and DATA behind what the packet has already. */
  #bundle(buffer: Uint8Array, first: number, from: number, limit: number, most: number, now: Instant): number {
    const { state, sender, receiver, pathMtu } = this.#context;
    const mayAcknowledge = state === 'established' || state === 'shutdown-pending' || state === 'shutdown-sent';
    const maySend = state === 'established' || state === 'shutdown-pending' || state === 'shutdown-received';
    let end = from;
    const sacked = mayAcknowledge && receiver.hasNews ? receiver.writeSack(buffer, end, limit) : end;
    const hasSack = sacked > end;
    end = sacked;
    if (maySend) {
      // Giving up a message while looking for data makes a FORWARD TSN due, hence the second look.
      for (let look = 0; look < 2 && sender.hasOutput; look++) {
        end = sender.forward.write(buffer, end, limit, now);
        end = sender.writeData(buffer, end, limit, limit - first, now, most);
        if (end > sacked || !sender.forward.due) break;
      }
      if (end > sacked && !sender.queue.isEmpty) pathMtu.used();
    }
    if (!hasSack) return end;
    // Alone a SACK leaves only when it is due; with anything else it rides along.
    if (end === sacked && !receiver.sackDue && from === first) return from;
    receiver.sackSent();
    return end;
  }

  /**
   * A packet of the size in question, for which nothing else waits (RFC 8899 §6.2.1.2). The HEARTBEAT comes behind the PAD, so that
   * a peer that got only the packet's beginning cannot answer.
   */
  #probe(slot: TransmitSlot, now: Instant): number {
    const { state, sender, pathMtu } = this.#context;
    const first = slot.start + HEADER_SIZE;
    if (state !== 'established' && state !== 'shutdown-pending') return first;
    const end = slot.start + (pathMtu.dueSize & ~3);
    if (end > slot.limit) {
      pathMtu.refused(slot.limit - slot.start, now);
      return first;
    }
    const heartbeat = encodeHeartbeat('heartbeat', pathMtu.token);
    const at = writePad(slot.buffer, first, end - first - heartbeat.length);
    slot.buffer.set(heartbeat, at);
    pathMtu.sent(sender.rto.value, now);
    return end;
  }
}
