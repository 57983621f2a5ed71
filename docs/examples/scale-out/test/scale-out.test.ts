import type { ShardMode } from '@kaon/runtime/node';
import { RTCPeerConnection } from '@kaon/webrtc';
import { afterEach, expect, it } from 'vitest';
import { ScaleOut } from '../src/scale-out.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Call {
  readonly connection: RTCPeerConnection;
  /** Sends, and resolves with what comes back. */
  ask(text: string): Promise<unknown>;
}

async function call(server: ScaleOut): Promise<Call> {
  const connection = new RTCPeerConnection({ kaon: { bindAddresses: ['127.0.0.1'], tcpCandidates: [] } });
  open.push(connection);
  const channel = connection.createDataChannel('echo');
  await connection.setLocalDescription();
  const opened = new Promise((resolve) => {
    channel.onopen = resolve;
  });
  await connection.setRemoteDescription({
    type: 'answer',
    sdp: await server.answer(connection.localDescription?.sdp ?? ''),
  });
  await opened;
  return {
    connection,
    ask: (text) =>
      new Promise((resolve) => {
        channel.onmessage = ({ data }) => resolve(data);
        channel.send(text);
      }),
  };
}

const WAYS: readonly (readonly ['threads' | 'cluster', ShardMode])[] = [
  ['threads', 'reusePort'],
  ['threads', 'handover'],
  ['cluster', 'reusePort'],
];

it.each(WAYS)('connections are spread over %s, %s', async (via, mode) => {
  const server = await ScaleOut.start({ count: 2, addresses: ['127.0.0.1'], mode, via });
  open.push(server);
  const calls = await Promise.all(Array.from({ length: 8 }, () => call(server)));
  const ports = calls.map(
    ({ connection }) => connection.sctp?.transport.iceTransport.getSelectedCandidatePair()?.remote?.port,
  );
  expect(new Set(ports)).toEqual(new Set([server.shards.addresses[0]?.port]));
  const answers = await Promise.all(calls.map(({ ask }, index) => ask(`hello ${index}`)));
  for (const shard of [0, 1]) expect(answers.filter((text) => `${text}`.endsWith(`(shard ${shard})`))).toHaveLength(4);
  // More than one datagram each way.
  const long = 'x'.repeat(50_000);
  expect(`${await calls[0]?.ask(long)}`.length).toBeGreaterThan(50_000);
});

it('an offer that is none is refused', async () => {
  const server = await ScaleOut.start({ count: 1, addresses: ['127.0.0.1'] });
  open.push(server);
  await expect(server.answer('nonsense')).rejects.toThrow();
});
