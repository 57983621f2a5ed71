import type { TransmitSlot } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { describe, expect, it } from 'vitest';
import { LOCAL, PATH, REMOTE, RecordingSocket, receive, settled, start, values } from './bench.ts';

describe('a running core', () => {
  it('gets datagrams at once, and gives events once per turn', async () => {
    const { core, clock, socket, seen } = await start();
    receive(socket, 1);
    receive(socket, 2);
    expect(core.heard.map(({ value }) => value)).toEqual([1, 2]);
    expect(seen).toEqual([]);
    expect(clock.deferred).toHaveLength(1);
    await clock.turn();
    expect(seen).toEqual([1, 2]);
  });

  it('answers in the turn in which it was asked, from inside the event handler', async () => {
    const { clock, socket } = await start({}, (event, { core, driver }) => {
      core.say(event.value + 100);
      driver.wake();
    });
    receive(socket, 1);
    receive(socket, 2);
    await clock.turn();
    expect(values(socket)).toEqual([101, 102]);
    expect(clock.deferred).toHaveLength(0);
  });

  it('has one path object for all datagrams of one remote', async () => {
    const { core, socket } = await start();
    const other = { ...REMOTE, port: 2001 };
    for (const remote of [{ ...REMOTE }, other, { ...REMOTE }, { ...other }]) receive(socket, 1, remote);
    const paths = core.heard.map(({ path }) => path);
    expect(paths[0]).toBe(paths[2]);
    expect(paths[1]).toBe(paths[3]);
    expect(paths[0]).toEqual(PATH);
    expect(paths[1]?.remote).toEqual(other);
  });

  it('forgets old paths when remotes are many', async () => {
    const { core, socket } = await start();
    for (let port = 1; port <= 100; port++) receive(socket, 1, { ...REMOTE, port });
    expect(core.heard.map(({ path }) => path.remote.port)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('sends through the socket that has the local address of the path', async () => {
    const { core, socket, driver } = await start();
    const second = new RecordingSocket({ ...LOCAL, port: 1001 });
    driver.addSocket(second);
    core.say(1);
    core.say(2, { ...PATH, local: { ...second.local } });
    core.say(3);
    driver.flush();
    expect(values(socket)).toEqual([1, 3]);
    expect(values(second)).toEqual([2]);
    expect(second.sent[0]?.remote).toEqual(REMOTE);
  });

  it('keeps sockets of UDP and of TCP with the same address apart, both ways', async () => {
    const { core, socket, driver } = await start();
    const stream = new RecordingSocket(LOCAL, 'tcp');
    driver.addSocket(stream);
    receive(socket, 1);
    receive(stream, 2);
    expect(core.heard.map(({ path }) => path.protocol)).toEqual(['udp', 'tcp']);
    core.say(1);
    core.say(2, { ...PATH, protocol: 'tcp' });
    core.say(3, { ...PATH });
    driver.flush();
    expect(values(socket)).toEqual([1, 3]);
    expect(values(stream)).toEqual([2]);
    driver.removeSocket(stream);
    core.say(4, { ...PATH, protocol: 'tcp' });
    driver.flush();
    expect(driver.droppedDatagrams).toBe(1);
  });

  it('sends through the first of several sockets with one address, and through the next when it goes', async () => {
    const { core, socket, driver } = await start();
    const others = [new RecordingSocket(), new RecordingSocket(), new RecordingSocket()];
    for (const other of others) driver.addSocket(other);
    const sayNext = (value: number, gone?: UdpSocket): void => {
      if (gone !== undefined) driver.removeSocket(gone);
      core.say(value);
      driver.flush();
    };
    sayNext(1);
    sayNext(2, others[0]);
    sayNext(3, socket);
    sayNext(4, others[1]);
    expect([socket, ...others].map(values)).toEqual([[1, 2], [], [3], [4]]);
    sayNext(5, others[2]);
    expect(driver.droppedDatagrams).toBe(1);
  });

  it('finds each of thousands of sockets', async () => {
    const { core, driver } = await start({ maxDatagramsPerTurn: 100_000 });
    const many = Array.from({ length: 5000 }, (_, i) => new RecordingSocket({ ...LOCAL, port: 10_000 + i }));
    for (const one of many) driver.addSocket(one);
    for (const [i, one] of many.entries()) core.say(i & 0xff, { ...PATH, local: { ...one.local } });
    driver.flush();
    expect(many.every((one, i) => one.sent.length === 1 && one.sent[0]?.bytes[0] === (i & 0xff))).toBe(true);
    for (const one of many) driver.removeSocket(one);
    core.say(1, { ...PATH, local: many[7]!.local });
    driver.flush();
    expect(driver.droppedDatagrams).toBe(1);
  });

  it('drops and counts what no socket can carry', async () => {
    const { core, socket, driver } = await start();
    core.say(1, undefined);
    core.say(2, { ...PATH, local: { ...LOCAL, port: 9 } });
    core.say(3, { ...PATH, protocol: 'tcp' });
    core.say(4);
    socket.refusing = true;
    driver.flush();
    expect(driver.droppedDatagrams).toBe(4);
    expect(core.outgoing).toEqual([]);
  });
});

describe('wake', () => {
  it('sends the first command before the turn ends, and bundles those that follow into its end', async () => {
    const { core, clock, socket, driver } = await start();
    clock.time = 5;
    core.say(1);
    driver.wake();
    core.say(2);
    driver.wake();
    expect(socket.sent).toEqual([]);
    await settled();
    expect(values(socket)).toEqual([1, 2]);
    core.say(3);
    driver.wake();
    await settled();
    expect(values(socket)).toEqual([1, 2]);
    await clock.turn();
    expect(values(socket)).toEqual([1, 2, 3]);
    core.say(4);
    driver.wake();
    await settled();
    expect(values(socket)).toEqual([1, 2, 3, 4]);
    clock.time = 6;
    core.say(5);
    driver.wake();
    await settled();
    expect(values(socket)).toEqual([1, 2, 3, 4, 5]);
  });

  it('adds nothing when a turn is due anyway', async () => {
    const { core, clock, socket, driver } = await start();
    receive(socket, 1);
    core.say(9);
    driver.wake();
    await settled();
    expect(socket.sent).toEqual([]);
    expect(clock.deferred).toHaveLength(1);
    await clock.turn();
    expect(values(socket)).toEqual([9]);
  });
});

describe('time', () => {
  it('is told to the core when its deadline comes', async () => {
    const { core, clock, driver } = await start();
    core.timeout = 50;
    driver.flush();
    await clock.advance(49);
    expect(core.timeouts).toEqual([]);
    await clock.advance(1);
    expect(core.timeouts).toEqual([50]);
    expect(clock.armed.size).toBe(0);
  });

  it('is not armed again while the deadline stays', async () => {
    const { core, clock, driver } = await start();
    core.timeout = 50;
    driver.flush();
    driver.flush();
    driver.flush();
    expect(clock.resets).toBe(1);
    core.timeout = 30;
    driver.flush();
    expect(clock.resets).toBe(2);
    core.timeout = Number.POSITIVE_INFINITY;
    driver.flush();
    expect(clock.armed.size).toBe(0);
  });

  it('comes before the output of a turn that is late', async () => {
    const { core, clock, socket } = await start();
    core.timeout = 50;
    clock.time = 80;
    receive(socket, 1);
    await clock.turn();
    expect(core.log).toEqual(['datagram', 'timeout']);
    expect(core.timeouts).toEqual([80]);
  });
});

describe('a handler that throws', () => {
  it('does not keep later events and datagrams back', async () => {
    const errors: unknown[] = [];
    const { core, clock, socket, seen } = await start({ onError: (error) => errors.push(error) }, (event, bench) => {
      bench.core.say(event.value);
      if (event.value === 1) throw new Error('handler');
    });
    core.timeout = 50;
    for (const value of [1, 2, 3]) receive(socket, value);
    await clock.turn();
    expect(seen).toEqual([1, 2, 3]);
    expect(values(socket)).toEqual([1, 2, 3]);
    expect(errors).toEqual([new Error('handler')]);
    expect(clock.armed.size).toBe(1);
  });

  it.each([
    ['the error itself when nobody asked for it', undefined, 'loud'],
    [
      'what the error handler throws',
      () => {
        throw new Error('louder');
      },
      'louder',
    ],
  ])('reaches the process as an uncaught exception: %s', async (_what, onError, message) => {
    const { clock, socket, seen } = await start({ onError }, (event) => {
      if (event.value === 1) throw new Error('loud');
    });
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
      for (const value of [1, 2]) receive(socket, value);
      await clock.turn();
      expect(await uncaught).toEqual(new Error(message));
      expect(seen).toEqual([1, 2]);
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});

describe('a core that throws', () => {
  it('is heard by whoever flushes it, and goes on at the next occasion', async () => {
    const { core, clock, socket, driver } = await start();
    const transmit = core.pollTransmit.bind(core);
    core.pollTransmit = () => {
      throw new Error('bug');
    };
    core.timeout = 50;
    core.say(1);
    expect(() => driver.flush()).toThrow('bug');
    expect(clock.deferred).toHaveLength(0);
    core.pollTransmit = transmit;
    await clock.advance(50);
    expect(core.timeouts).toEqual([50]);
    expect(values(socket)).toEqual([1]);
  });
});

describe('fairness', () => {
  it('gives other work a turn after its share of datagrams', async () => {
    const { core, clock, socket, driver } = await start({ maxDatagramsPerTurn: 10 });
    for (let i = 0; i < 25; i++) core.say(i);
    driver.flush();
    expect(socket.sent).toHaveLength(10);
    await clock.turn();
    expect(socket.sent).toHaveLength(20);
    await clock.turn();
    expect(socket.sent).toHaveLength(25);
    expect(clock.deferred).toHaveLength(0);
  });

  it('gives other work a turn after its share of events, and still sends in each', async () => {
    const { clock, socket, seen } = await start({ maxEventsPerTurn: 10 }, (event, { core }) => core.say(event.value));
    for (let i = 0; i < 25; i++) receive(socket, i);
    await clock.turn();
    expect(seen).toHaveLength(10);
    expect(socket.sent).toHaveLength(10);
    await clock.turn();
    await clock.turn();
    expect(seen).toHaveLength(25);
    expect(values(socket)).toEqual(seen);
  });
});

describe('the slot', () => {
  it.each([
    [undefined, 1200],
    [1400, 1400],
    [16_448, 16_448],
    [1300, 1300],
  ])('of size %s takes %i bytes and starts empty each time', async (slotSize, limit) => {
    const { core, driver } = await start({ slotSize });
    const seen: number[][] = [];
    let left = 2;
    core.pollTransmit = (slot) => {
      if (left-- <= 0) return false;
      seen.push([slot.start, slot.end, slot.limit, slot.path === undefined ? 0 : 1]);
      slot.end = slot.start + 5;
      slot.limit = 7;
      slot.path = PATH;
      return true;
    };
    driver.flush();
    expect(seen).toEqual([
      [0, 0, limit, 0],
      [0, 0, limit, 0],
    ]);
  });

  it('is shared by all drivers, but not while one of them is at it', async () => {
    const [first, second] = [await start({}), await start({})];
    const buffers: Uint8Array[] = [];
    const once = (then?: () => void) => {
      let left = 1;
      return (slot: TransmitSlot): boolean => {
        if (left-- <= 0) return false;
        buffers.push(slot.buffer);
        slot.buffer[0] = buffers.length;
        then?.();
        slot.end = slot.start + 1;
        slot.path = PATH;
        return true;
      };
    };
    second.core.pollTransmit = once();
    first.core.pollTransmit = once(() => second.driver.flush());
    first.driver.flush();
    expect(values(first.socket)).toEqual([1]);
    expect(values(second.socket)).toEqual([2]);
    expect(buffers[0]).not.toBe(buffers[1]);
    first.core.pollTransmit = once();
    second.core.pollTransmit = once();
    first.driver.flush();
    second.driver.flush();
    expect(buffers[2]).toBe(buffers[3]);
  });
});

describe('stop', () => {
  it('sends what is left, lets go of everything and keeps quiet', async () => {
    const { core, clock, socket, seen, driver } = await start();
    core.timeout = 50;
    driver.flush();
    receive(socket, 1);
    core.say(7);
    driver.stop();
    driver.stop();
    expect(values(socket)).toEqual([7]);
    expect(socket.onDatagram).toBeUndefined();
    expect(socket.closed).toBe(false);
    expect(clock.armed.size).toBe(0);
    core.say(8);
    driver.wake();
    driver.flush();
    await clock.turn();
    expect(values(socket)).toEqual([7]);
    expect(seen).toEqual([]);
  });

  it('may be called from an event handler', async () => {
    const { clock, socket, seen } = await start({}, (_event, { core, driver }) => {
      core.say(1);
      driver.stop();
    });
    receive(socket, 1);
    receive(socket, 2);
    await clock.turn();
    expect(seen).toEqual([1]);
    expect(values(socket)).toEqual([1]);
    expect(clock.deferred).toHaveLength(0);
    expect(clock.armed.size).toBe(0);
  });

  it('keeps a socket from being added', async () => {
    const { driver } = await start();
    driver.stop();
    const late = new RecordingSocket();
    driver.addSocket(late);
    expect(late.onDatagram).toBeUndefined();
  });
});

describe('sockets', () => {
  it('are given up by removeSocket', async () => {
    const { core, socket, driver } = await start();
    driver.removeSocket(socket);
    driver.removeSocket(socket);
    core.say(1);
    driver.flush();
    expect(socket.onDatagram).toBeUndefined();
    expect(driver.droppedDatagrams).toBe(1);
  });

  it('that die are removed and reported', async () => {
    const died: [UdpSocket, Error][] = [];
    const { core, socket, driver } = await start({ onSocketError: (one, error) => died.push([one, error]) });
    const error = new Error('dead');
    socket.onError?.(error);
    expect(died).toEqual([[socket, error]]);
    core.say(1);
    driver.flush();
    expect(driver.droppedDatagrams).toBe(1);
  });

  it('added twice are one', async () => {
    const { core, socket, driver } = await start();
    driver.addSocket(socket);
    driver.removeSocket(socket);
    core.say(1);
    driver.flush();
    expect(socket.sent).toEqual([]);
  });
});

describe('flush', () => {
  it('is harmless inside an event handler', async () => {
    const { clock, socket, seen } = await start({}, (event, { core, driver }) => {
      core.say(event.value);
      driver.flush();
    });
    for (const value of [1, 2]) receive(socket, value);
    await clock.turn();
    expect(seen).toEqual([1, 2]);
    expect(values(socket)).toEqual([1, 2]);
  });
});
