import { afterEach, expect, it } from 'vitest';
import { type RTCStats, RTCStatsReport } from '../src/index.ts';
import { errorName, World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

it('describe a connection with data channels', async () => {
  const { a, channel, other } = await world.connected();
  let answered = 0;
  other.onmessage = () => other.send('answer');
  channel.onmessage = () => answered++;
  channel.send('question');
  channel.send(new Uint8Array(100));
  await world.run(() => answered === 2);
  const report = await a.getStats();
  expect(report).toBeInstanceOf(RTCStatsReport);
  const of = (type: string): RTCStats[] => [...report.values()].filter((stats) => stats.type === type);
  expect(of('peer-connection')).toMatchObject([{ dataChannelsOpened: 1, dataChannelsClosed: 0 }]);
  expect(of('data-channel')).toMatchObject([
    {
      label: 'first',
      protocol: '',
      state: 'open',
      dataChannelIdentifier: channel.id,
      messagesSent: 2,
      bytesSent: 108,
      messagesReceived: 2,
      bytesReceived: 12,
    },
  ]);
  const [transport] = of('transport');
  expect(transport).toMatchObject({
    dtlsState: 'connected',
    dtlsRole: 'server',
    tlsVersion: 'FEFD',
    dtlsCipher: expect.stringMatching(/^TLS_ECDHE_ECDSA_WITH_/),
    iceRole: 'controlling',
    iceState: expect.stringMatching(/connected|completed/),
    iceLocalUsernameFragment: expect.any(String),
    selectedCandidatePairChanges: 1,
  });
  expect(transport?.['bytesSent']).toBeGreaterThan(500);
  expect(transport?.['packetsReceived']).toBeGreaterThan(3);
  const pair = report.get(transport?.['selectedCandidatePairId'] as string);
  expect(pair).toMatchObject({
    type: 'candidate-pair',
    state: 'succeeded',
    nominated: true,
    transportId: transport?.id,
  });
  expect(pair?.['currentRoundTripTime']).toBeCloseTo(0.02, 2);
  expect(pair?.['requestsSent']).toBeGreaterThan(0);
  expect(report.get(pair?.['localCandidateId'] as string)).toMatchObject({
    type: 'local-candidate',
    address: '198.51.100.1',
    candidateType: 'host',
    protocol: 'udp',
    transportId: transport?.id,
  });
  expect(report.get(pair?.['remoteCandidateId'] as string)).toMatchObject({
    type: 'remote-candidate',
    address: '198.51.100.2',
  });
  for (const side of ['localCertificateId', 'remoteCertificateId'])
    expect(report.get(transport?.[side] as string)).toMatchObject({
      type: 'certificate',
      fingerprintAlgorithm: 'sha-256',
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      base64Certificate: expect.stringMatching(/^MII/),
    });
  const fingerprint = report.get(transport?.['remoteCertificateId'] as string)?.['fingerprint'];
  expect(a.remoteDescription?.sdp).toContain(`a=fingerprint:sha-256 ${fingerprint}`);
  for (const stats of report.values()) expect(stats.timestamp).toBeCloseTo(world.sim.clock.wallClock(), 3);
});

it('keep ids from one report to the next and count channels that closed', async () => {
  const { a, channel } = await world.connected();
  const before = await a.getStats();
  const second = a.createDataChannel('second');
  await world.run(() => second.readyState === 'open');
  const after = await a.getStats();
  const lost = [...before.keys()].filter((id) => !after.has(id));
  expect(lost).toEqual([]);
  channel.close();
  await world.run(() => channel.readyState === 'closed');
  expect((await a.getStats()).get('P')).toMatchObject({ dataChannelsOpened: 2, dataChannelsClosed: 1 });
});

it('come as a read-only map', async () => {
  const report = await world.connection().getStats(null);
  expect([report.size, report.has('P'), report.get('nothing')]).toEqual([1, true, undefined]);
  expect([...report].map(([id]) => id)).toEqual([...report.keys()]);
  expect([...report.entries()].length).toBe(1);
  const seen: unknown[] = [];
  report.forEach(function (this: unknown, value, id, map) {
    seen.push(value.id === id, map === report, this);
  }, 7);
  expect(seen).toEqual([true, true, 7]);
  expect(Object.prototype.toString.call(report)).toBe('[object RTCStatsReport]');
});

it('refuse a track that is not there', async () => {
  expect(await errorName(() => world.connection().getStats({} as never))).toBe('InvalidAccessError');
});
