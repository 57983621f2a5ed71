import { fork } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TransportAddress } from '@kaon/interface/core/v1';
import type { ByteStream, StreamListener } from '@kaon/interface/network/v1';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeNetwork } from '../../src/node/index.ts';
import { InterfaceWatch } from '../../src/node/interface-watch.ts';
import { TLS } from '../vectors/tls.ts';

const opened: { close(): unknown }[] = [];

afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

function keep<T extends { close(): unknown }>(one: T): T {
  opened.push(one);
  return one;
}

async function listen(options: object = {}): Promise<StreamListener> {
  return keep(await nodeNetwork.listenTcp!({ address: '127.0.0.1', ...options }));
}

async function dial(remote: TransportAddress): Promise<ByteStream> {
  return keep(await nodeNetwork.connectTcp!({ remote }));
}

/** A server of `node:net` that does as it is told with each connection. */
async function bareServer(onConnection: (socket: Socket) => void): Promise<TransportAddress> {
  const sockets: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  keep({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  const { port } = server.address() as { port: number };
  return { address: '127.0.0.1', family: 'IPv4', port };
}

function nextStream(listener: StreamListener): Promise<ByteStream> {
  return new Promise((resolve) => {
    listener.onStream = (stream) => resolve(keep(stream));
  });
}

function closed(stream: ByteStream): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stream.onClose = resolve;
  });
}

async function roundTrip(stream: ByteStream): Promise<void> {
  const answer = new Promise((resolve) => {
    stream.onData = resolve;
  });
  stream.write(Uint8Array.of(1), 0, 1);
  await answer;
}

describe('connectTcp', () => {
  it('rejects a name, and an address to come from that is none', async () => {
    const remote = { address: 'localhost', family: 'IPv4', port: 1 } as const;
    await expect(nodeNetwork.connectTcp!({ remote })).rejects.toMatchObject({ code: 'RUNTIME_BAD_ADDRESS' });
    const numeric = { ...remote, address: '127.0.0.1' };
    await expect(nodeNetwork.connectTcp!({ remote: numeric, local: { address: 'localhost' } })).rejects.toMatchObject({
      code: 'RUNTIME_BAD_ADDRESS',
    });
    await expect(nodeNetwork.connectTcp!({ remote: { ...numeric, port: 70_000 } })).rejects.toBeInstanceOf(Error);
  });

  it.skipIf(process.platform !== 'linux')('gives up after its timeout with ETIMEDOUT', async () => {
    // A queue of one that is full: the kernel answers no further SYN. It is in a process that is too busy to take anybody.
    const busy = fork(new URL('./busy-listener.ts', import.meta.url));
    try {
      const port = await new Promise<number>((resolve) => busy.once('message', (message) => resolve(Number(message))));
      const remote = { address: '127.0.0.1', family: 'IPv4', port } as const;
      const dials = Array.from({ length: 8 }, () => nodeNetwork.connectTcp!({ remote, timeout: 300 }));
      const codes = (await Promise.allSettled(dials)).map((one) => {
        if (one.status === 'fulfilled') keep(one.value);
        return one.status === 'rejected' ? one.reason.code : 'connected';
      });
      expect(codes).toContain('ETIMEDOUT');
      expect(codes.every((code) => code === 'ETIMEDOUT' || code === 'connected')).toBe(true);
    } finally {
      busy.kill('SIGKILL');
    }
  });

  it('connects from the port it is told', async () => {
    const listener = await listen();
    const free = await listen();
    const { port } = free.local;
    free.close();
    const stream = keep(
      await nodeNetwork.connectTcp!({ remote: listener.local, local: { address: '127.0.0.1', port } }),
    );
    expect(stream.local.port).toBe(port);
  });

  it('works on IPv6', async () => {
    const listener = await listen({ address: '::1' });
    const accepted = nextStream(listener);
    const stream = await dial(listener.local);
    expect(stream.remote).toEqual({ address: '::1', family: 'IPv6', port: listener.local.port });
    expect((await accepted).remote).toEqual(stream.local);
  });
});

describe('a stream', () => {
  it('tells that it was reset, with the reason', async () => {
    const remote = await bareServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const stream = await dial(remote);
    stream.onData = () => {};
    const end = closed(stream);
    stream.write(Uint8Array.of(1), 0, 1);
    expect(await end).toMatchObject({ code: 'ECONNRESET' });
    expect(stream.write(Uint8Array.of(1), 0, 1)).toBe(false);
    stream.close();
  });

  it('gives plain bytes, and buffers that are small where the piece is', async () => {
    const stream = await dial(await bareServer((socket) => socket.write('abc')));
    const bytes = await new Promise<Uint8Array>((resolve) => {
      stream.onData = resolve;
    });
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer.byteLength).toBeLessThan(8192);
  });

  it('tells its end to who asks late', async () => {
    const stream = await dial(await bareServer((socket) => socket.end()));
    stream.onData = () => {};
    await closed(await dial(await bareServer((socket) => socket.end())));
    expect(await closed(stream)).toBeUndefined();
  });

  it('stops reading while nobody listens', async () => {
    const total = 200;
    let sent = 0;
    const remote = await bareServer((socket) => {
      const piece = new Uint8Array(1 << 20);
      const more = (): void => {
        while (sent < total && socket.write(piece)) sent++;
        if (sent < total) socket.once('drain', more);
      };
      more();
    });
    const stream = await dial(remote);
    const echo = await dial(await bareServer((socket) => socket.pipe(socket)));
    for (let before = -1; before !== sent; ) {
      before = sent;
      for (let i = 0; i < 50; i++) await roundTrip(echo);
    }
    expect(sent).toBeLessThan(total);
    let got = 0;
    stream.onData = (bytes) => {
      got += bytes.length;
    };
    await vi.waitFor(() => expect(got).toBeGreaterThanOrEqual((total - 1) << 20), { timeout: 10_000 });
  });

  it('is given up some time after close when the peer never closes its side', async () => {
    let other: Socket | undefined;
    const remote = await bareServer((socket) => {
      other = socket;
      socket.resume();
    });
    const stream = await dial(remote);
    await vi.waitFor(() => expect(other).toBeDefined());
    stream.write(Uint8Array.of(1), 0, 1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      stream.close();
      while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(10_000);
    } finally {
      vi.useRealTimers();
    }
    // Its socket is gone: what is still sent to it comes back as a reset.
    const gone = new Promise((resolve) => other!.once('error', resolve));
    const writing = setInterval(() => other!.write('x'), 1);
    expect(await gone).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
    clearInterval(writing);
  });
});

describe('a listener', () => {
  it('does not share its port unless it is told to', async () => {
    const { local } = await listen();
    await expect(listen({ port: local.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(listen({ port: local.port, reusePort: true })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it.skipIf(process.platform !== 'linux')('shares its port with reusePort', async () => {
    const one = await listen({ reusePort: true });
    const two = await listen({ port: one.local.port, reusePort: true });
    const taken = [0, 0];
    one.onStream = (stream) => {
      keep(stream);
      taken[0]!++;
    };
    two.onStream = (stream) => {
      keep(stream);
      taken[1]!++;
    };
    for (let i = 0; i < 40; i++) await dial(one.local);
    await vi.waitFor(() => expect(taken[0]! + taken[1]!).toBe(40));
    expect(Math.min(...taken)).toBeGreaterThan(0);
  });

  it('takes a port of a range, and rejects a bad one and names', async () => {
    const { port } = (await listen()).local;
    const next = await listen({ portRange: [port, port + 20] });
    expect(next.local.port).toBeGreaterThan(port);
    await expect(listen({ portRange: [2, 1] })).rejects.toMatchObject({ code: 'RUNTIME_BAD_PORT_RANGE' });
    await expect(listen({ address: 'localhost' })).rejects.toMatchObject({ code: 'RUNTIME_BAD_ADDRESS' });
  });

  it('rejects a certificate or key that is none', async () => {
    await expect(listen({ tls: { certificate: 'nonsense', privateKey: 'nonsense' } })).rejects.toBeInstanceOf(Error);
  });

  it('survives clients that break off their TLS handshake, or begin with nonsense', async () => {
    const listener = await listen({ tls: TLS });
    const accepted = nextStream(listener);
    const { port } = listener.local;
    for (const bytes of ['', '\x16\x03\x01\x02\x00\x01', 'GET / HTTP/1.0\r\n\r\n']) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          if (bytes !== '') socket.write(bytes, 'latin1');
          socket.resetAndDestroy();
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve());
      });
    }
    const plain = await dial(listener.local);
    const options = { hostname: 'turn.example', trustedCertificates: [TLS.certificate] };
    const client = keep(await nodeNetwork.startTls!(plain, options));
    const server = await accepted;
    expect(server.remote.port).toBe(client.local.port);
  });

  it('keeps a bounded number of TLS handshakes under way, and none once closed', async () => {
    const listener = await listen({ tls: TLS });
    const { port } = listener.local;
    const silent = await Promise.all(
      Array.from({ length: 1030 }, () => {
        const socket = connect(port, '127.0.0.1').on('error', () => {});
        const gone = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
        socket.resume();
        keep({ close: () => socket.destroy() });
        return new Promise<{ gone: Promise<void> }>((resolve) => {
          socket.on('connect', () => resolve({ gone }));
        });
      }),
    );
    await new Promise<void>((resolve) => {
      let left = 1030 - 1024;
      for (const { gone } of silent) gone.then(() => --left === 0 && resolve());
    });
    const accepted = nextStream(listener);
    const options = { hostname: 'turn.example', trustedCertificates: [TLS.certificate] };
    const client = keep(await nodeNetwork.startTls!(await dial(listener.local), options));
    const server = await accepted;
    listener.close();
    await Promise.all(silent.map(({ gone }) => gone));
    // Those that were accepted are their owner's.
    const heard = new Promise<void>((resolve) => {
      server.onData = () => resolve();
    });
    client.write(Uint8Array.of(1), 0, 1);
    await heard;
  });

  it('is done at once with whoever is turned away, though they stay', async () => {
    const listener = await listen();
    const accepted = nextStream(listener);
    // It never closes its side: a FIN alone would be waited on.
    const socket = connect({ port: listener.local.port, host: '127.0.0.1', allowHalfOpen: true });
    keep({ close: () => socket.destroy() });
    socket.on('error', () => {});
    socket.resume();
    (await accepted).close();
    await new Promise<void>((resolve) => void socket.on('end', resolve));
    // What comes for a socket that is no more is answered with a reset.
    const gone = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
    socket.write('still here');
    socket.write('and here');
    await gone;
  });

  it('closes who comes while nobody wants streams', async () => {
    const { local } = await listen();
    const stream = await dial(local);
    stream.onData = () => {};
    await closed(stream);
  });
});

describe('startTls', () => {
  it('takes along what had come before', async () => {
    const listener = await listen();
    const accepted = nextStream(listener);
    const plain = await dial(listener.local);
    const server = await accepted;
    // An answer that is no TLS waits in the stream already: the handshake sees it.
    server.write(
      Uint8Array.from('nonsense', (letter) => letter.charCodeAt(0)),
      0,
      8,
    );
    const other = await dial(await bareServer((socket) => socket.write('x')));
    await new Promise((resolve) => {
      other.onData = resolve;
    });
    await expect(nodeNetwork.startTls!(plain, { hostname: 'turn.example' })).rejects.toMatchObject({
      code: 'ERR_SSL_WRONG_VERSION_NUMBER',
    });
  });

  it('rejects on a stream that is closed, and when the peer ends it', async () => {
    const remote = await bareServer((socket) => socket.once('data', () => socket.end()));
    const options = { hostname: 'turn.example' };
    const gone = await dial(remote);
    gone.close();
    await expect(nodeNetwork.startTls!(gone, options)).rejects.toMatchObject({ code: 'RUNTIME_SOCKET_CLOSED' });
    await expect(nodeNetwork.startTls!(await dial(remote), options)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('rejects trusted certificates that are none', async () => {
    const listener = await listen({ tls: TLS });
    const options = { hostname: 'turn.example', trustedCertificates: ['nonsense'] };
    await expect(nodeNetwork.startTls!(await dial(listener.local), options)).rejects.toBeInstanceOf(Error);
  });

  it('calls no callback of the stream below', async () => {
    const listener = await listen({ tls: TLS });
    const accepted = nextStream(listener);
    const plain = await dial(listener.local);
    let called = 0;
    plain.onData = () => called++;
    plain.onClose = () => called++;
    const options = { hostname: 'turn.example', trustedCertificates: [TLS.certificate] };
    const client = keep(await nodeNetwork.startTls!(plain, options));
    client.onData = () => {};
    const end = closed(client);
    (await accepted).close();
    expect(await end).toBeUndefined();
    expect(called).toBe(0);
    expect(plain.write(Uint8Array.of(1), 0, 1)).toBe(false);
  });
});

describe('reusePort', () => {
  it.skipIf(process.platform !== 'linux')('spreads datagrams over sockets that share a port', async () => {
    const one = keep(await nodeNetwork.bindUdp({ address: '127.0.0.1', reusePort: true }));
    const two = keep(await nodeNetwork.bindUdp({ address: '127.0.0.1', port: one.local.port, reusePort: true }));
    const heard = [0, 0];
    one.onDatagram = () => heard[0]!++;
    two.onDatagram = () => heard[1]!++;
    for (let i = 0; i < 40; i++) {
      const socket = keep(await nodeNetwork.bindUdp({ address: '127.0.0.1' }));
      socket.send(Uint8Array.of(1), 0, 1, one.local);
    }
    await vi.waitFor(() => expect(heard[0]! + heard[1]!).toBe(40));
    expect(Math.min(...heard)).toBeGreaterThan(0);
    await expect(nodeNetwork.bindUdp({ address: '127.0.0.1', port: one.local.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('InterfaceWatch', () => {
  it('asks on one timer for all, tells of changes, and stops with the last', () => {
    vi.useFakeTimers();
    try {
      let addresses = ['192.0.2.1'];
      let reads = 0;
      const watch = new InterfaceWatch(() => {
        reads++;
        return addresses.map((address) => ({ name: 'eth0', address, family: 'IPv4' as const, internal: false }));
      }, 1000);
      const told = [0, 0];
      const ends = [watch.watch(() => told[0]!++), watch.watch(() => told[1]!++)];
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(3000);
      expect([told, reads]).toEqual([[0, 0], 4]);
      addresses = ['192.0.2.1', '192.0.2.2'];
      vi.advanceTimersByTime(1000);
      addresses = ['192.0.2.2', '192.0.2.1'];
      vi.advanceTimersByTime(1000);
      expect(told).toEqual([1, 1]);
      ends[0]!();
      addresses = [];
      vi.advanceTimersByTime(1000);
      expect(told).toEqual([1, 2]);
      ends[1]!();
      ends[1]!();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not keep the process alive', async () => {
    const child = fork(new URL('./watching-process.ts', import.meta.url), {
      execArgv: ['--conditions=@kaon/source'],
    });
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0);
  });
});
