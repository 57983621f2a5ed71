import { type MediaReader, openMedia, type PacedOptions, paced } from '@kaon/media';
import { FrameSource, type RTCPeerConnection } from '@kaon/webrtc';
import { type Answered, answer, onEnd } from './answer.ts';

/** How a file is played. */
export interface PlayOptions extends Pick<PacedOptions, 'loop' | 'now' | 'wait'> {
  /** Called when the file is through, and when it broke off. */
  readonly onend?: (error?: unknown) => void;
}

/** Plays a file to a viewer, from its first frame on once the viewer is connected. The offer's sections receive. */
export async function play(
  connection: RTCPeerConnection,
  file: Parameters<typeof openMedia>[0],
  offer: string,
  { onend = () => undefined, ...pace }: PlayOptions = {},
): Promise<Answered> {
  const stop = new AbortController();
  const reader = await openMedia(file);
  const sources = reader.tracks.map(
    ({ kind, mimeType, clockRate, channels }) => new FrameSource({ kind, codec: { mimeType, clockRate, channels } }),
  );
  const end = (): void => {
    stop.abort();
    connection.close();
    void reader.close();
  };
  onEnd(connection, end);
  try {
    const sdp = await answer(connection, offer, () => attach(connection, sources));
    checkCodecs(connection, reader);
    const start = (): void => {
      if (connection.connectionState !== 'connected') return;
      connection.removeEventListener('connectionstatechange', start);
      send(reader, sources, { ...pace, signal: stop.signal }).then(() => onend(), onend);
    };
    connection.addEventListener('connectionstatechange', start);
    return { sdp, end };
  } catch (error) {
    end();
    throw error;
  }
}

/** Each track of the file takes the first section of its kind that is left. */
async function attach(connection: RTCPeerConnection, sources: readonly FrameSource[]): Promise<void> {
  const free = [...connection.getTransceivers()];
  for (const { track } of sources) {
    const at = free.findIndex(({ receiver }) => receiver.track.kind === track.kind);
    if (at < 0) continue;
    const [transceiver] = free.splice(at, 1);
    if (transceiver === undefined) continue;
    transceiver.direction = 'sendonly';
    await transceiver.sender.replaceTrack(track);
  }
}

/** A file is sent as it is, so that the viewer has to know its codecs. */
function checkCodecs(connection: RTCPeerConnection, { tracks }: MediaReader): void {
  const known = new Set(
    connection
      .getSenders()
      .flatMap((sender) => sender.getParameters().codecs.map(({ mimeType }) => mimeType.toLowerCase())),
  );
  const unknown = tracks.filter(({ mimeType }) => !known.has(mimeType.toLowerCase()));
  if (unknown.length === tracks.length)
    throw new Error(`the viewer knows nothing of ${unknown.map((each) => each.mimeType).join(', ')}`);
}

async function send(reader: MediaReader, sources: readonly FrameSource[], options: PacedOptions): Promise<void> {
  for await (const { track, data, timestamp, keyFrame } of paced(reader, options)) {
    sources[track]?.write({ data, timestamp, keyFrame });
  }
}
