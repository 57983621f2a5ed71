/** From a description to text (RFC 8866 §5). */
import { isMalformed } from '@kaon/wire';
import { SdpError } from './errors.ts';
import type { Attribute, Bandwidth, Connection, MediaDescription, SessionDescription } from './model.ts';
import { decodeSdp } from './parse.ts';

/**
 * The description as text, with CRLF at the end of each line and the lines in the RFC's order. Throws `SdpError`
 * (`SDP_INVALID_VALUE`) when it would not be read back: a field with a line break or an empty one, a port out of range.
 */
export function serializeSdp(session: SessionDescription): string {
  const lines: string[] = [];
  const { origin } = session;
  lines.push(`v=${session.version}`);
  lines.push(
    `o=${origin.username} ${origin.sessionId} ${origin.sessionVersion} ${origin.networkType} ${origin.addressType} ${origin.address}`,
  );
  lines.push(`s=${session.sessionName}`);
  if (session.information !== undefined) lines.push(`i=${session.information}`);
  if (session.uri !== undefined) lines.push(`u=${session.uri}`);
  for (const email of session.emails ?? []) lines.push(`e=${email}`);
  for (const phone of session.phones ?? []) lines.push(`p=${phone}`);
  if (session.connection !== undefined) lines.push(connectionLine(session.connection));
  for (const bandwidth of session.bandwidths ?? []) lines.push(bandwidthLine(bandwidth));
  for (const time of session.times) {
    lines.push(`t=${time.start} ${time.stop}`);
    for (const repeat of time.repeats ?? []) lines.push(`r=${repeat}`);
  }
  if (session.timeZones !== undefined) lines.push(`z=${session.timeZones}`);
  if (session.key !== undefined) lines.push(`k=${session.key}`);
  for (const attribute of session.attributes) lines.push(attributeLine(attribute));
  for (const media of session.media) pushMedia(lines, media);
  const text = `${lines.join('\r\n')}\r\n`;
  check(text, lines.length);
  return text;
}

function pushMedia(lines: string[], media: MediaDescription): void {
  const ports = media.portCount === undefined ? media.port : `${media.port}/${media.portCount}`;
  lines.push(`m=${media.kind} ${ports} ${media.protocol} ${media.formats.join(' ')}`);
  if (media.information !== undefined) lines.push(`i=${media.information}`);
  for (const connection of media.connections ?? []) lines.push(connectionLine(connection));
  for (const bandwidth of media.bandwidths ?? []) lines.push(bandwidthLine(bandwidth));
  if (media.key !== undefined) lines.push(`k=${media.key}`);
  for (const attribute of media.attributes) lines.push(attributeLine(attribute));
}

function connectionLine({ networkType, addressType, address }: Connection): string {
  return `c=${networkType} ${addressType} ${address}`;
}

function bandwidthLine({ type, value }: Bandwidth): string {
  return `b=${type}:${value}`;
}

function attributeLine({ name, value }: Attribute): string {
  return value === undefined ? `a=${name}` : `a=${name}:${value}`;
}

/** Reads the text back: nothing that is assembled from fields may become something else on the way. */
function check(text: string, lines: number): void {
  const result = decodeSdp(text, {
    attributes: 'keep',
    maxLength: Number.POSITIVE_INFINITY,
    maxMedia: Number.POSITIVE_INFINITY,
  });
  if (isMalformed(result)) {
    throw new SdpError('SDP_INVALID_VALUE', `the description cannot be written: ${result.reason}: ${result.text}`);
  }
  // One line break too many stands inside a field.
  if (text.split('\n').length !== lines + 1) {
    throw new SdpError('SDP_INVALID_VALUE', 'the description cannot be written: a field contains a line break');
  }
}
