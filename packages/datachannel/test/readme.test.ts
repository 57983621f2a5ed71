import type { MessageStreams } from '@kaon/interface/message-streams/v1';
import { expect, it } from 'vitest';
import { Channels } from '../src/index.ts';
import { MemoryStreams } from './helpers/memory-streams.ts';

function echo(streams: MessageStreams, role: 'client' | 'server', log: (line: string) => void) {
  const channels = new Channels({ streams, role });
  if (role === 'client') channels.open({ label: 'greetings', ordered: false, maxRetransmits: 0 }, 0);
  return function drain(now: number): void {
    for (let event = channels.pollEvent(); event !== undefined; event = channels.pollEvent()) {
      if (event.type === 'open') event.channel.send(Uint8Array.of(104, 105), false, now);
      if (event.type === 'message') {
        log(`${role} got ${event.data.length} bytes on ${event.channel.label}`);
        if (role === 'server') event.channel.send(event.data, event.binary, now);
        else event.channel.close(now);
      }
      if (event.type === 'closed-channel') log(`${role} closed ${event.channel.id}`);
    }
  };
}

it("the README's example echoes and closes", () => {
  const lines: string[] = [];
  const [a, b] = [new MemoryStreams(), new MemoryStreams()];
  [a.peer, b.peer] = [b, a];
  const drains = [echo(a, 'client', (line) => lines.push(line)), echo(b, 'server', (line) => lines.push(line))];
  a.connect();
  b.connect();
  do for (const drain of drains) drain(0);
  while (Number(a.deliver()) + Number(b.deliver()) > 0);
  for (const drain of drains) drain(0);
  expect(lines).toEqual([
    'server got 2 bytes on greetings',
    'client got 2 bytes on greetings',
    'client closed 0',
    'server closed 0',
  ]);
});
