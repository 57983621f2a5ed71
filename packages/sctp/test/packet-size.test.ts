import { expect, it } from 'vitest';
import { Pair, pattern } from './pair.ts';

it('counts padding: no packet is larger than allowed, whatever the size of messages and of packets', () => {
  for (const maxPacketSize of [1160, 1161, 1162, 1163]) {
    const pair = Pair.connected({ maxPacketSize });
    for (let size = 1115; size <= 1150; size++) pair.a.write(1, 53, pattern(size), pair.now);
    for (let size = 1; size <= 40; size++) pair.a.write(2, 53, pattern(size), pair.now);
    pair.drive(() => pair.messages('b').length === 76, 10_000);
    expect(pair.messages('b')).toHaveLength(76);
    expect(Math.max(...pair.packets.a.map(({ length }) => length))).toBeLessThanOrEqual(maxPacketSize);
  }
});
