import { afterEach, expect, it } from 'vitest';
import { RTCPeerConnection } from '../src/index.ts';
import { message, negotiate, next, trickle } from './helpers/connect.ts';

const open: RTCPeerConnection[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function connection(): RTCPeerConnection {
  const made = new RTCPeerConnection({ kaon: { bindAddresses: ['127.0.0.1'] } });
  open.push(made);
  return made;
}

it('connects two peers over real sockets and carries messages both ways', async () => {
  const [a, b] = [connection(), connection()];
  trickle(a, b);
  const channel = a.createDataChannel('chat');
  const incoming = next<Event & { channel: typeof channel }>(b, 'datachannel');
  const opened = next(channel, 'open');
  await negotiate(a, b);
  await opened;
  const other = (await incoming).channel;
  expect([other.label, other.readyState, channel.id]).toEqual(['chat', 'open', other.id]);
  const received = message(other);
  channel.send('hello');
  expect(await received).toBe('hello');
  const back = message(channel);
  other.send(new Uint8Array([1, 2, 3]));
  expect(new Uint8Array((await back) as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]));
  expect([a.connectionState, a.iceConnectionState]).toEqual([
    'connected',
    expect.stringMatching(/connected|completed/),
  ]);
  const closed = next(other, 'close');
  channel.close();
  await closed;
});
