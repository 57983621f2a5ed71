import type { Clock } from '@kaon/interface/network/v1';
import { type RTCConfiguration, RTCPeerConnection } from '@kaon/webrtc';

/** How two connections got on. */
export interface Outcome {
  readonly works: boolean;
  readonly time?: number | undefined;
  readonly address?: string | undefined;
  readonly why?: string | undefined;
}

/** Makes two connections here and has one message go to the other and back. Never rejects. */
export async function connectTwo(configuration: RTCConfiguration, timeout: number, clock: Clock): Promise<Outcome> {
  const a = new RTCPeerConnection(configuration);
  const b = new RTCPeerConnection(configuration);
  const errors = new Set<string>();
  const begun = clock.now();
  const timer = { cancel(): void {} };
  try {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.onicecandidate = ({ candidate }) => void to.addIceCandidate(candidate).catch(() => {});
      from.onicecandidateerror = ({ errorCode, errorText }) => void errors.add(`${errorCode}: ${errorText}`);
    }
    b.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => channel.send(data as string);
    };
    const channel = a.createDataChannel('doctor');
    const echoed = new Promise<string | undefined>((resolve) => {
      channel.onopen = () => channel.send('ping');
      channel.onmessage = () => resolve(undefined);
      const failed = (): void => {
        if (a.connectionState === 'failed' || b.connectionState === 'failed') resolve('ICE found no way');
      };
      a.onconnectionstatechange = failed;
      b.onconnectionstatechange = failed;
      // Without a candidate there is nothing to wait for.
      a.onicegatheringstatechange = () => {
        if (a.iceGatheringState === 'complete' && !(a.localDescription?.sdp ?? '').includes('a=candidate'))
          resolve('there is no candidate');
      };
      const armed = clock.timer(() => resolve(`nothing came back within ${timeout} ms`));
      armed.reset(begun + timeout);
      timer.cancel = () => armed.cancel();
    });
    await a.setLocalDescription();
    await b.setRemoteDescription(a.localDescription as NonNullable<typeof a.localDescription>);
    await b.setLocalDescription();
    await a.setRemoteDescription(b.localDescription as NonNullable<typeof b.localDescription>);
    const why = await echoed;
    if (why !== undefined) return { works: false, why: [why, ...errors].join('; ') };
    const local = a.sctp?.transport.iceTransport.getSelectedCandidatePair()?.local;
    const address = local?.address?.includes(':') ? `[${local.address}]` : local?.address;
    return { works: true, time: clock.now() - begun, address: local && `${address}:${local.port}` };
  } catch (error) {
    return { works: false, why: error instanceof Error ? error.message : String(error) };
  } finally {
    timer.cancel();
    a.close();
    b.close();
  }
}
