import { type CreateMediaOptions, createMedia, type MediaWriter } from '@kaon/media';
import { type RTCPeerConnection, RTCRtpReceiver } from '@kaon/webrtc';
import { type Answered, answer, onEnd } from './answer.ts';

/** How a peer is recorded. */
export interface RecordOptions extends CreateMediaOptions {
  /** Called when the file is complete, and when it cannot be written. */
  readonly onend?: (error?: unknown) => void;
}

/**
 * Answers an offer whose sections send, and writes what comes to a file: for each of its tracks the first section of that kind.
 * The file ends with the connection.
 */
export async function record(
  connection: RTCPeerConnection,
  target: Parameters<typeof createMedia>[0],
  offer: string,
  { onend = () => undefined, ...options }: RecordOptions,
): Promise<Answered> {
  let writer: MediaWriter | undefined;
  let hasEnded = false;
  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    connection.close();
    writer?.close().then(() => onend(), onend);
  };
  onEnd(connection, end);
  try {
    const sdp = await answer(connection, offer, async () => {
      // Not before the offer was understood, so that nonsense leaves no file.
      writer = await createMedia(target, options);
      attach(connection, writer, options, end);
    });
    return { sdp, end };
  } catch (error) {
    end();
    throw error;
  }
}

/** Only codecs that the file is to hold are agreed on, so that nothing else comes. */
function attach(
  connection: RTCPeerConnection,
  writer: MediaWriter,
  { tracks }: CreateMediaOptions,
  end: () => void,
): void {
  const free = [...connection.getTransceivers()];
  tracks.forEach(({ kind, mimeType }, index) => {
    const at = free.findIndex(({ receiver }) => receiver.track.kind === kind);
    const [transceiver] = at < 0 ? [] : free.splice(at, 1);
    if (transceiver === undefined) return;
    const wanted = [mimeType.toLowerCase(), `${kind}/rtx`];
    const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
    transceiver.setCodecPreferences(codecs.filter((codec) => wanted.includes(codec.mimeType.toLowerCase())));
    // A file that cannot be written ends the call.
    transceiver.receiver.onframe = (frame) => void writer.write(frame, index).catch(end);
  });
}
