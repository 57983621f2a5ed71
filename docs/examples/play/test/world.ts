import { nodeCrypto } from '@kaon/runtime/node';
import type { Simulation } from '@kaon/testing';
import { RTCPeerConnection } from '@kaon/webrtc';

/** Made beforehand, since virtual time does not wait for threads. */
const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' });

/** A connection on a host of its own in the simulated network. */
export function connectionOn(sim: Simulation, address: string): RTCPeerConnection {
  const { clock } = sim;
  const kaon = {
    network: sim.host({ addresses: [address], link: { delay: 10 } }),
    // Deferred calls as timers that are due: those are run however late they come.
    clock: {
      interface: clock.interface,
      now: () => clock.now(),
      wallClock: () => clock.wallClock(),
      timer: (callback: () => void) => clock.timer(callback),
      defer: (callback: () => void) => clock.timer(callback).reset(clock.now()),
    },
    crypto: nodeCrypto,
  };
  return new RTCPeerConnection({ certificates: [certificate], kaon });
}

/** Waits in virtual time. */
export function waiting(sim: Simulation): (milliseconds: number) => Promise<void> {
  return (milliseconds) =>
    new Promise((resolve) => {
      sim.clock.timer(() => resolve()).reset(sim.clock.now() + milliseconds);
    });
}

/** Posts an offer and takes the answer, candidates and all. */
export async function post(
  connection: RTCPeerConnection,
  to: (offer: string) => Promise<{ readonly sdp: string }>,
): Promise<void> {
  await connection.setLocalDescription();
  if (connection.iceGatheringState !== 'complete')
    await new Promise<void>((resolve) => {
      connection.addEventListener('icegatheringstatechange', () => {
        if (connection.iceGatheringState === 'complete') resolve();
      });
    });
  const { sdp } = await to(connection.localDescription?.sdp ?? '');
  await connection.setRemoteDescription({ type: 'answer', sdp });
}
