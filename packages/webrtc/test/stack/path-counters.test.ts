import type { Path } from '@kaon/interface/core/v1';
import { transportAddress } from '@kaon/wire';
import { expect, it } from 'vitest';
import { PathCounters } from '../../src/stack/path-counters.ts';

function path(port: number): Path {
  return { protocol: 'udp', local: transportAddress('192.0.2.1', port), remote: transportAddress('192.0.2.2', 9) };
}

it('counts by path, whichever object stands for it, and goes on where it was', () => {
  const counters = new PathCounters();
  counters.sent(path(1), 100, 10);
  counters.sent(path(2), 50, 20);
  counters.sent(path(1), 7, 30);
  counters.received(path(1), 5, 40);
  expect(counters.of(path(1))).toEqual({
    packetsSent: 2,
    bytesSent: 107,
    lastSentAt: 30,
    packetsReceived: 1,
    bytesReceived: 5,
    lastReceivedAt: 40,
  });
  expect(counters.of(path(2))).toMatchObject({ packetsSent: 1, bytesSent: 50, packetsReceived: 0 });
  expect(counters.of(path(3))).toMatchObject({ packetsSent: 0, lastSentAt: undefined, lastReceivedAt: undefined });
});

it('forgets the oldest of too many paths', () => {
  const counters = new PathCounters();
  for (let port = 1; port <= 101; port++) counters.sent(path(port), 1, port);
  expect([1, 2, 101].map((port) => counters.of(path(port)).packetsSent)).toEqual([0, 1, 1]);
});
