import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import { coreConformance } from '@kaon/testing/conformance';
import { fillSlot, readU16, writeU16 } from '@kaon/wire';
import { describe, it } from 'vitest';
import { Channels } from '../src/index.ts';
import { MemoryStreams } from './helpers/memory-streams.ts';

const CONNECT = 0xff;
const RESET = 0xfe;

/** Memory streams whose messages travel in packets: one byte of ppid, two of stream, the data. */
class PacketStreams extends MemoryStreams {
  readonly #outgoing: Uint8Array[] = [];

  /** Tells the other side, too. */
  override connect(): void {
    super.connect();
    this.#outgoing.push(Uint8Array.of(CONNECT, 0, 0));
  }

  override resetStreams(streams: readonly number[]): void {
    for (const id of streams) this.#outgoing.push(packet(RESET, id, new Uint8Array(0)));
    this.events.push({ type: 'outgoing-reset', streams });
  }

  override write(stream: number, ppid: number, data: Uint8Array): boolean {
    if (this.#outgoing.length > 100) return false;
    this.#outgoing.push(packet(ppid, stream, data));
    return true;
  }

  override handlePacket(...[bytes]: [Uint8Array, Instant] | []): void {
    if (bytes === undefined || bytes.length < 3 || this.events.length > 1000) return;
    const stream = readU16(bytes, 1);
    if (bytes[0] === CONNECT) super.connect();
    else if (bytes[0] === RESET) this.events.push({ type: 'incoming-reset', streams: [stream] });
    else if (bytes.length > 3) this.events.push({ type: 'message', stream, ppid: bytes[0]!, data: bytes.subarray(3) });
  }

  override pollTransmit(slot: TransmitSlot): boolean {
    const next = this.#outgoing.shift();
    return next !== undefined && fillSlot(slot, next);
  }
}

function packet(ppid: number, stream: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(3 + data.length);
  bytes[0] = ppid;
  writeU16(bytes, 1, stream);
  bytes.set(data, 3);
  return bytes;
}

coreConformance({ describe, it }, 'Channels', () => {
  const streams = { a: new PacketStreams(), b: new PacketStreams() };
  const a = new Channels({ streams: streams.a, role: 'client' });
  const b = new Channels({ streams: streams.b, role: 'server' });
  return {
    a: { core: a, receive: (bytes, _path, now) => streams.a.handlePacket(bytes, now) },
    b: { core: b, receive: (bytes, _path, now) => streams.b.handlePacket(bytes, now) },
    start(now) {
      streams.a.connect();
      a.open({ label: 'chat' }, now);
      a.open({ label: 'loose', ordered: false, maxRetransmits: 0 }, now);
    },
    isReady: (pair) => pair.a.events.filter(({ type }) => type === 'open').length === 2 && pair.b.has('channel'),
    close: () => streams.a.shutdown(),
    commands: [
      {
        name: 'open, send and close',
        call(now) {
          const channel = a.open({ label: 'more' }, now);
          if (channel.state === 'open') channel.send(new Uint8Array(10), true, now);
          channel.close(now);
        },
      },
    ],
    misuses: [
      { name: 'a negotiated channel without id', call: (now) => a.open({ negotiated: true }, now) },
      {
        name: 'a message above the limit',
        call(now) {
          for (const channel of a.channels) channel.send(new Uint8Array(2 ** 20), true, now);
        },
      },
    ],
  };
});
