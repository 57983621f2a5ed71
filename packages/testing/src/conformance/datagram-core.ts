import { coreConformance } from './core.ts';
import { check, type Framework } from './framework.ts';
import { launchReady, type MakeWorld } from './world.ts';

/** Tests the contract of core/v1 on cores that read datagrams off the network themselves. */
export function datagramCoreConformance(framework: Framework, name: string, make: MakeWorld): void {
  coreConformance(framework, name, make);
  const { describe, it } = framework;
  describe(`${name}: DatagramCore of core/v1`, () => {
    it('is fed by handleDatagram on both sides', () => {
      const world = make(1);
      for (const core of [world.a, world.b]) check('handleDatagram' in core, 'handleDatagram is missing');
    });

    it('sets the path of every packet it sends, from a local to a remote address of one family', () => {
      let packets = 0;
      launchReady(make, 1, {
        path: NOWHERE,
        route: (path) => {
          packets++;
          check(path !== NOWHERE, 'a packet without a path');
          check(path.local.family === path.remote.family, `from ${path.local.family} to ${path.remote.family}`);
          check(path.remote.port > 0 && path.remote.port < 65_536, `to port ${path.remote.port}`);
          return { protocol: path.protocol, local: path.remote, remote: path.local };
        },
      });
      check(packets > 0, 'the story sent no packet');
    });

    it('takes every ECN codepoint', () => {
      for (const ecn of [0, 1, 2, 3] as const) {
        const { pair } = launchReady(make, 1);
        const core = pair.b.end;
        core.receive(new Uint8Array(20), { ...NOWHERE }, pair.now, ecn);
      }
    });

    it('survives packets from a stranger on an unknown path', () => {
      const running = launchReady(make, 2);
      const { pair, packets } = running;
      for (const { from, bytes } of packets) {
        const side = from === 'a' ? pair.b : pair.a;
        side.end.receive(bytes.slice(), { ...NOWHERE }, pair.now, 0);
      }
      pair.advance(1000);
    });
  });
}

const NOWHERE = {
  protocol: 'udp',
  local: { address: '203.0.113.1', family: 'IPv4', port: 1 },
  remote: { address: '203.0.113.2', family: 'IPv4', port: 2 },
} as const;
