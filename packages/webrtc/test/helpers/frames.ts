import { FrameSource, type RTCRtpReceiver } from '../../src/index.ts';
import { opusFrame, vp8Frame } from '../media/helpers.ts';
import type { World } from './world.ts';

/** A source that gives a frame every 20 ms of virtual time until the world ends; video begins with key frames when asked. */
export function player(world: World, kind: 'audio' | 'video', size: number = kind === 'audio' ? 80 : 900): FrameSource {
  const source = new FrameSource({ kind });
  let wanted = true;
  let count = 0;
  source.onkeyframerequest = () => {
    wanted = true;
  };
  const timer = world.clock.timer(() => {
    const keyFrame = kind === 'audio' || wanted;
    wanted = source.senders === 0;
    source.write({ data: kind === 'audio' ? opusFrame(size) : vp8Frame(keyFrame, size), time: count++ * 20, keyFrame });
    if (world.made.some(({ signalingState }) => signalingState !== 'closed')) timer.reset(world.clock.now() + 20);
  });
  timer.reset(world.clock.now() + 20);
  return source;
}

/** Sizes of the frames of a receiver, as they come. */
export function heard(receiver: RTCRtpReceiver | undefined): number[] {
  const sizes: number[] = [];
  if (receiver !== undefined) receiver.onframe = ({ data }) => sizes.push(data.length);
  return sizes;
}
