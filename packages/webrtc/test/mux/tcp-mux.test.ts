import { Deframer, frame } from '@kaon/ice';
import type { ByteStream, Network, StreamListener } from '@kaon/interface/network/v1';
import { encodeMessage, METHOD, type StunClass } from '@kaon/stun';
import { type Host, type Simulation, story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import {
  type MuxAttachment,
  type MuxedSocket,
  TcpMux,
  type TcpMuxListenOptions,
  type UnknownEvent,
} from '../../src/index.ts';

const SERVER = '198.51.100.1';
const CLIENT = '198.51.100.2';

interface World {
  readonly sim: Simulation;
  readonly server: Host;
  readonly client: Host;
  readonly mux: TcpMux;
}

async function world(sim: Simulation, options: TcpMuxListenOptions = {}): Promise<World> {
  const server = sim.host({ name: 'server', addresses: [SERVER], link: { delay: 5 } });
  const client = sim.host({ name: 'client', addresses: [CLIENT], link: { delay: 5 } });
  const mux = await TcpMux.listen({ network: server, clock: sim.clock, port: 443, ...options });
  return { sim, server, client, mux };
}

function binding(cls: StunClass, username?: string): Uint8Array {
  const attributes = username === undefined ? [] : [{ type: 'username' as const, username }];
  const transactionId = new Uint8Array(12).fill(5);
  return encodeMessage({ class: cls, method: METHOD.Binding, transactionId, attributes }, { fingerprint: true });
}

const SUCCESS = binding('success');

/** A client's stream: what it received as datagrams, and whether it was ended. */
class Caller {
  readonly received: Uint8Array[] = [];
  ended = false;
  readonly stream: ByteStream;
  readonly #deframer = new Deframer();

  constructor(stream: ByteStream) {
    this.stream = stream;
    stream.onData = (bytes) => this.received.push(...this.#deframer.push(bytes));
    stream.onClose = () => {
      this.ended = true;
    };
  }

  send(...datagrams: readonly Uint8Array[]): void {
    for (const datagram of datagrams) this.stream.write(frame(datagram), 0, datagram.length + 2);
  }
}

async function call({ sim, client }: World, ...datagrams: readonly Uint8Array[]): Promise<Caller> {
  const remote = { address: SERVER, family: 'IPv4' as const, port: 443 };
  const caller = new Caller(await sim.until(client.connectTcp({ remote })));
  caller.send(...datagrams);
  return caller;
}

/** A place on the port, and what comes in there. */
interface Place {
  readonly attachment: MuxAttachment;
  readonly socket: MuxedSocket;
  readonly received: Uint8Array[];
  readonly failed: number[];
  readonly errors: Error[];
}

function place(mux: TcpMux, fragment: string): Place {
  const failed: number[] = [];
  const attachment = mux.attach(fragment, (local, remote) => {
    expect(local).toEqual({ address: SERVER, family: 'IPv4', port: 443 });
    failed.push(remote.port);
  });
  const [socket] = attachment.sockets;
  if (socket === undefined) throw new Error('no socket');
  const one: Place = { attachment, socket, received: [], failed, errors: [] };
  socket.onDatagram = (bytes) => one.received.push(bytes);
  socket.onError = (error) => one.errors.push(error);
  return one;
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

describe('a shared TCP port', () => {
  it(
    'gives each stream to the connection that its first frame names',
    story(async (sim) => {
      const w = await world(sim);
      const places = ['aaaa', 'bbbb'].map((fragment) => place(w.mux, fragment));
      expect(w.mux.addresses).toEqual([{ address: SERVER, family: 'IPv4', port: 443 }]);
      expect(w.mux.connections).toBe(2);
      for (const [index, { socket, received }] of places.entries()) {
        const caller = await call(w, binding('request', `${['aaaa', 'bbbb'][index]}:peer`), bytes('data'));
        await sim.run(() => received.length === 2);
        expect(text(received[1])).toBe('data');
        expect([socket.protocol, socket.network.name]).toEqual(['tcp', 'eth0']);
        const answer = bytes(`answer ${index}`);
        expect(socket.send(answer, 0, answer.length, caller.stream.local)).toBe(true);
        await sim.run(() => caller.received.length === 1);
        expect(text(caller.received[0])).toBe(`answer ${index}`);
      }
      expect(places[0]?.received).toHaveLength(2);
      const nobody = { address: CLIENT, family: 'IPv4' as const, port: 1 };
      expect(places[0]?.socket.send(SUCCESS, 0, 4, nobody)).toBe(false);
    }),
  );

  it(
    'ends streams that begin with anything else',
    story(async (sim) => {
      const w = await world(sim);
      const { received } = place(w.mux, 'aaaa');
      for (const first of [bytes('GET / HTTP/1.1'), binding('request'), Uint8Array.of(22, 254, 253)]) {
        const caller = await call(w, first, binding('request', 'aaaa:peer'));
        await sim.run(() => caller.ended);
      }
      expect([received, w.mux.pendingStreams]).toEqual([[], 0]);
    }),
  );

  it(
    'ends streams that say nothing in time, and those whose connection never answers',
    story(async (sim) => {
      const w = await world(sim, { streamTimeout: 3000 });
      const { socket, failed } = place(w.mux, 'aaaa');
      const silent = await call(w);
      const refused = await call(w, binding('request', 'aaaa:peer'));
      const answered = await call(w, binding('request', 'aaaa:peer'));
      const chosen = await call(w, binding('request', 'aaaa:peer'));
      await sim.advance(100);
      const error = binding('error');
      socket.send(error, 0, error.length, refused.stream.local);
      socket.send(SUCCESS, 0, SUCCESS.length, answered.stream.local);
      socket.prefer(chosen.stream.local);
      expect(w.mux.pendingStreams).toBe(2);
      await sim.advance(2500);
      expect([silent, refused, answered, chosen].map(({ ended }) => ended)).toEqual([false, false, false, false]);
      await sim.advance(2000);
      expect([silent, refused, answered, chosen].map(({ ended }) => ended)).toEqual([true, true, false, false]);
      expect([failed, w.mux.pendingStreams]).toEqual([[refused.stream.local.port], 0]);
    }),
  );

  it(
    'has room for so many streams without a connection: the oldest gives way',
    story(async (sim) => {
      const w = await world(sim, { maxPendingStreams: 3 });
      const callers: Caller[] = [];
      for (let i = 0; i < 10; i++) callers.push(await call(w));
      await sim.advance(100);
      expect(callers.map(({ ended }) => ended)).toEqual([...Array(7).fill(true), false, false, false]);
      expect(w.mux.pendingStreams).toBe(3);
    }),
  );

  it(
    'lets one address have a quarter of that room',
    story(async (sim) => {
      const w = await world(sim, { maxPendingStreams: 40 });
      const other = await call({ ...w, client: sim.host({ addresses: ['203.0.113.9'] }) });
      const callers: Caller[] = [];
      for (let i = 0; i < 50; i++) callers.push(await call(w));
      await sim.advance(100);
      expect([other.ended, w.mux.pendingStreams]).toEqual([false, 11]);
      expect(callers.filter(({ ended }) => !ended)).toEqual(callers.slice(40));
    }),
  );

  it(
    'has room for so many streams of one connection, and keeps those that were of use',
    story(async (sim) => {
      const w = await world(sim, { maxStreamsPerConnection: 2 });
      const { socket, received } = place(w.mux, 'aaaa');
      const good = await call(w, binding('request', 'aaaa:peer'));
      await sim.run(() => received.length === 1);
      socket.send(SUCCESS, 0, SUCCESS.length, good.stream.local);
      const callers: Caller[] = [];
      for (let i = 0; i < 5; i++) callers.push(await call(w, binding('request', 'aaaa:forger')));
      await sim.advance(100);
      expect(callers.map(({ ended }) => ended)).toEqual([true, true, true, true, false]);
      expect(good.ended).toBe(false);
      socket.send(SUCCESS, 0, SUCCESS.length, (callers[4] as Caller).stream.local);
      const late = await call(w, binding('request', 'aaaa:peer'));
      await sim.run(() => late.ended);
      expect([good.ended, callers[4]?.ended]).toEqual([false, false]);
    }),
  );

  it(
    'tells a connection that a stream of its has ended',
    story(async (sim) => {
      const w = await world(sim);
      const { socket, received, failed } = place(w.mux, 'aaaa');
      const caller = await call(w, binding('request', 'aaaa:peer'));
      await sim.run(() => received.length === 1);
      caller.stream.close();
      await sim.run(() => failed.length === 1);
      expect(failed).toEqual([caller.stream.local.port]);
      expect(socket.send(SUCCESS, 0, SUCCESS.length, caller.stream.local)).toBe(false);
    }),
  );

  it(
    'takes a new fragment of a connection beside the old one',
    story(async (sim) => {
      const w = await world(sim);
      const { attachment, received } = place(w.mux, 'aaaa');
      attachment.restart('anew');
      await call(w, binding('request', 'aaaa:peer'));
      await call(w, binding('request', 'anew:peer'));
      await sim.run(() => received.length === 2);
      expect(w.mux.connections).toBe(1);
    }),
  );

  it(
    'has its limits for connections and their names',
    story(async (sim) => {
      const { mux } = await world(sim, { maxConnections: 1, usernameFragmentPrefix: 'w/' });
      expect(mux.usernameFragmentPrefix).toBe('w/');
      expect(() => mux.attach('aaaa')).toThrowError(expect.objectContaining({ code: 'MUX_BAD_FRAGMENT' }));
      const first = mux.attach('w/aa');
      expect(() => mux.attach('w/bb')).toThrowError(expect.objectContaining({ code: 'ICE_MUX_FULL' }));
      expect(() => mux.attach('w/aa')).toThrowError(expect.objectContaining({ code: 'ICE_UFRAG_TAKEN' }));
      first.release();
      first.release();
      mux.attach('w/bb');
      expect(mux.connections).toBe(1);
    }),
  );

  it(
    'is shared with other programs when asked',
    story(async (sim) => {
      const { server } = await world(sim, { port: 444, reusePort: true });
      const listen = (reusePort: boolean): Promise<TcpMux> =>
        TcpMux.listen({ network: server, clock: sim.clock, port: 444, reusePort });
      expect((await listen(true)).addresses[0]?.port).toBe(444);
      await expect(listen(false)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }),
  );

  it(
    'needs a platform with TCP',
    story(async (sim) => {
      const { server } = await world(sim);
      const network: Network = {
        interface: 'kaon:network/1',
        interfaces: () => server.interfaces(),
        bindUdp: (options) => server.bindUdp(options),
        resolve: (name) => server.resolve(name),
      };
      await expect(TcpMux.listen({ network, clock: sim.clock })).rejects.toMatchObject({ code: 'MUX_NO_TCP' });
    }),
  );
});

describe('an unknown fragment', () => {
  it(
    'is told, and its stream given to the connection that takes it, with what came first',
    story(async (sim) => {
      const w = await world(sim);
      const events: UnknownEvent[] = [];
      w.mux.onunknown = (event) => events.push(event);
      const first = binding('request', 'new1:peer');
      const caller = await call(w, first, bytes('too early'));
      await sim.run(() => events.length === 1);
      expect(events[0]).toMatchObject({
        localUsernameFragment: 'new1',
        remoteUsernameFragment: 'peer',
        username: 'new1:peer',
        remote: caller.stream.local,
        local: { address: SERVER, port: 443 },
      });
      expect(events[0]?.bytes).toEqual(first);
      const { received, socket } = place(w.mux, 'new1');
      await sim.run(() => received.length === 1);
      expect(received).toEqual([first]);
      expect(socket.send(SUCCESS, 0, SUCCESS.length, caller.stream.local)).toBe(true);
      caller.send(bytes('and on'));
      await sim.run(() => received.length === 2);
      await sim.advance(20_000);
      expect([caller.ended, w.mux.pendingStreams, events.length]).toEqual([false, 0, 1]);
    }),
  );

  it(
    'whose stream has ended by then is nothing',
    story(async (sim) => {
      const w = await world(sim, { unknown: { maxPerSecond: 1 } });
      let events = 0;
      w.mux.onunknown = () => events++;
      const gone = await call(w, binding('request', 'new1:peer'));
      await call(w, binding('request', 'new2:peer'));
      await sim.run(() => w.mux.pendingStreams === 2);
      await sim.advance(50);
      gone.stream.close();
      await sim.run(() => w.mux.pendingStreams === 1);
      const { received } = place(w.mux, 'new1');
      await sim.advance(20_000);
      expect([events, received, w.mux.pendingStreams]).toEqual([1, [], 0]);
    }),
  );
});

describe('close', () => {
  it(
    'of one connection ends its streams and leaves the others',
    story(async (sim) => {
      const w = await world(sim);
      const [a, b] = [place(w.mux, 'aaaa'), place(w.mux, 'bbbb')];
      const toA = await call(w, binding('request', 'aaaa:peer'));
      const toB = await call(w, binding('request', 'bbbb:peer'));
      await sim.run(() => a.received.length + b.received.length === 2);
      a.socket.close();
      await sim.run(() => toA.ended);
      expect([toB.ended, w.mux.connections, w.mux.pendingStreams]).toEqual([false, 1, 1]);
      a.attachment.restart('late');
      expect(w.mux.connections).toBe(1);
    }),
  );

  it(
    'of the port tells every connection, and leaves nothing open',
    story(async (sim) => {
      const w = await world(sim);
      const { received, errors, attachment } = place(w.mux, 'aaaa');
      const caller = await call(w, binding('request', 'aaaa:peer'));
      const silent = await call(w);
      await sim.run(() => received.length === 1);
      w.mux.close();
      w.mux.close();
      expect(errors).toEqual([expect.objectContaining({ code: 'MUX_CLOSED' })]);
      await sim.run(() => caller.ended && silent.ended);
      await sim.advance(60_000);
      expect([w.server.openSockets, w.mux.connections, w.mux.addresses, w.mux.pendingStreams]).toEqual([0, 0, [], 0]);
      expect(() => w.mux.attach('bbbb')).toThrowError(expect.objectContaining({ code: 'MUX_CLOSED' }));
      attachment.restart('late');
    }),
  );

  it(
    'of a listener by the platform leaves the streams it gave',
    story(async (sim) => {
      const listeners: StreamListener[] = [];
      const { server, client } = await world(sim);
      const network: Network = {
        interface: 'kaon:network/1',
        interfaces: () => server.interfaces(),
        bindUdp: (options) => server.bindUdp(options),
        resolve: (name) => server.resolve(name),
        listenTcp: async (options) => {
          const listener = await server.listenTcp(options);
          listeners.push(listener);
          return listener;
        },
      };
      const mux = await TcpMux.listen({ network, clock: sim.clock, port: 8443 });
      const died: string[] = [];
      mux.onerror = (error) => died.push(error.message);
      const busy = mux.attach('aaaa').sockets[0] as MuxedSocket;
      const idle = mux.attach('bbbb').sockets[0] as MuxedSocket;
      const events: string[] = [];
      busy.onDatagram = () => events.push('datagram');
      busy.onError = () => events.push('busy');
      idle.onError = () => events.push('idle');
      const remote = { address: SERVER, family: 'IPv4' as const, port: 8443 };
      const caller = new Caller(await sim.until(client.connectTcp({ remote })));
      caller.send(binding('request', 'aaaa:peer'));
      await sim.run(() => events.length === 1);
      for (const { onError } of listeners) onError?.(new Error('gone'));
      expect([events, died]).toEqual([['datagram', 'idle'], ['gone']]);
      caller.send(bytes('more'));
      await sim.run(() => events.length === 3);
      mux.close();
      expect(events).toEqual(['datagram', 'idle', 'datagram', 'busy']);
      await sim.run(() => caller.ended);
    }),
  );
});
