/** Connections that only keep consent, in a simulated network and virtual time: what they hold, and what they cost. */
import type { Clock } from '@kaon/interface/network/v1';
import { type Host, Simulation, type VirtualClock } from '@kaon/testing';
import { type RTCCertificate, RTCPeerConnection, UdpMux } from '@kaon/webrtc';
import { cpuSeconds } from '../measure.ts';
import type { IdleFigures } from '../protocol.ts';

/** Connected at a time. */
const AT_ONCE = 100;
/** Callers on one host, which has 16,384 ephemeral ports. */
const CALLERS_PER_HOST = 1000;

/** Connects `count` callers to one port, and lets all of them idle for some virtual minutes. */
export async function idle(count: number, minutes: number): Promise<IdleFigures> {
  const sim = new Simulation({ seed: 1 });
  const clock = patient(sim.clock);
  const server = sim.host({ addresses: ['198.51.100.1'] });
  const callers: Host[] = [];
  for (let i = 0; i * CALLERS_PER_HOST < count; i++) callers.push(sim.host({ addresses: [`203.0.113.${i + 1}`] }));
  const udpMux = await sim.until(UdpMux.listen({ network: server, clock, port: 5000 }));
  // Virtual time does not wait for the threads that make certificates.
  const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' });
  const ends: RTCPeerConnection[] = [];
  const connect = async (from: number, to: number): Promise<void> => {
    for (let next = from; next < to; ) {
      const open: Promise<boolean>[] = [];
      for (; next < to && open.length < AT_ONCE; next++) {
        const host = callers[Math.floor(next / CALLERS_PER_HOST)] as Host;
        const pair = pairOf(host, server, clock, udpMux, certificate);
        ends.push(...pair);
        open.push(opened(...pair));
      }
      const done = Promise.all(open);
      if ((await sim.until(done)).includes(false)) throw new Error('a connection did not come about');
    }
  };
  // Code and tables of the first ones are nobody's own.
  const warm = Math.min(AT_ONCE, Math.ceil(count / 10));
  await connect(0, warm);
  const held = await memory();
  const begun = performance.now();
  await connect(warm, count);
  const connectSeconds = (performance.now() - begun) / 1000;
  const bytesPerEnd = ((await memory()) - held) / (2 * (count - warm));

  const before = process.cpuUsage();
  await sim.advance(minutes * 60_000);
  const used = cpuSeconds(process.cpuUsage(before));
  const alive = ends.filter(({ connectionState }) => connectionState === 'connected').length / 2;

  for (const end of ends) end.close();
  ends.length = 0;
  await sim.advance(60_000);
  const { fragments, addresses, transactions } = udpMux.tables;
  return {
    connectSeconds,
    bytesPerEnd,
    cpuSecondsPerMinute: used / minutes / (2 * count),
    alive,
    leftBytesPerEnd: ((await memory()) - held) / (2 * (count - warm)),
    // The port itself is no connection's.
    leftSockets: server.openSockets - 1 + callers.reduce((sum, host) => sum + host.openSockets, 0),
    leftTimers: sim.clock.pending,
    leftEntries: udpMux.connections + fragments + addresses + transactions,
  };
}

function pairOf(
  host: Host,
  server: Host,
  clock: Clock,
  udpMux: UdpMux,
  certificate: RTCCertificate,
): readonly [RTCPeerConnection, RTCPeerConnection] {
  const certificates = [certificate];
  return [
    new RTCPeerConnection({ certificates, kaon: { network: host, clock, tcpCandidates: [] } }),
    new RTCPeerConnection({ certificates, kaon: { network: server, clock, udpMux, tcpCandidates: [] } }),
  ];
}

/** Offer, answer, candidates. Whether the channel came to be open. */
async function opened(a: RTCPeerConnection, b: RTCPeerConnection): Promise<boolean> {
  a.addEventListener('icecandidate', ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {}));
  b.addEventListener('icecandidate', ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {}));
  const channel = a.createDataChannel('bench');
  const open = new Promise<boolean>((resolve) => {
    channel.addEventListener('open', () => resolve(true), { once: true });
    channel.addEventListener('close', () => resolve(false), { once: true });
  });
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription as never);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription as never);
  return open;
}

/** The simulation's clock with deferred calls as timers that are due: thousands of turns need no look at each other. */
function patient(clock: VirtualClock): Clock {
  return {
    interface: clock.interface,
    now: () => clock.now(),
    wallClock: () => clock.wallClock(),
    timer: (callback) => clock.timer(callback),
    defer: (callback) => clock.timer(callback).reset(clock.now()),
  };
}

/** Heap and array buffers, garbage collected. */
async function memory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
