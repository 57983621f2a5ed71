import type { RtcpPacket } from './packet.ts';

/**
 * The packets of one compound in the order of RFC 3550 §6.1: reports, source descriptions, the rest as it is, goodbyes at the
 * end. An empty receiver report and the CNAME of `ssrc` are put in where reports or descriptions are missing.
 */
export function compound(
  packets: readonly RtcpPacket[],
  sender: { readonly ssrc: number; readonly cname: string },
): readonly RtcpPacket[] {
  const reports: RtcpPacket[] = packets.filter(isReport);
  const descriptions: RtcpPacket[] = packets.filter((packet) => packet.type === 'sdes');
  // A sender report in front: it says more about the one who sends.
  reports.sort((a, b) => (a.type === b.type ? 0 : a.type === 'sr' ? -1 : 1));
  if (reports.length === 0) reports.push({ type: 'rr', ssrc: sender.ssrc, reports: [] });
  if (!descriptions.some((packet) => packet.type === 'sdes' && packet.chunks.some(hasCname))) {
    descriptions.unshift({
      type: 'sdes',
      chunks: [{ ssrc: sender.ssrc, items: [{ name: 'cname', text: sender.cname }] }],
    });
  }
  const goodbyes = packets.filter((packet) => packet.type === 'bye');
  const rest = packets.filter((packet) => !isReport(packet) && packet.type !== 'sdes' && packet.type !== 'bye');
  return [...reports, ...descriptions, ...rest, ...goodbyes];
}

/** Whether a datagram is one of RFC 5506: it does not begin with a report. */
export function isReducedSize(packets: readonly RtcpPacket[]): boolean {
  return packets.length > 0 && !isReport(packets[0]!);
}

function isReport(packet: RtcpPacket): boolean {
  return packet.type === 'sr' || packet.type === 'rr';
}

function hasCname(chunk: { readonly items: readonly { readonly name: string }[] }): boolean {
  return chunk.items.some((item) => item.name === 'cname');
}
