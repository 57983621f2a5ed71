import { FrameSource, type RTCPeerConnection, type RTCRtpReceiver, type RTCStats } from '../../src/index.ts';
import { negotiate } from '../helpers/connect.ts';
import type { World } from '../helpers/world.ts';
import { opusFrame, vp8Frame } from '../media/helpers.ts';

/** Two peers with audio and video both ways; those of the first come from `audio` and `video`. */
export interface Call {
  readonly a: RTCPeerConnection;
  readonly b: RTCPeerConnection;
  readonly audio: FrameSource;
  readonly video: FrameSource;
  /** Receivers of the second. */
  readonly receivers: RTCRtpReceiver[];
}

/** Connects them; nothing is sent before `speak`. */
export async function call(
  world: World,
  a: Parameters<World['pair']>[0] = {},
  b: Parameters<World['pair']>[1] = {},
): Promise<Call> {
  const [first, second] = world.pair(a, b);
  const video = new FrameSource({ kind: 'video', codec: VP8 });
  const audio = new FrameSource({ kind: 'audio' });
  const receivers: RTCRtpReceiver[] = [];
  second.addEventListener('track', ({ receiver }) => {
    receivers.push(receiver);
    receiver.onframe = () => {};
  });
  first.addTrack(audio.track);
  first.addTrack(video.track);
  await world.until(negotiate(first, second));
  await world.run(() => first.connectionState === 'connected' && second.connectionState === 'connected');
  return { a: first, b: second, audio, video, receivers };
}

/** Sends 20 ms of audio and 40 ms of video again and again, for some seconds. */
export async function speak(world: World, { audio, video }: Call, seconds: number, size = 3000): Promise<void> {
  let wantsKey = true;
  video.onkeyframerequest = () => {
    wantsKey = true;
  };
  const start = world.clock.now();
  for (let index = 0; index < seconds * 50; index++)
    world.clock
      .timer(() => {
        audio.write({ data: opusFrame(80, index), time: start + index * 20, audioLevel: { level: 20 } });
        if (index % 2 === 0) {
          video.write({ data: vp8Frame(wantsKey, size, index), time: start + index * 20, keyFrame: wantsKey });
          wantsKey = false;
        }
      })
      .reset(start + index * 20);
  await world.advance(seconds * 1000);
}

/** The objects of a type in a connection's report, by kind where there are kinds. */
export async function statsOf(connection: RTCPeerConnection, type: string, kind?: string): Promise<RTCStats[]> {
  const report = await connection.getStats();
  return [...report.values()].filter((one) => one.type === type && (kind === undefined || one['kind'] === kind));
}

export const VP8 = { mimeType: 'video/VP8', clockRate: 90_000 };
