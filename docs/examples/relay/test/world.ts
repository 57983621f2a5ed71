import { nodeCrypto } from '@kaon/runtime/node';
import type { LinkOptions, Simulation } from '@kaon/testing';
import { FrameSource, type MediaStreamTrack, RTCPeerConnection, type RTCRtpReceiver } from '@kaon/webrtc';

/** Made beforehand, since virtual time does not wait for threads. */
const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' });

/** A function that makes connections on a host of their own in the simulated network. */
export function connectionsOn(sim: Simulation, address: string, link: LinkOptions): () => RTCPeerConnection {
  const network = sim.host({ addresses: [address], link });
  const { clock } = sim;
  const kaon = {
    network,
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
  return () => new RTCPeerConnection({ certificates: [certificate], kaon });
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

/** A camera that makes thirty frames a second, a key frame whenever one is asked for. The second byte names it. */
export class Camera {
  readonly source = new FrameSource({ kind: 'video', codec: { mimeType: 'video/VP8', clockRate: 90_000 } });
  keyFrames = 0;
  #wantsKey = true;
  #sent = 0;
  readonly #name: number;

  constructor(sim: Simulation, name: number) {
    this.#name = name;
    this.source.onkeyframerequest = () => {
      this.#wantsKey = true;
    };
    const timer = sim.clock.timer(() => {
      this.#shoot();
      timer.reset(sim.clock.now() + 33);
    });
    timer.reset(sim.clock.now() + 33);
  }

  get track(): MediaStreamTrack {
    return this.source.track;
  }

  #shoot(): void {
    const keyFrame = this.#wantsKey;
    this.#wantsKey = false;
    if (keyFrame) this.keyFrames++;
    const data = new Uint8Array(keyFrame ? 6000 : 1500).fill(this.#name);
    data.set(keyFrame ? [0x10, this.#name, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00] : [0x11, this.#name]);
    this.source.write({ data, time: this.#sent++ * 33, keyFrame });
  }
}

/** What comes by a receiver: which camera, and whether it began with a key frame. */
export class Screen {
  frames = 0;
  firstIsKey: boolean | undefined;
  /** Names of the cameras that were seen, in order. */
  readonly cameras: number[] = [];

  constructor(receiver: RTCRtpReceiver) {
    receiver.onframe = ({ data, keyFrame }) => {
      this.firstIsKey ??= keyFrame;
      this.frames++;
      if (this.cameras.at(-1) !== data[1]) this.cameras.push(data[1] as number);
    };
  }
}
