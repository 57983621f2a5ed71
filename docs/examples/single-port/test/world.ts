import { nodeCrypto } from '@kaon/runtime/node';
import type { Host, Simulation } from '@kaon/testing';
import { type KaonOptions, RTCPeerConnection } from '@kaon/webrtc';

/** Made beforehand, since virtual time does not wait for threads. */
export const certificates = await Promise.all(
  [0, 1].map(() => RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })),
);

/** Options of a connection on a host of the simulated network. */
export function kaonOn(sim: Simulation, network: Host): KaonOptions {
  const { clock } = sim;
  return {
    network,
    // Deferred calls as timers that are due: those are run however late they come.
    clock: {
      interface: clock.interface,
      now: () => clock.now(),
      wallClock: () => clock.wallClock(),
      timer: (callback) => clock.timer(callback),
      defer: (callback) => clock.timer(callback).reset(clock.now()),
    },
    crypto: nodeCrypto,
  };
}
