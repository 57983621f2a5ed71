import { Channels } from '@kaon/datachannel';
import type { Connection } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import type { Core } from '@kaon/interface/core/v1';
import type { CryptoProvider, RandomSource } from '@kaon/interface/crypto/v1';
import { Association } from '@kaon/sctp';
import { Slot } from '@kaon/wire';
import { connectDtls, PATH } from './dtls.ts';
import { type LayerResult, time } from './timing.ts';

const SIZES = [64, 1024, 65536];

/** Two ends of SCTP, or of data channels over it, joined by a function call: raw or through DTLS. */
export class Bench {
  readonly #ends: readonly [Core, Core];
  readonly #associations: readonly [Association, Association];
  readonly #secure: readonly [Connection, Connection] | undefined;
  readonly #slot: Slot = new Slot(1200);
  #now = 0;
  /** Messages that came out at the second end. */
  arrived = 0;

  constructor(random: RandomSource, isChannels: boolean, secure?: readonly [Connection, Connection]) {
    this.#associations = [new Association({ random }), new Association({ random })];
    this.#ends = isChannels
      ? [
          new Channels({ streams: this.#associations[0], role: 'client', maxMessageSize: 262144 }),
          new Channels({ streams: this.#associations[1], role: 'server', maxMessageSize: 262144 }),
        ]
      : this.#associations;
    this.#secure = secure;
    for (const association of this.#associations) association.connect(0);
    this.settle();
  }

  get association(): Association {
    return this.#associations[0];
  }

  get channels(): Channels {
    return this.#ends[0] as Channels;
  }

  get now(): number {
    return this.#now;
  }

  /** Carries packets to and fro until both ends have nothing to say; time passes with each turn. */
  settle(): void {
    for (let moved = true; moved; ) {
      moved = false;
      this.#now += 0.05;
      for (const from of [0, 1] as const) {
        while (this.#move(from)) moved = true;
        for (const side of [0, 1] as const) this.#drain(side);
      }
      if (moved) continue;
      // A delayed SACK is all that may be outstanding.
      const next = Math.min(this.#ends[0].pollTimeout(), this.#ends[1].pollTimeout());
      if (next > this.#now + 500) return;
      this.#now = Math.max(next, this.#now);
      for (const end of this.#ends) end.handleTimeout(this.#now);
      moved = true;
    }
  }

  #move(from: 0 | 1): boolean {
    const slot = this.#slot;
    slot.reset();
    const secure = this.#secure;
    if (secure !== undefined) {
      slot.start += secure[from].headroom;
      slot.end = slot.start;
      slot.limit -= secure[from].tailroom;
    }
    if (!this.#ends[from].pollTransmit(slot, this.#now)) return false;
    const to = from === 0 ? 1 : 0;
    if (secure === undefined) {
      this.#associations[to].handlePacket(slot.bytes.slice(), this.#now);
      return true;
    }
    slot.limit = slot.buffer.length;
    secure[from].seal(slot, this.#now);
    secure[to].handleRecord(slot.bytes.slice(), PATH, this.#now);
    for (let packet = secure[to].pollPlaintext(); packet !== undefined; packet = secure[to].pollPlaintext()) {
      this.#associations[to].handlePacket(packet, this.#now);
    }
    return true;
  }

  #drain(side: 0 | 1): void {
    for (let event = this.#ends[side].pollEvent(); event !== undefined; event = this.#ends[side].pollEvent()) {
      if (event.type === 'message') this.arrived++;
      if (event.type === 'failed') throw new Error('the association failed');
    }
  }
}

/** SCTP back to back, then data channels over SCTP over DTLS, all in memory. */
export async function measureStreams(
  providers: readonly (readonly [name: string, crypto: CryptoProvider])[],
  quick: boolean,
): Promise<LayerResult[]> {
  const results: LayerResult[] = [];
  const { random } = providers[0]![1];
  for (const size of SIZES) {
    const bench = new Bench(random, false);
    results.push(
      time(
        'sctp',
        `a message of ${size} bytes, both sides`,
        inBatch(size) * 10,
        (count) => {
          send(bench, size, count, (data) => bench.association.write(0, 53, data, bench.now));
        },
        quick,
      ),
    );
  }
  const certificate = await Certificate.generate();
  for (const [name, crypto] of providers) {
    for (const size of SIZES) {
      const bench = new Bench(random, true, connectDtls(certificate, crypto, 0xc02b));
      const channel = bench.channels.open({ label: 'bench' }, bench.now);
      bench.settle();
      results.push(
        time(
          'data channel, SCTP and DTLS',
          `a message of ${size} bytes, both sides, ${name}`,
          inBatch(size) * 10,
          (count) => {
            send(bench, size, count, (data) => channel.send(data, true, bench.now));
          },
          quick,
        ),
      );
    }
  }
  return results;
}

function send(bench: Bench, size: number, count: number, write: (data: Uint8Array) => boolean): void {
  const wanted = bench.arrived + count;
  for (let sent = 0; sent < count; ) {
    for (let i = 0; i < inBatch(size) && sent < count; i++, sent++) {
      if (!write(new Uint8Array(size))) throw new Error('the send queue is full');
    }
    bench.settle();
  }
  if (bench.arrived !== wanted) throw new Error(`${bench.arrived - wanted + count} of ${count} messages arrived`);
}

/** About as much as a send queue holds between two events. */
function inBatch(size: number): number {
  return Math.max(4, Math.floor(262144 / size / 4));
}
