import type { RTCDataChannel, RTCPeerConnection } from '../../src/index.ts';

/** Lets candidates of each side reach the other as they come. */
export function trickle(a: RTCPeerConnection, b: RTCPeerConnection): void {
  a.addEventListener('icecandidate', ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {}));
  b.addEventListener('icecandidate', ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {}));
}

/** Offer and answer, with `a` as the offerer. */
export async function negotiate(a: RTCPeerConnection, b: RTCPeerConnection): Promise<void> {
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription as never);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription as never);
}

/** Resolves with the next event of a type. */
export function next<T extends Event = Event>(target: EventTarget, type: string): Promise<T> {
  return new Promise((resolve) => target.addEventListener(type, (event) => resolve(event as T), { once: true }));
}

/** Resolves with the next message's data. */
export async function message(channel: RTCDataChannel): Promise<unknown> {
  return (await next<MessageEvent>(channel, 'message')).data;
}
