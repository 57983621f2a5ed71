import type { EcnCodepoint } from '@kaon/interface/core/v1';
import { transportAddress } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchReader, BatchWriter, type RecordKind } from '../../../src/node/shards/batch.ts';
import { Link } from '../../../src/node/shards/link.ts';
import type { ShardMessage } from '../../../src/node/shards/types.ts';

const X = transportAddress('198.51.100.7', 4000);

describe('a batch', () => {
  it('gives back what was put in, over any number of batches', () => {
    const record = fc.record({
      kind: fc.constantFrom<RecordKind>('datagram', 'claim', 'claimAnswered'),
      socket: fc.nat(255),
      remote: fc
        .tuple(fc.constantFrom('192.0.2.1', '2001:db8::1', 'fe80::1%eth0', '198.51.100.1'), fc.nat(65535))
        .map(([address, port]) => transportAddress(address, port)),
      bytes: fc.uint8Array({ maxLength: 5000 }),
      ecn: fc.constantFrom<EcnCodepoint>(0, 1, 2, 3),
    });
    fc.assert(
      fc.property(fc.array(fc.array(record, { maxLength: 20 }), { maxLength: 5 }), (batches) => {
        const writer = new BatchWriter();
        const reader = new BatchReader();
        for (const records of batches) {
          for (const { kind, socket, remote, bytes, ecn } of records) {
            writer.add(kind, socket, remote, bytes, 0, bytes.length, ecn);
          }
          const batch = writer.take();
          expect(writer.length).toBe(0);
          if (batch === undefined) {
            expect(records).toEqual([]);
            continue;
          }
          const got: unknown[] = [];
          reader.read(structuredClone(batch, { transfer: [batch.bytes.buffer] }), (kind, socket, remote, bytes, ecn) =>
            got.push({ kind, socket, remote, bytes, ecn }),
          );
          expect(got).toEqual(records);
        }
      }),
    );
  });

  it('says an address as text once, and begins anew with the numbering in time', () => {
    const writer = new BatchWriter();
    const reader = new BatchReader();
    const seen = new Set<string>();
    for (let i = 0; i < 40_000; i++) {
      const remote = transportAddress(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1);
      writer.add('datagram', 0, X, Uint8Array.of(1), 0, 1, 0);
      writer.add('datagram', 0, remote, Uint8Array.of(2), 0, 1, 0);
      const batch = writer.take();
      if (batch === undefined) throw new Error('nothing');
      if (i > 0 && !batch.anew) expect(batch.names).toEqual([remote.address]);
      reader.read(batch, (_, __, { address }) => seen.add(address));
    }
    expect(seen.size).toBe(40_001);
  });
});

describe('a link', () => {
  it('drops what the other end does not keep up with, and goes on when it does', async () => {
    const messages: ShardMessage[] = [];
    const link = new Link(
      0,
      1,
      (message) => messages.push(message),
      () => {},
    );
    const datagram = new Uint8Array(60_000);
    const send = (): number => {
      let taken = 0;
      while (taken < 1000 && link.send('datagram', 0, X, datagram, 0, datagram.length)) taken++;
      return taken;
    };
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    expect(send()).toBe(70);
    expect(link.dropped).toBe(1);
    await turn();
    expect(messages).toHaveLength(1);
    expect(send()).toBe(0);
    const [first] = messages;
    if (first?.kaonShard !== 'batch') throw new Error('no batch');
    link.receive({ kaonShard: 'done', from: 1, to: 0, bytes: first.batch.length });
    expect(send()).toBe(70);
    link.close();
    expect(send()).toBe(0);
    await turn();
    expect(messages).toHaveLength(1);
  });

  it('does not take what is longer than a datagram', () => {
    const link = new Link(
      0,
      1,
      () => {},
      () => {},
    );
    expect(link.send('datagram', 0, X, new Uint8Array(70_000), 0, 65_508)).toBe(false);
    expect(link.dropped).toBe(1);
  });
});
