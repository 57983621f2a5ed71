import type { BindOptions, Network } from '@kaon/interface/network/v1';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { localAddresses } from '../src/gathering/addresses.ts';
import { RTCCertificate, type RTCConfiguration, type RTCIceServer, RTCPeerConnection } from '../src/index.ts';
import { negotiate } from './helpers/connect.ts';
import { errorName, World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

const made: RTCPeerConnection[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.close();
});

function construct(configuration?: RTCConfiguration): RTCPeerConnection {
  const connection = new RTCPeerConnection(configuration);
  made.push(connection);
  return connection;
}

describe('the configuration', () => {
  it('has the defaults of the standard', () => {
    expect(construct().getConfiguration()).toEqual({
      iceServers: [],
      iceTransportPolicy: 'all',
      bundlePolicy: 'balanced',
      rtcpMuxPolicy: 'require',
      certificates: [],
      iceCandidatePoolSize: 0,
    });
  });

  it('is copied both ways', () => {
    const server = { urls: ['stun:192.0.2.1', 'stun:192.0.2.2:1234'] };
    const connection = construct({ iceServers: [server] });
    server.urls = [];
    const shown = connection.getConfiguration();
    expect(shown.iceServers).toEqual([{ urls: ['stun:192.0.2.1', 'stun:192.0.2.2:1234'] }]);
    shown.iceServers = [];
    expect(connection.getConfiguration().iceServers).toHaveLength(1);
  });

  it('is refused with the error of the standard', async () => {
    const turn = { urls: 'turn:192.0.2.1' };
    const cases: [unknown, string][] = [
      [{ iceServers: [{ urls: 'http://192.0.2.1' }] }, 'SyntaxError'],
      [{ iceServers: [{ urls: 'stun:' }] }, 'SyntaxError'],
      [{ iceServers: [{ urls: [] }] }, 'SyntaxError'],
      [{ iceServers: [{ urls: 'stun:192.0.2.1?transport=udp' }] }, 'SyntaxError'],
      [{ iceServers: [{}] }, 'TypeError'],
      [{ iceServers: [turn] }, 'InvalidAccessError'],
      [{ iceServers: [{ ...turn, username: 'u' }] }, 'InvalidAccessError'],
      [{ iceServers: [{ ...turn, username: 'u'.repeat(509), credential: 'c' }] }, 'SyntaxError'],
      [{ iceServers: [{ ...turn, username: '', credential: '' }] }, 'none'],
      [{ iceServers: [{ urls: ['stuns:a.example', 'turns:b.example'], username: 'u', credential: 'c' }] }, 'none'],
      [{ iceTransportPolicy: 'none' }, 'TypeError'],
      [{ bundlePolicy: 'x' }, 'TypeError'],
      [{ rtcpMuxPolicy: 'negotiate' }, 'TypeError'],
      [{ iceCandidatePoolSize: -1 }, 'TypeError'],
      [{ iceCandidatePoolSize: 256 }, 'TypeError'],
      [{ certificates: [{}] }, 'TypeError'],
      [{ kaon: { maxMessageSize: 0 } }, 'TypeError'],
      [{ kaon: { portRange: [2000, 1000] } }, 'TypeError'],
      [{ kaon: { mtu: 100 } }, 'TypeError'],
      [{ kaon: { pathMtu: 'on' } }, 'TypeError'],
      [{ kaon: { media: 1 } }, 'TypeError'],
      [{ kaon: { media: { minBitrate: 2000, maxBitrate: 1000 } } }, 'TypeError'],
      [{ kaon: { media: { startBitrate: 2000, maxBitrate: 1000 } } }, 'TypeError'],
      [{ kaon: { media: { maxStreams: 0 } } }, 'TypeError'],
      [{ kaon: { media: { jitterBuffer: 'fixed' } } }, 'TypeError'],
      [{ kaon: { bindAddresses: ['localhost'] } }, 'TypeError'],
      [{ kaon: { bindAddresses: ['0.0.0.0'] } }, 'TypeError'],
      [{ kaon: { bindAddresses: ['127.0.0.1', '::1', 'fe80::1%eth0'] } }, 'none'],
      [{ kaon: { families: ['IPv5'] } }, 'TypeError'],
      [{ kaon: { candidateTypes: ['home'] } }, 'TypeError'],
      [7, 'TypeError'],
      [null, 'none'],
      [undefined, 'none'],
    ];
    for (const [configuration, error] of cases)
      expect([configuration, await errorName(() => construct(configuration as RTCConfiguration))]).toEqual([
        configuration,
        error,
      ]);
  });

  it('can be changed as far as the standard allows', async () => {
    const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' });
    const connection = construct({ certificates: [certificate], bundlePolicy: 'max-bundle' });
    connection.setConfiguration({
      certificates: [certificate],
      bundlePolicy: 'max-bundle',
      iceTransportPolicy: 'relay',
      iceServers: [{ urls: 'stun:192.0.2.1' }],
    });
    expect(connection.getConfiguration()).toMatchObject({ iceTransportPolicy: 'relay', certificates: [certificate] });
    connection.setConfiguration();
    expect(connection.getConfiguration()).toMatchObject({ iceTransportPolicy: 'all', iceServers: [] });
    const refused = (configuration: RTCConfiguration): Promise<string> =>
      errorName(() => connection.setConfiguration(configuration));
    expect(await refused({ bundlePolicy: 'balanced' })).toBe('InvalidModificationError');
    expect(await refused({ certificates: [] })).toBe('InvalidModificationError');
    expect(await refused({ kaon: {} })).toBe('InvalidModificationError');
    expect(await refused({ iceServers: [{ urls: 'x' }] })).toBe('SyntaxError');
    await connection.setLocalDescription();
    expect(await refused({ iceCandidatePoolSize: 3 })).toBe('InvalidModificationError');
    connection.close();
    expect(await refused({})).toBe('InvalidStateError');
  });
});

describe('certificates', () => {
  it('are generated, shown and put into the description', async () => {
    const before = Date.now();
    const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' });
    expect(certificate).toBeInstanceOf(RTCCertificate);
    expect(certificate.expires - before).toBeGreaterThan(29 * 24 * 3600 * 1000);
    const [fingerprint] = certificate.getFingerprints();
    expect(fingerprint).toMatchObject({
      algorithm: 'sha-256',
      value: expect.stringMatching(/^([0-9a-f]{2}:){31}[0-9a-f]{2}$/),
    });
    const connection = construct({ certificates: [certificate] });
    connection.createDataChannel('x');
    const { sdp } = await connection.createOffer();
    expect(sdp).toContain(`a=fingerprint:sha-256 ${fingerprint?.value?.toUpperCase()}\r\n`);
  });

  it('can have other keys and another life time', async () => {
    const kinds = [{ name: 'ecdsa', namedCurve: 'P-384' }, { name: 'Ed25519' }, 'Ed25519'] as const;
    for (const kind of kinds) expect((await RTCPeerConnection.generateCertificate(kind)).expires).toBeGreaterThan(0);
    const short = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256', expires: 60_000 });
    expect(short.expires - Date.now()).toBeLessThanOrEqual(60_000);
    const long = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256', expires: 2 ** 52 });
    expect(long.expires - Date.now()).toBeLessThanOrEqual(366 * 24 * 3600 * 1000);
  });

  it('are refused with the error of the standard', async () => {
    const cases: [unknown, string][] = [
      [{ name: 'ECDSA', namedCurve: 'P-521' }, 'NotSupportedError'],
      [{ name: 'ECDSA' }, 'TypeError'],
      ['RSA-PSS', 'NotSupportedError'],
      [{ name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, hash: 'SHA-256' }, 'NotSupportedError'],
      [{}, 'TypeError'],
      [null, 'TypeError'],
      [{ name: 'ECDSA', namedCurve: 'P-256', expires: -1 }, 'TypeError'],
    ];
    for (const [algorithm, error] of cases)
      expect([algorithm, await errorName(() => RTCPeerConnection.generateCertificate(algorithm as never))]).toEqual([
        algorithm,
        error,
      ]);
    expect(await errorName(() => new RTCCertificate())).toBe('TypeError');
  });

  it('can be kept as PEM', async () => {
    const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' });
    const { certificate: text, privateKey } = certificate.toPEM();
    const again = await RTCCertificate.fromPEM(`${text}\n${privateKey}`);
    expect(again.getFingerprints()).toEqual(certificate.getFingerprints());
    expect(again.expires).toBe(certificate.expires);
    expect(await errorName(() => RTCCertificate.fromPEM('nothing'))).toBe('CertificateError');
  });

  it('that have expired are refused', async () => {
    const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256', expires: 0 });
    vi.useFakeTimers({ toFake: ['Date'], now: certificate.expires + 1 });
    try {
      expect(await errorName(() => construct({ certificates: [certificate] }))).toBe('InvalidAccessError');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the addresses that are bound to', () => {
  const address = (text: string, name = 'eth0') =>
    ({
      name,
      address: text,
      family: text.includes(':') ? 'IPv6' : 'IPv4',
      internal: name === 'lo',
    }) as const;
  const all = [
    address('127.0.0.1', 'lo'),
    address('::1', 'lo'),
    address('192.0.2.1'),
    address('2001:db8::1'),
    address('fe80::1%eth0'),
    address('10.0.0.1', 'wlan0'),
  ];
  const texts = (options: Parameters<typeof localAddresses>[1], from: typeof all = all): string[] =>
    localAddresses(from, options).map((one) => one.address);

  it('leave loopback and link-local out unless there is nothing else', () => {
    expect(texts({})).toEqual(['192.0.2.1', '2001:db8::1', '10.0.0.1']);
    expect(texts({}, all.slice(0, 2))).toEqual(['127.0.0.1', '::1']);
    expect(texts({}, [all[0] as never, all[4] as never])).toEqual(['fe80::1%eth0']);
  });

  it('are chosen by options', () => {
    expect(texts({ includeLoopback: true })).toEqual(['192.0.2.1', '2001:db8::1', '10.0.0.1', '127.0.0.1', '::1']);
    expect(texts({ families: ['IPv6'] })).toEqual(['2001:db8::1']);
    expect(texts({ interfaceFilter: ({ name }) => name !== 'eth0' })).toEqual(['10.0.0.1']);
    expect(texts({ bindAddresses: ['127.0.0.1'] })).toEqual(['127.0.0.1']);
  });
});

describe('the options of Kaon', () => {
  /** Addresses and ports of the host candidates. */
  async function candidates(kaon: RTCConfiguration['kaon']): Promise<string[]> {
    const connection = world.connection(world.alice, {}, kaon);
    connection.createDataChannel('x');
    const found: string[] = [];
    connection.onicecandidate = ({ candidate }) =>
      candidate?.address && found.push(`${candidate.address} ${candidate.port}`);
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    connection.close();
    return found;
  }

  it('bind to the addresses and ports that are asked for', async () => {
    expect(await candidates({ bindAddresses: ['127.0.0.1'], portRange: [5000, 5000] })).toEqual(['127.0.0.1 5000']);
    expect((await candidates({ includeLoopback: true })).map((text) => text.split(' ')[0])).toEqual(
      expect.arrayContaining(['198.51.100.1', '127.0.0.1', '::1']),
    );
    // Not an address of this host: no candidate, and no failure.
    expect(await candidates({ bindAddresses: ['203.0.113.9'] })).toEqual([]);
  });

  it('leave out types of candidates', async () => {
    expect(await candidates({ candidateTypes: ['srflx'] })).toEqual([]);
  });

  it('keep away from remote addresses', async () => {
    const refused: string[] = [];
    const [a, b] = world.pair({
      kaon: {
        remoteAddressFilter: (address) => {
          refused.push(address);
          return false;
        },
      },
    });
    a.createDataChannel('x');
    await world.until(a.setLocalDescription());
    await world.until(b.setRemoteDescription(a.localDescription as never));
    await world.until(b.setLocalDescription());
    await world.until(a.setRemoteDescription(b.localDescription as never));
    await world.advance(1000);
    expect(refused).toContain('198.51.100.2');
    expect(a.iceConnectionState).not.toBe('connected');
  });

  it('report keys and what happens', async () => {
    const keys: string[] = [];
    const names = new Set<string>();
    await world.connected({ kaon: { keyLog: (line) => keys.push(line), trace: ({ name }) => names.add(name) } });
    expect(keys[0]).toMatch(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/);
    expect([...new Set([...names].map((name) => name.split(':')[0]))].sort()).toEqual(
      expect.arrayContaining(['dtls', 'ice']),
    );
  });

  it('may throw without harm', async () => {
    const names: string[] = [];
    const filter = (): never => {
      throw new Error('a bug of the application');
    };
    expect(await candidates({ interfaceFilter: filter, trace: ({ name }) => names.push(name) })).toEqual([]);
    expect(names).toContain('webrtc:interfaces-failed');
    const [a, b] = world.pair({}, { kaon: { remoteAddressFilter: filter } });
    a.createDataChannel('x');
    await world.until(negotiate(a, b));
    await world.advance(2000);
    expect([b.signalingState, b.connectionState]).toEqual(['stable', 'new']);
    const { a: watched } = await world.connected({ kaon: { trace: filter, keyLog: filter } });
    expect(watched.connectionState).toBe('connected');
    // Nor is the object that was given another one when it is asked for.
    expect(watched.getConfiguration().kaon?.trace).toBe(filter);
    watched.setConfiguration(watched.getConfiguration());
  });

  it('give up sooner or later as they say', async () => {
    const kaon = { patience: 500, checkInterval: 20 };
    const connection = world.connection(world.alice, {}, kaon);
    const other = world.connection(world.bob);
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.until(other.setRemoteDescription(connection.localDescription as never));
    const answer = await world.until(other.createAnswer());
    await world.until(connection.setRemoteDescription(answer));
    await world.until(connection.addIceCandidate(null));
    const start = world.sim.clock.now();
    await world.run(() => connection.connectionState === 'failed');
    expect(world.sim.clock.now() - start).toBeLessThan(2000);
  });

  it('let the peer send no more than fits the receive buffer', async () => {
    const times: number[] = [];
    for (const receiveBufferSize of [undefined, 10_000]) {
      const far = new World({ delay: 50 });
      const { channel, other } = await far.connected({}, { kaon: { receiveBufferSize } });
      let bytes = 0;
      other.onmessage = ({ data }) => {
        bytes += (data as ArrayBuffer).byteLength;
      };
      const start = far.sim.clock.now();
      for (let i = 0; i < 300; i++) channel.send(new Uint8Array(1000));
      await far.run(() => bytes === 300_000);
      times.push(far.sim.clock.now() - start);
      far.close();
    }
    // Some 10 kB per round trip of 200 ms.
    expect(times[0]).toBeLessThan(3000);
    expect(times[1]).toBeGreaterThan(5000);
  });

  it('space out connectivity checks', async () => {
    const counts: number[] = [];
    for (const checkInterval of [10, 1000]) {
      const own = new World();
      const addresses = Array.from({ length: 20 }, (_, i) => `198.51.100.${100 + i}`);
      const many = own.sim.host({ addresses });
      let checks = 0;
      const trace = ({ name }: { name: string }): void => {
        if (name === 'ice:check-sent') checks++;
      };
      const a = own.connection(own.alice, {}, { checkInterval, trace });
      // Nobody answers: the host is there, its connection is not.
      const b = own.connection(many);
      a.createDataChannel('x');
      await own.until(a.setLocalDescription());
      await own.until(b.setRemoteDescription(a.localDescription as never));
      await own.until(b.setLocalDescription());
      await own.run(() => b.iceGatheringState === 'complete');
      const answer = b.localDescription;
      b.close();
      await own.until(a.setRemoteDescription(answer as never));
      await own.advance(300);
      counts.push(checks);
      own.close();
    }
    expect(counts[0]).toBeGreaterThanOrEqual(20);
    expect(counts[1]).toBeLessThan(10);
  });

  it('make datagrams larger', async () => {
    const sizes: number[] = [];
    const measured = {
      ...delegate(world.alice),
      bindUdp: async (options: BindOptions) => {
        const socket = await world.alice.bindUdp(options);
        const send = socket.send.bind(socket);
        socket.send = (buffer, start, end, ...rest) => {
          sizes.push(end - start);
          return send(buffer, start, end, ...rest);
        };
        return socket;
      },
    };
    const { channel, other } = await world.connected({ kaon: { mtu: 4000, network: measured } });
    let done = false;
    other.onmessage = () => {
      done = true;
    };
    channel.send(new Uint8Array(100_000));
    await world.run(() => done);
    expect(Math.max(...sizes)).toBeGreaterThan(3900);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4000);
  });
});

describe('ICE servers', () => {
  it('that are none are not contacted: nothing is sent and no name is looked up', async () => {
    const lookups: string[] = [];
    const spied = {
      ...delegate(world.alice),
      resolve: (name: string) => {
        lookups.push(name);
        return Promise.reject(new Error('no'));
      },
    };
    const connection = world.connection(spied, { iceServers: [] });
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    expect(lookups).toEqual([]);
    expect(connection.localDescription?.sdp).not.toContain('srflx');
  });

  it('that cannot be used say so by icecandidateerror', async () => {
    const connection = world.connection(world.alice, {
      iceServers: [
        { urls: ['stun:nowhere.example', 'turn:192.0.2.1'], username: 'u', credential: 'c' },
        { urls: 'stuns:192.0.2.1' },
      ],
    });
    const errors: [string, number, string][] = [];
    connection.onicecandidateerror = ({ url, errorCode, errorText }) => errors.push([url, errorCode, errorText]);
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    expect(errors.sort()).toEqual([
      ['stun:nowhere.example', 701, expect.stringContaining('nowhere.example')],
      ['stuns:192.0.2.1', 701, expect.stringContaining('not supported')],
      ['turn:192.0.2.1', 701, expect.stringContaining('did not answer')],
    ]);
  });

  it('are all asked, those of every entry', async () => {
    const asked: string[] = [];
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      const server = world.sim.host({ addresses: [address] });
      const socket = await server.bindUdp({ address, port: 3478 });
      socket.onDatagram = () => {
        if (!asked.includes(address)) asked.push(address);
      };
    }
    world.sim.names.set('stun.example', ['192.0.2.3']);
    const connection = world.connection(world.alice, {
      iceServers: [{ urls: ['stun:192.0.2.1', 'stun:192.0.2.2'] }, { urls: 'stun:stun.example' }],
    });
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.run(() => asked.length === 3);
  });

  it('with the policy relay leave nothing but relayed candidates, and none without a TURN server', async () => {
    const connection = world.connection(world.alice, {
      iceTransportPolicy: 'relay',
      iceServers: [{ urls: 'stun:192.0.2.1' }],
    });
    const found: (string | undefined)[] = [];
    connection.onicecandidate = ({ candidate }) => found.push(candidate?.candidate);
    connection.createDataChannel('x');
    await world.until(connection.setLocalDescription());
    await world.run(() => connection.iceGatheringState === 'complete');
    expect(found).toEqual(['', undefined]);
  });
});

/** A network with the methods of another one, to be changed. */
function delegate(network: Network): Network {
  return {
    interface: network.interface,
    interfaces: () => network.interfaces(),
    bindUdp: (options) => network.bindUdp(options),
    resolve: (name, family) => network.resolve(name, family),
  };
}

describe('credentials of TURN servers', () => {
  const make = (server: Partial<RTCIceServer>) => () =>
    world.connection(world.alice, { iceServers: [{ urls: 'turn:192.0.2.1', username: 'u', ...server }] });

  it('are a password, or a key with a token', () => {
    expect(make({ credential: 'p' })).not.toThrow();
    expect(make({ credential: 'c2VjcmV0', credentialType: 'oauth', accessToken: 'dG9rZW4=' })).not.toThrow();
  });

  it('of no type are refused', async () => {
    for (const server of [
      {},
      { credential: 1 as unknown as string },
      { credential: 'c2VjcmV0', credentialType: 'oauth' },
      { credential: 'not base64!', credentialType: 'oauth', accessToken: 'dG9rZW4=' },
    ] as const)
      expect(await errorName(make(server))).toBe('InvalidAccessError');
    expect(make({ credential: 'p', credentialType: 'magic' as 'oauth' })).toThrow(TypeError);
  });
});
