import { defaultSeed, type Simulation, story, withSeed } from '@kaon/testing';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Association } from '../../src/index.ts';
import { SharedLine } from './shared-line.ts';

/** 1: all alike; 1 / n: one has everything (Jain, Chiu, Hawe 1984). */
function jain(rates: readonly number[]): number {
  const sum = rates.reduce((a, b) => a + b, 0);
  return sum ** 2 / (rates.length * rates.reduce((a, b) => a + b * b, 0));
}

describe('fairness', () => {
  for (const congestionControl of ['cubic', 'newreno'] as const) {
    it(`ten associations share a line of 5 MB/s and 40 ms alike: ${congestionControl}`, () =>
      withSeed((seed) => {
        const line = new SharedLine(seed, { delay: 20, rate: 5e6, queue: 200_000 }, 10, { congestionControl });
        line.run(30_000);
        const rates = line.measure(60_000);
        const mean = rates.reduce((a, b) => a + b, 0) / rates.length;
        const far = Math.max(...rates.map((rate) => Math.abs(rate / mean - 1)));
        console.log(
          `seed ${seed}: ${congestionControl}: ${rates.map((rate) => Math.round(rate / 1000)).join(' ')} KB/s, ` +
            `Jain ${jain(rates).toFixed(3)}, furthest ${(100 * far).toFixed(0)} %`,
        );
        expect(mean * 10).toBeGreaterThan(0.9 * 5e6);
        expect(jain(rates)).toBeGreaterThan(0.97);
        expect(far).toBeLessThan(0.2);
      }, defaultSeed()));
  }

  // Measured against a simulated TCP Reno. CUBIC takes more than Reno by design where round trips are long, and less of its
  // window is lost each time (RFC 9438 §5.2): whoever shares with Reno and must not chooses NewReno.
  const lines = [
    ['cubic', 10, 1e6, 40_000, 0.5],
    ['newreno', 10, 1e6, 40_000, 0.8],
    ['newreno', 20, 2e6, 80_000, 0.8],
  ] as const;
  for (const [congestionControl, delay, rate, queue, least] of lines) {
    const name = `one beside a TCP Reno flow on a line of ${rate / 1e6} MB/s and ${2 * delay} ms leaves it its share`;
    it(
      `${name}: ${congestionControl}`,
      story(async (sim: Simulation) => {
        const link = { delay, toNetwork: { rate, queue } };
        const here = sim.host({ addresses: ['192.0.2.1'], link });
        const there = sim.host({ addresses: ['192.0.2.2'], link: { delay: 0 } });
        const listener = await there.listenTcp({ address: '192.0.2.2', port: 9 });
        let tcp = 0;
        listener.onStream = (stream) => {
          stream.onData = (bytes) => {
            tcp += bytes.length;
          };
        };
        const stream = await sim.until(here.connectTcp({ remote: { family: 'IPv4', address: '192.0.2.2', port: 9 } }));
        const block = new Uint8Array(64_000);
        const write = (): void => {
          stream.write(block, 0, block.length);
        };
        stream.onDrain = write;
        write();
        const flow = await overUdp(sim, here, there, congestionControl);
        await sim.advance(10_000);
        const before = { tcp, sctp: flow.received() };
        await sim.advance(60_000);
        const rates = [(tcp - before.tcp) / 60, (flow.received() - before.sctp) / 60];
        console.log(
          `seed ${sim.seed}: ${congestionControl}: TCP ${Math.round(rates[0]! / 1000)} KB/s, SCTP ${Math.round(rates[1]! / 1000)} KB/s`,
        );
        expect(rates[0]! + rates[1]!).toBeGreaterThan(0.85 * rate);
        expect(rates[0]! / rates[1]!).toBeGreaterThan(least);
        expect(rates[0]! / rates[1]!).toBeLessThan(1.25);
      }),
    );
  }
});

type End = ReturnType<Simulation['host']>;

/** An association over UDP that sends all it can. */
async function overUdp(
  sim: Simulation,
  here: End,
  there: End,
  congestionControl: 'cubic' | 'newreno',
): Promise<{ received(): number }> {
  const sockets = [
    await here.bindUdp({ address: '192.0.2.1', port: 5000 }),
    await there.bindUdp({ address: '192.0.2.2', port: 5000 }),
  ] as const;
  let received = 0;
  const slot = new Slot(2000, 64);
  for (const [n, socket] of sockets.entries()) {
    const random = sim.random.fork(`end ${n}`);
    const core = new Association({ random: (out) => random(out), congestionControl });
    const remote = sockets[1 - n]!.local;
    const turn = (): void => {
      const now = sim.clock.now();
      for (;;) {
        if (core.pollTimeout() <= now) core.handleTimeout(now);
        if (n === 0) while (core.bufferedAmount(1) < 500_000) core.write(1, 53, new Uint8Array(16_000), now);
        for (let event = core.pollEvent(); event !== undefined; event = core.pollEvent()) {
          if (event.type === 'message') received += event.data.length;
        }
        slot.reset();
        if (!core.pollTransmit(slot, now)) break;
        socket.send(slot.buffer, slot.start, slot.end, remote);
      }
      timer.reset(core.pollTimeout());
    };
    const timer = sim.clock.timer(turn);
    socket.onDatagram = (bytes) => {
      core.handlePacket(bytes, sim.clock.now());
      turn();
    };
    core.connect(sim.clock.now());
    turn();
  }
  return { received: () => received };
}
