/**
 * Two associations in one process, no network and no DTLS: what SCTP itself costs.
 * Run: node --conditions=@kaon/source packages/sctp/bench/back-to-back.ts [messages]
 */
import { randomFillSync } from 'node:crypto';
import { Slot } from '@kaon/wire';
import { Association } from '../src/index.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const only = process.argv[3];

for (const [name, size, options] of [
  ['1 KiB, zero checksum, I-DATA', 1024, {}],
  ['1 KiB, zero checksum, DATA', 1024, { interleaving: false }],
  ['1 KiB, CRC-32C, DATA', 1024, { interleaving: false, zeroChecksum: false }],
  ['64 KiB, zero checksum, I-DATA', 65536, {}],
  ['64 KiB, zero checksum, DATA', 65536, { interleaving: false }],
  ['100 B, zero checksum, DATA', 100, { interleaving: false }],
  ['16 KiB in 16 KiB packets, DATA', 16000, { interleaving: false, maxPacketSize: 16347 }],
] as const) {
  if (only !== undefined && !name.includes(only)) continue;
  const messages = Math.max(1000, Math.round(size > 2048 ? (count * 1024) / size : count));
  run(size, Math.round(messages / 5), options);
  const { seconds, packets } = run(size, messages, options);
  const rate = messages / seconds;
  console.log(
    `${name.padEnd(34)} ${Math.round(rate).toLocaleString('en').padStart(9)} msg/s ${((rate * size) / 1e6).toFixed(0).padStart(6)} MB/s ` +
      `${((seconds * 1e6) / messages).toFixed(2).padStart(7)} µs/msg ${((seconds * 1e6) / packets).toFixed(2)} µs/packet`,
  );
}

function run(size: number, messages: number, options: object): { seconds: number; packets: number } {
  const random = (out: Uint8Array): void => {
    randomFillSync(out);
  };
  const a = new Association({ random, ...options });
  const b = new Association({ random, ...options });
  const slot = new Slot(16500, 64);
  const data = new Uint8Array(size);
  // Received packets land in one arena, as they do with a slab: a fresh buffer each would measure the allocator.
  const arena = new Uint8Array(16 * 1024 * 1024);
  let arenaAt = 0;
  let now = 0;
  let received = 0;
  let packets = 0;
  const carry = (from: Association, to: Association, most: number): number => {
    let n = 0;
    while (n < most) {
      slot.reset();
      if (!from.pollTransmit(slot, now)) break;
      const length = slot.end - slot.start;
      if (arenaAt + length > arena.length) arenaAt = 0;
      const view = arena.subarray(arenaAt, arenaAt + length);
      view.set(slot.buffer.subarray(slot.start, slot.end));
      arenaAt += (length + 7) & ~7;
      to.handlePacket(view, now);
      n++;
    }
    return n;
  };
  a.connect(now);
  b.connect(now);
  for (let i = 0; i < 10; i++) {
    carry(a, b, 32);
    carry(b, a, 32);
  }
  const start = process.hrtime.bigint();
  let written = 0;
  while (received < messages) {
    now += 0.05;
    while (written < messages && a.bufferedAmount(0) < 262144) {
      a.write(0, 53, data, now);
      written++;
    }
    packets += carry(a, b, 32);
    for (let event = b.pollEvent(); event !== undefined; event = b.pollEvent()) {
      if (event.type === 'message') received++;
    }
    packets += carry(b, a, 32);
    for (let event = a.pollEvent(); event !== undefined; event = a.pollEvent());
    if (a.pollTimeout() <= now) a.handleTimeout(now);
    if (b.pollTimeout() <= now) b.handleTimeout(now);
  }
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, packets };
}
