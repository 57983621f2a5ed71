import type { BindOptions, Network, UdpSocket } from '@kaon/interface/network/v1';
import { expect, it } from 'vitest';
import { World } from './helpers/world.ts';

/** Remembers what leaves through the sockets of a network. */
function watched(network: Network, sent: Uint8Array[]): Network {
  return {
    interface: network.interface,
    interfaces: () => network.interfaces(),
    resolve: (name, family) => network.resolve(name, family),
    bindUdp: async (options: BindOptions): Promise<UdpSocket> => {
      const socket = await network.bindUdp(options);
      const send = socket.send.bind(socket);
      socket.send = (buffer, start, end, remote, ecn) => {
        sent.push(buffer.slice(start, end));
        return send(buffer, start, end, remote, ecn);
      };
      return socket;
    },
  };
}

it('negotiates use_srtp for data alone, without which some peers refuse the handshake', async () => {
  const world = new World();
  const sent: Uint8Array[] = [];
  await world.connected(
    { kaon: { network: watched(world.alice, sent) } },
    { kaon: { network: watched(world.bob, sent) } },
  );
  const hellos = sent
    .filter((bytes) => bytes[0] === 22)
    .map((bytes) => Buffer.from(bytes).toString('hex'))
    // Extension 14: the client lists what it can, the server picks AEAD_AES_128_GCM.
    .filter((hex) => hex.includes('000e000b0008000700080001000200') || hex.includes('000e00050002000700'));
  expect(hellos.length).toBeGreaterThanOrEqual(2);
  world.close();
});
