import { Association } from '@kaon/sctp';
import { type NetemOptions, Pair, seededRandom, withSeed } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { type Channel, Channels } from '../../src/index.ts';
import { bytes, text } from '../helpers/pair.ts';

/** Two ends over real SCTP and a bad line. */
function world(seed: number, netem: NetemOptions) {
  const random = seededRandom(seed);
  const [client, server] = (['client', 'server'] as const).map((role) => {
    const streams = new Association({ random: random.fork(role) });
    const channels = new Channels({ streams, role });
    const end = {
      core: channels,
      receive: (packet: Uint8Array, _path: unknown, now: number) => streams.handlePacket(packet, now),
    };
    return { streams, channels, end };
  }) as [Side, Side];
  const pair = new Pair(client.end, server.end, { seed, netem });
  client.streams.connect(pair.now);
  server.streams.connect(pair.now);
  return { client, server, pair };
}

interface Side {
  readonly streams: Association;
  readonly channels: Channels;
  readonly end: {
    readonly core: Channels;
    receive(packet: Uint8Array, path: unknown, now: number): void;
  };
}

const LINES: { readonly [name: string]: NetemOptions } = {
  'a good line': { delay: 5 },
  'a line that loses, doubles and reorders': { delay: 20, loss: 0.1, duplicate: 0.1, reorder: 0.2 },
};

for (const [name, netem] of Object.entries(LINES)) {
  describe(`data channels over SCTP and ${name}`, () => {
    it('carry messages of all kinds in order, both ways', () =>
      withSeed((seed) => {
        const { client, server, pair } = world(seed, netem);
        const channel = client.channels.open({ label: 'x', protocol: 'p' }, pair.now);
        const got: string[] = [];
        let other: Channel | undefined;
        const drain = (): boolean => {
          for (const event of pair.b.events.splice(0)) {
            if (event.type === 'channel') other = event.channel;
            if (event.type === 'message') got.push(event.binary ? String(event.data.length) : decode(event.data));
          }
          return got.length === 203;
        };
        pair.run({ until: () => channel.state === 'open', timeout: 30_000 });
        channel.send(text(''), false, pair.now);
        channel.send(bytes(), true, pair.now);
        for (let i = 0; i < 200; i++) channel.send(text(`message ${i}`), false, pair.now);
        channel.send(new Uint8Array(60_000), true, pair.now);
        pair.run({ until: drain, timeout: 120_000 });
        expect(got).toEqual(['', '0', ...Array.from({ length: 200 }, (_, i) => `message ${i}`), '60000']);
        expect(other).toMatchObject({ id: 0, label: 'x', protocol: 'p', state: 'open' });
        expect(server.channels.droppedMessages).toBe(0);
      }));

    it('close from either side and from both at once, and use their ids again', () =>
      withSeed((seed) => {
        const { client, server, pair } = world(seed, netem);
        for (let round = 0; round < 9; round++) {
          const channel = client.channels.open({ label: String(round) }, pair.now);
          expect(channel.id).toBe(0);
          const find = (): Channel | undefined => server.channels.channels.find(({ label }) => label === String(round));
          pair.run({ until: () => find()?.state === 'open', timeout: 30_000 });
          const other = find() as Channel;
          if (round % 3 !== 1) channel.close(pair.now);
          if (round % 3 !== 0) other.close(pair.now);
          pair.run({ until: () => channel.state === 'closed' && other.state === 'closed', timeout: 60_000 });
        }
        expect([client.channels.channels, server.channels.channels]).toEqual([[], []]);
      }));

    it('open a hundred at once', () =>
      withSeed((seed) => {
        const { client, server, pair } = world(seed, netem);
        const channels = Array.from({ length: 100 }, (_, i) => client.channels.open({ label: String(i) }, pair.now));
        pair.run({ until: () => server.channels.channels.length === 100, timeout: 60_000 });
        for (const channel of channels) channel.send(text(channel.label), false, pair.now);
        const got = new Set<string>();
        const drain = (): boolean => {
          for (const event of pair.b.events.splice(0))
            if (event.type === 'message' && decode(event.data) === event.channel.label) got.add(event.channel.label);
          return got.size === 100;
        };
        pair.run({ until: drain, timeout: 60_000 });
      }));
  });
}

it('an unreliable channel may lose messages, a reliable one beside it does not', () =>
  withSeed((seed) => {
    const { client, pair } = world(seed, { delay: 20 });
    const lossy = client.channels.open({ label: 'lossy', ordered: false, maxRetransmits: 0 }, pair.now);
    const safe = client.channels.open({ label: 'safe' }, pair.now);
    pair.run({ until: () => lossy.state === 'open' && safe.state === 'open' });
    pair.advance(200);
    pair.setNetem({ delay: 20, loss: 0.3 });
    const got = { lossy: 0, safe: 0 };
    for (let i = 0; i < 200; i++) {
      lossy.send(new Uint8Array(500), true, pair.now);
      safe.send(new Uint8Array(500), true, pair.now);
    }
    const drain = (): boolean => {
      for (const event of pair.b.events.splice(0))
        if (event.type === 'message') got[event.channel.label as keyof typeof got]++;
      return got.safe === 200 && client.streams.bufferedAmount(lossy.id as number) === 0;
    };
    pair.run({ until: drain, timeout: 300_000 });
    expect(got.lossy).toBeLessThan(200);
    expect(got.lossy).toBeGreaterThan(50);
  }));

function decode(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}
