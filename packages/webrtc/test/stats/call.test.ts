import { afterEach, describe, expect, it } from 'vitest';
import {
  FrameSource,
  type MediaStreamTrack,
  type RTCInboundRtpStreamStats,
  type RTCOutboundRtpStreamStats,
  type RTCRemoteInboundRtpStreamStats,
  type RTCRemoteOutboundRtpStreamStats,
  RTCRtpSender,
  type RTCStats,
  type RTCStatsReport,
} from '../../src/index.ts';
import { negotiate, trickle } from '../helpers/connect.ts';
import { player } from '../helpers/frames.ts';
import { errorName, World } from '../helpers/world.ts';
import { vp8Frame } from '../media/helpers.ts';
import { call, speak, statsOf, VP8 } from './helpers.ts';
import { COUNTERS, MEMBERS } from './members.ts';

let world: World;
afterEach(() => world?.close());

/** Members that refer to another object. */
function references(stats: RTCStats): [string, string][] {
  return Object.entries(stats).filter(([name]) => name.endsWith('Id')) as [string, string][];
}

/** What is wrong with an object by the list of members. */
function faults(stats: RTCStats): string[] {
  const members = MEMBERS[stats.type];
  if (members === undefined) return [`${stats.type} is not listed`];
  const wrong: string[] = [];
  for (const [name, kind] of Object.entries(members)) {
    const [type, only] = kind.replace('?', '').split(' ');
    const wanted = !kind.endsWith('?') && (only === undefined || only === stats['kind']);
    const value = stats[name];
    if (value === undefined ? wanted : (only !== undefined && only !== stats['kind']) || typeof value !== type)
      wrong.push(`${stats.type}.${name}: ${typeof value}`);
    if (typeof value === 'number' && !Number.isFinite(value)) wrong.push(`${stats.type}.${name} is ${value}`);
  }
  for (const name of Object.keys(stats))
    if (members[name] === undefined && !['id', 'type', 'timestamp'].includes(name))
      wrong.push(`${stats.type}.${name} is not listed`);
  return wrong;
}

const types = (report: RTCStatsReport): string[] => [...new Set([...report.values()].map(({ type }) => type))].sort();

describe('a call over a bad line', () => {
  it('has every member that is documented, of its type', async () => {
    world = new World({ delay: 10, jitter: 5, loss: 0.02 });
    const made = await call(world);
    const { a, b } = made;
    const channel = a.createDataChannel('beside');
    await world.until(negotiate(a, b));
    await world.run(() => channel.readyState === 'open');
    await speak(world, made, 12);
    const seen = new Set<string>();
    for (const side of [a, b]) {
      const report = await side.getStats();
      expect([...report.values()].flatMap(faults)).toEqual([]);
      for (const type of types(report)) seen.add(type);
      for (const one of report.values())
        for (const [name, id] of references(one)) expect([name, report.has(id)]).toEqual([name, true]);
      expect(JSON.parse(JSON.stringify([...report]))).toEqual([...report]);
    }
    expect([...seen].sort()).toEqual(Object.keys(MEMBERS).sort());
  });

  it('tells the same from both ends: what was sent was received or lost', async () => {
    world = new World({ delay: 10, jitter: 5, loss: 0.02 });
    const made = await call(world);
    const { a, b } = made;
    await speak(world, made, 12);
    // Time for reports, and for what is still on its way.
    await world.advance(8000);
    const [sender, receiver] = [await a.getStats(), await b.getStats()];
    for (const kind of ['audio', 'video']) {
      const [out] = (await statsOf(a, 'outbound-rtp', kind)) as [RTCOutboundRtpStreamStats];
      const [into] = (await statsOf(b, 'inbound-rtp', kind)) as [RTCInboundRtpStreamStats];
      expect(into.ssrc).toBe(out.ssrc);
      expect(into.packetsLost).toBeGreaterThan(5);
      const { retransmittedPacketsSent, packetsSent, rtxSsrc } = out;
      const { retransmittedPacketsReceived = 0, packetsReceived, packetsLost } = into;
      // Nobody knows of a loss behind which nothing came.
      const own = packetsSent - retransmittedPacketsSent;
      const missing = own - (packetsReceived - retransmittedPacketsReceived + packetsLost);
      expect([0, 1, 2].includes(missing)).toBe(true);
      expect(retransmittedPacketsReceived).toBeLessThanOrEqual(retransmittedPacketsSent);
      expect(into.rtxSsrc).toBe(rtxSsrc);
      expect(into.bytesReceived).toBeLessThan(out.bytesSent);
      const told = receiver.get(into.remoteId as string) as RTCRemoteOutboundRtpStreamStats;
      expect(told.packetsSent).toBeLessThanOrEqual(own);
      expect(told.packetsSent).toBeGreaterThan(own / 2);
      expect(told.localId).toBe(into.id);
      expect(Math.abs(told.timestamp - told.remoteTimestamp)).toBeLessThan(40);
      const heard = sender.get(out.remoteId as string) as RTCRemoteInboundRtpStreamStats;
      expect([heard.ssrc, heard.localId]).toEqual([out.ssrc, out.id]);
      expect(heard.packetsReceived + heard.packetsLost).toBeLessThanOrEqual(own);
      expect(heard.roundTripTime).toBeGreaterThan(0.03);
      expect(heard.roundTripTime).toBeLessThan(0.08);
      expect(heard.timestamp).toBeLessThan(out.timestamp);
      if (kind === 'video') {
        expect([out.framesEncoded, out.framesSent, out.frameWidth, out.frameHeight]).toEqual([300, 300, 320, 240]);
        expect(out.retransmittedPacketsSent).toBeGreaterThan(5);
        expect(into.nackCount).toBeGreaterThanOrEqual(out.nackCount);
        expect([into.frameWidth, into.frameHeight]).toEqual([320, 240]);
        expect(into.framesReceived).toBeGreaterThan(285);
        expect(into.framesReceived).toBeLessThanOrEqual(300);
        expect(into.framesAssembledFromMultiplePackets).toBe(into.framesReceived);
        expect(into.fecPacketsReceived).toBeGreaterThan(0);
        expect(out.totalPacketSendDelay).toBeGreaterThan(0);
      } else {
        expect(packetsSent).toBe(600);
        expect(into.totalSamplesReceived).toBe(packetsReceived * 960);
        expect(into.totalSamplesDuration).toBeCloseTo(packetsReceived * 0.02, 6);
        expect(into.audioLevel).toBeCloseTo(0.1, 9);
        expect(into.totalAudioEnergy).toBeCloseTo(0.01 * packetsReceived * 0.02, 6);
      }
      // The track goes on at its own pace when nothing comes: the time of the peer, less the way.
      const playout = (into.estimatedPlayoutTimestamp as number) - 2_208_988_800_000;
      expect(into.timestamp - playout).toBeGreaterThan(0);
      expect(into.timestamp - playout).toBeLessThan(400);
    }
    const [audio, video] = [await statsOf(a, 'media-source', 'audio'), await statsOf(a, 'media-source', 'video')];
    expect(audio).toMatchObject([{ trackIdentifier: made.audio.track.id, audioLevel: 0.1 }]);
    expect(audio[0]?.['totalSamplesDuration']).toBeCloseTo(12, 6);
    expect(video).toMatchObject([{ trackIdentifier: made.video.track.id, frames: 300, width: 320, height: 240 }]);
  });

  it('keeps ids, and counters that only go up', async () => {
    world = new World({ delay: 10, jitter: 5, loss: 0.05 });
    const made = await call(world);
    await speak(world, made, 2);
    const before = [await made.a.getStats(), await made.b.getStats()];
    for (let round = 0; round < 5; round++) {
      await speak(world, made, 1);
      const after = [await made.a.getStats(), await made.b.getStats()];
      for (const [side, old] of before.entries()) {
        const now = after[side] as RTCStatsReport;
        expect([...old.keys()].filter((id) => !now.has(id))).toEqual([]);
        for (const [id, stats] of old)
          for (const [name, value] of Object.entries(stats))
            if (COUNTERS.has(name))
              expect([id, name, (now.get(id)?.[name] as number) >= (value as number)]).toEqual([id, name, true]);
        before[side] = now;
      }
    }
  });
});

it('frames per second are those of the last one', async () => {
  world = new World();
  const made = await call(world);
  await speak(world, made, 3);
  for (const [side, type] of [
    [made.a, 'outbound-rtp'],
    [made.b, 'inbound-rtp'],
    [made.a, 'media-source'],
  ] as const) {
    const [video] = await statsOf(side, type, 'video');
    expect(video?.['framesPerSecond']).toBeGreaterThan(22);
    expect(video?.['framesPerSecond']).toBeLessThan(27);
  }
});

it('a narrow line limits the quality, and its bandwidth is told', async () => {
  world = new World({ delay: 10, rate: 60_000, queue: 30_000 });
  const made = await call(world);
  // 480 kbit/s is what the line carries, and about as much as is sent.
  await speak(world, made, 15, 1800);
  const [out] = (await statsOf(made.a, 'outbound-rtp', 'video')) as [RTCOutboundRtpStreamStats];
  expect(out.qualityLimitationReason).toBe('bandwidth');
  const { none = 0, bandwidth = 0, cpu, other } = out.qualityLimitationDurations ?? {};
  expect(bandwidth).toBeGreaterThan(10);
  expect(none + bandwidth).toBeLessThan(20);
  expect([cpu, other]).toEqual([0, 0]);
  const report = await made.a.getStats();
  const pair = report.get(report.get('T0')?.['selectedCandidatePairId'] as string);
  expect(pair?.['availableOutgoingBitrate']).toBeGreaterThan(100_000);
  expect(pair?.['availableOutgoingBitrate']).toBeLessThan(1_500_000);
  expect(out.targetBitrate).toBeLessThanOrEqual(pair?.['availableOutgoingBitrate'] as number);
  // The other side sends nothing that could be steered.
  const [back] = (await statsOf(made.b, 'candidate-pair')).filter(({ nominated }) => nominated);
  expect(back?.['availableOutgoingBitrate']).toBeUndefined();
});

it('a simulcast has an object for each encoding', async () => {
  world = new World();
  const [a, b] = world.pair({ kaon: { media: { startBitrate: 3_000_000 } } });
  const rids = ['q', 'h', 'f'];
  const video = new FrameSource({ kind: 'video', rids, codec: VP8 });
  const sendEncodings = rids.map((rid) => ({ rid, active: rid !== 'h', scalabilityMode: 'L1T1' }));
  const { sender } = a.addTransceiver(video.track, { direction: 'sendonly', sendEncodings });
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  for (let index = 0; index < 30; index++) {
    for (const [layer, rid] of rids.entries())
      video.write({ data: vp8Frame(true, 500 * (layer + 1)), time: index * 33, keyFrame: true, rid });
    await world.advance(33);
  }
  const sent = [...(await sender.getStats()).values()].filter(({ type }) => type === 'outbound-rtp');
  expect(sent).toMatchObject([
    { rid: 'q', encodingIndex: 0, active: true, framesSent: 30, keyFramesEncoded: 30, scalabilityMode: 'L1T1' },
    { rid: 'h', encodingIndex: 1, active: false, framesSent: 0, packetsSent: 0 },
    { rid: 'f', encodingIndex: 2, active: true, framesSent: 30 },
  ]);
  expect(sent[1]?.['codecId']).toBeUndefined();
  expect(new Set(sent.map(({ mediaSourceId }) => mediaSourceId)).size).toBe(1);
  expect(new Set(sent.map(({ ssrc }) => ssrc)).size).toBe(3);
  const [source] = await statsOf(a, 'media-source');
  expect(source).toMatchObject({ frames: 30 });
  const came = await statsOf(b, 'inbound-rtp');
  expect(came.map(({ ssrc }) => ssrc)).toEqual([sent[0]?.['ssrc'], sent[2]?.['ssrc']]);
});

it('FlexFEC has its SSRC', async () => {
  world = new World({ delay: 10, loss: 0.05 });
  const [a, b] = world.pair();
  const video = player(world, 'video', 3000);
  const transceiver = a.addTransceiver(video.track, { direction: 'sendonly' });
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
  transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /VP8|rtx|flexfec/i.test(mimeType)));
  await world.until(negotiate(a, b));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  await world.advance(8000);
  const [stream] = await statsOf(b, 'inbound-rtp');
  expect(stream?.['fecSsrc']).toBeTypeOf('number');
  expect(stream?.['fecPacketsReceived']).toBeGreaterThan(0);
  expect(stream?.['fecBytesReceived']).toBeGreaterThan(0);
});

it('without a jitter buffer there are no members about one, and what is late is used', async () => {
  world = new World({ delay: 10, reorder: 0.05, reorderDelay: 100 });
  const off = await call(world, {}, { kaon: { media: { jitterBuffer: 'off' } } });
  await speak(world, off, 3);
  const [plain] = await statsOf(off.b, 'inbound-rtp', 'video');
  expect(Object.keys(plain ?? {}).filter((name) => /jitterBuffer|ssembl/.test(name))).toEqual([]);
  expect(plain?.['framesReceived']).toBeGreaterThan(60);
  const relay = await call(world, {}, { kaon: { media: { jitterBuffer: 'immediate', nack: false } } });
  await speak(world, relay, 3);
  expect(await statsOf(relay.b, 'inbound-rtp', 'audio')).toMatchObject([{ packetsDiscarded: 0 }]);
});

it('several transports have their own objects', async () => {
  world = new World();
  const a = world.connection(world.alice, { bundlePolicy: 'max-compat' });
  const b = world.connection(world.bob);
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {});
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {});
  for (const kind of ['audio', 'video'] as const) a.addTrack(player(world, kind).track);
  await world.until(a.setLocalDescription());
  const sdp = (a.localDescription?.sdp ?? '').replace(/a=group:BUNDLE.*\r\n/g, '');
  await world.until(b.setRemoteDescription({ type: 'offer', sdp }));
  await world.until(b.setLocalDescription());
  await world.until(a.setRemoteDescription(b.localDescription as never));
  await world.run(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  await world.advance(2000);
  const report = await a.getStats();
  const sent = [...report.values()].filter(({ type }) => type === 'outbound-rtp');
  expect(sent.map(({ transportId }) => transportId)).toEqual(['T0', 'T1']);
  for (const { transportId, packetsSent } of sent) {
    expect(report.get(transportId as string)).toMatchObject({ type: 'transport', dtlsState: 'connected' });
    expect(report.get(transportId as string)?.['packetsSent']).toBeGreaterThan(packetsSent as number);
  }
  const [, video] = a.getSenders();
  const own = await video?.getStats();
  expect([own?.has('T0'), own?.has('T1')]).toEqual([false, true]);
});

describe('what is selected', () => {
  it('are the streams of a track and what they refer to', async () => {
    world = new World();
    const made = await call(world);
    await speak(world, made, 6);
    const { a, b, audio } = made;
    const shared = ['candidate-pair', 'certificate', 'codec', 'local-candidate', 'remote-candidate', 'transport'];
    const sent = await a.getStats(audio.track);
    expect(types(sent)).toEqual([...shared, 'media-source', 'outbound-rtp', 'remote-inbound-rtp'].sort());
    expect([...sent.values()].filter(({ kind = 'audio' }) => kind !== 'audio')).toEqual([]);
    const [receiver] = made.receivers;
    const came = await b.getStats(receiver?.track as MediaStreamTrack);
    expect(types(came)).toEqual([...shared, 'inbound-rtp', 'remote-outbound-rtp'].sort());
    const own = (await receiver?.getStats()) as RTCStatsReport;
    expect([...came.keys()]).toEqual([...own.keys()]);
    // The other direction carries nothing.
    expect((await b.getSenders()[0]?.getStats())?.size).toBe(0);
    expect((await a.getReceivers()[0]?.getStats())?.size).toBe(0);
  });

  it('has to be one sender or receiver of the connection', async () => {
    world = new World();
    const a = world.connection();
    const { track } = new FrameSource({ kind: 'audio' });
    expect(await errorName(() => a.getStats(track))).toBe('InvalidAccessError');
    a.addTransceiver(track);
    expect((await a.getStats(track)).size).toBe(0);
    a.addTransceiver(track);
    expect(await errorName(() => a.getStats(track))).toBe('InvalidAccessError');
    // A received track that is sent back has a receiver and a sender.
    const { receiver } = a.addTransceiver('video');
    expect((await a.getStats(receiver.track)).size).toBe(0);
    a.addTrack(receiver.track);
    expect(await errorName(() => a.getStats(receiver.track))).toBe('InvalidAccessError');
  });
});

it('a track has its source in the report as soon as it is attached, and no longer than it is', async () => {
  world = new World();
  const a = world.connection();
  const source = new FrameSource({ kind: 'video', settings: { width: 1280, height: 720 } });
  const sender = a.addTrack(source.track);
  const [first] = await statsOf(a, 'media-source');
  expect(first).toMatchObject({ kind: 'video', trackIdentifier: source.track.id, frames: 0, width: 1280, height: 720 });
  expect(first?.['framesPerSecond']).toBeUndefined();
  source.write({ data: vp8Frame(true), time: 0, keyFrame: true });
  expect(await statsOf(a, 'media-source')).toMatchObject([{ id: first?.id, frames: 1 }]);
  await sender.replaceTrack(null);
  expect(await statsOf(a, 'media-source')).toEqual([]);
  await sender.replaceTrack(source.track);
  expect(await statsOf(a, 'media-source')).toMatchObject([{ frames: 0 }]);
});

it('a track that is passed on is counted in both connections', async () => {
  world = new World();
  const [a, b] = world.pair();
  a.addTrack(player(world, 'video').track);
  let track: MediaStreamTrack | undefined;
  b.ontrack = (event) => {
    track = event.track;
  };
  await world.until(negotiate(a, b));
  await world.run(() => track?.muted === false);
  const [c, d] = world.pair();
  c.addTrack(track as MediaStreamTrack);
  await world.until(negotiate(c, d));
  await world.advance(3000);
  const [out] = (await statsOf(c, 'outbound-rtp')) as [RTCOutboundRtpStreamStats];
  expect(out.framesSent).toBeGreaterThan(80);
  expect(out.framesEncoded).toBe(out.framesSent);
  expect(out.keyFramesEncoded).toBeGreaterThanOrEqual(1);
  expect([out.frameWidth, out.frameHeight]).toEqual([320, 240]);
  expect(await statsOf(c, 'media-source')).toMatchObject([{ trackIdentifier: track?.id, width: 320 }]);
});

it('a closed connection still answers', async () => {
  world = new World();
  const made = await call(world);
  await speak(world, made, 1);
  const { a, audio } = made;
  const [sender] = a.getSenders();
  a.close();
  const report = await a.getStats();
  expect(report.get('P')).toMatchObject({ type: 'peer-connection' });
  expect(report.get('T0')).toMatchObject({ dtlsState: 'closed', iceState: 'closed' });
  expect(report.get('T0')?.['packetsSent']).toBeGreaterThan(50);
  expect(types(report).filter((type) => type.includes('rtp'))).toEqual([]);
  for (const one of report.values())
    for (const [name, id] of references(one)) expect([name, report.has(id)]).toEqual([name, true]);
  expect((await sender?.getStats())?.size).toBe(0);
  expect(await errorName(() => a.getStats(audio.track))).toBe('InvalidAccessError');
});

it('the pairs of a transport have carried together what it has', async () => {
  world = new World();
  const network = world.sim.internet;
  const host = world.sim.host({
    interfaces: [
      { name: 'eth0', addresses: ['198.51.100.10'], network },
      { name: 'eth1', addresses: ['198.51.100.11'], network },
    ],
  });
  const [a, b] = [world.connection(host), world.connection(world.bob)];
  trickle(a, b);
  const channel = a.createDataChannel('x');
  await world.until(negotiate(a, b));
  await world.run(() => channel.readyState === 'open');
  const sums = async (): Promise<number[][]> => {
    const report = await a.getStats();
    const pairs = [...report.values()].filter(({ type }) => type === 'candidate-pair');
    return ['packetsSent', 'packetsReceived', 'bytesSent', 'bytesReceived'].map((name) => [
      pairs.reduce((sum, pair) => sum + (pair[name] as number), 0),
      report.get('T0')?.[name] as number,
    ]);
  };
  const idOfPair = async (): Promise<string> => (await a.getStats()).get('T0')?.['selectedCandidatePairId'] as string;
  for (const [ofPairs, ofTransport] of await sums()) expect(ofPairs).toBe(ofTransport);
  const used = await idOfPair();
  const before = (await a.getStats()).get(used);
  expect(before?.['lastPacketSentTimestamp']).toBeGreaterThan(world.sim.clock.wallClock() - 10_000);
  expect(before?.['packetsSent']).toBeGreaterThan(4);
  for (let i = 0; i < 10; i++) channel.send('more');
  await world.advance(1000);
  for (const [ofPairs, ofTransport] of await sums()) expect(ofPairs).toBe(ofTransport);
  expect((await a.getStats()).get(used)?.['packetsSent']).toBeGreaterThan(before?.['packetsSent'] as number);
});
