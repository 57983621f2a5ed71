import { type MediaStreamTrack, RTCPeerConnection, type RTCTrackEvent } from '../../src/index.ts';

/** A live track that gives nothing: that of a receiver which nobody sends to. */
export function idleTrack(kind: 'audio' | 'video'): MediaStreamTrack {
  return new RTCPeerConnection().addTransceiver(kind).receiver.track;
}

/** The track events of a connection from now on, as they come. */
export function trackEvents(connection: RTCPeerConnection): RTCTrackEvent[] {
  const events: RTCTrackEvent[] = [];
  connection.addEventListener('track', (event) => events.push(event));
  return events;
}

/** What can be seen of the transceivers of a connection. */
export function shown(connection: RTCPeerConnection): string[] {
  return connection
    .getTransceivers()
    .map(({ mid, receiver, direction, currentDirection }) =>
      [mid ?? '-', receiver.track.kind, direction, currentDirection ?? '-'].join(' '),
    );
}

/** The media sections of a description: kind, mid, `:0` for port 0, direction. */
export function sections(sdp: string | undefined): string[] {
  return (sdp ?? '')
    .split(/^m=/m)
    .slice(1)
    .map((section) => {
      const kind = /^\w+/.exec(section)?.[0];
      const mid = /^a=mid:(\S+)/m.exec(section)?.[1] ?? '-';
      const port = /^\w+ (\d+)/.exec(section)?.[1] === '0' ? ':0' : '';
      const direction = /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(section)?.[1];
      return `${kind} ${mid}${port}${direction === undefined ? '' : ` ${direction}`}`;
    });
}

/** The BUNDLE groups of a description. */
export function bundles(sdp: string | undefined): string[] {
  return Array.from((sdp ?? '').matchAll(/^a=group:BUNDLE (.*)$/gm), ([, mids]) => (mids as string).trim());
}
