import {
  readCandidates,
  readEndOfCandidates,
  readFingerprints,
  readIceCredentials,
  readIceLite,
  readIceOptions,
  readMaxMessageSize,
  readSctpPort,
  readTlsId,
} from '@kaon/sdp';
import type { RemoteParameters, RemoteSctp } from '../transport/peer-transport.ts';
import type { Description } from './description.ts';
import { bundledSections, transportSection } from './validate.ts';

/** What the peer's description says about the transport of a section; undefined when it says nothing. */
export function remoteParameters({ session, type }: Description, index: number): RemoteParameters | undefined {
  const media = session.media[index];
  if (media === undefined) return undefined;
  const section = transportSection(session, media);
  const credentials = readIceCredentials(session, section);
  if (credentials === undefined) return undefined;
  return {
    credentials,
    lite: readIceLite(session),
    renomination: readIceOptions(session, section).includes('renomination'),
    fingerprints: readFingerprints(session, section),
    candidates: bundledSections(session, index, type === 'offer').flatMap((at) =>
      readCandidates(session.media[at] ?? section),
    ),
    endOfCandidates: readEndOfCandidates(session, section),
    tlsId: readTlsId(session, section),
  };
}

/** What the peer's description says about data channels; undefined when it has no section for them. */
export function remoteSctp({ data }: Description): RemoteSctp | undefined {
  if (data === undefined) return undefined;
  return {
    // RFC 8841 §5.1 demands the attribute; all who leave it out mean 5000.
    sctpPort: readSctpPort(data.media) ?? 5000,
    maxMessageSize: readMaxMessageSize(data.media) ?? 65536,
  };
}

/** Whether the peer takes candidates one by one; null before it has said anything (W3C WebRTC §4.4.1.5). */
export function canTrickle(description: Description | undefined): boolean | null {
  if (description === undefined) return null;
  const { session } = description;
  return (
    session.media.some((media) => readIceOptions(session, media).includes('trickle')) ||
    readIceOptions(session, { ...NO_MEDIA }).includes('trickle')
  );
}

const NO_MEDIA = { kind: '', port: 0, protocol: '', formats: [], attributes: [] };
