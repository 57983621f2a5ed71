import type { RTCRtpHeaderExtensionCapability } from '../codecs/capabilities.ts';
import { domError } from '../errors.ts';
import { toEnum } from '../idl.ts';
import type { ExtensionParameters } from '../media/negotiated.ts';

/**
 * What `setHeaderExtensionsToNegotiate` makes of its argument (WebRTC Extensions §8). Throws TypeError for directions that are
 * none, InvalidModificationError for another list, and for an end of the mid, by which packets of a bundle are told apart.
 */
export function checkHeaderExtensions(
  wanted: readonly RTCRtpHeaderExtensionCapability[],
  current: readonly RTCRtpHeaderExtensionCapability[],
): RTCRtpHeaderExtensionCapability[] {
  const checked = wanted.map(({ uri, direction = 'sendrecv' }) => ({
    uri: String(uri),
    direction: toEnum('RTCRtpTransceiverDirection', direction, [
      'sendrecv',
      'sendonly',
      'recvonly',
      'inactive',
      'stopped',
    ]),
  }));
  if (checked.length !== current.length || checked.some(({ uri }, index) => uri !== current[index]?.uri))
    throw domError('InvalidModificationError', 'the list is not that of getHeaderExtensionsToNegotiate');
  if (checked.some(({ uri, direction }) => uri === MID_URI && direction !== 'sendrecv'))
    throw domError('InvalidModificationError', `${MID_URI} cannot be left out`);
  return checked;
}

/** What was agreed on, in both directions. */
export function negotiatedHeaderExtensions(
  all: readonly RTCRtpHeaderExtensionCapability[],
  sent: readonly ExtensionParameters[] = [],
  received: readonly ExtensionParameters[] = [],
): RTCRtpHeaderExtensionCapability[] {
  return all.map(({ uri }) => {
    const sends = sent.some((one) => one.uri === uri);
    const receives = received.some((one) => one.uri === uri);
    const direction = sends ? (receives ? 'sendrecv' : 'sendonly') : receives ? 'recvonly' : 'stopped';
    return { uri, direction };
  });
}

/** RFC 9143 §15.2. */
const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid';
