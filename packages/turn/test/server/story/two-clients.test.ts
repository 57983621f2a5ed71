import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import { seededRandom, withSeed } from '@kaon/testing';
import { Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { TurnClient } from '../../../src/index.ts';
import { Bench, HELLO, RELAY4, SERVER } from '../helpers.ts';

describe('two clients of one server', () => {
  it('reach each other by their relayed addresses alone, over lines that lose a tenth', () =>
    withSeed((seed) => {
      const random = seededRandom(seed);
      const bench = new Bench();
      const clients = [1, 2].map((host) => {
        const local = transportAddress(`192.0.2.${host}`, 5000);
        const path: Path = { protocol: 'udp', local, remote: SERVER };
        const credentials = { username: 'user', password: 'secret of user' };
        const client = new TurnClient({ path, credentials, random: random.fork(`client ${host}`), now: bench.now });
        return { client, path, relayed: undefined as TransportAddress | undefined, received: [] as Uint8Array[] };
      });
      const slot = new Slot(1500);
      let lost = 0;
      const toServer = (bytes: Uint8Array, path: Path): void => {
        if (random.chance(0.1)) lost++;
        else deliver(bench.receive(bytes, { protocol: 'udp', local: SERVER, remote: path.local }));
      };
      const deliver = (sent: readonly { bytes: Uint8Array; path: Path }[]): void => {
        for (const { bytes, path } of sent) {
          // What goes to a relayed address comes in at the server's own relay socket.
          if (path.remote.address === RELAY4) deliver(bench.fromPeer(bytes, path.remote, path.local));
          const to = clients.find((one) => one.path.local.address === path.remote.address);
          to?.client.handleDatagram(bytes, to.path, bench.now);
        }
      };
      const turn = (): void => {
        for (const one of clients) {
          one.client.handleTimeout(bench.now);
          for (let event = one.client.pollEvent(); event !== undefined; event = one.client.pollEvent()) {
            if (event.type === 'allocated') [one.relayed] = event.relayed;
            else expect(event.type).not.toBe('failed');
          }
          for (; one.client.pollTransmit(slot, bench.now); slot.reset()) toServer(slot.bytes.slice(), one.path);
          for (let data = one.client.pollData(); data !== undefined; data = one.client.pollData()) {
            one.received.push(data.bytes.slice());
          }
        }
        deliver(bench.advance(20));
      };
      for (let i = 0; i < 5000 && clients.some(({ relayed }) => relayed === undefined); i++) turn();
      for (let i = 0; i < 3000; i++) {
        for (const [index, one] of clients.entries()) {
          const peer = clients[1 - index]!.relayed!;
          slot.reset();
          if (one.client.wrap(peer, HELLO, 0, HELLO.length, slot, bench.now) === 'written') {
            toServer(slot.bytes.slice(), one.path);
          }
        }
        slot.reset();
        turn();
      }
      expect(lost).toBeGreaterThan(100);
      for (const { received } of clients) expect(received.length).toBeGreaterThan(2000);
      expect(bench.server.metrics.channels).toBe(2);
    }));
});
